"""PROPOSE AGAIN: another proposal for the same snapshot, with a reviewer's answers in it (design 4.4). DOT-991.

What was answered constrains the matching; the manifest that follows has another digest, an entry of its own, and the
answers in it, so that an approval binds them. The entry before it is rejected, and superseded by a dependency.

Writes review_decision 1 and history 1 on the entry before, and entry 1, history 1 and dependency 1 for the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from cutter_agent import recut
from cutter_agent.cases import Case, cases
from cutter_agent.errors import GovernanceRefused, StaleApproval
from cutter_agent.idempotency import answered_key, decision_id, dependency_id, envelope_id
from cutter_agent.ledger import REVIEW_WORDS, next_history
from cutter_agent.manifest import SealedManifest, seal
from cutter_agent.model import EntryStatus, Manifest, ReviewerKind, RiskClass, Verdict
from cutter_agent.phases import mark
from cutter_agent.phases.answered import require_open, said_in
from cutter_agent.phases.answering import Reviewer
from cutter_agent.phases.rematching import matched_again
from cutter_agent.phases.replay import converging
from cutter_agent.phases.review import independence, require_independence
from cutter_agent.phases.stored import StoredProposal, known_entry, load_proposal
from cutter_agent.ports import Clock, ExecDatabase, ExecStore
from cutter_agent.ports_living import RecutGround
from cutter_agent.rows import Decision, Dependency, Entry, History
from cutter_agent.validation import require_valid
from cutter_agent.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class ProposedAgain:
    """The entry that took the place of another one, and whether this call wrote it."""

    entry: Entry
    created: bool


@dataclass(frozen=True, kw_only=True)
class _Read:
    """One state of the ledger: the proposal, what was answered, and the living document."""

    proposal: StoredProposal
    cases: tuple[Case, ...]
    ground: RecutGround | None


def propose_again(
    database: ExecDatabase, *, entry_id: str, reviewer: Reviewer, clock: Clock, words: Vocabulary | None = None
) -> ProposedAgain:
    """Make the proposal that the answers lead to.

    Raises:
        StaleApproval: the entry was decided meanwhile, or its document was cut again, or an answer changed.
        GovernanceRefused: no answer differs from what is proposed, or with the answers nothing would change.
        InputRefused: an answer gives an address that is taken.
    """
    known = database.find_entry(entry_id)
    later = database.successor(entry_id) if known and known.status is EntryStatus.REVIEWED_REJECTED else None
    if later is not None and known is not None and reviewer.seen_digest == known.request.manifest_digest:
        return ProposedAgain(entry=later, created=False)
    read = database.read_only(lambda store: _read(store, entry_id, reviewer, words))
    sealed = seal(_rematched(read))
    require_valid(sealed.manifest, read.proposal.snapshot, words)

    def body(store: ExecStore) -> ProposedAgain:
        entry = known_entry(store.lock_entry(entry_id), entry_id)
        require_open(store, entry, reviewer.seen_digest)
        if _read(store, entry_id, reviewer, words).cases != read.cases:
            raise StaleApproval(
                f"entry {entry_id} was answered while it was proposed again", remedy="Run the same command again."
            )
        plan = decide(store, read, sealed, reviewer, now=clock())
        apply(store, plan)
        return ProposedAgain(entry=plan.marked.entry, created=True)

    return converging(lambda: database.read_committed("PROPOSE AGAIN", body))


@dataclass(frozen=True, kw_only=True)
class ProposePlan:
    """The rows: the end of the entry before, and the new one."""

    before: Entry
    decision: Decision
    history: History
    marked: mark.MarkPlan
    dependency: Dependency


def decide(store: ExecStore, read: _Read, sealed: SealedManifest, reviewer: Reviewer, *, now: datetime) -> ProposePlan:
    """The rows. Reads what the entry before has already."""
    entry, request = read.proposal.entry, read.proposal.request
    key = answered_key(request.idempotency_key, sealed.digest)
    claims = [
        claim
        for claim in store.claims(document_ref=request.document_ref, document_code=request.document_code)
        if claim.entry_id != entry.entry_id
    ]
    _require_base(store, sealed.manifest)
    marked = mark.decide(key=key, source=_source(read.proposal), sealed=sealed, claims=claims, now=now)
    said = f"answered case by case: entry {marked.entry.entry_id} takes its place"
    name = envelope_id(entry.entry_id, request.manifest_digest)
    earlier = store.decisions(name)
    after, change, status = REVIEW_WORDS[Verdict.FAIL]
    decision = Decision(
        review_decision_id=decision_id(name, len(earlier) + 1),
        manifest_id=name,
        verdict=Verdict.FAIL,
        status=status,
        prior_review_decision_id=earlier[-1].review_decision_id if earlier else None,
        superseded_by_review_decision_id=None,
        escalation_ref=None,
        findings=[{"check": case.id, "result": "answered", "count": 1} for case in read.cases if case.differs],
        verdict_rationale=said,
        reviewer_identity=reviewer.name,
        reviewer_kind=ReviewerKind.HUMAN,
        reviewer_independence_evidence=independence(reviewer.name, marker=request.marked_by),
        risk_class=RiskClass(request.risk_class),
        decided_by=reviewer.decided_by,
        decided_at=now,
        entry_id=entry.entry_id,
        manifest_digest=request.manifest_digest,
        snapshot_sha256=request.snapshot_sha256,
    )
    return ProposePlan(
        before=entry,
        decision=decision,
        history=next_history(
            entry,
            version=store.latest_version(entry.entry_id),
            change=change,
            after=after,
            changed_by=reviewer.decided_by,
            changed_at=now,
            rationale=said,
            diff={"review_decision_id": decision.review_decision_id, "superseded_by": marked.entry.entry_id},
        ),
        marked=replace(
            marked,
            history=replace(
                marked.history,
                change_diff={**marked.history.change_diff, "supersedes": entry.entry_id},
                rationale=f"marked again with the answers of {reviewer.name}",
            ),
        ),
        dependency=Dependency(
            dependency_id=dependency_id(marked.entry.entry_id, entry.entry_id, "supersedes"),
            from_entry_id=marked.entry.entry_id,
            to_entry_id=entry.entry_id,
            dependency_kind="supersedes",
            created_by=reviewer.decided_by,
            created_at=now,
        ),
    )


def apply(store: ExecStore, plan: ProposePlan) -> None:
    """Write the plan."""
    store.add_decision(plan.decision)
    if plan.decision.prior_review_decision_id is not None:
        store.supersede(plan.decision.prior_review_decision_id, plan.decision.review_decision_id)
    store.move_entry(plan.before.entry_id, plan.before.status, EntryStatus.REVIEWED_REJECTED)
    store.add_history(plan.history)
    mark.apply(store, plan.marked)
    store.add_dependency(plan.dependency)


def _read(store: ExecStore, entry_id: str, reviewer: Reviewer, words: Vocabulary | None) -> _Read:
    entry = known_entry(store.find_entry(entry_id), entry_id)
    require_open(store, entry, reviewer.seen_digest)
    require_independence(reviewer.name, marker=entry.request.marked_by)
    proposal = load_proposal(store, entry, words)
    envelope = store.envelope(entry_id, entry.request.manifest_digest)
    said = said_in(store.block_decisions(envelope.envelope_id)) if envelope else {}
    found = tuple(cases(proposal.sealed.manifest, proposal.snapshot, None, said))
    if not any(case.differs for case in found):
        raise GovernanceRefused(
            f"entry {entry_id}: no answer differs from what is proposed",
            remedy=f'Approve it: iu-cutter review {entry_id} --approve --rationale "why"',
        )
    return _Read(proposal=proposal, cases=found, ground=_ground(store, entry.request.document_ref))


def _ground(store: ExecStore, document_ref: str) -> RecutGround | None:
    standing = store.living_cut(document_ref)
    return store.recut_ground(standing) if standing else None


def _rematched(read: _Read) -> Manifest:
    manifest, ground = read.proposal.sealed.manifest, read.ground
    review = manifest.review
    if review is None or ground is None:
        raise GovernanceRefused("a proposal without questions", remedy="Approve, defer or reject it as a whole.")
    units = recut.cut_of(manifest).units
    answers = [
        recut.answered(asked, case.said.answer, units, reviewer=case.said.reviewer, comment=case.said.comment)
        for case, asked in zip((case for case in read.cases if case.is_question), review.questions, strict=True)
        if case.said is not None
    ]
    again = matched_again(
        ground,
        manifest,
        read.proposal.snapshot,
        fresh=recut.fresh_of(manifest),
        answers=(*review.answers, *answers),
    )
    if again is None:
        raise GovernanceRefused(
            "with these answers nothing would change", remedy="Reject the entry: the living cut stands as it is."
        )
    return replace(
        manifest,
        units=again.units,
        findings=again.findings,
        recut=again.recut,
        review=again.review,
        governed=again.governed,
    )


def _require_base(store: ExecStore, manifest: Manifest) -> None:
    proven = store.proven_cut(manifest.header.document_ref)
    base = manifest.recut.base if manifest.recut else None
    if base is None or proven is None or proven.change_set_id != base.change_set_id:
        raise StaleApproval(
            f"{manifest.header.document_ref} was cut again meanwhile",
            remedy="Reject the entry, then cut the edited source again: it is matched with the newest cut.",
        )


def _source(proposal: StoredProposal) -> mark.Source:
    request, stored = proposal.request, proposal.stored_snapshot
    return mark.Source(
        data=stored.data,
        label=request.label,
        origin=stored.origin,
        media_type=stored.media_type,
        document_ref=request.document_ref,
        document_code=request.document_code,
        title=request.title,
        risk_class=RiskClass(request.risk_class),
    )
