"""VERIFY: another identity proves the cut, or escalates (design 1.5). DOT-992, SERIALIZABLE.

Writes dot_pair_signature 1, verify_result 1, history 1. On a pass the units and versions of the cut become
``enacted``, set-wise. On a defect they stay ``draft``, and an escalation entry with its own first history row is added;
that is a result and is committed, not an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cutter_agent.errors import GovernanceRefused, PhantomSuccess, VerificationFailed
from cutter_agent.idempotency import escalation_id, signature_id, verify_result_id
from cutter_agent.ledger import first_history, new_entry, next_history
from cutter_agent.model import ChangeKind, EntryKind, EntryStatus, LifecycleStatus
from cutter_agent.phases.gathering import Gathering
from cutter_agent.phases.replay import converging
from cutter_agent.phases.stored import known_entry
from cutter_agent.ports import Clock, VerifyDatabase, VerifyStore
from cutter_agent.record_digests import verdict_records
from cutter_agent.rows import Entry, History, VerifyResult
from cutter_agent.signing import Bound, SignatureRow, Signer, VerifyResultClaim
from cutter_agent.state_machine import require_move
from cutter_agent.undisturbed import undisturbed
from cutter_agent.verifier.evidence import Evidence, Proof
from cutter_agent.verifier.prove import prove
from sealing.digest import canonical_digest
from sealing.keys import PublicKey

CANONICALISATION_RULE = "canon-md-v0.1.0"
_MOST_FINDINGS_IN_HISTORY = 50

_JUDGED = frozenset({EntryStatus.VERIFIED_COMPLETE, EntryStatus.VERIFY_FAILED_ESCALATED})


@dataclass(frozen=True, kw_only=True)
class VerifyOutcome:
    """The verdict on the newest cut of an entry, and whether this call wrote it."""

    result: VerifyResult
    status: EntryStatus
    created: bool

    @property
    def passed(self) -> bool:
        """Whether the cut was proven."""
        return self.result.verdict == "pass"


@dataclass(frozen=True, kw_only=True)
class VerifyPlan:
    """The rows of one verification.

    ``escalation`` is there when it failed. ``drafts`` counts the draft units and draft versions that were proven,
    ``ends`` the units whose life the cut ends and the versions that say so.
    """

    result: VerifyResult
    signature: SignatureRow
    history: History
    after: EntryStatus
    escalation: Entry | None
    escalation_history: History | None
    drafts: tuple[int, int]
    ends: tuple[int, int]
    document_ref: str
    cut_seq: int


@undisturbed
def verify(
    database: VerifyDatabase, *, entry_id: str, signer: Signer, executor_key: PublicKey, clock: Clock
) -> VerifyOutcome:
    """Prove the newest cut of an entry from what is stored. A verdict that was given is returned, not given again.

    Raises:
        LaneReferenceMismatch: the signer is not DOT-992's; nothing was read.
        IllegalTransition: there is no cut that waits for a verdict.
        VerificationFailed: the executor's signature is gone, so the ledger has no place for a verdict; nothing is
            written.
    """
    signer.require_verify_results()

    def body(store: VerifyStore) -> VerifyOutcome:
        entry = known_entry(store.lock_entry(entry_id), entry_id)
        change_set = store.change_set_to_verify(entry_id)
        results = store.verify_results(change_set.change_set_id) if change_set else []
        if results and entry.status in _JUDGED:
            return VerifyOutcome(result=results[-1], status=entry.status, created=False)
        require_move(entry.status, EntryStatus.VERIFY_IN_PROGRESS, entry_id=entry_id)
        if change_set is None:
            raise GovernanceRefused(f"entry {entry_id} has no change set", remedy="Cut it first.")
        evidence = Gathering(store, change_set.document_ref, executor_key).of(entry, change_set)
        proof = prove(evidence)
        _require_a_place_for_the_verdict(evidence, proof)
        plan = decide(evidence, proof, entry=entry, earlier=results, signer=signer, now=clock())
        apply(store, entry, plan)
        return VerifyOutcome(result=plan.result, status=plan.after, created=True)

    return converging(lambda: database.serializable("VERIFY", body))


def decide(
    evidence: Evidence, proof: Proof, *, entry: Entry, earlier: list[VerifyResult], signer: Signer, now: datetime
) -> VerifyPlan:
    """The rows that record the verdict."""
    change_set = evidence.change_set
    passed = proof.verdict == "pass"
    after = EntryStatus.VERIFIED_COMPLETE if passed else EntryStatus.VERIFY_FAILED_ESCALATED
    name = verify_result_id(change_set.change_set_id, len(earlier) + 1)
    escalation = None if passed else _escalation(evidence, proof, name, now)
    findings = [defect.as_json() for defect in proof.defects]
    result = VerifyResult(
        verify_result_id=name,
        change_set_id=change_set.change_set_id,
        manifest_id=change_set.manifest_id,
        manifest_version=change_set.manifest_version,
        review_decision_id=change_set.review_decision_id,
        executor_signature_id=change_set.executor_signature_id,
        verifier_signature_id=signature_id(signer.lane, name),
        executor_tool_revision=change_set.executor_tool_revision,
        verifier_tool_revision=signer.tool_revision,
        tool_revision_match=change_set.executor_tool_revision == signer.tool_revision,
        verify_kind="axis_1_round_trip",
        axis_1_status=proof.axis(1),
        axis_2_status=proof.axis(2),
        verdict=proof.verdict,
        state="final",
        canonicalization_rule_used=CANONICALISATION_RULE,
        findings=findings,
        rebuilt_sha256=proof.rebuilt_sha256,
        prior_verify_result_id=earlier[-1].verify_result_id if earlier else None,
        escalation_ref=escalation.entry_id if escalation else None,
        verified_by=signer.identity,
        verified_at=now,
    )
    history = next_history(
        entry,
        version=len(evidence.chain),
        change=ChangeKind.VERIFY_PASS if passed else ChangeKind.VERIFY_FAIL,
        after=after,
        changed_by=signer.identity,
        changed_at=now,
        rationale="rebuilt byte for byte" if passed else f"{len(findings)} defect(s) found",
        diff={
            "verify_result_id": name,
            "change_set_id": change_set.change_set_id,
            "defects": len(findings),
            "findings": findings[:_MOST_FINDINGS_IN_HISTORY],
            "escalation_ref": result.escalation_ref,
        },
    )
    claim = VerifyResultClaim(
        bound=Bound(
            entry_id=entry.entry_id,
            manifest_digest=change_set.manifest_digest,
            snapshot_sha256=change_set.snapshot_sha256,
        ),
        signature_id=result.verifier_signature_id,
        verify_result_id=name,
        change_set_id=change_set.change_set_id,
        executor_signature_id=change_set.executor_signature_id,
        verdict=proof.verdict,
        rebuilt_sha256=proof.rebuilt_sha256,
        findings_sha256=canonical_digest(findings),
        records=verdict_records(history=[*evidence.chain, history], result=result),
    )
    return VerifyPlan(
        result=result,
        signature=signer.sign_verify_result(claim, signed_at=now),
        history=history,
        after=after,
        escalation=escalation,
        escalation_history=_escalation_history(escalation, signer.identity) if escalation else None,
        drafts=_drafts(evidence) if passed else (0, 0),
        ends=_ends(evidence) if passed else (0, 0),
        document_ref=change_set.document_ref,
        cut_seq=change_set.cut_seq,
    )


def apply(store: VerifyStore, entry: Entry, plan: VerifyPlan) -> None:
    """Write the plan. Raises ``PhantomSuccess`` when another number of drafts was enacted than was proven."""
    store.move_entry(entry.entry_id, entry.status, EntryStatus.VERIFY_IN_PROGRESS)
    if plan.escalation is not None and plan.escalation_history is not None:
        store.add_entry(plan.escalation)
        store.add_history(plan.escalation_history)
    store.add_verify_result(plan.result)
    store.add_signature(plan.signature)
    store.move_entry(entry.entry_id, EntryStatus.VERIFY_IN_PROGRESS, plan.after)
    store.add_history(plan.history)
    if plan.after is not EntryStatus.VERIFIED_COMPLETE:
        return
    retired = store.retire(plan.document_ref, plan.cut_seq) if any(plan.ends) else (0, 0)
    if retired != plan.ends:
        raise PhantomSuccess(
            f"entry {entry.entry_id}: proven were {plan.ends[0]} ended units and {plan.ends[1]} versions that say so, "
            f"the server retired {retired[0]} and {retired[1]}",
            remedy="Nothing was kept. This is a defect of the writer or of the schema: `iu-cutter db check`.",
        )
    enacted = store.enact(plan.document_ref, plan.cut_seq)
    if enacted != plan.drafts:
        raise PhantomSuccess(
            f"entry {entry.entry_id}: proven were {plan.drafts[0]} draft units and {plan.drafts[1]} draft versions, "
            f"the server enacted {enacted[0]} and {enacted[1]}",
            remedy="Nothing was kept. This is a defect of the writer or of the schema: `iu-cutter db check`.",
        )


def _require_a_place_for_the_verdict(evidence: Evidence, proof: Proof) -> None:
    """A verdict names the executor's signature; the server refuses one that names a row that is gone."""
    if evidence.signature is None:
        codes = ", ".join(sorted({defect.code for defect in proof.defects}))
        raise VerificationFailed(
            f"change set {evidence.change_set.change_set_id} does not hold, {len(proof.defects)} finding(s): {codes}",
            remedy="The executor's signature is not stored, so no verdict can be: restore the ledger, then verify.",
        )


def _drafts(evidence: Evidence) -> tuple[int, int]:
    draft = LifecycleStatus.DRAFT
    return (
        sum(unit.unit_lifecycle is draft for unit in evidence.units),
        sum(unit.version_lifecycle is draft for unit in evidence.units),
    )


def _ends(evidence: Evidence) -> tuple[int, int]:
    return (
        sum(unit.unit_lifecycle is not LifecycleStatus.RETIRED for unit in evidence.ended),
        sum(unit.version_lifecycle is LifecycleStatus.DRAFT for unit in evidence.ended),
    )


def _escalation(evidence: Evidence, proof: Proof, result: str, now: datetime) -> Entry:
    document = evidence.document
    return new_entry(
        escalation_id(result),
        EntryKind.ESCALATION,
        {
            "failed_entry_id": evidence.entry_id,
            "document_ref": evidence.change_set.document_ref,
            "document_code": document.document_code if document else None,
            "change_set_id": evidence.change_set.change_set_id,
            "verify_result_id": result,
            "defects": len(proof.defects),
            "codes": sorted({defect.code for defect in proof.defects}),
        },
        now,
    )


def _escalation_history(escalation: Entry, verified_by: str) -> History:
    return first_history(escalation, changed_by=verified_by, rationale="a verification failed", diff={})
