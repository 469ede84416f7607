"""Who a server is and what it weighs: identity and footprint, read without taking a transaction id (G-06, G-10, G-21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pg_dryrun.observer.connection import Observer


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
    sessions_of_this_run: int

    def difference(self, other: Footprint) -> Mapping[str, tuple[object, object]]:
        """Fields that differ: name to (here, there)."""
        mine, theirs = vars(self), vars(other)
        return {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}


def identity(observer: Observer) -> ServerIdentity:
    """The identity of the connected server."""
    raise NotImplementedError


def footprint(observer: Observer) -> Footprint:
    """The footprint of the connected database and its server."""
    raise NotImplementedError
