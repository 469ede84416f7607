"""Which version of a unit holds is asked only where a unit has a second one: in a first cut none has.

It was asked of every version, by a look into an index each or by a walk through all: half of these statements' time.
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


def _asked_of_each_version(ledger: Ledger, cut_seq: int, name: str = "enact_versions") -> tuple[int, int]:
    """How often the declared statement looks for later versions of one unit, and of how many versions; undone."""
    statement = statements.load()[name]
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


def test_a_digest_as_of_a_cut_asks_of_the_changed_units_alone(ledger: Ledger) -> None:
    first, edited = law(30), law(30).replace(b"15. ", b"15. Edited. ", 1)
    assert first != edited
    for text in (first, edited):
        assert ledger.verify(ledger.applied(text)).passed
    units = ledger.everything()["information_unit"]
    assert ledger.everything()["unit_version"] == units + 1
    assert _asked_of_each_version(ledger, 1, "digests_as_of") == (0, units)
    assert _asked_of_each_version(ledger, 2, "digests_as_of") == (2, units)
