"""Every right tried on the server, both ways: what is granted works, what is not is refused with 42501 (design 1.10).

Each probe is one statement that can touch no row (``WHERE false``), in a savepoint of a transaction that is rolled
back. The privilege check comes before all else, so a probe needs no data and leaves none. What cannot be tried
harmlessly (REFERENCES, TRIGGER, MAINTAIN) is asked of the catalog by ``grants.report``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from cutter_agent.db_adapter import catalog as catalogs
from cutter_agent.db_adapter.catalog import Relation
from cutter_agent.db_adapter.rights import LEDGER, OBSERVE, UNITS, Role, RoleNames, right_on
from cutter_agent.db_adapter.roles import require_idle

REFUSED = "42501"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One right tried. ``sqlstate`` is what the server said, None for success."""

    role: str
    object: str
    action: str
    granted: bool
    sqlstate: str | None
    message: str = ""

    @property
    def passed(self) -> bool:
        """Granted and it worked, or not granted and the server said 42501; anything else is not what the table says."""
        return self.sqlstate is None if self.granted else self.sqlstate == REFUSED

    def line(self) -> str:
        """What happened, for a person."""
        said = "worked" if self.sqlstate is None else f"ended with {self.sqlstate}: {self.message}"
        wanted = "should work" if self.granted else f"should be refused with {REFUSED}"
        return f"{self.role}: {self.action} on {self.object} was tried and {said}, {wanted}"


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    object: str
    action: str
    granted: bool
    statement: sql.Composed


def probe(connection: psycopg.Connection, role: Role, *, names: RoleNames | None = None) -> list[Probe]:
    """Try every right of ``role``; nothing is left behind.

    ``connection`` is idle and logged in as the role, or as somebody who may become it (the onlookers cannot log in).
    """
    require_idle(connection)
    names = names or RoleNames()
    with connection.transaction(force_rollback=True):
        # an administrator's SET LOCAL ROLE; for the role itself it changes nothing
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(names.of(role))))
        return [_try(connection, names.of(role), attempt) for attempt in _attempts(role, names)]


def _try(connection: psycopg.Connection, role: str, attempt: _Attempt) -> Probe:
    sqlstate, message = None, ""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(attempt.statement)
    except psycopg.Error as error:
        sqlstate, message = error.sqlstate or "lost", error.diag.message_primary or str(error)
        if connection.closed:
            raise
    return Probe(
        role=role,
        object=attempt.object,
        action=attempt.action,
        granted=attempt.granted,
        sqlstate=sqlstate,
        message=message,
    )


def _attempts(role: Role, names: RoleNames) -> Iterator[_Attempt]:
    for name, relation in catalogs.expected().relations.items():
        if name.startswith((f"{LEDGER}.", f"{UNITS}.")):
            yield from _on_table(role, name, relation)
        elif name.startswith(f"{OBSERVE}."):
            yield _attempt(name, "SELECT", right_on(role, name).select, "SELECT FROM {} WHERE false", name)
    yield from _escapes(role, names)


def _on_table(role: Role, name: str, relation: Relation) -> Iterator[_Attempt]:
    right = right_on(role, name)
    yield _attempt(name, "SELECT", right.select, "SELECT FROM {} WHERE false", name)
    nulls = sql.SQL(", ").join(
        sql.SQL("NULL::{}").format(_type_name(column.type)) for column in relation.columns.values()
    )
    insert = sql.SQL("INSERT INTO {} SELECT {} WHERE false").format(_table(name), nulls)
    yield _Attempt(object=name, action="INSERT", granted=right.insert, statement=insert)
    for column in relation.columns:
        update = sql.SQL("UPDATE {} SET {} = NULL WHERE false").format(_table(name), sql.Identifier(column))
        granted = column in right.update_columns
        yield _Attempt(object=f"{name}.{column}", action="UPDATE", granted=granted, statement=update)
    yield _attempt(name, "DELETE", False, "DELETE FROM {} WHERE false", name)
    yield _attempt(name, "TRUNCATE", False, "TRUNCATE {}", name)


def _escapes(role: Role, names: RoleNames) -> Iterator[_Attempt]:
    """Ways around the table of rights that must be closed as well."""
    entry = f"{LEDGER}.decision_backlog_entry"
    yield _attempt("database", "CREATE TEMPORARY TABLE", False, "CREATE TEMPORARY TABLE {} (x integer)", "probe_table")
    yield _attempt("database", "CREATE SCHEMA", False, "CREATE SCHEMA {}", "probe_schema")
    yield _attempt(f"schema {LEDGER}", "CREATE TABLE", False, "CREATE TABLE {} (x integer)", f"{LEDGER}.probe_table")
    yield _attempt("schema public", "CREATE TABLE", False, "CREATE TABLE {} (x integer)", "public.probe_table")
    yield _attempt(entry, "DISABLE TRIGGER", False, "ALTER TABLE {} DISABLE TRIGGER ALL", entry)
    yield _attempt("server", "SET session_replication_role", False, "SET LOCAL session_replication_role = replica")
    yield _attempt("server", "read passwords", False, "SELECT rolpassword FROM pg_authid WHERE false")
    yield _attempt("server", "read a file", False, "SELECT pg_read_file('PG_VERSION')")
    yield _attempt("server", "run a program", False, "COPY (SELECT 1) TO PROGRAM 'true'")
    for other in Role:
        if other is not role:
            # SET ROLE asks what the session's user may become, and an administrator may become anybody
            grant = "GRANT {} TO {}"
            yield _attempt(f"role {names.of(other)}", "take membership", False, grant, names.of(other), names.of(role))


def _attempt(object_name: str, action: str, granted: bool, template: str, *identifiers: str) -> _Attempt:
    statement = sql.SQL(template).format(*map(_table, identifiers))
    return _Attempt(object=object_name, action=action, granted=granted, statement=statement)


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _type_name(name: str) -> sql.SQL | sql.Identifier:
    """A domain by its two names; a built-in type as PostgreSQL spells it (``timestamp with time zone``)."""
    return sql.Identifier(*name.split(".")) if "." in name else sql.SQL(name)
