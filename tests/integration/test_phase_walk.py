"""The five phases on a real server: exact rows after each, for one unit and for many (design 1.5)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.pipeline_room import STORE_TABLES, Ledger, law

from cutter_agent.model import EntryStatus

R3 = {
    "decision_backlog_entry": 1,
    "decision_backlog_history": 5,
    "decision_backlog_sweep_log": 1,
    "manifest_envelope": 1,
    "manifest_unit_block": 1,
    "review_decision": 1,
    "dot_pair_signature": 2,
    "cut_change_set": 1,
    "cut_change_set_affected_row": 1,
    "verify_result": 1,
}


def test_one_unit_gives_2_4_8_12_15_rows_and_the_r3_matrix(ledger: Ledger) -> None:
    totals = []
    entry_id = ledger.mark(b"Mot doan van.\n").entry.entry_id
    totals.append(ledger.total())
    assert ledger.counts(STORE_TABLES) == {"source_snapshot": 1, "manifest": 1}
    ledger.sweep()
    totals.append(ledger.total())
    ledger.judge(entry_id)
    totals.append(ledger.total())
    assert ledger.cut(entry_id).applied
    totals.append(ledger.total())
    outcome = ledger.verify(entry_id)
    totals.append(ledger.total())

    assert outcome.passed
    assert outcome.result.findings == []
    assert totals == [2, 4, 8, 12, 15]
    assert ledger.counts() == R3
    assert ledger.counts(STORE_TABLES) == {
        "source_snapshot": 1,
        "manifest": 1,
        "document": 1,
        "information_unit": 1,
        "unit_version": 1,
    }


@pytest.mark.parametrize(("articles", "clauses"), [(3, 0), (20, 4)])
def test_n_units_give_13_plus_2n_rows(ledger: Ledger, articles: int, clauses: int) -> None:
    data = law(articles, clauses=clauses)
    marked = ledger.mark(data)
    entry_id = marked.entry.entry_id
    units = marked.entry.request.unit_count
    assert units > articles * (clauses + 1) - 1
    totals = [ledger.total()]
    ledger.sweep()
    totals.append(ledger.total())
    ledger.by_policy(entry_id)
    totals.append(ledger.total())
    ledger.cut(entry_id)
    totals.append(ledger.total())
    assert ledger.verify(entry_id).passed
    totals.append(ledger.total())

    assert totals == [2, 4, 7 + units, 10 + 2 * units, 13 + 2 * units]
    assert ledger.status(entry_id) == EntryStatus.VERIFIED_COMPLETE
    states = "SELECT DISTINCT lifecycle_status FROM iu.{} "
    assert ledger.admin(states.format("information_unit")) == [("enacted",)]
    assert ledger.admin(states.format("unit_version")) == [("enacted",)]


def test_every_phase_again_writes_nothing(ledger: Ledger) -> None:
    data = law(4, clauses=2)
    entry_id = ledger.applied(data)
    ledger.verify(entry_id)
    before = ledger.everything()

    assert ledger.mark(data).created is False
    assert ledger.cut(entry_id).applied is False
    assert ledger.verify(entry_id).created is False
    assert ledger.everything() == before


def test_phases_send_a_constant_number_of_statements(ledger: Ledger) -> None:
    def walk(data: bytes, code: str) -> tuple[int, int]:
        before = (ledger.exec_adapter.journal.total, ledger.verify_adapter.journal.total)
        entry_id = ledger.applied(data, code=code)
        assert ledger.verify(entry_id).passed
        return ledger.exec_adapter.journal.total - before[0], ledger.verify_adapter.journal.total - before[1]

    walk(law(1), "WARM")
    assert walk(law(2, code="A"), "A") == walk(law(60, clauses=5, code="B"), "B")


def test_a_real_law_gives_13_plus_2n_rows_and_its_own_bytes(ledger: Ledger, real_laws: Mapping[str, bytes]) -> None:
    name, data = min(real_laws.items(), key=lambda law: len(law[1]))
    marked = ledger.mark(data, code="REAL", ref=name)
    units = marked.entry.request.unit_count
    ledger.sweep()
    ledger.judge(marked.entry.entry_id)
    ledger.cut(marked.entry.entry_id)
    assert ledger.verify(marked.entry.entry_id).passed
    assert units > 100
    assert ledger.total() == 13 + 2 * units
    bodies = ledger.admin("SELECT body FROM iu.unit_version ORDER BY render_order")
    assert "".join(body for (body,) in bodies).encode() == data
