"""What a declared statement needs of the catalog, told by PostgreSQL's own grammar (design 2.2 line 12).

The grammar takes a quarter of a second to load, so its answers are kept in ``expected/uses.json`` under the digest of
the statement's text. A statement that is not in there (its text changed, the file was not remade) is parsed now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from cutter_agent.db_adapter.catalog import Catalog
from cutter_agent.errors import Internal
from sealing.digest import sha256_hex

USES_FILE = "uses.json"


@dataclass(frozen=True, kw_only=True)
class ConflictTarget:
    """What ON CONFLICT rests on: columns (``partial`` where it names a predicate), or a constraint by name."""

    table: str
    columns: tuple[str, ...] = ()
    partial: bool = False
    constraint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Use:
    """Tables are ``schema.name``; pairs are (table, column). An INSERT that names no columns has none here."""

    relations: frozenset[str] = frozenset()
    reads: frozenset[tuple[str, str]] = frozenset()
    inserts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    updates: frozenset[tuple[str, str]] = frozenset()
    locks: frozenset[str] = frozenset()
    conflicts: tuple[ConflictTarget, ...] = ()

    def written(self) -> frozenset[str]:
        """Tables that get rows or changes."""
        return frozenset(self.inserts) | {table for table, _ in self.updates}

    def only_named(self) -> frozenset[str]:
        """Relations of which no column is named (``SELECT count(*)``): reading them needs SELECT on something."""
        return self.relations - self.written() - {table for table, _ in self.reads}

    def touched(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Every column with the privilege it needs."""
        yield from (("SELECT", pair) for pair in self.reads)
        yield from (("UPDATE", pair) for pair in self.updates)
        yield from (("INSERT", (table, column)) for table, columns in self.inserts.items() for column in columns)

    def within(self, schemas: Sequence[str]) -> Use:
        """The part that concerns these schemas; pg_catalog is PostgreSQL's own business."""
        ours = frozenset(table for table in self.relations if table.split(".")[0] in schemas)
        return Use(
            relations=ours,
            reads=frozenset(pair for pair in self.reads if pair[0] in ours),
            inserts={table: columns for table, columns in self.inserts.items() if table in ours},
            updates=frozenset(pair for pair in self.updates if pair[0] in ours),
            locks=self.locks & ours,
            conflicts=tuple(target for target in self.conflicts if target.table in ours),
        )


def use_of(sql: str, catalog: Catalog) -> Use:
    """The use of a statement (``numbered_sql``): remembered, or parsed now."""
    kept = _kept().get(sha256_hex(sql.encode()))
    return from_json(kept) if kept is not None else parse(sql, catalog)


def parse(sql: str, catalog: Catalog) -> Use:
    """Parse ``sql`` (placeholders ``$n``). ``catalog`` says whose an unqualified column is.

    Raises ``Internal`` for a text that is not SQL, or that deletes, truncates or merges anywhere in it.
    """
    import postgast  # noqa: PLC0415 - a quarter of a second that a writer need not wait for

    try:
        tree = postgast.parse(sql)
    except postgast.PgQueryError as error:
        raise Internal(f"not SQL: {error}", remedy="Correct the declared statement.") from error
    reader = _Reader(catalog)
    for raw in tree.stmts:
        reader.visit(raw.stmt, ())
    return reader.use()


def to_json(use: Use) -> dict[str, Any]:
    """Plain values for ``expected/uses.json``."""
    return {
        "relations": sorted(use.relations),
        "reads": sorted(map(list, use.reads)),
        "inserts": {table: list(columns) for table, columns in sorted(use.inserts.items())},
        "updates": sorted(map(list, use.updates)),
        "locks": sorted(use.locks),
        "conflicts": [vars(each) | {"columns": list(each.columns)} for each in use.conflicts],
    }


def from_json(value: Mapping[str, Any]) -> Use:
    """The inverse of ``to_json``."""
    return Use(
        relations=frozenset(value["relations"]),
        reads=frozenset((table, column) for table, column in value["reads"]),
        inserts={table: tuple(columns) for table, columns in value["inserts"].items()},
        updates=frozenset((table, column) for table, column in value["updates"]),
        locks=frozenset(value["locks"]),
        conflicts=tuple(ConflictTarget(**{**each, "columns": tuple(each["columns"])}) for each in value["conflicts"]),
    )


@cache
def _kept() -> Mapping[str, Any]:
    text = files("cutter_agent.db_adapter").joinpath("expected", USES_FILE).read_text("utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


_Frame = Mapping[str, str | None]
"""One level of FROM: visible name to table, or None for what is no table (a subquery, a CTE, a function)."""
_Scope = tuple[_Frame, ...]
_REFUSED = ("delete_stmt", "merge_stmt", "truncate_stmt")


class _Reader:
    """One pass over a parse tree, keeping what each level of the query can see."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._relations: set[str] = set()
        self._reads: set[tuple[str, str]] = set()
        self._inserts: dict[str, tuple[str, ...]] = {}
        self._updates: set[tuple[str, str]] = set()
        self._locks: set[str] = set()
        self._conflicts: list[ConflictTarget] = []

    def use(self) -> Use:
        return Use(
            relations=frozenset(self._relations),
            reads=frozenset(self._reads),
            inserts=self._inserts,
            updates=frozenset(self._updates),
            locks=frozenset(self._locks),
            conflicts=tuple(self._conflicts),
        )

    def visit(self, message: Any, scope: _Scope) -> None:
        kind = message.DESCRIPTOR.name
        if kind == "SelectStmt":
            self._select(message, scope)
        elif kind == "InsertStmt":
            self._insert(message, scope)
        elif kind == "UpdateStmt":
            self._update(message, scope)
        elif kind == "CopyStmt":
            self._copy(message)
        elif kind == "ColumnRef":
            self._column(message, scope)
        elif kind == "RangeVar":
            self._relations.update(_table_names(message))
        else:
            self._refuse(message)
            self._children(message, scope)

    def _children(self, message: Any, scope: _Scope, *, without: Iterable[str] = ()) -> None:
        for descriptor, value in message.ListFields():
            if descriptor.type != descriptor.TYPE_MESSAGE or descriptor.name in without:
                continue
            for child in value if descriptor.is_repeated else (value,):
                self.visit(child, scope)

    def _select(self, select: Any, scope: _Scope) -> None:
        frame = _ctes(select)
        for item in select.from_clause:
            frame.update(_sources(item, scope))
        inner = (frame, *scope)
        labels = {each.res_target.name for each in select.target_list if each.res_target.name}
        self._children(select, inner, without=("sort_clause", "group_clause"))
        for item in (*select.sort_clause, *select.group_clause):
            self.visit(item, (dict.fromkeys(labels), *inner))
        for lock in select.locking_clause:
            named = {each.range_var.relname for each in lock.locking_clause.locked_rels}
            self._locks.update(table for name, table in frame.items() if table and (not named or name in named))

    def _insert(self, insert: Any, scope: _Scope) -> None:
        table = _one_table(insert.relation)
        self._relations.add(table)
        columns = tuple(each.res_target.name for each in insert.cols)
        self._inserts[table] = tuple(dict.fromkeys((*self._inserts.get(table, ()), *columns)))
        ctes = _ctes(insert)
        own: _Frame = {insert.relation.alias.aliasname or insert.relation.relname: table, "excluded": None}
        if insert.HasField("with_clause"):
            self.visit(insert.with_clause, (ctes, *scope))
        if insert.HasField("select_stmt"):
            self.visit(insert.select_stmt, (ctes, *scope))
        if insert.HasField("on_conflict_clause"):
            self._on_conflict(insert.on_conflict_clause, table, (own, *scope))
        if insert.HasField("returning_clause"):
            self.visit(insert.returning_clause, (own, *scope))

    def _on_conflict(self, clause: Any, table: str, scope: _Scope) -> None:
        names = tuple(each.index_elem.name for each in clause.infer.index_elems)
        if names or clause.infer.conname:
            partial = clause.infer.HasField("where_clause")
            constraint = clause.infer.conname or None
            self._conflicts.append(ConflictTarget(table=table, columns=names, partial=partial, constraint=constraint))
        self._reads.update((table, name) for name in names)
        self._updates.update((table, each.res_target.name) for each in clause.target_list)
        self._children(clause, scope)

    def _update(self, update: Any, scope: _Scope) -> None:
        table = _one_table(update.relation)
        self._relations.add(table)
        self._updates.update((table, each.res_target.name) for each in update.target_list)
        frame = _ctes(update) | {update.relation.alias.aliasname or update.relation.relname: table}
        for item in update.from_clause:
            frame.update(_sources(item, scope))
        self._children(update, (frame, *scope), without=("relation",))

    def _copy(self, copy: Any) -> None:
        table = _one_table(copy.relation)
        self._relations.add(table)
        columns = tuple(each.string.sval for each in copy.attlist)
        if copy.is_from:
            self._inserts[table] = columns
        else:
            self._reads.update((table, column) for column in columns)

    def _column(self, reference: Any, scope: _Scope) -> None:
        parts = [each.string.sval for each in reference.fields if each.WhichOneof("node") == "string"]
        if len(parts) != len(reference.fields) or not parts:
            return
        table = self._owner_of(parts, scope)
        if table is not None:
            self._reads.add((table, parts[-1]))

    def _owner_of(self, parts: list[str], scope: _Scope) -> str | None:
        if len(parts) == 3:
            return f"{parts[0]}.{parts[1]}"
        if len(parts) == 2:
            return next((frame[parts[0]] for frame in scope if parts[0] in frame), None)
        name = parts[0]
        for frame in scope:
            if name in frame:
                return None  # a label of the select list, or a whole row
            tables = [table for table in frame.values() if table]
            owners = [table for table in tables if self._knows(table, name)]
            if owners:
                return owners[0]
            if len(tables) == 1 and len(frame) == 1:
                return tables[0]
        return None

    def _knows(self, table: str, column: str) -> bool:
        relation = self._catalog.relations.get(table)
        return relation is not None and column in relation.columns

    @staticmethod
    def _refuse(message: Any) -> None:
        if message.DESCRIPTOR.name == "Node" and message.WhichOneof("node") in _REFUSED:
            verb = message.WhichOneof("node").removesuffix("_stmt").upper()
            raise Internal(f"a declared statement contains {verb}", remedy="No lane ever deletes: remove it.")


def _ctes(statement: Any) -> dict[str, str | None]:
    if not statement.HasField("with_clause"):
        return {}
    return {each.common_table_expr.ctename: None for each in statement.with_clause.ctes}


def _sources(item: Any, scope: _Scope) -> Iterator[tuple[str, str | None]]:
    """What one item of FROM makes visible."""
    kind = item.WhichOneof("node")
    if kind == "range_var":
        yield item.range_var.alias.aliasname or item.range_var.relname, next(_table_names(item.range_var), None)
    elif kind == "join_expr":
        yield from _sources(item.join_expr.larg, scope)
        yield from _sources(item.join_expr.rarg, scope)
    elif kind is not None:
        yield getattr(item, kind).alias.aliasname, None


def _table_names(range_var: Any) -> Iterator[str]:
    """The table's name; nothing for a name without schema, which can only be a CTE (statements name their schema)."""
    if range_var.schemaname:
        yield f"{range_var.schemaname}.{range_var.relname}"


def _one_table(range_var: Any) -> str:
    for name in _table_names(range_var):
        return name
    raise Internal(f"{range_var.relname} is written without its schema", remedy="Spell it schema.table.")
