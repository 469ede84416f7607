"""SWEEP and REVIEW on a real server: order, batches, independence, what a decision binds (design 1.5)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.pipeline_room import MARKER, OPERATOR, Ledger, law

from cutter_agent.db_adapter.store.executor import ExecutorDatabase
from cutter_agent.errors import (
    AwaitingReview,
    CutterError,
    GovernanceRefused,
    IllegalTransition,
    ReviewerNotIndependent,
    StaleApproval,
    UsageError,
)
from cutter_agent.model import EntryStatus, Lane, Verdict
from cutter_agent.phases import sweep
from cutter_agent.phases.resolve import Way


def test_sweep_promotes_in_key_order_one_batch_at_a_time(ledger: Ledger) -> None:
    ids = sorted(ledger.mark(law(1, code=code), code=code).entry.entry_id for code in "ABCDE")
    first, second, third = ledger.sweep(2), ledger.sweep(2), ledger.sweep(2)
    assert [*first.promoted, *second.promoted, *third.promoted] == ids
    assert (first.full, second.full, third.full) == (True, True, False)
    assert ledger.counts()["decision_backlog_history"] == 10
    assert ledger.counts()["decision_backlog_sweep_log"] == 3


def test_two_sweeps_at_once_promote_each_entry_once(ledger: Ledger) -> None:
    ids = {ledger.mark(law(1, code=f"A{n}"), code=f"A{n}").entry.entry_id for n in range(12)}
    start = threading.Barrier(3)

    def one(_: int) -> tuple[str, ...]:
        database = ExecutorDatabase(ledger.adapter(Lane.EXEC))
        start.wait(timeout=30)
        return sweep.sweep(database, swept_by=OPERATOR, batch_limit=100, clock=ledger.clock).promoted

    with ThreadPoolExecutor(3) as pool:
        promoted = [entry for batch in pool.map(one, range(3)) for entry in batch]
    assert sorted(promoted) == sorted(ids)


def test_a_sweep_of_nothing_says_so_in_the_log_alone(ledger: Ledger) -> None:
    assert ledger.sweep().promoted == ()
    assert ledger.sweep().promoted == ()
    assert ledger.everything() == {"decision_backlog_sweep_log": 2}


def test_a_batch_below_one_is_a_usage_error(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="a sweep of 0 entries"):
        ledger.sweep(0)


def test_a_deferred_entry_comes_back_when_it_is_due(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(1)).entry.entry_id
    ledger.sweep()
    due = ledger.clock.now + timedelta(hours=1)
    ledger.judge(entry_id, Verdict.NEEDS_HUMAN, due_at=due)
    assert ledger.sweep().promoted == ()
    ledger.clock.now = due
    assert ledger.sweep().promoted == (entry_id,)
    assert ledger.status(entry_id) == EntryStatus.REVIEW_PENDING


def test_a_second_decision_names_the_first_and_stamps_it_once(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(2)).entry.entry_id
    ledger.sweep()
    first = ledger.judge(entry_id, Verdict.NEEDS_HUMAN).decision
    envelope = ledger.counts()
    ledger.sweep()
    second = ledger.judge(entry_id).decision
    assert second.prior_review_decision_id == first.review_decision_id
    stamped = ledger.admin(
        "SELECT review_decision_id::text, superseded_by_review_decision_id::text"
        " FROM cutter_governance.review_decision ORDER BY decided_at"
    )
    assert stamped == [
        (first.review_decision_id, second.review_decision_id),
        (second.review_decision_id, None),
    ]
    after = ledger.counts()
    assert after["manifest_envelope"] == envelope["manifest_envelope"] == 1
    assert after["manifest_unit_block"] == envelope["manifest_unit_block"]
    assert ledger.cut(entry_id).applied


def test_the_same_judgement_again_writes_nothing(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(2)).entry.entry_id
    ledger.sweep()
    first = ledger.judge(entry_id)
    before = ledger.everything()
    again = ledger.judge(entry_id)
    assert (first.created, again.created) == (True, False)
    assert again.decision == first.decision
    assert ledger.everything() == before


@pytest.mark.parametrize("reviewer", [MARKER, MARKER.upper(), f" {MARKER} "])
def test_the_marker_cannot_review(ledger: Ledger, reviewer: str) -> None:
    entry_id = ledger.mark(law(1)).entry.entry_id
    ledger.sweep()
    before = ledger.everything()
    with pytest.raises(ReviewerNotIndependent):
        ledger.judge(entry_id, reviewer=reviewer)
    assert ledger.everything() == before


def test_a_judgement_about_another_manifest_is_stale(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(1)).entry.entry_id
    ledger.sweep()
    before = ledger.everything()
    with pytest.raises(StaleApproval):
        ledger.judge(entry_id, seen_digest="0" * 64)
    assert ledger.everything() == before


def test_a_judgement_needs_a_rationale(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(1)).entry.entry_id
    ledger.sweep()
    with pytest.raises(GovernanceRefused, match="rationale"):
        ledger.judge(entry_id, rationale="  ")


@pytest.mark.parametrize("verdict", list(Verdict))
def test_review_needs_review_pending(ledger: Ledger, verdict: Verdict) -> None:
    entry_id = ledger.mark(law(1)).entry.entry_id
    before = ledger.everything()
    with pytest.raises(IllegalTransition, match="is marked"):
        ledger.judge(entry_id, verdict)
    assert ledger.everything() == before


def test_the_policy_approves_what_has_no_exception(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(3)).entry.entry_id
    ledger.sweep()
    assert ledger.by_policy(entry_id).status is EntryStatus.REVIEWED_APPROVED


@pytest.mark.parametrize(
    ("data", "risk", "reason"),
    [
        (law(3), "high", "risk class is high"),
        ("LUẬT\nĐiều 1. Một\nĐiều 2. Hai\nĐiều 4. Bốn\nĐiều 5. Năm\n".encode(), "standard", "exception"),
    ],
    ids=["high-risk", "missing-article"],
)
def test_the_policy_leaves_the_rest_to_a_person(ledger: Ledger, data: bytes, risk: str, reason: str) -> None:
    entry_id = ledger.mark(data, risk=risk).entry.entry_id
    ledger.sweep()
    before = ledger.everything()
    with pytest.raises(AwaitingReview, match=reason) as waiting:
        ledger.by_policy(entry_id)
    assert waiting.value.exit_code == 10
    assert ledger.everything() == before
    assert ledger.judge(entry_id).created


def test_a_rejection_is_final(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(1)).entry.entry_id
    ledger.sweep()
    ledger.judge(entry_id, Verdict.FAIL)
    before = ledger.everything()
    with pytest.raises(IllegalTransition):
        ledger.judge(entry_id)
    with pytest.raises(IllegalTransition):
        ledger.cut(entry_id)
    assert ledger.sweep().promoted == ()
    assert {**ledger.everything(), "decision_backlog_sweep_log": 1} == before


def test_an_approval_can_be_given_up(ledger: Ledger) -> None:
    entry_id = ledger.approved(law(1))
    assert ledger.resolve(entry_id, Way.ABANDON).status is EntryStatus.ABANDONED
    assert ledger.resolve(entry_id, Way.ABANDON).created is False
    with pytest.raises(IllegalTransition):
        ledger.cut(entry_id)


def test_two_reviewers_at_once_give_one_standing_decision(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(2)).entry.entry_id
    ledger.sweep()
    start, verdicts = threading.Barrier(2), [Verdict.PASS, Verdict.FAIL]

    def one(place: int) -> str:
        mine = Ledger(login=ledger.login, stack=ledger.stack)
        start.wait(timeout=30)
        try:
            return mine.judge(entry_id, verdicts[place], reviewer=f"human:{place}").decision.status
        except CutterError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(one, range(2)))
    assert sorted(said) in (["ILLEGAL_TRANSITION", "approved"], ["ILLEGAL_TRANSITION", "rejected"])
    assert ledger.counts()["review_decision"] == 1


def test_a_proposal_that_is_broken_in_the_store_can_be_rejected_and_not_approved(ledger: Ledger) -> None:
    entry_id = ledger.mark(law(2)).entry.entry_id
    ledger.sweep()
    ledger.tamper(
        "ALTER TABLE iu.manifest DROP CONSTRAINT manifest_digest_is_true",
        "UPDATE iu.manifest SET canonical_json = 'nonsense'",
    )
    with pytest.raises(CutterError):
        ledger.judge(entry_id)
    assert ledger.counts().get("manifest_envelope") is None
    rejected = ledger.judge(entry_id, Verdict.FAIL)
    assert rejected.status is EntryStatus.REVIEWED_REJECTED
    assert rejected.decision.findings[0]["result"] == "broken"
    assert ledger.counts().get("manifest_unit_block") is None
