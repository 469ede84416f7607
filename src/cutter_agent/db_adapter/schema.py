"""The schema on a server: fresh install, upgrade, state (design 1.6, 1.7; ``migrations/*.sql``, ``schema.sql``).

``cutter_admin.schema_migration`` says which migrations a database has, with the sha256 of what was run. Each migration
is one transaction under an advisory lock, so an interrupted upgrade goes on where it stopped and two at once queue. A
fresh install runs ``schema.sql``, which is generated from the migrations (``make schema``); a test proves that both
ways lead to the same schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from cutter_agent.db_adapter import catalog as catalogs
from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.catalog import Catalog
from cutter_agent.db_adapter.rights import ADMIN, LEDGER, OBSERVE, UNITS, RoleNames
from cutter_agent.db_adapter.roles import acting_as_owner, ensure_owner, require_idle
from cutter_agent.errors import ConfigMismatch, Internal
from sealing.digest import sha256_hex

MINIMUM_SERVER_VERSION = 150000
"""PostgreSQL 15: NULLS NOT DISTINCT, and a schema ``public`` that is nobody's by default."""

_PRODUCT_SCHEMAS = (LEDGER, UNITS, OBSERVE)
_LOCK_KEY = 0x6975_6375_7474_6572
"""'iucutter': one installer or upgrade at a time in a database."""
_LOCK_TIMEOUT = "30s"
_FILE = re.compile(r"^(?P<version>\d{4})_(?P<name>[a-z0-9_]+)\.sql$")

_META = f"""
CREATE SCHEMA IF NOT EXISTS {ADMIN};
CREATE TABLE IF NOT EXISTS {ADMIN}.schema_migration (
    version     integer PRIMARY KEY,
    name        text NOT NULL,
    sha256      text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_by  text NOT NULL DEFAULT session_user
);
"""


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One file of ``migrations/``."""

    version: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Digest of the file's exact text."""
        return sha256_hex(self.text.encode())


@dataclass(frozen=True, kw_only=True)
class Applied:
    """One row of ``cutter_admin.schema_migration``."""

    version: int
    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class SchemaState:
    """What a database has of the schema. ``changed`` are applied migrations whose text is another one now, ``unknown``
    are applied migrations that this release does not have; ``strangers`` are our schemas found without the record."""

    applied: tuple[Applied, ...]
    pending: tuple[Migration, ...]
    changed: tuple[Applied, ...]
    unknown: tuple[Applied, ...]
    strangers: tuple[str, ...]

    @property
    def version(self) -> int:
        """The newest migration applied; 0 for none."""
        return max((row.version for row in self.applied), default=0)

    @property
    def is_empty(self) -> bool:
        """Nothing of ours is there."""
        return not self.applied and not self.strangers

    @property
    def is_current(self) -> bool:
        """Every migration of this release is applied as it is, and nothing else."""
        return not (self.pending or self.changed or self.unknown or self.strangers)


@cache
def migrations() -> tuple[Migration, ...]:
    """The migrations of this release, in order, without a gap. Raises ``Internal``."""
    folder = files("cutter_agent.db_adapter").joinpath("migrations")
    found: list[Migration] = []
    for entry in folder.iterdir():
        match = _FILE.match(entry.name)
        if match is None:
            raise Internal(f"migrations/{entry.name} is not named NNNN_words.sql", remedy="Rename or remove the file.")
        found.append(Migration(version=int(match["version"]), name=match["name"], text=entry.read_text("utf-8")))
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise Internal("migrations are not numbered 1, 2, 3 … without a gap", remedy="Renumber the files.")
    return tuple(found)


@cache
def fresh_schema() -> str:
    """``schema.sql``: what a fresh install runs."""
    return files("cutter_agent.db_adapter").joinpath("schema.sql").read_text("utf-8")


def state(admin: psycopg.Connection) -> SchemaState:
    """What the database has. Reads only."""
    require_idle(admin)
    with admin.transaction():
        return _state(admin)


def install(admin: psycopg.Connection, *, names: RoleNames | None = None) -> SchemaState:
    """A fresh install, in one transaction. The owner role is made when it is missing.

    Raises ``ConfigMismatch`` where something of ours is there already, the encoding is not UTF8 or the server too old.
    """
    require_idle(admin)
    names = names or RoleNames()
    _require_server(admin)
    ensure_owner(admin, names=names)
    with admin.transaction():
        before = _locked_state(admin)
        if not before.is_empty:
            raise ConfigMismatch(
                f"this database holds {_what_is_there(before)} already",
                remedy="Use migrate (iu-cutter db init does the right one).",
            )
        with _building(admin, names):
            admin.execute(fresh_schema())
            for migration in migrations():
                _record(admin, migration)
    return state(admin)


def migrate(admin: psycopg.Connection, *, names: RoleNames | None = None) -> list[Migration]:
    """Apply what is pending, each migration in a transaction of its own, and say what was applied (maybe nothing).

    Raises ``ConfigMismatch`` where an applied migration has changed, is unknown to this release, or our schemas stand
    there without a record. After a failure all up to the failed migration is applied; run it again to go on.
    """
    require_idle(admin)
    names = names or RoleNames()
    _require_server(admin)
    ensure_owner(admin, names=names)
    applied: list[Migration] = []
    for migration in migrations():
        with admin.transaction():
            before = _locked_state(admin)
            _require_clean_record(before)
            if migration not in before.pending:
                continue
            with _building(admin, names):
                admin.execute(migration.text)
                _record(admin, migration)
        applied.append(migration)
    return applied


def describe(admin: psycopg.Connection) -> Catalog:
    """The catalog of our schemas as it is deployed. Reads only."""
    require_idle(admin)
    declared = statements.load()

    def fetch(name: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        with admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(declared[name].sql.encode(), parameters).fetchall()

    with admin.transaction():
        admin.execute("SET LOCAL search_path = pg_catalog")
        return catalogs.describe(fetch, _PRODUCT_SCHEMAS)


def drift(admin: psycopg.Connection) -> list[str]:
    """Where the deployed schema is not what this release's migrations make: one line each. Reads only."""
    return catalogs.differences(catalogs.expected(), describe(admin))


def _state(admin: psycopg.Connection) -> SchemaState:
    known = {migration.version: migration for migration in migrations()}
    applied = tuple(_applied(admin))
    there = {
        str(row[0])
        for row in admin.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY (%s)", (list(_PRODUCT_SCHEMAS),))
    }
    return SchemaState(
        applied=applied,
        pending=tuple(m for version, m in known.items() if version not in {row.version for row in applied}),
        changed=tuple(row for row in applied if row.version in known and known[row.version].sha256 != row.sha256),
        unknown=tuple(row for row in applied if row.version not in known),
        strangers=() if applied else tuple(sorted(there)),
    )


def _applied(admin: psycopg.Connection) -> list[Applied]:
    if admin.execute("SELECT to_regclass(%s)", (f"{ADMIN}.schema_migration",)).fetchall()[0][0] is None:
        return []
    rows = admin.execute(f"SELECT version, name, sha256 FROM {ADMIN}.schema_migration ORDER BY version")  # noqa: S608
    return [Applied(version=row[0], name=row[1], sha256=row[2]) for row in rows.fetchall()]


def _locked_state(admin: psycopg.Connection) -> SchemaState:
    admin.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(_LOCK_TIMEOUT))
    admin.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
    return _state(admin)


@contextmanager
def _building(admin: psycopg.Connection, names: RoleNames) -> Iterator[None]:
    """Act as the owner, who may create schemas in this database for just as long."""
    database = sql.Identifier(str(admin.execute("SELECT current_database()").fetchall()[0][0]))
    owner = sql.Identifier(names.owner)
    admin.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, owner))
    admin.execute("SET LOCAL client_min_messages = warning")
    with acting_as_owner(admin, names):
        admin.execute(_META)
        yield
    admin.execute(sql.SQL("REVOKE CREATE ON DATABASE {} FROM {}").format(database, owner))


def _record(admin: psycopg.Connection, migration: Migration) -> None:
    admin.execute(
        f"INSERT INTO {ADMIN}.schema_migration (version, name, sha256) VALUES (%s, %s, %s)",  # noqa: S608
        (migration.version, migration.name, migration.sha256),
    )


def _require_server(admin: psycopg.Connection) -> None:
    with admin.transaction():
        encoding = str(admin.execute("SHOW server_encoding").fetchall()[0][0])
    if encoding != "UTF8":
        raise ConfigMismatch(
            f"the database's encoding is {encoding}, and units are UTF-8 text",
            remedy="Create the database with ENCODING 'UTF8' (TEMPLATE template0).",
        )
    if admin.info.server_version < MINIMUM_SERVER_VERSION:
        raise ConfigMismatch(
            f"the server is PostgreSQL {admin.info.server_version // 10000}", remedy="PostgreSQL 15 or newer is needed."
        )


def _require_clean_record(found: SchemaState) -> None:
    if found.changed:
        names = ", ".join(f"{row.version:04} {row.name}" for row in found.changed)
        raise ConfigMismatch(
            f"applied migration {names} is not the text that this release has",
            remedy="A migration is never edited after it was applied: restore the file, and add a new migration.",
        )
    if found.unknown:
        names = ", ".join(f"{row.version:04} {row.name}" for row in found.unknown)
        raise ConfigMismatch(
            f"the database has migration {names}, which this release does not know", remedy="Use a newer release."
        )
    if found.strangers:
        raise ConfigMismatch(
            f"schema {', '.join(found.strangers)} is there, without a record of migrations",
            remedy="Use another database, or restore cutter_admin.schema_migration with the rest.",
        )


def _what_is_there(found: SchemaState) -> str:
    return f"the schema at version {found.version}" if found.applied else f"schema {', '.join(found.strangers)}"
