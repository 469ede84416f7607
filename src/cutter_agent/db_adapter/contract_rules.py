"""Where a statement's use and a catalog disagree: one small question each (design 2.2 line 12, gate G-26).

Pure: from two catalogs, the asking role's privileges and a use to mismatches. ``contract`` reads and reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cutter_agent.db_adapter.catalog import TABLE_KINDS, Catalog, Relation
from cutter_agent.db_adapter.uses import ConflictTarget, Use

MIGRATE = "Run `iu-cutter db init` (it applies pending migrations), then `iu-cutter db check`."
GRANT = "Run `iu-cutter db init` as the administrator: it makes the grants what the table of rights says."
REMOVE = "Ask who put it there; remove it, or make it a migration of this product. Nothing was written."


@dataclass(frozen=True, kw_only=True, order=True)
class Mismatch:
    """One thing in which statements and schema disagree. ``where`` is ``schema.table`` or ``schema.table.column``,
    ``statements`` are the names of those that need it (none: the table itself is not what it should be)."""

    where: str
    code: str
    message: str
    remedy: str
    statements: tuple[str, ...] = ()

    def line(self) -> str:
        """For a reader: what, who needs it, what to do."""
        needed_by = f" (needed by {', '.join(self.statements)})" if self.statements else ""
        return f"{self.code} {self.where}: {self.message}{needed_by}. {self.remedy}"


@dataclass(frozen=True, kw_only=True)
class Privileges:
    """What the asking role may do: relation facts by name, column facts by (relation, column)."""

    relations: Mapping[str, Mapping[str, Any]]
    columns: Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What this release means (``wanted``), what is deployed (``found``), and what the asking role may do there."""

    wanted: Catalog
    found: Catalog
    privileges: Privileges

    def of_statement(self, name: str, use: Use) -> Iterator[Mismatch]:
        """Everything that would refuse this statement."""
        present = use.relations & self.found.relations.keys()
        for where, code, message, remedy in (
            *((table, "TABLE_MISSING", "the table is not there", MIGRATE) for table in use.relations - present),
            *(each for table in present for each in self._of_relation(table, use)),
            *(each for verb, pair in use.touched() if pair[0] in present for each in self._of_column(verb, *pair)),
            *(each for table in use.inserts.keys() & present for each in self._of_insert(table, use.inserts[table])),
            *(each for target in use.conflicts if target.table in present for each in self._of_conflict(target)),
        ):
            yield Mismatch(where=where, code=code, message=message, remedy=remedy, statements=(name,))

    def of_table(self, table: str) -> Iterator[Mismatch]:
        """What would act on a write without being asked: triggers, rules, row security, constraints."""
        wanted, found = self.wanted.relations[table], self.found.relations[table]
        for code, message, remedy in (
            *_of_rules(wanted, found),
            *_of_triggers(wanted, found),
            *of_constraints(wanted.constraints, found.constraints),
        ):
            yield Mismatch(where=table, code=code, message=message, remedy=remedy)

    def _of_relation(self, table: str, use: Use) -> Iterator[_Said]:
        privileges = self.privileges.relations[table]
        if not privileges["may_enter_schema"]:
            yield table, "GRANT_MISSING", "USAGE on its schema is not granted", GRANT
        if table in use.written() and self.found.relations[table].kind not in TABLE_KINDS:
            yield table, "NOT_A_TABLE", "what is there under this name is no table", MIGRATE
        if table in use.only_named() and not privileges["may_select"]:
            yield table, "GRANT_MISSING", "SELECT is not granted", GRANT
        if table in use.locks and not privileges["may_update"]:
            yield table, "GRANT_MISSING", "no column may be updated, so its rows cannot be locked", GRANT

    def _of_column(self, verb: str, table: str, name: str) -> Iterator[_Said]:
        where = f"{table}.{name}"
        deployed = self.found.relations[table].columns.get(name)
        if deployed is None:
            yield where, "COLUMN_MISSING", "the column is not there", MIGRATE
            return
        if verb != "SELECT" and (deployed.generated or deployed.identity == "a"):
            yield where, "COLUMN_GENERATED", "the server makes its value and takes none", MIGRATE
        designed = self.wanted.relations[table].columns.get(name) if table in self.wanted.relations else None
        if designed is not None and designed.type != deployed.type:
            yield where, "COLUMN_TYPE", f"its type is {deployed.type}, this release means {designed.type}", MIGRATE
        if not self.privileges.columns[table, name][f"may_{verb.lower()}"]:
            yield where, "GRANT_MISSING", f"{verb} is not granted", GRANT

    def _of_insert(self, table: str, columns: tuple[str, ...]) -> Iterator[_Said]:
        if not columns:
            yield table, "COLUMNS_NOT_NAMED", "a statement that names no columns breaks with the next column", MIGRATE
        for column in self.found.relations[table].columns.values():
            if column.must_be_supplied and column.name not in columns:
                message = f"NOT NULL without a default ({column.type}), and no value is given"
                yield f"{table}.{column.name}", "COLUMN_NOT_SUPPLIED", message, MIGRATE

    def _of_conflict(self, target: ConflictTarget) -> Iterator[_Said]:
        if not _has_key(target, self.found.relations[target.table]):
            spelt = target.constraint or f"({', '.join(target.columns)})"
            yield target.table, "KEY_MISSING", f"ON CONFLICT rests on {spelt}, which is not unique", MIGRATE


_Said = tuple[str, str, str, str]
"""Where, code, message, remedy."""
_SaidOfTable = tuple[str, str, str]
"""Code, message, remedy."""


def _has_key(target: ConflictTarget, deployed: Relation) -> bool:
    if target.constraint is not None:
        index = deployed.indexes.get(target.constraint)
        return target.constraint in deployed.constraints and index is not None and index.usable
    return any(
        index.is_unique
        and index.usable
        and set(index.columns) == set(target.columns)
        and (target.partial or not index.is_partial)
        for index in deployed.indexes.values()
    )


def _of_rules(wanted: Relation, found: Relation) -> Iterator[_SaidOfTable]:
    for rule in sorted({*found.rules} - {*wanted.rules}):
        yield "RULE_UNEXPECTED", f"rule {rule} rewrites statements", REMOVE
    if found.row_security and not wanted.row_security:
        yield "ROW_SECURITY", "row level security hides or refuses rows", REMOVE


def _of_triggers(wanted: Relation, found: Relation) -> Iterator[_SaidOfTable]:
    for name, trigger in found.triggers.items():
        expected = wanted.triggers.get(name)
        if expected is None:
            yield "TRIGGER_UNEXPECTED", f"trigger {name} is not ours: {trigger.definition}", REMOVE
        elif expected != trigger:
            state = " (it is disabled)" if trigger.enabled == "D" else ""
            yield "TRIGGER_CHANGED", f"guard {name} is not what this release made{state}", MIGRATE
    for name in sorted(wanted.triggers.keys() - found.triggers.keys()):
        yield "TRIGGER_MISSING", f"guard {name} is gone", MIGRATE


def of_constraints(wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[_SaidOfTable]:
    """Constraints that nobody knows, that are gone, or that say something else."""
    for name in sorted(found.keys() - wanted.keys()):
        yield "CONSTRAINT_UNEXPECTED", f"constraint {name} is not ours: {found[name]}", REMOVE
    for name in sorted(wanted.keys() - found.keys()):
        yield "CONSTRAINT_MISSING", f"constraint {name} is gone: {wanted[name]}", MIGRATE
    for name in sorted(wanted.keys() & found.keys()):
        if wanted[name] != found[name]:
            yield "CONSTRAINT_CHANGED", f"constraint {name} is {found[name]}, was {wanted[name]}", MIGRATE
