"""Roles and grants, made from the one table (``rights.py``) by an administrator's connection (design 1.10).

Everything here may be run again at any time: what is as it should be is not touched, what is not is put right.
Passwords travel as SCRAM verifiers computed on this side: no statement and no server log ever holds one in clear.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import psycopg
from psycopg import errors as pg
from psycopg import sql
from psycopg.pq import TransactionStatus

from cutter_agent import config
from cutter_agent.db_adapter.rights import (
    LANES,
    RIGHTS,
    ROLES,
    SCHEMA_USAGE,
    SCHEMAS,
    Role,
    RoleDefinition,
    RoleNames,
    TableRight,
)
from cutter_agent.errors import Internal

T = TypeVar("T")

DEFAULT_CONNECTION_LIMIT = config.DEFAULT_CONNECTION_LIMIT
"""One worker: one connection in use and one to ask what became of a lost COMMIT."""

_ATTEMPTS = 8
_WAIT_S = 0.05

_ATTRIBUTES = {
    "rolsuper": "SUPERUSER",
    "rolcreatedb": "CREATEDB",
    "rolcreaterole": "CREATEROLE",
    "rolreplication": "REPLICATION",
    "rolbypassrls": "BYPASSRLS",
}


@dataclass(frozen=True, kw_only=True)
class RoleChange:
    """One thing that was put right: which role, what."""

    role: str
    change: str


def create_roles(
    admin: psycopg.Connection,
    passwords: Mapping[Role, str] | Mapping[str, str],
    *,
    names: RoleNames | None = None,
    connection_limit: int = DEFAULT_CONNECTION_LIMIT,
) -> list[RoleChange]:
    """Make the four roles what ``rights.ROLES`` says, and the grants too where the schema is installed.

    ``passwords`` by role (``cutter_exec``, ``cutter_verify``); a role without one keeps what it has. ``admin`` is idle
    and may create roles. Several databases of a cluster may do this at once: roles are shared and advisory locks are
    not, so a collision is tried again. Raises ``psycopg.Error`` of the last attempt.
    """
    require_idle(admin)
    names = names or RoleNames()
    by_role = {Role(role): password for role, password in passwords.items()}
    changes: list[RoleChange] = []
    for definition in ROLES:
        limit = connection_limit if definition.login else -1
        changes += _again(partial(_ensure_role, admin, definition, names, limit))
    for role, password in by_role.items():
        changes += _again(partial(_set_password, admin, names.of(role), password))
    if schemas_installed(admin):
        apply_grants(admin, names=names)
    return changes


def ensure_owner(admin: psycopg.Connection, *, names: RoleNames | None = None) -> None:
    """Make the owner role alone, which every object of the schema needs before it is made."""
    names = names or RoleNames()
    owner = next(definition for definition in ROLES if definition.role is Role.OWNER)
    _again(partial(_ensure_role, admin, owner, names, -1))


@contextmanager
def acting_as_owner(admin: psycopg.Connection, names: RoleNames) -> Iterator[None]:
    """Inside the caller's transaction: act as the owner, with an empty search_path, until the block ends.

    An administrator who is no superuser but created the owner joins it first, which PostgreSQL 16 and later allow the
    creator of a role.
    """
    privilege = "SET" if admin.info.server_version >= 160000 else "MEMBER"
    if not _value(admin, "SELECT pg_has_role(current_user, %s, %s)", names.owner, privilege):
        _run(admin, "GRANT {} TO CURRENT_USER", names.owner)
    before = str(_value(admin, "SELECT current_setting('role')"))
    _run(admin, "SET LOCAL ROLE {}", names.owner)
    admin.execute("SET LOCAL search_path = ''")
    yield
    _run(admin, "SET LOCAL ROLE {}", before)  # "none" is the session's own user


def require_idle(admin: psycopg.Connection) -> None:
    """Raise ``Internal`` unless ``admin`` is outside a transaction: inside one, ours would be mere savepoints."""
    status = admin.info.transaction_status
    if status is not TransactionStatus.IDLE:
        raise Internal(
            f"the administrator's connection is {status.name}, not IDLE", remedy="Hand over a connection that is idle."
        )


def schemas_installed(admin: psycopg.Connection) -> bool:
    """Whether the schemas that the rights speak of are there."""
    with admin.transaction():
        found = _value(admin, "SELECT count(*) FROM pg_namespace WHERE nspname = ANY (%s)", list(SCHEMAS))
        return found == len(SCHEMAS)


def apply_grants(admin: psycopg.Connection, *, names: RoleNames | None = None) -> None:
    """Make the grants on this database exactly what ``RIGHTS`` says, in one transaction.

    Whatever else a lane, the onlookers or PUBLIC hold on our schemas is revoked. A stranger's rights are left alone.
    """
    require_idle(admin)
    names = names or RoleNames()
    with admin.transaction():
        _apply_database_rights(admin, names)
        with acting_as_owner(admin, names):
            _revoke_everything(admin, names)
            for role, schemas in SCHEMA_USAGE.items():
                for schema in schemas:
                    _run(admin, "GRANT USAGE ON SCHEMA {} TO {}", schema, names.of(role))
            for right in RIGHTS:
                _grant(admin, right, names)


def _apply_database_rights(admin: psycopg.Connection, names: RoleNames) -> None:
    database = str(_value(admin, "SELECT current_database()"))
    _run(admin, "REVOKE CREATE, TEMPORARY ON DATABASE {} FROM PUBLIC", database)
    if _value(admin, "SELECT count(*) FROM pg_namespace WHERE nspname = 'public'"):
        _run(admin, "REVOKE CREATE ON SCHEMA {} FROM PUBLIC", "public")
    for role in Role:
        _run(admin, "REVOKE ALL ON DATABASE {} FROM {}", database, names.of(role))
    for role in LANES:
        _run(admin, "GRANT CONNECT ON DATABASE {} TO {}", database, names.of(role))


def _revoke_everything(admin: psycopg.Connection, names: RoleNames) -> None:
    holders = [sql.Identifier(names.of(role)) for role in (Role.EXEC, Role.VERIFY, Role.RO)]
    everybody = sql.SQL(", ").join([sql.SQL("PUBLIC"), *holders])
    for schema in SCHEMAS:
        for objects in ("ALL TABLES IN SCHEMA", "ALL SEQUENCES IN SCHEMA", "ALL FUNCTIONS IN SCHEMA", "SCHEMA"):
            statement = sql.SQL("REVOKE ALL ON {} {} FROM {}")
            admin.execute(statement.format(sql.SQL(objects), sql.Identifier(schema), everybody))
    # What the owner makes later (functions above all) is not PUBLIC's by default either.
    _run(admin, "ALTER DEFAULT PRIVILEGES FOR ROLE {} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", names.owner)


def _grant(admin: psycopg.Connection, right: TableRight, names: RoleNames) -> None:
    target, grantee = sql.Identifier(*right.table.split(".")), sql.Identifier(names.of(right.role))
    whole = ["SELECT"] * right.select + ["INSERT"] * right.insert
    if whole:
        admin.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(", ".join(whole)), target, grantee))
    if right.update_columns:
        columns = sql.SQL(", ").join(map(sql.Identifier, right.update_columns))
        admin.execute(sql.SQL("GRANT UPDATE ({}) ON {} TO {}").format(columns, target, grantee))


def _ensure_role(
    admin: psycopg.Connection, definition: RoleDefinition, names: RoleNames, connection_limit: int
) -> list[RoleChange]:
    name = names.of(definition.role)
    changes: list[RoleChange] = []
    with admin.transaction():
        if _role_row(admin, name) is None:
            _run(admin, "CREATE ROLE {}", name)
            changes.append(RoleChange(role=name, change="created"))
        row = _role_row(admin, name)
        if row is None:  # pragma: no cover - created one statement ago, in this transaction
            raise pg.UndefinedObject(f"role {name} vanished while it was being created")
        for words in _corrections(row, login=definition.login, connection_limit=connection_limit):
            admin.execute(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(name), sql.SQL(words)))
            changes.append(RoleChange(role=name, change=words))
        for group in _memberships(admin, name):
            _run(admin, "REVOKE {} FROM {}", group, name)
            changes.append(RoleChange(role=name, change=f"left {group}"))
    return changes


def _corrections(row: Mapping[str, object], *, login: bool, connection_limit: int) -> list[str]:
    """The clauses of ALTER ROLE that are needed, and only those: naming SUPERUSER at all is a superuser's right."""
    words = [f"NO{keyword}" for column, keyword in _ATTRIBUTES.items() if row[column]]
    if row["rolcanlogin"] is not login:
        words.append("LOGIN" if login else "NOLOGIN")
    if row["rolconnlimit"] != connection_limit:
        words.append(f"CONNECTION LIMIT {connection_limit}")
    return words


def _role_row(admin: psycopg.Connection, name: str) -> dict[str, object] | None:
    cursor = admin.execute(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin, rolconnlimit "
        "FROM pg_roles WHERE rolname = %s",
        (name,),
    )
    row = cursor.fetchone()
    if row is None or cursor.description is None:
        return None
    return dict(zip((column.name for column in cursor.description), row, strict=True))


def _memberships(admin: psycopg.Connection, name: str) -> list[str]:
    rows = admin.execute(
        "SELECT DISTINCT g.rolname FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid "
        "JOIN pg_roles AS r ON r.oid = m.member WHERE r.rolname = %s",
        (name,),
    )
    return [str(row[0]) for row in rows.fetchall()]


def _set_password(admin: psycopg.Connection, name: str, password: str) -> list[RoleChange]:
    if not password:
        raise ValueError(f"the password of {name} is empty")
    with admin.transaction():
        verifier = admin.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        admin.execute(statement.format(sql.Identifier(name), sql.Literal(verifier)))
    return [RoleChange(role=name, change="password set")]


def _run(admin: psycopg.Connection, template: str, *identifiers: str) -> None:
    admin.execute(sql.SQL(template).format(*map(sql.Identifier, identifiers)))


def _value(admin: psycopg.Connection, query: str, *values: object) -> object:
    return admin.execute(query, values).fetchall()[0][0]


def _again(action: Callable[[], T]) -> T:
    """Shared catalogs have no lock that a plain administrator could take: two who make the same role at once collide
    with 42710 or 23505, two who alter it with XX000 ("tuple concurrently updated"). Each attempt is idempotent."""
    for attempt in range(1, _ATTEMPTS):
        try:
            return action()
        except (pg.DuplicateObject, pg.UniqueViolation, pg.InternalError_):
            time.sleep(_WAIT_S * attempt)
    return action()
