"""Two workers had the same job. The slower one had read that the entry waits for a review; when it came to say what the
policy says, the quicker one had cut already, and the job failed with ILLEGAL_TRANSITION. And when the quicker one had
swept already, the slower one's sweep left a line in the log of what it had not done."""

from __future__ import annotations

import pytest
from tests.pipeline_room import Ledger, law

from cutter_agent.db_adapter.store.executor import ExecutorDatabase
from cutter_agent.errors import IllegalTransition
from cutter_agent.model import EntryStatus, Lane, Verdict
from cutter_agent.phases import sweep


def test_the_policys_word_again_after_the_cut_and_after_the_proof_changes_nothing(ledger: Ledger) -> None:
    entry = ledger.mark(law(2)).entry.entry_id
    ledger.sweep()
    said = ledger.by_policy(entry)
    assert said.created
    for go_on, status in (
        (ledger.cut, EntryStatus.CUT_APPLIED),
        (ledger.verify, EntryStatus.VERIFIED_COMPLETE),
    ):
        go_on(entry)
        before = ledger.everything()
        again = ledger.by_policy(entry)
        assert (again.created, again.status, again.decision) == (False, status, said.decision)
        assert ledger.everything() == before


def test_another_word_after_the_cut_is_refused_as_before(ledger: Ledger) -> None:
    entry = ledger.approved(law(2))
    ledger.cut(entry)
    for verdict in (Verdict.FAIL, Verdict.NEEDS_HUMAN):
        with pytest.raises(IllegalTransition):
            ledger.judge(entry, verdict)


@pytest.mark.parametrize("trigger", [sweep.Trigger.PIPELINE, sweep.Trigger.PERIODIC])
def test_a_sweep_that_came_second_leaves_no_line(ledger: Ledger, trigger: sweep.Trigger) -> None:
    ledger.mark(law(1))
    database = ExecutorDatabase(ledger.adapter(Lane.EXEC))
    runs = [
        sweep.sweep(database, swept_by="operator", batch_limit=10, clock=ledger.clock, trigger=trigger)
        for _ in range(2)
    ]
    assert [len(run.promoted) for run in runs] == [1, 0]
    assert ledger.counts()["decision_backlog_sweep_log"] == 1
