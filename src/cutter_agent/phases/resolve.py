"""RESOLVE: the way on after a failed verification, and giving up an approval (design 1.4). DOT-991, READ COMMITTED.

``retry`` takes the approval back: a deferring decision supersedes it, the entry is ``review_pending`` again, and a
person (never the policy) decides about a new attempt. ``abandon`` ends the entry with a rejecting decision. Either one
closes the escalation entries that the failure opened; those must have been swept like any other entry.

Writes review_decision 1, history 1, and 2 history rows per escalation: the decision taken, and closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cutter_agent.errors import GovernanceRefused, ReviewerNotIndependent
from cutter_agent.idempotency import decision_id
from cutter_agent.ledger import next_history
from cutter_agent.model import ChangeKind, EntryStatus, ReviewerKind, Verdict
from cutter_agent.phases.replay import converging
from cutter_agent.phases.stored import known_entry
from cutter_agent.ports import Clock, ExecDatabase, ExecStore
from cutter_agent.rows import Decision, Entry, History
from cutter_agent.state_machine import require_move


class Way(StrEnum):
    """What was decided."""

    RETRY = "retry"
    ABANDON = "abandon"


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """A person's decision about an entry that cannot go on by itself."""

    way: Way
    reviewer: str
    rationale: str
    decided_by: str


@dataclass(frozen=True, kw_only=True)
class ResolveResult:
    """Where the entry stands now, and which escalations were closed."""

    status: EntryStatus
    closed: tuple[str, ...]
    created: bool


@dataclass(frozen=True, kw_only=True)
class Closing:
    """One escalation entry, through ``reviewed_approved`` to ``abandoned``: decided, and nothing of its own to cut."""

    entry: Entry
    histories: tuple[History, History]


@dataclass(frozen=True, kw_only=True)
class ResolvePlan:
    """The rows of one resolution."""

    entry: Entry
    after: EntryStatus
    decision: Decision
    history: History
    closings: Sequence[Closing]


def resolve(database: ExecDatabase, *, entry_id: str, resolution: Resolution, clock: Clock) -> ResolveResult:
    """Record the decision.

    Raises:
        IllegalTransition: the entry is in a state that has no such way on.
        ReviewerNotIndependent: the marker decides about his own entry.
        GovernanceRefused: no rationale, or an escalation was not swept yet.
    """

    def body(store: ExecStore) -> ResolveResult:
        entry = known_entry(store.lock_entry(entry_id), entry_id)
        after = EntryStatus.ABANDONED if resolution.way is Way.ABANDON else EntryStatus.REVIEW_PENDING
        if entry.status is EntryStatus.ABANDONED is after:
            return ResolveResult(status=after, closed=(), created=False)
        envelope = store.envelope(entry_id, entry.request.manifest_digest)
        decisions = store.decisions(envelope.envelope_id) if envelope else []
        escalations = store.escalations_of(entry_id)
        versions = store.latest_versions([entry_id, *(row.entry_id for row in escalations)])
        plan = decide(
            entry, resolution, after, decisions=decisions, escalations=escalations, versions=versions, now=clock()
        )
        apply(store, plan)
        return ResolveResult(status=after, closed=tuple(row.entry_id for row in escalations), created=True)

    return converging(lambda: database.read_committed("RESOLVE", body))


def decide(
    entry: Entry,
    resolution: Resolution,
    after: EntryStatus,
    *,
    decisions: Sequence[Decision],
    escalations: Sequence[Entry],
    versions: dict[str, int],
    now: datetime,
) -> ResolvePlan:
    """The rows of this resolution, or the reason why it may not be."""
    if after is EntryStatus.REVIEW_PENDING and entry.status is not EntryStatus.VERIFY_FAILED_ESCALATED:
        raise GovernanceRefused(
            f"entry {entry.entry_id} is {entry.status}: there is no failed verification to retry",
            remedy="A marked or deferred entry goes on by `iu-cutter sweep`.",
        )
    require_move(entry.status, after, entry_id=entry.entry_id)
    if resolution.reviewer.strip().casefold() == entry.request.marked_by.strip().casefold():
        raise ReviewerNotIndependent(
            f"{resolution.reviewer} marked this and cannot decide about it", remedy="Ask somebody else to decide."
        )
    if not resolution.rationale.strip():
        raise GovernanceRefused("a decision without a rationale", remedy="Say why, in a sentence.")
    if not decisions:
        raise GovernanceRefused(f"entry {entry.entry_id} was never decided", remedy="Review it first.")
    decision = _decision(entry, resolution, decisions, escalations, now)
    retry = resolution.way is Way.RETRY
    history = next_history(
        entry,
        version=versions.get(entry.entry_id, 0),
        change=ChangeKind.REVIEW_DEFER if retry else ChangeKind.ABANDON,
        after=after,
        changed_by=resolution.decided_by,
        changed_at=now,
        rationale=resolution.rationale,
        diff={"review_decision_id": decision.review_decision_id, "way": resolution.way.value},
    )
    closings = [_closing(row, resolution, versions.get(row.entry_id, 0), now) for row in escalations]
    return ResolvePlan(entry=entry, after=after, decision=decision, history=history, closings=closings)


def apply(store: ExecStore, plan: ResolvePlan) -> None:
    """Write the plan."""
    store.add_decision(plan.decision)
    if plan.decision.prior_review_decision_id is not None:
        store.supersede(plan.decision.prior_review_decision_id, plan.decision.review_decision_id)
    store.move_entry(plan.entry.entry_id, plan.entry.status, plan.after)
    store.add_history(plan.history)
    for closing in plan.closings:
        name = closing.entry.entry_id
        store.move_entry(name, closing.entry.status, EntryStatus.REVIEWED_APPROVED)
        store.move_entry(name, EntryStatus.REVIEWED_APPROVED, EntryStatus.ABANDONED)
        store.add_histories(closing.histories)


def _decision(
    entry: Entry, resolution: Resolution, decisions: Sequence[Decision], escalations: Sequence[Entry], now: datetime
) -> Decision:
    prior = decisions[-1]
    retry = resolution.way is Way.RETRY
    return Decision(
        review_decision_id=decision_id(prior.manifest_id, len(decisions) + 1),
        manifest_id=prior.manifest_id,
        verdict=Verdict.NEEDS_HUMAN if retry else Verdict.FAIL,
        status="deferred" if retry else "rejected",
        prior_review_decision_id=prior.review_decision_id,
        superseded_by_review_decision_id=None,
        escalation_ref=escalations[-1].entry_id if escalations else None,
        findings=[{"check": resolution.way.value, "result": "decided", "count": len(escalations)}],
        verdict_rationale=resolution.rationale,
        reviewer_identity=resolution.reviewer,
        reviewer_kind=ReviewerKind.HUMAN,
        reviewer_independence_evidence={
            "marked_by": entry.request.marked_by,
            "reviewer": resolution.reviewer,
            "rule": "the reviewer's identity differs from the marker's",
        },
        risk_class=prior.risk_class,
        decided_by=resolution.decided_by,
        decided_at=now,
        entry_id=entry.entry_id,
        manifest_digest=prior.manifest_digest,
        snapshot_sha256=prior.snapshot_sha256,
    )


def _closing(escalation: Entry, resolution: Resolution, version: int, now: datetime) -> Closing:
    if escalation.status is not EntryStatus.REVIEW_PENDING:
        raise GovernanceRefused(
            f"escalation {escalation.entry_id} is {escalation.status} and was not swept yet",
            remedy="Run `iu-cutter sweep`, then decide.",
        )
    decided = next_history(
        escalation,
        version=version,
        change=ChangeKind.REVIEW_APPROVE,
        after=EntryStatus.REVIEWED_APPROVED,
        changed_by=resolution.decided_by,
        changed_at=now,
        rationale=f"decided: {resolution.way}. {resolution.rationale}",
    )
    closed = next_history(
        replace(escalation, status=EntryStatus.REVIEWED_APPROVED),
        version=version + 1,
        change=ChangeKind.ABANDON,
        after=EntryStatus.ABANDONED,
        changed_by=resolution.decided_by,
        changed_at=now,
        rationale="closed: an escalation has nothing of its own to cut",
    )
    return Closing(entry=escalation, histories=(decided, closed))
