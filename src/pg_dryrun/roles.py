"""G-11: the grant matrix, tried cell by cell, both ways, as each principal itself.

A right is tried by a statement that touches no row (``WHERE false``) in a transaction that is rolled back, each try
in its savepoint. Denied is only what the server's own privilege check denies: a trigger that raises 42501 was
reached, so the right was there. What is not granted on a whole table is tried column by column, because a column
grant hides from a whole-table try.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pg_dryrun.observer import Observer, ServerAnswer, connect, quote, table_sql
from pg_dryrun.observer import roles as catalog_roles
from pg_dryrun.subject import Login, Right, TableName

_DENIED = "42501"
_OWN_DENIAL = "aclcheck_error"
_TABLE_KINDS = frozenset({"r", "p"})
_WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
_FORBIDDEN_ATTRIBUTES = frozenset({"SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"})


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One tried right. ``column`` is None for a whole table; ``allowed`` is what the server did, ``granted`` what is
    declared. ``sqlstate`` is the server's answer where it was not plain success."""

    role: str
    table: TableName
    verb: str
    column: str | None
    granted: bool
    allowed: bool
    sqlstate: str | None

    @property
    def ok(self) -> bool:
        """The server did what is declared."""
        return self.granted == self.allowed


@dataclass(frozen=True, kw_only=True)
class RoleState:
    """Attributes, memberships and ownership that a grant matrix cannot show."""

    role: str
    attributes: tuple[str, ...]
    member_of: tuple[str, ...]
    owns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GrantMatrix:
    """Every cell tried and every defect in words."""

    cells: tuple[Cell, ...]
    roles: tuple[RoleState, ...]
    defects: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """No defect, and something was tried."""
        return not self.defects and bool(self.cells)


@dataclass(frozen=True, kw_only=True)
class _Column:
    name: str
    type_name: str
    insertable: bool


@dataclass(frozen=True, kw_only=True)
class _Try:
    verb: str
    column: str | None
    granted: bool
    statement: str


def probe(
    admin: Login,
    logins: Mapping[str, Login],
    *,
    rights: Sequence[Right],
    tables: Sequence[TableName],
    own_schemas: Mapping[str, str] | None = None,
) -> GrantMatrix:
    """Try every verb on every table of ``tables`` and ``rights`` as each role.

    ``logins`` by **role** name. Of every other user relation the catalog is asked, set-wise, for rights that are not
    declared; not of those in a role's own schema (``own_schemas`` by role). Raises ``ServerAnswer`` where a role
    cannot log in.
    """
    declared = {(right.role, right.table): right for right in rights}
    names = sorted({*tables, *(right.table for right in rights)})
    cells: list[Cell] = []
    defects: list[str] = []
    with connect(admin, purpose="grants", read_only=True) as looking:
        columns, kinds = _columns(looking, names), _kinds(looking, names)
        defects += [f"{name} does not exist" for name in names if name not in kinds]
        tried = [name for name in names if kinds.get(name) in _TABLE_KINDS]
        for role, login in logins.items():
            with connect(login, purpose="grants") as observer:
                for name in tried:
                    right = declared.get((role, name), Right(role=role, table=name))
                    cells += _cells(observer, role, right, columns[name])
        views = [name for name in kinds if kinds[name] not in _TABLE_KINDS]
        cells += _asked(looking, list(logins), views, declared)
        undeclared = _undeclared(looking, list(logins), exclude=names, own=own_schemas or {})
        states = tuple(_state(looking, role) for role in logins)
    defects += [_defect(cell) for cell in cells if not cell.ok]
    defects += undeclared
    defects += [line for state in states for line in _role_defects(state)]
    return GrantMatrix(cells=tuple(cells), roles=states, defects=tuple(defects))


def _cells(observer: Observer, role: str, right: Right, columns: Sequence[_Column]) -> list[Cell]:
    found = []
    with observer.block("BEGIN", end="ROLLBACK"):
        for attempt in _tries(right, columns):
            sqlstate, allowed = _attempt(observer, attempt.statement)
            found.append(
                Cell(
                    role=role,
                    table=right.table,
                    verb=attempt.verb,
                    column=attempt.column,
                    granted=attempt.granted,
                    allowed=allowed,
                    sqlstate=sqlstate,
                )
            )
    return found


def _attempt(observer: Observer, statement: str) -> tuple[str | None, bool]:
    try:
        with observer.savepoint():
            observer.execute(statement)
    except ServerAnswer as answer:
        denied = answer.sqlstate == _DENIED and answer.source_function == _OWN_DENIAL
        return answer.sqlstate, not denied
    return None, True


def _tries(right: Right, columns: Sequence[_Column]) -> Iterator[_Try]:
    """Granted: the whole table in one statement. Not granted: each column alone, so that no column grant hides."""
    table = table_sql(right.table)
    every = [column.name for column in columns]
    insertable = [column for column in columns if column.insertable]
    for group in [every] if right.select else [[name] for name in every]:
        shown = None if right.select else group[0]
        listed = ", ".join(quote(name) for name in group)
        yield _Try(
            verb="SELECT", column=shown, granted=right.select, statement=f"SELECT {listed} FROM {table} WHERE false"
        )
    for columns_together in [insertable] if right.insert else [[column] for column in insertable]:
        shown = None if right.insert else columns_together[0].name
        listed = ", ".join(quote(column.name) for column in columns_together)
        values = ", ".join(f"NULL::{column.type_name}" for column in columns_together)
        yield _Try(
            verb="INSERT",
            column=shown,
            granted=right.insert,
            statement=f"INSERT INTO {table} ({listed}) SELECT {values} WHERE false",
        )
    for name in every:
        yield _Try(
            verb="UPDATE",
            column=name,
            granted=name in right.update_columns,
            statement=f"UPDATE {table} SET {quote(name)} = DEFAULT WHERE false",
        )
    yield _Try(verb="DELETE", column=None, granted=False, statement=f"DELETE FROM {table} WHERE false")
    yield _Try(verb="TRUNCATE", column=None, granted=False, statement=f"TRUNCATE {table}")


def _columns(observer: Observer, names: Sequence[TableName]) -> dict[TableName, list[_Column]]:
    rows = observer.rows(
        "SELECT n.nspname || '.' || c.relname AS relation, a.attname::text AS name,"
        " pg_catalog.format_type(a.atttypid, NULL) AS type,"
        " (a.attgenerated = '' AND a.attidentity <> 'a') AS insertable"
        " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname || '.' || c.relname = ANY (%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum",
        [list(names)],
    )
    found: dict[TableName, list[_Column]] = {name: [] for name in names}
    for row in rows:
        found[str(row["relation"])].append(
            _Column(name=str(row["name"]), type_name=str(row["type"]), insertable=bool(row["insertable"]))
        )
    return found


def _kinds(observer: Observer, names: Sequence[TableName]) -> dict[TableName, str]:
    rows = observer.rows(
        "SELECT n.nspname || '.' || c.relname AS relation, c.relkind::text AS kind FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname || '.' || c.relname = ANY (%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        [list(names)],
    )
    return {str(row["relation"]): str(row["kind"]) for row in rows}


def _asked(
    observer: Observer,
    roles: Sequence[str],
    views: Sequence[TableName],
    declared: Mapping[tuple[str, TableName], Right],
) -> list[Cell]:
    """Views: the rewriter refuses a write before the privilege check comes, so the catalog is asked instead."""
    rows = observer.rows(
        "SELECT r AS role, n.nspname || '.' || c.relname AS relation, p AS verb,"
        " CASE p WHEN 'DELETE' THEN pg_catalog.has_table_privilege(r, c.oid, p)"
        " WHEN 'TRUNCATE' THEN pg_catalog.has_table_privilege(r, c.oid, p)"
        " ELSE pg_catalog.has_any_column_privilege(r, c.oid, p) END AND"
        " pg_catalog.has_schema_privilege(r, n.oid, 'USAGE') AS allowed"
        " FROM unnest(%s::text[]) r CROSS JOIN pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace CROSS JOIN unnest(%s::text[]) p"
        " WHERE n.nspname || '.' || c.relname = ANY (%s) ORDER BY 1, 2, 3",
        [list(roles), ["SELECT", *_WRITES], list(views)],
    )
    found = []
    for row in rows:
        role, relation, verb = str(row["role"]), str(row["relation"]), str(row["verb"])
        right = declared.get((role, relation), Right(role=role, table=relation))
        granted = {"SELECT": right.select, "INSERT": right.insert, "UPDATE": bool(right.update_columns)}.get(
            verb, False
        )
        found.append(
            Cell(
                role=role,
                table=relation,
                verb=verb,
                column=None,
                granted=granted,
                allowed=bool(row["allowed"]),
                sqlstate=None,
            )
        )
    return found


def _undeclared(
    observer: Observer, roles: Sequence[str], *, exclude: Sequence[TableName], own: Mapping[str, str]
) -> list[str]:
    """Rights on relations that nobody named: writes on relations and sequences, CREATE in schemas and the database."""
    rows = observer.rows(
        "SELECT format('%%s may %%s on %%I.%%I', r, p, n.nspname, c.relname) AS line"
        " FROM unnest(%(roles)s::text[]) r CROSS JOIN pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace CROSS JOIN unnest(%(verbs)s::text[]) p"
        " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        " AND n.nspname || '.' || c.relname <> ALL (%(exclude)s) AND r || ' ' || n.nspname <> ALL (%(own)s)"
        " AND CASE WHEN p IN ('DELETE', 'TRUNCATE') THEN pg_catalog.has_table_privilege(r, c.oid, p)"
        " ELSE pg_catalog.has_any_column_privilege(r, c.oid, p) END"
        " UNION ALL SELECT format('%%s may CREATE in schema %%I', r, n.nspname) FROM unnest(%(roles)s::text[]) r"
        " CROSS JOIN pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_'"
        " AND pg_catalog.has_schema_privilege(r, n.oid, 'CREATE')"
        " UNION ALL SELECT format('%%s may CREATE in database %%I', r, current_database())"
        " FROM unnest(%(roles)s::text[]) r"
        " WHERE pg_catalog.has_database_privilege(r, current_database(), 'CREATE') ORDER BY 1",
        {
            "roles": list(roles),
            "verbs": list(_WRITES),
            "exclude": list(exclude),
            "own": [f"{role} {schema}" for role, schema in own.items()],
        },
    )
    return [str(row["line"]) for row in rows]


def _state(observer: Observer, role: str) -> RoleState:
    found = catalog_roles.facts(observer, [role])
    owned = observer.rows(
        "SELECT pg_catalog.pg_describe_object(s.classid, s.objid, s.objsubid) AS what FROM pg_catalog.pg_shdepend s"
        " JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid AND s.refclassid = 'pg_catalog.pg_authid'::regclass"
        " WHERE r.rolname = %s AND s.deptype = 'o'"
        " AND s.dbid IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())) ORDER BY 1",
        [role],
    )
    return RoleState(
        role=role,
        attributes=found[0].attributes if found else (),
        member_of=found[0].member_of if found else (),
        owns=tuple(str(row["what"]) for row in owned),
    )


def _role_defects(state: RoleState) -> Iterator[str]:
    for attribute in state.attributes:
        if attribute in _FORBIDDEN_ATTRIBUTES:
            yield f"{state.role} has {attribute}"
    for group in state.member_of:
        yield f"{state.role} is a member of {group}: its rights are not its own"
    for what in state.owns:
        yield f"{state.role} owns {what}: an owner can give itself every right"


def _defect(cell: Cell) -> str:
    where = cell.table + (f" ({cell.column})" if cell.column else "")
    if cell.granted:
        return f"{cell.role}: {cell.verb} on {where} is declared, but the server denies it"
    answer = f"the server answered {cell.sqlstate}" if cell.sqlstate else "the server allows it"
    return f"{cell.role}: {cell.verb} on {where} is not declared, but {answer}"
