"""What `db init`, `db check`, `db grants` and the first use of an embedded server do, as an administrator.

Every step may be repeated, and may be cut off at any moment: the next run completes it. A lane never comes here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import errors as pg
from psycopg import sql

from cutter_agent.db_adapter import roles, schema
from cutter_agent.db_adapter.sqlstates import CONNECTING, translate, translate_for_administrator
from cutter_agent.errors import StatementTrace
from cutter_agent.model import Lane

_CONNECT_TIMEOUT_S = 10
_OPTIONS = "-c lock_timeout=30s -c statement_timeout=300s -c idle_in_transaction_session_timeout=60s -c search_path="


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """An administrator's login. ``user`` and ``password`` None: libpq's own variables and password file say who."""

    host: str
    port: int
    dbname: str
    sslmode: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a set-up found and did. Nothing in ``migrations`` and ``changes``: all was as it should be."""

    schema_version: int
    migrations: tuple[str, ...]
    changes: tuple[str, ...]


@contextmanager
def connect(login: Administrator) -> Iterator[psycopg.Connection]:
    """An autocommit connection with deadlines. What PostgreSQL says leaves as ``DatabaseError``."""
    given = {"sslmode": login.sslmode, "user": login.user, "password": login.password}
    try:
        connection = psycopg.connect(
            host=login.host,
            port=login.port,
            dbname=login.dbname,
            autocommit=True,
            connect_timeout=_CONNECT_TIMEOUT_S,
            application_name="dot-iu-cutter db",
            options=_OPTIONS,
            **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
        )
    except psycopg.Error as error:
        raise translate(error, StatementTrace(statement_name=CONNECTING)) from error
    try:
        with connection:
            yield connection
    except psycopg.Error as error:
        raise translate_for_administrator(error, StatementTrace(statement_name="db")) from error


def ensure_database(login: Administrator, name: str) -> bool:
    """Create the database ``name`` (UTF-8) where it is missing; says whether it did. ``login`` is to another one.

    A client that was killed leaves its CREATE DATABASE running in the server for a moment. Whoever comes second then
    waits inside the server, and is told by a unique violation (23505, not 42P04) that the first one has finished.
    """
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' STRATEGY FILE_COPY")
    with connect(login) as admin:
        if admin.execute("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", (name,)).fetchone():
            return False
        try:
            admin.execute(statement.format(sql.Identifier(name)))
        except (pg.DuplicateDatabase, pg.UniqueViolation):
            return False
        return True


def prepare(
    login: Administrator,
    passwords: Mapping[Lane, str],
    *,
    connection_limit: int = roles.DEFAULT_CONNECTION_LIMIT,
) -> Prepared:
    """Schema, roles and grants, all as this release wants them; a lane without a password here keeps its own.

    Raises ``ConfigMismatch`` for a database that this release must not touch, ``DatabaseError``.
    """
    with connect(login) as admin:
        migrated = _bring_up(admin)
        changes = roles.create_roles(
            admin, {lane.value: password for lane, password in passwords.items()}, connection_limit=connection_limit
        )
        return Prepared(
            schema_version=schema.state(admin).version,
            migrations=tuple(migrated),
            changes=tuple(f"{change.role}: {change.change}" for change in changes),
        )


def _bring_up(admin: psycopg.Connection) -> list[str]:
    if schema.state(admin).is_empty:
        schema.install(admin)
        return [f"{migration.version:04} {migration.name}" for migration in schema.migrations()]
    return [f"{migration.version:04} {migration.name}" for migration in schema.migrate(admin)]


def newest_version() -> int:
    """The schema version of this release."""
    return max(migration.version for migration in schema.migrations())


def apply_grants(login: Administrator) -> None:
    """Make the grants exactly what the table of rights says. Raises ``DatabaseError``."""
    with connect(login) as admin:
        roles.apply_grants(admin)
