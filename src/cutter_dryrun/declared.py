"""The cutter's declared statements and rights in the witness's words: read from its own tables, never copied."""

from __future__ import annotations

from functools import cache

from cutter_agent.db_adapter import rights, statements, uses
from cutter_agent.db_adapter.catalog import expected
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.model import Lane
from cutter_dryrun.matrix import TRACKED_TABLES
from pg_dryrun.subject import DeclaredStatement, Emission, Right


@cache
def declared_statements() -> tuple[DeclaredStatement, ...]:
    """Every statement of ``db_adapter/sql/*.sql``, once for each principal that may send it."""
    return tuple(
        DeclaredStatement(
            name=statement.name,
            principal=lane.value,
            verb=statement.verb,
            tables=statement.tables,
            text=statement.numbered_sql,
        )
        for statement in _in_order()
        for lane in sorted(statement.principals)
    )


@cache
def emissions() -> tuple[Emission, ...]:
    """Which columns the lanes fill on which table, told by PostgreSQL's own grammar from the declared texts."""
    catalog = expected()
    return tuple(
        Emission(statement=statement.name, principal=lane.value, table=table, columns=columns)
        for statement in _in_order()
        for table, columns in uses.use_of(statement.numbered_sql, catalog).inserts.items()
        for lane in sorted(statement.principals)
    )


def rights_of_lanes() -> tuple[Right, ...]:
    """One row for each lane and tracked table, empty ones too: what is not granted is probed as well."""
    granted = {(item.role.value, item.table): item for item in rights.RIGHTS}
    return tuple(
        Right(
            role=lane.value,
            table=table,
            select=bool(item and item.select),
            insert=bool(item and item.insert),
            update_columns=item.update_columns if item else (),
        )
        for lane in Lane
        for table in TRACKED_TABLES
        for item in (granted.get((lane.value, table)),)
    )


def expected_relations() -> tuple[str, ...]:
    """Tables and views that a deployed schema has: the tracked tables and the redacted views over the ledger."""
    views = tuple(f"{rights.OBSERVE}.{name}" for name in rights.LEDGER_TABLES)
    return (*TRACKED_TABLES, *views)


def _in_order() -> list[Statement]:
    found = statements.load()
    return [found[name] for name in sorted(found)]
