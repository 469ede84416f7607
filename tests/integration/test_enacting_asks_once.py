"""Which versions hold is asked once of a document in which no unit has a second version: a first cut has none.

It was asked of every version, by a look into an index, and was half of what VERIFY's server did.
"""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from tests.pipeline_room import Ledger, law

from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.connection import ordered
from cutter_agent.phases.resolve import Way


def _asked_of_each_version(ledger: Ledger, cut_seq: int) -> tuple[int, int]:
    """How often the declared statement looks for later versions of one unit, and how many rows it changes; undone."""
    statement = statements.load()["enact_versions"]
    values = ordered(statement, {"document_ref": "law/L1", "cut_seq": cut_seq})
    with psycopg.connect(**ledger.login, cursor_factory=psycopg.RawCursor) as connection:
        connection.execute("SET session_replication_role = replica")  # the guards admit the verifier's role alone
        row = connection.execute(f"EXPLAIN (ANALYZE, FORMAT json) {statement.numbered_sql}", values).fetchone()
        connection.rollback()
    assert row is not None
    nodes = list(_nodes((row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"]))
    looks = [node for node in nodes if node.get("Alias") == "later"]
    changed = [node for node in nodes if node.get("Alias") == "v" and node["Node Type"] != "ModifyTable"]
    assert looks, nodes
    assert changed, nodes
    return sum(node["Actual Loops"] for node in looks), int(changed[0]["Actual Rows"])


def _nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def test_no_version_of_a_first_cut_is_looked_at_alone(ledger: Ledger) -> None:
    ledger.applied(law(40, clauses=3))
    assert _asked_of_each_version(ledger, 1) == (0, ledger.everything()["unit_version"])


@pytest.mark.parametrize("cut_seq", [1, 2])
def test_where_a_repair_made_second_versions_each_draft_is(ledger: Ledger, cut_seq: int) -> None:
    entry_id = ledger.applied(law(5, clauses=2))
    units = ledger.everything()["information_unit"]
    ledger.tamper(
        "UPDATE iu.unit_version v SET body = 'gone', content_hash = encode(sha256('gone'), 'hex')"
        " FROM iu.information_unit u WHERE u.unit_id = v.unit_id AND u.canonical_address = 'L1-DIEU2'"
    )
    ledger.verify(entry_id)
    ledger.sweep()
    ledger.resolve(entry_id, Way.RETRY)
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    looks, changed = _asked_of_each_version(ledger, cut_seq)
    assert changed == units
    assert looks == (0 if cut_seq == 1 else units + 1)
