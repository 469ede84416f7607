"""Nine of twelve row writers did not fit the deployed tables: unknown columns, missing NOT NULL values.

Here the server itself plans every declared statement under the role that sends it, and no writer leaves out a column
that must be filled.
"""

from __future__ import annotations

import re

import psycopg
import pytest
from tests.pipeline_room import NAMES, PASSWORDS, Ledger

from cutter_agent.db_adapter.rights import Role
from cutter_agent.db_adapter.statements import Statement, load
from cutter_agent.model import Lane

ROLE = {Lane.EXEC: Role.EXEC, Lane.VERIFY: Role.VERIFY}
WRITERS = sorted(name for name, statement in load().items() if statement.verb in {"INSERT", "COPY"})
PLANNED = sorted(
    (name, lane)
    for name, statement in load().items()
    for lane in statement.principals
    if statement.verb in {"SELECT", "INSERT", "UPDATE", "COPY"} and not statement.source.startswith("session.sql")
)


@pytest.mark.parametrize("lane", list(Lane))
def test_the_server_plans_every_statement_of_the_lane(ledger: Ledger, lane: Lane) -> None:
    role = ROLE[lane]
    login = {**ledger.login, "user": NAMES.of(role), "password": PASSWORDS[role]}
    planned = [load()[name] for name, one in PLANNED if one is lane]
    assert len(planned) > 20
    with psycopg.connect(**login, autocommit=True) as connection:
        for statement in planned:
            plan(connection, statement)


def plan(connection: psycopg.Connection, statement: Statement) -> None:
    with connection.transaction(force_rollback=True), psycopg.RawCursor(connection) as cursor:
        if statement.verb == "COPY":
            with cursor.copy(statement.numbered_sql):
                pass
        else:
            cursor.execute(f"EXPLAIN (GENERIC_PLAN) {statement.numbered_sql}")


@pytest.mark.parametrize("name", WRITERS)
def test_no_writer_leaves_out_a_column_that_must_be_filled(ledger: Ledger, name: str) -> None:
    statement = load()[name]
    found = re.match(r"(?:INSERT INTO|COPY)\s+(\w+)\.(\w+)\s*\(([^)]*)\)", statement.sql)
    assert found, statement.sql
    schema, table, columns = found[1], found[2], {column.strip() for column in found[3].split(",")}
    required = ledger.admin(
        "SELECT column_name::text FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        " AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'",
        schema,
        table,
    )
    assert required
    assert {column for (column,) in required} <= columns
    assert statement.tables == (f"{schema}.{table}",)
