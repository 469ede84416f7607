"""The rights as the server has them, cell by cell against the one table (design 1.10). Reads only.

``report`` asks the catalog what each role may do and compares it with ``rights.RIGHTS``; ``probes`` tries it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from cutter_agent.db_adapter.rights import (
    LANES,
    ROLES,
    SCHEMA_USAGE,
    SCHEMAS,
    Role,
    RoleDefinition,
    RoleNames,
    right_on,
)
from cutter_agent.db_adapter.roles import DEFAULT_CONNECTION_LIMIT, require_idle

GUESTS = (Role.EXEC, Role.VERIFY, Role.RO)
"""Roles that own nothing and have exactly what the table says."""

_MAINTAIN_SINCE = 170000
_TABLE_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
_BY_COLUMN = frozenset({"SELECT", "INSERT", "UPDATE", "REFERENCES"})

_RELATIONS = """
SELECT n.nspname || '.' || c.relname AS object, g.role, p.privilege, c.relkind IN ('r', 'p') AS is_table,
       has_table_privilege(r.oid, c.oid, p.privilege) AS whole,
       p.privilege = ANY (%(by_column)s) AND has_any_column_privilege(r.oid, c.oid, p.privilege) AS part
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN unnest(%(roles)s::text[]) AS g (role)
JOIN pg_roles AS r ON r.rolname = g.role
CROSS JOIN unnest(%(privileges)s::text[]) AS p (privilege)
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY object, g.role, p.privilege
"""
_COLUMNS = """
SELECT n.nspname || '.' || c.relname AS object, a.attname::text AS name, g.role,
       has_column_privilege(r.oid, c.oid, a.attnum, 'UPDATE') AS actual
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
CROSS JOIN unnest(%(roles)s::text[]) AS g (role)
JOIN pg_roles AS r ON r.rolname = g.role
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p')
ORDER BY object, a.attnum, g.role
"""
_SCHEMAS = """
SELECT n.nspname::text AS object, g.role, p.privilege, has_schema_privilege(r.oid, n.oid, p.privilege) AS actual
FROM pg_namespace AS n
CROSS JOIN unnest(%(roles)s::text[]) AS g (role)
JOIN pg_roles AS r ON r.rolname = g.role
CROSS JOIN unnest('{USAGE,CREATE}'::text[]) AS p (privilege)
WHERE n.nspname = ANY (%(schemas)s) OR (n.nspname = 'public' AND p.privilege = 'CREATE')
ORDER BY object, g.role, p.privilege
"""
_DATABASE = """
SELECT g.role, p.privilege, has_database_privilege(r.oid, current_database(), p.privilege) AS actual
FROM unnest(%(roles)s::text[]) AS g (role)
JOIN pg_roles AS r ON r.rolname = g.role
CROSS JOIN unnest('{CONNECT,CREATE,TEMPORARY}'::text[]) AS p (privilege)
ORDER BY g.role, p.privilege
"""
_FUNCTIONS = """
SELECT n.nspname || '.' || p.proname || '()' AS object, g.role,
       has_function_privilege(r.oid, p.oid, 'EXECUTE') AS actual
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
CROSS JOIN unnest(%(roles)s::text[]) AS g (role)
JOIN pg_roles AS r ON r.rolname = g.role
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY object, g.role
"""
_ROLES = """
SELECT r.rolname::text AS role, r.rolcanlogin, r.rolconnlimit, r.rolsuper, r.rolcreatedb, r.rolcreaterole,
       r.rolreplication, r.rolbypassrls,
       ARRAY(SELECT g.rolname::text FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid
             WHERE m.member = r.oid ORDER BY g.rolname) AS member_of,
       EXISTS (SELECT FROM pg_shdepend AS d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
               AND d.deptype = 'o') AS owns_something
FROM pg_roles AS r
WHERE r.rolname = ANY (%(roles)s)
"""
_OWNERS = """
SELECT object, owner FROM (
    SELECT n.nspname::text AS object, pg_get_userbyid(n.nspowner)::text AS owner
    FROM pg_namespace AS n WHERE n.nspname = ANY (%(schemas)s)
    UNION ALL
    SELECT n.nspname || '.' || c.relname, pg_get_userbyid(c.relowner)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT n.nspname || '.' || p.proname || '()', pg_get_userbyid(p.proowner)
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname = ANY (%(schemas)s)
) AS owned
ORDER BY object
"""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: may ``role`` do ``privilege`` on ``object``? ``expected`` by the table, ``actual`` by the server.

    ``role`` is the name on this server. An attribute of a role, and who owns an object, are cells too.
    """

    role: str
    object: str
    privilege: str
    expected: bool
    actual: bool

    @property
    def agrees(self) -> bool:
        return self.expected is self.actual

    def line(self) -> str:
        """The disagreement for a person."""
        is_there, should_be = ("there" if granted else "not there" for granted in (self.actual, self.expected))
        return f"{self.role}: {self.privilege} on {self.object} is {is_there}, should be {should_be}"


def report(
    admin: psycopg.Connection,
    *,
    names: RoleNames | None = None,
    connection_limit: int | None = DEFAULT_CONNECTION_LIMIT,
) -> list[Cell]:
    """Every cell, in a stable order: tables, columns, schemas, database, functions, roles, owners."""
    require_idle(admin)
    names = names or RoleNames()
    by_name = {names.of(role): role for role in Role}
    privileges = [*_TABLE_PRIVILEGES, *["MAINTAIN"] * (admin.info.server_version >= _MAINTAIN_SINCE)]
    asked: dict[str, object] = {
        "roles": [names.of(role) for role in GUESTS],
        "schemas": list(SCHEMAS),
        "privileges": privileges,
        "by_column": sorted(_BY_COLUMN),
    }
    with admin.transaction(), admin.cursor(row_factory=dict_row) as cursor:

        def ask(query: str) -> list[dict[str, Any]]:
            return cursor.execute(query.encode(), asked).fetchall()

        cells = [
            *_table_cells(ask(_RELATIONS), by_name),
            *_column_cells(ask(_COLUMNS), by_name),
            *_place_cells(ask(_SCHEMAS), ask(_DATABASE), by_name),
            *(_nobody(row, "EXECUTE") for row in ask(_FUNCTIONS)),
        ]
        asked["roles"] = list(by_name)
        cells += _role_cells(ask(_ROLES), names, connection_limit)
        cells += [_owner_cell(row, names.owner) for row in ask(_OWNERS)]
    return cells


def disagreements(cells: list[Cell]) -> list[Cell]:
    """The cells where server and table differ."""
    return [cell for cell in cells if not cell.agrees]


def _table_cells(rows: list[dict[str, Any]], by_name: Mapping[str, Role]) -> Iterator[Cell]:
    for row in rows:
        right = right_on(by_name[row["role"]], row["object"])
        if row["privilege"] == "UPDATE" and right.update_columns:
            expected, actual = False, row["whole"]  # its columns have cells of their own
        else:
            expected = {"SELECT": right.select, "INSERT": right.insert}.get(row["privilege"], False)
            # a grant on a single column is too much where nothing is granted, and too little where all is
            actual = row["whole"] if expected else row["whole"] or row["part"]
        yield Cell(role=row["role"], object=row["object"], privilege=row["privilege"], expected=expected, actual=actual)


def _column_cells(rows: list[dict[str, Any]], by_name: Mapping[str, Role]) -> Iterator[Cell]:
    for row in rows:
        yield Cell(
            role=row["role"],
            object=f"{row['object']}.{row['name']}",
            privilege="UPDATE",
            expected=row["name"] in right_on(by_name[row["role"]], row["object"]).update_columns,
            actual=row["actual"],
        )


def _place_cells(
    schemas: list[dict[str, Any]], database: list[dict[str, Any]], by_name: Mapping[str, Role]
) -> Iterator[Cell]:
    for row in schemas:
        usable = row["object"] in SCHEMA_USAGE.get(by_name[row["role"]], ())
        expected = usable and row["privilege"] == "USAGE"
        yield Cell(
            role=row["role"],
            object=f"schema {row['object']}",
            privilege=row["privilege"],
            expected=expected,
            actual=row["actual"],
        )
    for row in database:
        if row["privilege"] == "CONNECT" and by_name[row["role"]] not in LANES:
            continue  # PUBLIC may connect by default, and a role that cannot log in does not
        yield Cell(
            role=row["role"],
            object="database",
            privilege=row["privilege"],
            expected=row["privilege"] == "CONNECT",
            actual=row["actual"],
        )


def _nobody(row: Mapping[str, Any], privilege: str) -> Cell:
    return Cell(role=row["role"], object=row["object"], privilege=privilege, expected=False, actual=row["actual"])


def _role_cells(rows: list[dict[str, Any]], names: RoleNames, connection_limit: int | None) -> Iterator[Cell]:
    found = {row["role"]: row for row in rows}
    for definition in ROLES:
        name = names.of(definition.role)
        yield Cell(role=name, object="role", privilege="exists", expected=True, actual=name in found)
        if name in found:
            yield from _attribute_cells(definition, found[name], connection_limit)


def _attribute_cells(
    definition: RoleDefinition, row: Mapping[str, Any], connection_limit: int | None
) -> Iterator[Cell]:
    facts = {
        "LOGIN": (definition.login, row["rolcanlogin"]),
        "SUPERUSER": (False, row["rolsuper"]),
        "CREATEDB": (False, row["rolcreatedb"]),
        "CREATEROLE": (False, row["rolcreaterole"]),
        "REPLICATION": (False, row["rolreplication"]),
        "BYPASSRLS": (False, row["rolbypassrls"]),
        "MEMBER OF " + (", ".join(row["member_of"]) or "nothing"): (False, bool(row["member_of"])),
    }
    if definition.login and connection_limit is not None:
        facts[f"CONNECTION LIMIT {connection_limit}"] = (True, row["rolconnlimit"] == connection_limit)
    if definition.role is not Role.OWNER:
        facts["OWNS SOMETHING"] = (False, row["owns_something"])
    for privilege, (expected, actual) in facts.items():
        yield Cell(role=row["role"], object="role", privilege=privilege, expected=expected, actual=actual)


def _owner_cell(row: Mapping[str, Any], owner: str) -> Cell:
    return Cell(role=owner, object=row["object"], privilege="OWNS", expected=True, actual=row["owner"] == owner)
