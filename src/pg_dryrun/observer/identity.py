"""Who a server is and what it weighs: identity and footprint, read without taking a transaction id (G-06, G-10,
G-21)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from pg_dryrun.observer.connection import APPLICATION_PREFIX, Observer

_LEAVING_S = 1.0
_LOOK_AGAIN_S = 0.02


@dataclass(frozen=True, kw_only=True)
class ServerIdentity:
    """What makes a server and database this one and no other. Times are ISO 8601 in UTC."""

    system_identifier: str
    server_version: str
    server_version_num: int
    database: str
    database_oid: int
    postmaster_start: str
    in_recovery: bool
    cluster_name: str


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """What a run could have left behind. ``next_xid`` is the next transaction id that the server would hand out."""

    database_size_bytes: int
    next_xid: str
    databases: tuple[str, ...]
    roles: tuple[str, ...]
    replication_slots: tuple[str, ...]
    relations: int
    sessions_of_this_tool: int

    def difference(self, other: Footprint) -> Mapping[str, tuple[object, object]]:
        """Fields that differ: name to (here, there)."""
        mine, theirs = vars(self), vars(other)
        return {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}


def identity(observer: Observer) -> ServerIdentity:
    """The identity of the connected server. Raises ``ServerAnswer``."""
    row = observer.rows(
        "SELECT (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS system_identifier,"
        " current_setting('server_version') AS version, current_setting('server_version_num')::int AS version_num,"
        " d.datname AS database, d.oid::bigint AS oid, pg_catalog.pg_is_in_recovery() AS in_recovery,"
        " to_char(pg_catalog.pg_postmaster_start_time() AT TIME ZONE 'UTC',"
        ' \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') AS started,'
        " current_setting('cluster_name') AS cluster_name"
        " FROM pg_catalog.pg_database d WHERE d.datname = current_database()"
    )[0]
    return ServerIdentity(
        system_identifier=str(row["system_identifier"]),
        server_version=str(row["version"]),
        server_version_num=int(str(row["version_num"])),
        database=str(row["database"]),
        database_oid=int(str(row["oid"])),
        postmaster_start=str(row["started"]),
        in_recovery=bool(row["in_recovery"]),
        cluster_name=str(row["cluster_name"]),
    )


def footprint(observer: Observer) -> Footprint:
    """The footprint of the connected database and its server; ``sessions_of_this_tool`` does not count this one.

    A backend outlives its closed socket by some milliseconds: sessions of ours that are on their way out get up to
    ``_LEAVING_S`` to be gone before they are counted.
    """
    deadline = time.monotonic() + _LEAVING_S
    found = _footprint(observer)
    while found.sessions_of_this_tool and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_S)
        found = _footprint(observer)
    return found


def _footprint(observer: Observer) -> Footprint:
    row = observer.rows(
        "SELECT pg_catalog.pg_database_size(current_database()) AS size,"
        " pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text AS next_xid,"
        " ARRAY(SELECT datname::text FROM pg_catalog.pg_database ORDER BY 1) AS databases,"
        " ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1) AS roles,"
        " ARRAY(SELECT slot_name::text FROM pg_catalog.pg_replication_slots ORDER BY 1) AS slots,"
        " (SELECT count(*) FROM pg_catalog.pg_class WHERE oid >= 16384) AS relations,"
        " (SELECT count(*) FROM pg_catalog.pg_stat_activity"
        "  WHERE application_name LIKE %s AND pid <> pg_catalog.pg_backend_pid()) AS sessions",
        [APPLICATION_PREFIX + " %"],
    )[0]
    return Footprint(
        database_size_bytes=int(str(row["size"])),
        next_xid=str(row["next_xid"]),
        databases=_names(row["databases"]),
        roles=_names(row["roles"]),
        replication_slots=_names(row["slots"]),
        relations=int(str(row["relations"])),
        sessions_of_this_tool=int(str(row["sessions"])),
    )


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, list) else ()
