"""S17 and S18: VERIFY that fails and escalates; a review that defers, is superseded, and rejects."""

from __future__ import annotations

from cutter_agent import segmenter
from cutter_agent.errors import CutterError, ReviewerNotIndependent
from cutter_agent.model import EntryStatus, Lane, ReviewerKind, Verdict
from cutter_agent.phases.review import Judgement, ReviewResult
from cutter_agent.wiring import ExecLane
from cutter_dryrun.law import LawText, one_unit_document
from cutter_dryrun.matrix import LEDGER
from cutter_dryrun.scenarios.happy import MARKER, REVIEWER, cut_approved, entry_of, marker, source_of
from cutter_dryrun.scenarios.sessions import bring_to_approved
from cutter_dryrun.scenarios.stage import Stage
from pg_dryrun.observer import connect
from pg_dryrun.subject import ScenarioResult

_OTHER = LawText(label="other.md", data=b"A decision that nobody wrote down is no decision.\n")
_CHANGE_BODY = """UPDATE iu.unit_version SET body = 'x', content_hash = encode(sha256('x'), 'hex')
WHERE unit_id IN (SELECT target_row_id FROM cutter_governance.cut_change_set_affected_row a
    JOIN cutter_governance.cut_change_set c USING (change_set_id)
    JOIN cutter_governance.manifest_envelope e ON e.envelope_id = c.manifest_id WHERE e.source_doc_ref = %s)"""
"""Behind everybody's back, and with a hash that fits: only the rebuilt document can tell."""
_ENTRY = f"{LEDGER}.decision_backlog_entry"
ESCALATED_ROWS = {
    _ENTRY: 1,
    f"{LEDGER}.decision_backlog_history": 2,
    f"{LEDGER}.verify_result": 1,
    f"{LEDGER}.dot_pair_signature": 1,
}
ESCALATED_UPDATES = {_ENTRY: 2}
"""What VERIFY leaves when it says no, once."""


def bring_to_tampered(stage: Stage) -> ScenarioResult:
    """Approved and cut; then somebody changes a stored body."""
    for act in (bring_to_approved, cut_approved):
        done = act(stage)
        if not done.ok:
            return done
    with connect(stage.context.admin, purpose="prepare S17", settings={"session_replication_role": "replica"}) as admin:
        changed = admin.execute(_CHANGE_BODY, [entry_of(stage)])
    return stage.result("one body changed") if changed == 1 else stage.disappointed(f"{changed} bodies changed")


def escalation(stage: Stage) -> ScenarioResult:
    """VERIFY says no, writes down why and to whom it goes, once; nothing becomes enacted."""
    entry = entry_of(stage)
    with stage.verify_lane() as lane:
        outcome = lane.verify(entry)
        again = lane.verify(entry)
    if outcome.status is not EntryStatus.VERIFY_FAILED_ESCALATED or outcome.result.escalation_ref is None:
        return stage.disappointed(f"a changed body was verified as {outcome.status}")
    if again.result.verify_result_id != outcome.result.verify_result_id:
        return stage.disappointed("the same VERIFY again wrote another result")
    return stage.result(
        "failed, escalated, and the same answer again",
        findings=len(outcome.result.findings),
        escalation=outcome.result.escalation_ref,
    )


def reviews(stage: Stage) -> ScenarioResult:
    """The marker may not judge; one document is deferred, comes back, and its approval supersedes; another is rejected,
    and is not cut."""
    profile = segmenter.profiles.load("markdown")
    with stage.exec_lane() as lane:
        kept = lane.mark(source_of(one_unit_document(), chain="one-unit"), profile, marker()).entry.entry_id
        refused = lane.mark(source_of(_OTHER, chain="other"), profile, marker()).entry.entry_id
        lane.sweep()
        try:
            _judge(lane, kept, Verdict.PASS, reviewer=MARKER)
        except ReviewerNotIndependent:
            pass
        else:
            return stage.disappointed("the marker reviewed his own proposal")
        deferred = _judge(lane, kept, Verdict.NEEDS_HUMAN)
        rejected = _judge(lane, refused, Verdict.FAIL)
        same = _judge(lane, refused, Verdict.FAIL)
        lane.sweep()
        approved = _judge(lane, kept, Verdict.PASS)
        try:
            lane.cut(refused)
            code = "it was cut"
        except CutterError as error:
            code = error.code
    seen = (deferred.status, rejected.status, approved.status, same.created, code)
    wanted = (
        EntryStatus.REVIEWED_DEFERRED,
        EntryStatus.REVIEWED_REJECTED,
        EntryStatus.REVIEWED_APPROVED,
        False,
        "ILLEGAL_TRANSITION",
    )
    if seen != wanted:
        return stage.disappointed(f"deferred, rejected, approved, rejected again, cut of the rejected: {seen}")
    if approved.decision.prior_review_decision_id != deferred.decision.review_decision_id:
        return stage.disappointed("the approval does not name the decision that it supersedes")
    return stage.result("deferred and superseded; rejected and not cut", refused=code)


def _judge(lane: ExecLane, entry: str, verdict: Verdict, *, reviewer: str = REVIEWER) -> ReviewResult:
    return lane.review(
        entry,
        Judgement(
            verdict=verdict,
            reviewer=reviewer,
            reviewer_kind=ReviewerKind.HUMAN,
            rationale=f"Rehearsed: {verdict}.",
            decided_by=Lane.EXEC.value,
        ),
    )
