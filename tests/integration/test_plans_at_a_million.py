"""With statistics that say a million rows no declared statement of a lane walks through a table that grows.

``test_schema_indexes`` asks whether an index fits at all; this one lets the planner choose, with sequential scans on.
Real rows of a few documents are analysed, then ``pg_class`` says, inside a transaction that is rolled back, that every
table has a million rows on the pages that it has: so a walk looks cheaper than it would be, and what is not chosen here
is chosen nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.pipeline_room import NAMES, STORE_TABLES, TABLES, Ledger, law

from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.rights import LEDGER, UNITS, Role
from cutter_agent.model import Lane

MILLION = 1_000_000
GROWING = tuple(name for name in (*TABLES, *STORE_TABLES) if not name.endswith("deployment_mark"))
WALKS = {
    "report_signatures": "an export for `verify-signatures`: every signature there is",
    "find_audited_documents": "`audit --all`: every document there is",
    "report_document_count": "how many documents there are: a count reads one row for each",
}
"""Statements that read a whole table on purpose, with the reason."""

UNITS_OF_A_DOCUMENT = ("iu.information_unit", "iu.unit_version")
"""A thousand documents of a thousand units each: seven documents of a million units would be worth a walk."""

RARE = """
INSERT INTO cutter_governance.canonical_address_alias
    (alias_id, target_unit_id, alias_text, alias_kind, valid_from, created_by, rationale)
SELECT gen_random_uuid(), unit_id, canonical_address || '-OLD', 'rename', now(), 'human:x', 'y'
FROM iu.information_unit;
INSERT INTO cutter_governance.decision_backlog_dependency
    (dependency_id, from_entry_id, to_entry_id, dependency_kind, created_by, created_at)
SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'blocks', 'human:x', now() FROM generate_series(1, 200);
INSERT INTO iu.source_original (sha256, bytes, byte_length, media_type, captured_at, captured_by)
SELECT encode(sha256(b), 'hex'), b, length(b), 'text/html', now(), 'human:x'
FROM (SELECT convert_to('original ' || n, 'UTF8') AS b FROM generate_series(1, 200) n) made;
INSERT INTO iu.source_rendering
    (snapshot_sha256, original_sha256, map_sha256, map, reader, label, origin, recorded_at, recorded_by)
SELECT s.sha256, o.sha256, encode(sha256('m'), 'hex'), 'm', 'html/1', 'l', 'o', now(), 'human:x'
FROM iu.source_snapshot s, (SELECT sha256 FROM iu.source_original LIMIT 20) o
"""
"""Rows in the tables that a first cut leaves empty: a table without a page is empty to the planner."""


@pytest.fixture
def grown(ledger: Ledger) -> Ledger:
    """A few documents, one of them longer, all proven; rows in the tables that a first cut leaves empty."""
    ledger.verify(ledger.applied(law(60, clauses=4, code="BIG"), code="BIG"))
    for number in range(6):
        ledger.verify(ledger.applied(law(3, clauses=2, code=f"S{number}"), code=f"S{number}"))
    ledger.tamper(RARE)
    for name in UNITS_OF_A_DOCUMENT:
        ledger.admin(f"ALTER TABLE {name} ALTER COLUMN document_ref SET (n_distinct = -0.001)")
    for name in GROWING:
        ledger.admin(f"ANALYZE {name}")
    return ledger


def test_no_statement_walks_through_a_table_of_a_million_rows(grown: Ledger) -> None:
    walks: dict[str, list[str]] = {}
    explained = 0
    for lane in Lane:
        with psycopg.connect(**grown.login) as connection:
            _say_a_million(connection)
            role = NAMES.of(Role(lane.value))
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")
            for each in statements.load().values():
                if lane in each.principals and each.verb in ("SELECT", "INSERT", "UPDATE") and each.tables:
                    explained += 1
                    walks[each.name] = sorted(set(_walked(_plan(connection, each.numbered_sql))))
            connection.rollback()
    assert explained > 100
    assert {name: tables for name, tables in walks.items() if tables and name not in WALKS} == {}


def _plan(connection: psycopg.Connection[Any], statement: str) -> dict[str, Any]:
    row = connection.execute(f"EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) {statement}".encode()).fetchone()
    assert row is not None
    return dict(row[0][0]["Plan"])


def test_the_test_would_see_a_walk(grown: Ledger) -> None:
    with psycopg.connect(**grown.login) as connection:
        _say_a_million(connection)
        plan = _plan(connection, "SELECT FROM iu.unit_version WHERE length(body) = 1")
        connection.rollback()
    assert list(_walked(plan)) == ["iu.unit_version"]
    assert plan["Total Cost"] > MILLION / 200, "the planner did not take it for a million rows"


def _say_a_million(connection: psycopg.Connection[Any]) -> None:
    for name in GROWING:
        told = connection.execute(
            "UPDATE pg_class SET reltuples = %s WHERE oid = %s::regclass AND relpages > 0", (MILLION, name)
        )
        assert told.rowcount == 1, f"{name} has no page: the planner would take it for empty"


def _walked(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan" and plan.get("Schema") in (LEDGER, UNITS):
        yield f"{plan['Schema']}.{plan['Relation Name']}"
    for child in plan.get("Plans", ()):
        yield from _walked(child)
