"""Faults of what a server lacks or refuses: a right, a free connection, room on its disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pg_dryrun.fault_record import FaultKind
from pg_dryrun.faults import turns, wire
from pg_dryrun.faults.interface import Places
from pg_dryrun.faults.scene import Fault, Scene
from pg_dryrun.faults.turns import Fate, Turn
from pg_dryrun.observer import Observer, connect, quote, quote_literal, table_sql

_ACLS = """
SELECT c.oid::bigint AS oid, c.relacl::text AS acl,
    (SELECT pg_catalog.jsonb_object_agg(a.attnum, a.attacl::text) FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL)::text AS columns
FROM pg_catalog.pg_class c WHERE c.oid = ANY(%s::text[]::regclass[])
"""
_BACK = "UPDATE pg_catalog.pg_class SET relacl = %s::aclitem[] WHERE oid = %s"
_COLUMNS_BACK = """
UPDATE pg_catalog.pg_attribute SET attacl = (given.value)::aclitem[]
FROM pg_catalog.jsonb_each_text(%s::jsonb) AS given WHERE attrelid = %s AND attnum = given.key::int
"""


class Denied(Fault):
    """Every privilege of the writer on its tables is revoked between two of its statements, and given back after."""

    kind = FaultKind.DENIED
    short = (Places.MIDDLE,)
    made_by = "the server: REVOKE ALL on the writer's tables"
    sqlstates = frozenset({"42501"})

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._kept: list[Mapping[str, object]] = []

    def strike(self, turn: Turn) -> Fate:  # noqa: ARG002 - the shape of a fault
        tables = ", ".join(table_sql(table) for table in self.scene.tables)
        roles = ", ".join(quote(role) for role in self.scene.roles)
        with connect(self.scene.admin, purpose="fault") as admin:
            self._kept = [*admin.rows(_ACLS, [[table_sql(table) for table in self.scene.tables]])]
            admin.execute(f"REVOKE ALL ON TABLE {tables} FROM {roles}")
        return turns.PASS

    def heal(self) -> None:
        with connect(self.scene.admin, purpose="fault") as admin:
            for row in self._kept:
                admin.execute(_BACK, [row["acl"], row["oid"]])
                if row["columns"] is not None:
                    admin.execute(_COLUMNS_BACK, [row["columns"], row["oid"]])


class TooManyConnections(Fault):
    """The connection is cut and no other is to be had: the database's own CONNECTION LIMIT is 0 meanwhile."""

    kind = FaultKind.TOO_MANY_CONNECTIONS
    made_by = "the server: CONNECTION LIMIT 0 of the database; the relay cuts the connection that was there"
    sqlstates = frozenset({"53300"})

    def strike(self, turn: Turn) -> Fate:
        with connect(self.scene.admin, purpose="fault") as admin:
            _connection_limit(admin, 0)
        return turns.PASS if turn.backend_pid is None else turns.CUT_AFTER

    def heal(self) -> None:
        with connect(self.scene.admin, purpose="fault") as admin:
            _connection_limit(admin, -1)


class DiskFull(Fault):
    """The disk under the writer's database has not one page left."""

    kind = FaultKind.DISK_FULL
    short = (Places.MIDDLE,)
    made_by = "the kernel: ENOSPC of a 48 MB tmpfs under the database, filled to the last page"
    sqlstates = frozenset({"53100"})
    limits: ClassVar[Mapping[str, float]] = {"statement_s": 2.0, "deadline_s": 3.0}

    def strike(self, turn: Turn) -> Fate:  # noqa: ARG002 - the shape of a fault
        if self.scene.disk is not None:
            self.scene.disk.fill()
        return turns.PASS

    def heal(self) -> None:
        if self.scene.disk is not None:
            self.scene.disk.free()


class ForgedDiskFull(Fault):
    """Where this machine lends no small disk: the relay answers in the server's place, and the record says so."""

    kind = FaultKind.DISK_FULL
    short = (Places.MIDDLE,)
    made_by = "FORGED by the relay: this machine lends no small disk, so the server was never asked"

    def why_not(self) -> str | None:
        return None if self.turn.held else "outside a transaction that has touched a table"

    def strike(self, turn: Turn) -> Fate:  # noqa: ARG002 - the shape of a fault
        return Fate(forged=wire.error("53100", "could not extend file: No space left on device") + wire.FAILED)


def _connection_limit(admin: Observer, limit: int) -> None:
    name = quote(admin.login.dbname)
    admin.execute(f"ALTER DATABASE {name} WITH CONNECTION LIMIT {limit}")


def make_room_scarce(admin: Observer, tables: list[str]) -> None:
    """Let every new row want a new page: else a full disk would go unnoticed while there is room in the old ones."""
    for table in tables:
        admin.execute(f"ALTER TABLE {table_sql(table)} SET (fillfactor = 10)")


def small_database(admin: Observer, name: str, *, template: str, tablespace: str) -> None:
    """A copy of ``template`` on the small disk."""
    admin.execute(
        f"CREATE DATABASE {quote(name)} TEMPLATE {quote(template)} TABLESPACE {quote(tablespace)} STRATEGY FILE_COPY"
    )


def small_tablespace(admin: Observer, name: str, path: str) -> None:
    """The small disk as a tablespace."""
    admin.execute(f"CREATE TABLESPACE {quote(name)} LOCATION {quote_literal(path)}")
