"""A plan forgot the SWEEP step and expected 13 rows where the code writes 15: counts written by hand.

Here SWEEP cannot be left out, and the rows of each phase are counted on the server, not recited.
"""

from __future__ import annotations

import pytest
from tests.pipeline_room import Ledger, law

from cutter_agent.errors import AwaitingReview, IllegalTransition


def test_review_without_sweep_is_refused(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(1)).entry.entry_id
    before = ledger.everything()
    for judge in (ledger.judge, ledger.by_policy):
        with pytest.raises((IllegalTransition, AwaitingReview)):
            judge(entry_id)
    with pytest.raises(IllegalTransition):
        ledger.cut(entry_id)
    assert ledger.everything() == before


def test_sweep_is_worth_two_rows_of_the_fifteen(ledger: Ledger) -> None:
    entry_id = ledger.mark(b"x\n").entry.entry_id
    before = ledger.total()
    ledger.sweep()
    assert ledger.total() - before == 2
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    assert ledger.verify(entry_id).passed
    assert ledger.total() == 15
