"""CUT: exactly what was approved becomes units (design 1.5). DOT-991, SERIALIZABLE.

Everything is recomputed from stored bytes inside the transaction: snapshot and manifest digests, every rule of the
validator, every block. Writes dot_pair_signature 1, cut_change_set 1, affected_row N, history 1, and in ``iu`` the
document (first cut), unit N, unit_version N, set-wise. The server counts what was written before COMMIT.

A second attempt, after a failed verification and a new approval, writes versions only where the store differs from
the approved manifest.

A re-cut starts from the living cut that its manifest names, writes k versions for k changed units (a unit's end is one,
too), the new units among them, and what the new snapshot calls those that it renumbers or moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import starmap, zip_longest
from operator import eq

from cutter_agent.beside import beside
from cutter_agent.errors import GovernanceRefused, PhantomSuccess, StaleApproval
from cutter_agent.idempotency import change_set_id, change_set_key, rollback_key, signature_id
from cutter_agent.ledger import next_history
from cutter_agent.model import ChangeKind, EntryStatus, Verdict
from cutter_agent.phases import rechanges
from cutter_agent.phases.changes import UnitChange, changes
from cutter_agent.phases.cut_seal import CutSeal, Grounds, sealed
from cutter_agent.phases.replay import converging
from cutter_agent.phases.review import blocks_of
from cutter_agent.phases.stored import StoredProposal, known_entry, load_proposal
from cutter_agent.ports import Clock, CodeClaim, ExecDatabase, ExecStore
from cutter_agent.rows import (
    Alias,
    ChangeSet,
    Decision,
    Document,
    Entry,
    Envelope,
    History,
    NewUnit,
    ProvenCut,
    StoredDigests,
    StoredUnit,
    UnitBlock,
)
from cutter_agent.signing import Signer
from cutter_agent.state_machine import require_move
from cutter_agent.undisturbed import undisturbed
from cutter_agent.vocabulary import Vocabulary

_APPLIED = frozenset({EntryStatus.CUT_APPLIED, EntryStatus.VERIFIED_COMPLETE, EntryStatus.VERIFY_FAILED_ESCALATED})


@dataclass(frozen=True, kw_only=True)
class CutResult:
    """The change set of the entry. ``applied`` is False when an earlier run had written it: nothing was written now."""

    change_set: ChangeSet
    status: EntryStatus
    applied: bool


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What CUT knows before it decides, all of it read inside the transaction."""

    proposal: StoredProposal
    envelope: Envelope | None
    chain: Sequence[History]
    document: Document | None
    decisions: Sequence[Decision]
    answers: Sequence[Decision]
    blocks: Sequence[UnitBlock]
    blockers: Sequence[Entry]
    change_sets: Sequence[ChangeSet]
    failed_verifications: int
    claims: Sequence[CodeClaim]
    document_cuts: Sequence[tuple[int, str]]
    stored_units: Sequence[StoredUnit]
    as_of_base: StoredDigests | None = None
    units_before: int = 0
    proven: ProvenCut | None = None
    aliases: Sequence[Alias] = ()


@dataclass(frozen=True, kw_only=True)
class CutPlan:
    """The rows of one CUT. ``units`` are those that are written: all of them in a first attempt. ``seal`` works out the
    affected rows and the signature, without the server."""

    document: Document | None
    units: Sequence[NewUnit]
    document_unit_count: int
    change_set: ChangeSet
    seal: Callable[[], CutSeal]
    history: History
    aliases: Sequence[Alias] = ()
    again: bool = False


@undisturbed
def cut(
    database: ExecDatabase, *, entry_id: str, signer: Signer, clock: Clock, words: Vocabulary | None = None
) -> CutResult:
    """Apply the approved manifest of an entry.

    Raises:
        LaneReferenceMismatch: the signer is not DOT-991's; nothing was read.
        IllegalTransition: the entry is not approved.
        StaleApproval: what is stored is not what was approved.
        GovernanceRefused: a blocker is open, or the code or reference belongs to another document.
        PhantomSuccess: the server counts another number of units than was approved; rolled back.
    """
    signer.require_change_sets()

    def body(store: ExecStore) -> CutResult:
        entry = known_entry(store.lock_entry(entry_id), entry_id)
        envelope = store.envelope(entry_id, entry.request.manifest_digest)
        change_sets = store.change_sets(envelope.envelope_id) if envelope else []
        if entry.status in _APPLIED and change_sets:
            return CutResult(change_set=change_sets[-1], status=entry.status, applied=False)
        require_move(entry.status, EntryStatus.CUT_IN_PROGRESS, entry_id=entry_id)
        plan = decide(_facts(store, entry, envelope, change_sets, words), signer=signer, now=clock())
        apply(store, entry, plan)
        return CutResult(change_set=plan.change_set, status=EntryStatus.CUT_APPLIED, applied=True)

    return converging(lambda: database.serializable("CUT", body))


def decide(facts: Facts, *, signer: Signer, now: datetime) -> CutPlan:
    """The rows of this cut, or the reason why it may not be."""
    proposal = facts.proposal
    request, entry = proposal.request, proposal.entry
    decision = _standing_approval(facts)
    _require_no_blocker(facts)
    attempt = facts.failed_verifications + 1
    if len(facts.change_sets) >= attempt:
        raise GovernanceRefused(
            f"entry {entry.entry_id} has {len(facts.change_sets)} change sets and {attempt - 1} failed verifications",
            remedy="The newest change set has no verdict yet: verify it.",
        )
    if not all(starmap(eq, zip_longest(facts.blocks, blocks_of(proposal)))):
        raise StaleApproval(
            f"entry {entry.entry_id}: the approved blocks are not those of the approved manifest",
            remedy="Do not cut it. Find out who changed the ledger; then mark the source again.",
        )
    manifest = proposal.sealed.manifest
    recut, ordered = manifest.recut, manifest.topology
    made = _made(facts)
    key = change_set_key(request.idempotency_key, request.manifest_digest, attempt)
    name = change_set_id(key)
    cut_seq = max((sequence for sequence, _ in facts.document_cuts), default=0) + 1
    change_set = ChangeSet(
        change_set_id=name,
        rollback_key=rollback_key(name),
        idempotency_key=key,
        manifest_id=decision.manifest_id,
        manifest_version=len({digest for _, digest in facts.document_cuts} | {request.manifest_digest}),
        review_decision_id=decision.review_decision_id,
        executor_signature_id=signature_id(signer.lane, name),
        executor_tool_revision=signer.tool_revision,
        verifier_tool_revision="pending",
        state="committed",
        affected_unit_count=len(made),
        emitted_by=signer.identity,
        emitted_at=now,
        payload_summary={
            "attempt": attempt,
            "units": len(proposal.units),
            "inserted": sum(change.before is None for change in made),
            "revised": sum(change.before is not None for change in made),
            **({"base_cut_seq": recut.base.cut_seq, **_counts(made)} if recut else {}),
            **({"operation": request.operation_kind, "because": ordered.because} if ordered else {}),
        },
        document_ref=request.document_ref,
        cut_seq=cut_seq,
        manifest_digest=request.manifest_digest,
        snapshot_sha256=request.snapshot_sha256,
    )
    document = _document(facts, signer.identity, now)
    history = next_history(
        entry,
        version=facts.chain[-1].entry_version_after if facts.chain else 0,
        change=ChangeKind.CUT,
        after=EntryStatus.CUT_APPLIED,
        changed_by=signer.identity,
        changed_at=now,
        rationale=f"cut {cut_seq} of {request.document_ref}: {len(made)} unit(s) written"
        + (f" ({request.operation_kind})" if ordered else ""),
        diff={"change_set_id": name, "cut_seq": cut_seq, "affected_unit_count": len(made)},
    )
    grounds = Grounds(
        entry=entry,
        envelope=facts.envelope,
        decisions=[*facts.decisions, *facts.answers],
        history=[*facts.chain, history],
        change_set=change_set,
        document=document or facts.document,
        snapshot=proposal.stored_snapshot,
        manifest=proposal.stored_manifest,
    )
    return CutPlan(
        document=document,
        units=[change.unit for change in made],
        document_unit_count=_unit_count(facts, made),
        change_set=change_set,
        seal=partial(sealed, made, grounds, attempt=attempt, signer=signer, now=now),
        history=history,
        aliases=rechanges.aliases(
            decision.manifest_id, manifest, cut_seq, known=facts.aliases, created_by=signer.identity, now=now
        ),
        again=recut is not None,
    )


def apply(store: ExecStore, entry: Entry, plan: CutPlan) -> None:
    """Write the plan and let the server count it. Raises ``PhantomSuccess``."""
    change_set = plan.change_set
    store.move_entry(entry.entry_id, entry.status, EntryStatus.CUT_IN_PROGRESS)
    if plan.document is not None:
        store.add_document(plan.document)
    store.add_change_set(change_set)
    if plan.units:
        store.add_units(change_set.document_ref, (unit for unit in plan.units if unit.is_new))
    with beside(plan.seal) as seal:  # the versions, with their index for the search, are most of a cut's time
        if plan.units:
            (store.add_recut_versions if plan.again else store.add_versions)(change_set, plan.units)
    store.add_signature(seal.result().signature)
    if plan.units:
        store.add_affected_rows(seal.result().affected)
    if plan.aliases:
        store.add_aliases(plan.aliases)
    store.move_entry(entry.entry_id, EntryStatus.CUT_IN_PROGRESS, EntryStatus.CUT_APPLIED)
    store.add_history(plan.history)
    counted = store.count_written(change_set.change_set_id, change_set.document_ref)
    approved = (change_set.affected_unit_count, plan.document_unit_count)
    if counted != approved:
        raise PhantomSuccess(
            f"entry {entry.entry_id}: approved were {approved[0]} versions and {approved[1]} units, "
            f"the server counts {counted[0]} and {counted[1]}",
            remedy="Nothing was kept. This is a defect of the writer or of the schema: `iu-cutter db check`.",
        )


def _facts(
    store: ExecStore,
    entry: Entry,
    envelope: Envelope | None,
    change_sets: Sequence[ChangeSet],
    words: Vocabulary | None,
) -> Facts:
    proposal = load_proposal(store, entry, words)
    request, recut = proposal.request, proposal.sealed.manifest.recut
    again = recut is not None
    document_cuts = store.document_cuts(request.document_ref)
    exact = recut is not None and rechanges.is_told(recut) and rechanges.is_exact(recut, document_cuts)
    few = rechanges.touched(proposal, recut) if recut is not None and exact else None
    return Facts(
        proposal=proposal,
        envelope=envelope,
        chain=store.chain(entry.entry_id),
        document=store.document(request.document_ref),
        decisions=store.decisions(envelope.envelope_id) if envelope else (),
        answers=store.block_decisions(envelope.envelope_id) if envelope else (),
        blocks=store.blocks(envelope.envelope_id) if envelope else (),
        blockers=store.open_blockers(entry.entry_id),
        change_sets=change_sets,
        failed_verifications=store.change_count(entry.entry_id, ChangeKind.VERIFY_FAIL),
        claims=store.claims(document_ref=request.document_ref, document_code=request.document_code),
        document_cuts=document_cuts,
        stored_units=_stored_units(store, request.document_ref, again=again, few=few, cut_before=bool(change_sets)),
        as_of_base=store.digests_as_of(request.document_ref, recut.base.cut_seq) if recut and exact else None,
        units_before=store.unit_count(request.document_ref) if again else 0,
        proven=store.proven_cut(request.document_ref) if again else None,
        aliases=store.aliases(request.document_ref) if again else (),
    )


def _stored_units(
    store: ExecStore, document_ref: str, *, again: bool, few: Sequence[str] | None, cut_before: bool
) -> Sequence[StoredUnit]:
    """What the change is compared with. ``few``: the units that it touches, where no other one matters."""
    if few is not None:
        return store.units_of(few)
    if again:
        return store.units_ever(document_ref)
    return store.current_units(document_ref) if cut_before else ()


def _made(facts: Facts) -> list[UnitChange]:
    proposal = facts.proposal
    recut = proposal.sealed.manifest.recut
    if recut is None:
        return changes(proposal, facts.stored_units)
    rechanges.require_base(proposal, recut, facts.proven, facts.claims)
    if facts.as_of_base is not None:
        rechanges.require_beginning(proposal, recut, facts.as_of_base)
    exact = rechanges.is_exact(recut, facts.document_cuts)
    return rechanges.changes(proposal, recut, facts.stored_units, exact=exact, few=facts.as_of_base is not None)


def _counts(made: Sequence[UnitChange]) -> dict[str, int]:
    """How many of each word of the ledger."""
    words = ("insert", "revise", "move", "renumber", "retire")
    return {f"{word}s": sum(change.operation == word for change in made) for word in words}


def _unit_count(facts: Facts, made: Sequence[UnitChange]) -> int:
    """How many units the document has afterwards, those whose life ended included."""
    if facts.proposal.sealed.manifest.recut is None:
        return len(facts.proposal.units)
    return facts.units_before + sum(change.unit.is_new for change in made)


def _standing_approval(facts: Facts) -> Decision:
    request = facts.proposal.request
    standing = [row for row in facts.decisions if row.superseded_by_review_decision_id is None]
    if len(standing) != 1 or standing[0].verdict is not Verdict.PASS:
        raise StaleApproval(
            f"entry {facts.proposal.entry.entry_id}: no standing approval of manifest {request.manifest_digest}",
            remedy="Review it again: a later decision took the place of the approval.",
        )
    approval = standing[0]
    bound = (approval.entry_id, approval.manifest_digest, approval.snapshot_sha256)
    if bound != (facts.proposal.entry.entry_id, request.manifest_digest, request.snapshot_sha256):
        raise StaleApproval(
            f"decision {approval.review_decision_id} approved other bytes than those of the entry",
            remedy="Review it again, with the manifest that is stored.",
        )
    return approval


def _require_no_blocker(facts: Facts) -> None:
    if facts.blockers:
        named = ", ".join(f"{entry.entry_id} ({entry.status})" for entry in facts.blockers)
        raise GovernanceRefused(
            f"entry {facts.proposal.entry.entry_id} is blocked by {named}",
            remedy="Bring the blocking entries to verified_complete first.",
        )


def _document(facts: Facts, created_by: str, now: datetime) -> Document | None:
    """The document's own row for a first cut; None when an earlier attempt of this entry wrote it."""
    header = facts.proposal.sealed.manifest.header
    cut_before = [claim for claim in facts.claims if claim.entry_id is None]
    if facts.change_sets or facts.proposal.sealed.manifest.recut is not None:
        return None
    if cut_before:
        holder = cut_before[0]
        if holder.document_ref != header.document_ref:
            raise GovernanceRefused(
                f"document code {header.document_code} was taken meanwhile by {holder.document_ref}",
                remedy="Abandon this entry and mark the document under a code of its own.",
            )
        raise GovernanceRefused(
            f"{holder.document_ref} (code {holder.document_code}) was cut meanwhile; "
            "this was approved as its first cut, not as a change of it (recut)",
            remedy="Abandon this entry (iu-cutter resolve), then cut the file again: it becomes a re-cut.",
        )
    return Document(
        document_ref=header.document_ref,
        document_code=header.document_code,
        profile_id=header.profile_id,
        title=header.title,
        created_at=now,
        created_by=created_by,
    )
