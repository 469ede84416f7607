"""REVIEW: somebody other than the marker approves, defers or rejects (design 1.5). DOT-991, READ COMMITTED.

The first decision on a manifest writes manifest_envelope 1 and manifest_unit_block N whatever the verdict, so that
every verdict names what it judged (a proposal that is broken in the store can only be deferred or rejected, and gets
no blocks); each decision writes review_decision 1 and history 1. A later decision names the
prior one, which is stamped superseded, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from msgspec import structs

from cutter_agent.cases import Said, cases
from cutter_agent.errors import (
    AwaitingReview,
    GovernanceRefused,
    IllegalTransition,
    InputRefused,
    ManifestInvalid,
    ReviewerNotIndependent,
    StaleApproval,
)
from cutter_agent.idempotency import decision_id, envelope_id
from cutter_agent.ledger import REVIEW_WORDS, next_history
from cutter_agent.manifest_kept import changed
from cutter_agent.model import (
    BlockRole,
    ChangeKind,
    EntryStatus,
    ManifestBlock,
    OperationKind,
    RecutEnd,
    ReviewerKind,
    RiskClass,
    Verdict,
)
from cutter_agent.phases.answered import decided_meanwhile, require_answered, said_in
from cutter_agent.phases.replay import converging
from cutter_agent.phases.stored import StoredProposal, known_entry, load_proposal
from cutter_agent.ports import Clock, ExecDatabase, ExecStore
from cutter_agent.rows import Decision, Entry, Envelope, History, UnitBlock
from cutter_agent.state_machine import require_move
from cutter_agent.undisturbed import undisturbed
from cutter_agent.validation import checks, exceptions
from cutter_agent.vocabulary import Vocabulary

POLICY_IDENTITY = "policy:no-exception-v1"

Judged = StoredProposal | StaleApproval | InputRefused
"""What is judged: a proposal that holds, or the reason why it does not."""

_ENVELOPE_STATUS = {Verdict.PASS: "accepted", Verdict.FAIL: "rejected", Verdict.NEEDS_HUMAN: "under_review"}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a reviewer says.

    ``seen_digest`` is the manifest digest that was in front of him; ``decided_by`` is the identity that records it
    (the lane's operator); ``due_at`` is when a deferred entry comes back (None: with the next sweep).
    ``accept_assumed``: questions that nobody answered are taken as the proposal holds them.
    """

    verdict: Verdict
    reviewer: str
    reviewer_kind: ReviewerKind
    rationale: str
    decided_by: str
    seen_digest: str | None = None
    due_at: datetime | None = None
    accept_assumed: bool = False


@dataclass(frozen=True, kw_only=True)
class ReviewResult:
    """The decision that holds, and whether this call wrote it."""

    decision: Decision
    status: EntryStatus
    created: bool


@dataclass(frozen=True, kw_only=True)
class ReviewPlan:
    """The rows of one decision. ``envelope`` and ``blocks`` are there with the first one on a manifest only; the blocks
    are made as they are written, once."""

    envelope: Envelope | None
    blocks: Iterable[UnitBlock]
    decision: Decision
    history: History
    before: EntryStatus
    after: EntryStatus


def policy_judgement(decided_by: str) -> Judgement:
    """What the policy says: pass, when there is no exception and the risk is not above ``standard``."""
    return Judgement(
        verdict=Verdict.PASS,
        reviewer=POLICY_IDENTITY,
        reviewer_kind=ReviewerKind.POLICY,
        rationale="no exception found and the risk class is not above standard",
        decided_by=decided_by,
    )


@undisturbed
def review(
    database: ExecDatabase, *, entry_id: str, judgement: Judgement, clock: Clock, words: Vocabulary | None = None
) -> ReviewResult:
    """Record a judgement on an entry. The same judgement again returns the decision that is there.

    Raises:
        IllegalTransition: the entry is not ``review_pending``.
        ReviewerNotIndependent: the reviewer is the marker.
        StaleApproval: the digest that was seen, or a stored one, is not the entry's.
        AwaitingReview: the policy may not approve this; a person must.
        GovernanceRefused: questions are open, or were answered otherwise than is proposed.
    """

    def body(store: ExecStore) -> ReviewResult:
        entry = known_entry(store.lock_entry(entry_id), entry_id)
        envelope = store.envelope(entry_id, entry.request.manifest_digest)
        earlier = store.decisions(envelope.envelope_id) if envelope else []
        if earlier and _said_before(earlier[-1], entry.status, judgement):
            return ReviewResult(decision=earlier[-1], status=entry.status, created=False)
        _require_waiting(store, entry, judgement)
        plan = decide(
            entry,
            judgement,
            judged=_load(store, entry, judgement, words),
            version=store.latest_version(entry_id),
            envelope=envelope,
            earlier=earlier,
            said=said_in(store.block_decisions(envelope.envelope_id)) if envelope else {},
            failed_before=store.change_count(entry_id, ChangeKind.VERIFY_FAIL) > 0,
            now=clock(),
        )
        apply(store, plan)
        return ReviewResult(decision=plan.decision, status=plan.after, created=True)

    return converging(lambda: database.read_committed("REVIEW", body))


def decide(
    entry: Entry,
    judgement: Judgement,
    *,
    judged: Judged,
    version: int,
    envelope: Envelope | None,
    earlier: Sequence[Decision],
    failed_before: bool,
    now: datetime,
    said: Mapping[str, Said] | None = None,
) -> ReviewPlan:
    """The rows of this decision, or the reason why it may not be."""
    request = entry.request
    require_independence(judgement.reviewer, marker=request.marked_by)
    if judgement.seen_digest not in {None, request.manifest_digest}:
        raise StaleApproval(
            f"the judgement is about manifest {judgement.seen_digest}, the entry holds {request.manifest_digest}",
            remedy="Look at the manifest again; it is not the one that was judged.",
        )
    if not judgement.rationale.strip():
        raise GovernanceRefused("a judgement without a rationale", remedy="Say why, in a sentence.")
    if judgement.reviewer_kind is ReviewerKind.POLICY:
        _require_policy_may(entry, judged, judgement, failed_before=failed_before)
    assumed = _assumed(judged, judgement, said or {}, entry.entry_id)
    after, change, status = REVIEW_WORDS[judgement.verdict]
    envelope_name = envelope_id(entry.entry_id, request.manifest_digest)
    prior = earlier[-1].review_decision_id if earlier else None
    decision = Decision(
        review_decision_id=decision_id(envelope_name, len(earlier) + 1),
        manifest_id=envelope_name,
        verdict=judgement.verdict,
        status=status,
        prior_review_decision_id=prior,
        superseded_by_review_decision_id=None,
        escalation_ref=None,
        findings=[*_findings(judged), *({"check": name, "result": "assumed", "count": 1} for name in assumed)],
        verdict_rationale=judgement.rationale,
        reviewer_identity=judgement.reviewer,
        reviewer_kind=judgement.reviewer_kind,
        reviewer_independence_evidence=independence(judgement.reviewer, marker=request.marked_by),
        risk_class=RiskClass(request.risk_class),
        decided_by=judgement.decided_by,
        decided_at=now,
        entry_id=entry.entry_id,
        manifest_digest=request.manifest_digest,
        snapshot_sha256=request.snapshot_sha256,
    )
    first = envelope is None
    return ReviewPlan(
        envelope=_envelope(entry, judgement, now) if first else None,
        blocks=blocks_of(judged) if first and isinstance(judged, StoredProposal) else (),
        decision=decision,
        history=next_history(
            entry,
            version=version,
            change=change,
            after=after,
            changed_by=judgement.decided_by,
            changed_at=now,
            rationale=judgement.rationale,
            diff={
                "review_decision_id": decision.review_decision_id,
                "due_at": judgement.due_at.isoformat() if judgement.due_at else None,
            },
        ),
        before=entry.status,
        after=after,
    )


def apply(store: ExecStore, plan: ReviewPlan) -> None:
    """Write the plan."""
    if plan.envelope is not None:
        store.add_envelope(plan.envelope)
        if plan.blocks:
            store.add_blocks(plan.blocks)
    store.add_decision(plan.decision)
    if plan.decision.prior_review_decision_id is not None:
        store.supersede(plan.decision.prior_review_decision_id, plan.decision.review_decision_id)
    store.move_entry(plan.history.entry_id, plan.before, plan.after)
    store.add_history(plan.history)


def blocks_of(proposal: StoredProposal) -> Iterator[UnitBlock]:
    """The ledger's blocks of a manifest: what CUT will be held to. Each is made when it is asked for.

    Of a re-cut, the k units that change: results as they will be, and as origins, numbered on, those whose life ends.
    """
    request = proposal.request
    envelope_name = envelope_id(proposal.entry.entry_id, request.manifest_digest)
    recut = proposal.sealed.manifest.recut
    if recut is not None:
        for _, unit, word in changed(proposal.sealed.manifest):
            yield structs.replace(_block(envelope_name, proposal, unit), render_order=Decimal(word.render_order))
        for place, end in enumerate(recut.ended, start=len(proposal.units)):
            yield _origin(envelope_name, proposal, place, end)
        return
    for unit in proposal.units:
        yield _block(envelope_name, proposal, unit)


def _origin(envelope_name: str, proposal: StoredProposal, place: int, end: RecutEnd) -> UnitBlock:
    return UnitBlock(
        envelope_id=envelope_name,
        unit_local_id=place,
        block_role=BlockRole.ORIGIN.value,
        start_byte=end.start_byte,
        end_byte=end.end_byte,
        render_order=Decimal(end.render_order),
        target_unit_id=end.target_unit_id,
        decision_backlog_ref=proposal.entry.entry_id,
        proposed_canonical_address=end.address,
        proposed_authority=proposal.request.document_ref,
        candidate_edges=[],
        payload_summary={"change": end.change, "byte_length": end.end_byte - end.start_byte},
        content_hash=end.content_sha256,
    )


def _block(envelope_name: str, proposal: StoredProposal, unit: ManifestBlock) -> UnitBlock:
    return UnitBlock(
        envelope_id=envelope_name,
        unit_local_id=unit.unit_local_id,
        block_role=unit.role.value,
        start_byte=unit.start_byte,
        end_byte=unit.end_byte,
        render_order=unit.unit_local_id + 1,
        target_unit_id=proposal.unit_ids[unit.address],
        decision_backlog_ref=proposal.entry.entry_id,
        proposed_canonical_address=unit.address,
        proposed_authority=proposal.request.document_ref,
        candidate_edges=[{"edge": "child_of", "address": unit.parent}] if unit.parent else [],
        payload_summary={
            "kind": unit.kind,
            "level": unit.level,
            "number": unit.number,
            "byte_length": unit.end_byte - unit.start_byte,
        },
        content_hash=unit.content_sha256,
    )


def _load(store: ExecStore, entry: Entry, judgement: Judgement, words: Vocabulary | None) -> Judged:
    """What is judged. A proposal that does not hold can be rejected or deferred, never approved."""
    try:
        return load_proposal(store, entry, words)
    except (StaleApproval, InputRefused) as broken:
        if judgement.verdict is Verdict.PASS:
            raise
        return broken


def _findings(judged: Judged) -> list[dict[str, str | int]]:
    if isinstance(judged, StoredProposal):
        return checks(judged.sealed.manifest.findings)
    count = len(judged.problems) if isinstance(judged, ManifestInvalid) else 1
    return [{"check": judged.code.lower(), "result": "broken", "count": count}]


def _envelope(entry: Entry, judgement: Judgement, now: datetime) -> Envelope:
    status = _ENVELOPE_STATUS[judgement.verdict]
    return replace(under_review(entry, judgement.reviewer, now), status=status, rationale=judgement.rationale)


def under_review(entry: Entry, reviewer: str, now: datetime) -> Envelope:
    """The envelope of an entry's manifest, of which single cases were answered first."""
    request = entry.request
    return Envelope(
        envelope_id=envelope_id(entry.entry_id, request.manifest_digest),
        operation_kind=OperationKind(request.operation_kind),
        status="under_review",
        source_doc_ref=entry.entry_id,
        manifest_digest=request.manifest_digest,
        created_by=request.marked_by,
        created_at=entry.emitted_at,
        reviewer=reviewer,
        reviewed_at=now,
        rationale="answered case by case",
    )


_GONE_ON = {Verdict.PASS: (EntryStatus.CUT_APPLIED, EntryStatus.VERIFIED_COMPLETE)}
"""Where an entry stands on the strength of that verdict: whoever says the same as somebody quicker did changes nothing,
how far the quicker one may have come."""


def _said_before(latest: Decision, status: EntryStatus, judgement: Judgement) -> bool:
    return (
        latest.superseded_by_review_decision_id is None
        and status in {REVIEW_WORDS[judgement.verdict][0], *_GONE_ON.get(judgement.verdict, ())}
        and latest.verdict is judgement.verdict
        and latest.reviewer_identity == judgement.reviewer
        and judgement.seen_digest in {None, latest.manifest_digest}
    )


def require_independence(reviewer: str, *, marker: str) -> None:
    """Raise ``ReviewerNotIndependent`` where the reviewer is the marker."""
    if reviewer.strip().casefold() == marker.strip().casefold():
        raise ReviewerNotIndependent(
            f"{reviewer} marked this and cannot review it", remedy="Ask somebody else to review."
        )


def independence(reviewer: str, *, marker: str) -> dict[str, str]:
    """What a decision says of its reviewer's independence."""
    return {
        "marked_by": marker,
        "reviewer": reviewer,
        "rule": "the reviewer's identity differs from the marker's",
    }


def _require_waiting(store: ExecStore, entry: Entry, judgement: Judgement) -> None:
    """The entry may become what the verdict says; else the refusal says who decided meanwhile."""
    try:
        require_move(entry.status, REVIEW_WORDS[judgement.verdict][0], entry_id=entry.entry_id)
    except IllegalTransition as refused:
        raise IllegalTransition(refused.message + decided_meanwhile(store, entry), remedy=refused.remedy) from None


def _assumed(judged: Judged, judgement: Judgement, said: Mapping[str, Said], entry_id: str) -> list[str]:
    """The questions that an approval takes as they are assumed."""
    if judgement.verdict is not Verdict.PASS or not isinstance(judged, StoredProposal):
        return []
    found = cases(judged.sealed.manifest, judged.snapshot, None, said)
    require_answered(found, entry_id, accept_assumed=judgement.accept_assumed)
    return [case.id for case in found if case.is_open]


def _require_policy_may(entry: Entry, judged: Judged, judgement: Judgement, *, failed_before: bool) -> None:
    found = exceptions(judged.sealed.manifest) if isinstance(judged, StoredProposal) else ()
    reasons = []
    if judgement.verdict is not Verdict.PASS:
        reasons.append("a policy only approves")
    if found:
        codes = ", ".join(sorted({finding.code for finding in found}))
        reasons.append(f"{len(found)} exception(s): {codes}")
    review = judged.sealed.manifest.review if isinstance(judged, StoredProposal) else None
    if review is not None:
        reasons.append(f"{len(review.questions)} question(s), {len(review.answers)} answer(s) of a person")
    if RiskClass(entry.request.risk_class) is RiskClass.HIGH:
        reasons.append("the risk class is high")
    if failed_before:
        reasons.append("a verification of it failed before")
    if reasons:
        asked = review is not None and bool(review.questions)
        raise AwaitingReview.of(entry.entry_id, "; ".join(reasons), asked=asked)
