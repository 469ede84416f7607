"""The r3 matrix against the design's own sums, and every cell of the one-unit baseline written by hand once."""

from __future__ import annotations

import pytest

from cutter_dryrun.matrix import LEDGER_TABLES, TRACKED_TABLES, Phase, ledger_rows_after, totals_after

R3_ONE_UNIT = {
    "decision_backlog_entry": 1,
    "decision_backlog_history": 5,
    "decision_backlog_dependency": 0,
    "decision_backlog_sweep_log": 1,
    "manifest_envelope": 1,
    "manifest_unit_block": 1,
    "review_decision": 1,
    "dot_pair_signature": 2,
    "cut_change_set": 1,
    "cut_change_set_affected_row": 1,
    "verify_result": 1,
    "canonical_address_alias": 0,
}


def test_one_unit_matrix_is_the_accepted_baseline_cell_by_cell() -> None:
    totals = totals_after(Phase.VERIFY, 1)
    assert {table.split(".")[1]: totals[table] for table in LEDGER_TABLES} == R3_ONE_UNIT


@pytest.mark.parametrize("units", [1, 2, 689, 100_000])
def test_sums_after_each_phase_are_the_designs(units: int) -> None:
    sums = [ledger_rows_after(phase, units) for phase in Phase]
    assert sums == [2, 4, 7 + units, 10 + 2 * units, 13 + 2 * units]


def test_one_unit_ends_at_fifteen_and_every_table_has_a_cell() -> None:
    assert [ledger_rows_after(phase, 1) for phase in Phase] == [2, 4, 8, 12, 15]
    assert set(totals_after(Phase.MARK, 1)) == set(TRACKED_TABLES)
    assert len(LEDGER_TABLES) == 12
