"""What an administrator sees: is the database as this release wants it, and who may do what there (`iu-cutter db …`).

Nothing here changes anything; ``setup`` does. Nothing here reads or writes a document, and no lane comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from cutter_agent.db_adapter import contract, grants, probes, schema, sqlstates, statements
from cutter_agent.db_adapter.contract_rules import Mismatch
from cutter_agent.db_adapter.grants import Cell
from cutter_agent.db_adapter.probes import Probe
from cutter_agent.db_adapter.rights import Role, RoleNames
from cutter_agent.db_adapter.roles import DEFAULT_CONNECTION_LIMIT
from cutter_agent.errors import StatementTrace
from cutter_agent.model import Lane

_CONNECTIONS = """
SELECT pg_catalog.current_setting('max_connections')::int
       - pg_catalog.current_setting('superuser_reserved_connections')::int,
       (SELECT count(*) FROM pg_catalog.pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid())
"""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One question that ``check`` asked. ``details`` are the single disagreements, one line each."""

    question: str
    ok: bool
    answer: str
    remedy: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RightsRecord:
    """The rights cell by cell, and what trying them gave (empty where nothing was tried)."""

    cells: tuple[Cell, ...]
    probes: tuple[Probe, ...]

    @property
    def ok(self) -> bool:
        return all(cell.agrees for cell in self.cells) and all(each.passed for each in self.probes)


@dataclass(frozen=True, kw_only=True)
class Connections:
    """How many connections the server takes, and how many are held now."""

    most: int
    used: int

    @property
    def free(self) -> int:
        return self.most - self.used


def connections(admin: psycopg.Connection) -> Connections:
    """What is left for everybody who is no superuser. Raises ``DatabaseError``."""
    with _translated("connections"), admin.transaction():
        row = admin.execute(_CONNECTIONS).fetchall()[0]
    return Connections(most=int(row[0]), used=int(row[1]))


def check(
    admin: psycopg.Connection,
    *,
    names: RoleNames | None = None,
    connection_limit: int | None = DEFAULT_CONNECTION_LIMIT,
) -> list[Finding]:
    """Every question that decides whether the lanes can work here, all of them answered. Raises ``DatabaseError``.

    ``connection_limit`` is what the lanes' roles should have; None does not ask.
    """
    names = names or RoleNames()
    with _translated("db check"):
        findings = [_server(admin), _encoding(admin), _schema(admin)]
        if schema.state(admin).is_empty:
            return findings
        findings.append(_drift(admin))
        cells = grants.disagreements(grants.report(admin, names=names, connection_limit=connection_limit))
        findings.append(_rights(cells))
        lanes = [lane for lane in Lane if Role(lane.value) in _present(Role, cells, names)]
        return findings + [_contract(lane, mismatches(admin, lane, names=names)) for lane in lanes]


def rights(
    admin: psycopg.Connection,
    *,
    names: RoleNames | None = None,
    connection_limit: int | None = DEFAULT_CONNECTION_LIMIT,
    tried: bool = False,
) -> RightsRecord:
    """The rights cell by cell, with ``tried`` also each one tried, both ways, as the role itself. Changes nothing.

    A role that is not there is a cell that differs; nothing is tried as it.
    """
    names = names or RoleNames()
    with _translated("db grants"):
        cells = grants.report(admin, names=names, connection_limit=connection_limit)
        guests = _present(grants.GUESTS, cells, names) if tried else []
        attempts = [each for role in guests for each in probes.probe(admin, role, names=names)]
        return RightsRecord(cells=tuple(cells), probes=tuple(attempts))


def _present(roles: Iterable[Role], cells: Sequence[Cell], names: RoleNames) -> list[Role]:
    missing = {cell.role for cell in cells if cell.privilege == "exists" and not cell.actual}
    return [role for role in roles if names.of(role) not in missing]


def mismatches(admin: psycopg.Connection, lane: Lane, *, names: RoleNames | None = None) -> list[Mismatch]:
    """The contract of one lane's statements, asked in that lane's role. Changes nothing."""
    names = names or RoleNames()
    declared = [each for each in statements.load().values() if lane in each.principals]
    with admin.transaction(force_rollback=True):
        admin.execute("SET LOCAL search_path = pg_catalog")
        admin.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(names.of(Role(lane.value)))))
        return contract.find(_Reader(admin), declared)


class _Reader:
    """Declared statements over an administrator's connection."""

    def __init__(self, admin: psycopg.Connection) -> None:
        self._admin = admin

    def fetch(self, name: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        with self._admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statements.load()[name].sql.encode(), parameters or {}).fetchall()


def _server(admin: psycopg.Connection) -> Finding:
    version = admin.info.server_version
    return Finding(
        question="server",
        ok=version >= schema.MINIMUM_SERVER_VERSION,
        answer=f"PostgreSQL {version // 10000}.{version % 10000}",
        remedy=f"PostgreSQL {schema.MINIMUM_SERVER_VERSION // 10000} or newer is needed.",
    )


def _encoding(admin: psycopg.Connection) -> Finding:
    with admin.transaction():
        encoding = str(admin.execute("SHOW server_encoding").fetchall()[0][0])
    return Finding(
        question="encoding",
        ok=encoding == "UTF8",
        answer=encoding,
        remedy="Create the database with ENCODING 'UTF8' (TEMPLATE template0).",
    )


def _schema(admin: psycopg.Connection) -> Finding:
    state = schema.state(admin)
    details = [f"{each.version:04} {each.name} is pending" for each in state.pending]
    details += [f"{each.version:04} {each.name} was changed after it was applied" for each in state.changed]
    details += [f"{each.version:04} {each.name} is unknown to this release" for each in state.unknown]
    details += [f"schema {name} is there without a record" for name in state.strangers]
    return Finding(
        question="schema",
        ok=state.is_current,
        answer=f"version {state.version} of {len(schema.migrations())}",
        remedy="Run `iu-cutter db init`.",
        details=tuple(details),
    )


def _drift(admin: psycopg.Connection) -> Finding:
    lines = schema.drift(admin)
    return Finding(
        question="drift",
        ok=not lines,
        answer=_count(lines, "difference", "differences"),
        remedy="Find out who changed the schema by hand; undo it, or make it a migration.",
        details=tuple(lines),
    )


def _rights(cells: Sequence[Cell]) -> Finding:
    lines = [cell.line() for cell in cells]
    return Finding(
        question="rights",
        ok=not lines,
        answer=_count(lines, "cell differs", "cells differ"),
        remedy="Run `iu-cutter db init`: it makes roles and grants what the table of rights says.",
        details=tuple(lines),
    )


def _contract(lane: Lane, found: Sequence[Mismatch]) -> Finding:
    return Finding(
        question=f"contract of {lane}",
        ok=not found,
        answer=_count(found, "mismatch", "mismatches"),
        remedy="Run `iu-cutter db init`; what it leaves is named with its remedy.",
        details=tuple(mismatch.line() for mismatch in found),
    )


def _count(items: Sequence[object], one: str, many: str) -> str:
    return f"{len(items)} {one if len(items) == 1 else many}"


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise sqlstates.translate_for_administrator(error, StatementTrace(statement_name=what)) from error
