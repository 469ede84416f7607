"""ANSWER: what a reviewer says of single cases, stored at once and resumable (design 4.4). DOT-991, READ COMMITTED.

Each answer is written on the ledger's block of the unit that it is about: review_decision 1 for each block that is
spoken of, and with the first word on a manifest its envelope and blocks. The newest decision on a block says all that
was answered about it: PASS where it may be cut as proposed, FAIL where an answer differs from what is proposed. The
entry is not moved: the decision about the whole follows (``review``), or another proposal (``proposing_again``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cutter_agent import recut
from cutter_agent.cases import Case, Said, cases, finding_of, said_of, spelt
from cutter_agent.errors import UsageError
from cutter_agent.idempotency import answer_id, envelope_id
from cutter_agent.model import ReviewerKind, RiskClass, Verdict
from cutter_agent.phases.answered import require_open, said_in
from cutter_agent.phases.replay import converging
from cutter_agent.phases.review import blocks_of, independence, require_independence, under_review
from cutter_agent.phases.stored import StoredProposal, known_entry, load_proposal
from cutter_agent.ports import Clock, ExecDatabase, ExecStore
from cutter_agent.rows import Decision, Envelope, UnitBlock
from cutter_agent.validation import is_address
from cutter_agent.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class Given:
    """One answer: to which case, which of its words, and why."""

    case: str
    answer: str
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Reviewer:
    """Who answers, which digest was in front of him, and who records it (the lane's operator)."""

    name: str
    seen_digest: str
    decided_by: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The cases with what is on record now. ``created``: how many answers this call wrote."""

    cases: Sequence[Case]
    created: int

    @property
    def differing(self) -> list[Case]:
        """Questions answered otherwise than is proposed."""
        return [case for case in self.cases if case.differs]


@dataclass(frozen=True, kw_only=True)
class AnswerPlan:
    """The rows of one call. ``envelope`` and ``blocks`` are there with the first word on a manifest only;
    the blocks are made as they are written, once."""

    envelope: Envelope | None
    blocks: Iterable[UnitBlock]
    decisions: Sequence[Decision]


def answer(
    database: ExecDatabase,
    *,
    entry_id: str,
    given: Sequence[Given],
    reviewer: Reviewer,
    clock: Clock,
    words: Vocabulary | None = None,
) -> Answered:
    """Store answers. The same answer again is not written again; another one takes the place of the first.

    Raises:
        UsageError: there is no such case, or it does not admit this answer; nothing was written.
        StaleApproval: another manifest was in front of the reviewer, or the entry was decided meanwhile, by whom.
        ReviewerNotIndependent: the reviewer is the marker.
    """

    def body(store: ExecStore) -> Answered:
        entry = known_entry(store.lock_entry(entry_id), entry_id)
        require_open(store, entry, reviewer.seen_digest)
        require_independence(reviewer.name, marker=entry.request.marked_by)
        proposal = load_proposal(store, entry, words)
        envelope = store.envelope(entry_id, entry.request.manifest_digest)
        earlier = store.block_decisions(envelope.envelope_id) if envelope else []
        manifest, known = proposal.sealed.manifest, said_in(earlier)
        found = {case.id: case for case in cases(manifest, proposal.snapshot, None, known)}
        now = clock()
        new = {
            each.case: Said(answer=word, comment=each.comment, reviewer=reviewer.name, at=spelt(now))
            for each, word in [(each, _admitted(each, found, manifest.header.document_code)) for each in given]
            if not _says(known.get(each.case), word, each, reviewer)
        }
        if new:
            apply(store, decide(proposal, found, new, envelope=envelope, earlier=earlier, reviewer=reviewer, now=now))
        return Answered(cases=cases(manifest, proposal.snapshot, None, {**known, **new}), created=len(new))

    return converging(lambda: database.read_committed("ANSWER", body))


def decide(
    proposal: StoredProposal,
    found: Mapping[str, Case],
    new: Mapping[str, Said],
    *,
    envelope: Envelope | None,
    earlier: Sequence[Decision],
    reviewer: Reviewer,
    now: datetime,
) -> AnswerPlan:
    """One decision for each block that is spoken of, with everything that holds of it."""
    name = envelope_id(proposal.entry.entry_id, proposal.request.manifest_digest)
    decisions = []
    for place in sorted({found[case].place for case in new}):
        chain = [row for row in earlier if row.manifest_unit_local_id == place]
        holds = dict(said_of(chain[-1].findings)) if chain else {}
        holds |= {case: said for case, said in new.items() if found[case].place == place}
        differs = any(found[case].is_question and said.answer != found[case].assumed for case, said in holds.items())
        decisions.append(
            replace(
                _decision(proposal, reviewer, holds, differs=differs, now=now),
                review_decision_id=answer_id(name, place, len(chain) + 1),
                manifest_id=name,
                manifest_unit_local_id=place,
                prior_review_decision_id=chain[-1].review_decision_id if chain else None,
            )
        )
    first = envelope is None
    return AnswerPlan(
        envelope=under_review(proposal.entry, reviewer.name, now) if first else None,
        blocks=blocks_of(proposal) if first else (),
        decisions=decisions,
    )


def _decision(
    proposal: StoredProposal, reviewer: Reviewer, holds: Mapping[str, Said], *, differs: bool, now: datetime
) -> Decision:
    request = proposal.request
    spoken = (f"{case}: {said.answer}" + (f" ({said.comment})" if said.comment else "") for case, said in holds.items())
    return Decision(
        review_decision_id="",
        manifest_id="",
        verdict=Verdict.FAIL if differs else Verdict.PASS,
        status="rejected" if differs else "approved",
        prior_review_decision_id=None,
        superseded_by_review_decision_id=None,
        escalation_ref=None,
        findings=[finding_of(case, said) for case, said in sorted(holds.items())],
        verdict_rationale="; ".join(spoken),
        reviewer_identity=reviewer.name,
        reviewer_kind=ReviewerKind.HUMAN,
        reviewer_independence_evidence=independence(reviewer.name, marker=request.marked_by),
        risk_class=RiskClass(request.risk_class),
        decided_by=reviewer.decided_by,
        decided_at=now,
        entry_id=proposal.entry.entry_id,
        manifest_digest=request.manifest_digest,
        snapshot_sha256=request.snapshot_sha256,
    )


def apply(store: ExecStore, plan: AnswerPlan) -> None:
    """Write the plan."""
    if plan.envelope is not None:
        store.add_envelope(plan.envelope)
        store.add_blocks(plan.blocks)
    for decision in plan.decisions:
        store.add_decision(decision)
        if decision.prior_review_decision_id is not None:
            store.supersede(decision.prior_review_decision_id, decision.review_decision_id)


def _admitted(given: Given, found: Mapping[str, Case], code: str) -> str:
    """The answer in its one spelling."""
    case = found.get(given.case)
    if case is None:
        raise UsageError(
            f"there is no case {given.case}; there are: {', '.join(found) or 'none'}",
            remedy="iu-cutter review ENTRY --questions lists them.",
        )
    word = given.answer.strip()
    for allowed in case.answers:
        if allowed != recut.ANY_ADDRESS and word.casefold() == allowed.casefold():
            return allowed
    address = word.upper()
    if recut.ANY_ADDRESS in case.answers and is_address(address) and address.startswith(f"{code}-"):
        return address
    raise UsageError(
        f"{given.case} does not admit the answer {word!r}; it admits: {', '.join(case.answers)}", remedy=case.advice
    )


def _says(said: Said | None, answer: str, given: Given, reviewer: Reviewer) -> bool:
    return said is not None and (said.answer, said.comment, said.reviewer) == (answer, given.comment, reviewer.name)
