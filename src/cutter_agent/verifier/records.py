"""Axis 2, the rows a signature covers: entry, envelope, decisions, history, change set, document, source (design 1.12).

What two stored places say of the same thing is compared here, so that a finding names the column; what only one place
says (who reviewed, why, when) is held by the digests that the lanes signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cutter_agent.record_digests import CUT_RECORDS, VERDICT_RECORDS, cut_records, verdict_records
from cutter_agent.rows import History, VerifyResult
from cutter_agent.signing import SignatureRow, open_signature
from cutter_agent.verifier.evidence import Defect, Evidence, Verdict
from cutter_agent.verifier.round_trip import sha256
from sealing.canonical import canonical_bytes
from sealing.errors import SealingError
from sealing.keys import PublicKey

_MEMBERS = (
    "document_ref",
    "document_code",
    "title",
    "profile_id",
    "profile_version",
    "operation_kind",
    "risk_class",
    "marked_by",
    "tool_revision",
    "unit_count",
    "snapshot_sha256",
)
"""What MARK said twice: in the manifest's header, and in the entry's payload."""


def defects(evidence: Evidence, header: Mapping[str, Any]) -> Iterator[Defect]:
    """Every defect of the rows around a cut."""
    yield from _payload(evidence, header)
    yield from _source(evidence, header)
    yield from _envelopes(evidence)
    predicate = opened(evidence.signature, evidence.executor_key)
    if predicate is not None:
        yield from _signed(evidence, predicate)
    yield from _signature_row(evidence, predicate or {})
    yield from _verdict(evidence)
    for table, key in evidence.foreign_columns:
        yield _defect("foreign_column", f"row {key} of {table} holds something in a column that no phase writes")


def opened(signature: SignatureRow | None, key: PublicKey) -> Mapping[str, Any] | None:
    """The predicate under a signature; None where it does not hold (``governance`` says why)."""
    try:
        statement = open_signature(signature, key) if signature else {}
        predicate = statement["predicate"]
    except (SealingError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return predicate if isinstance(predicate, Mapping) else None


def _payload(evidence: Evidence, header: Mapping[str, Any]) -> Iterator[Defect]:
    payload = evidence.entry.payload
    for name in _MEMBERS:
        if payload.get(name) != header.get(name):
            yield _defect("entry", f"the entry's {name} is {payload.get(name)}, approved was {header.get(name)}")
    if payload.get("manifest_digest") != evidence.change_set.manifest_digest:
        yield _defect("entry", f"the entry names manifest {payload.get('manifest_digest')}")


def _source(evidence: Evidence, header: Mapping[str, Any]) -> Iterator[Defect]:
    snapshot, manifest = evidence.stored_snapshot, evidence.stored_manifest
    if snapshot is not None and not len(snapshot.data) == snapshot.byte_length == header.get("byte_length"):
        yield _defect("snapshot_length", f"the snapshot's row says {snapshot.byte_length} bytes")
    if manifest is None:
        return
    for name in ("snapshot_sha256", "document_ref", "profile_id", "profile_version", "unit_count"):
        if getattr(manifest, name) != header.get(name):
            yield _defect("manifest_row", f"the manifest's row says {name} {getattr(manifest, name)}")


def _envelopes(evidence: Evidence) -> Iterator[Defect]:
    named = [row for row in evidence.envelopes if row.envelope_id == evidence.change_set.manifest_id]
    if len(evidence.envelopes) != 1 or not named:
        yield _defect("envelope", f"the entry has {len(evidence.envelopes)} envelopes, {len(named)} of this cut")


def _signed(evidence: Evidence, predicate: Mapping[str, Any]) -> Iterator[Defect]:
    """A cut that was signed before signatures covered these rows names none; none can be taken out of a signature."""
    if "records" not in predicate:
        return
    here = evidence.change_set.change_set_id
    place = next((i for i, row in enumerate(evidence.chain) if row.change_diff.get("change_set_id") == here), None)
    known = {row.change_set.change_set_id for row in evidence.document_cuts}
    found = cut_records(
        entry=evidence.entry,
        envelope=next((row for row in evidence.envelopes if row.envelope_id == evidence.change_set.manifest_id), None),
        decisions=evidence.decisions,
        history=evidence.chain[: place + 1] if place is not None else evidence.chain,
        change_set=evidence.change_set,
        affected_sha256=evidence.affected_digests.record_sha256,
        document=evidence.document,
        snapshot=evidence.stored_snapshot,
        manifest=evidence.stored_manifest,
    )
    yield from _compare("signed", CUT_RECORDS, found, predicate["records"])
    if here not in known:
        yield _defect("change_set", "the change set is not among the cuts of the document")


def _compare(
    code: str, names: tuple[str, ...], found: Mapping[str, str], signed: Mapping[str, str]
) -> Iterator[Defect]:
    if set(signed) != set(names):
        yield _defect(f"{code}_records", f"signed were {', '.join(sorted(signed))}, expected {', '.join(names)}")
    for name in names:
        if found[name] != signed.get(name):
            yield _defect(f"{code}_{name}", f"the stored {name} is not what was signed")


def _signature_row(evidence: Evidence, predicate: Mapping[str, Any]) -> Iterator[Defect]:
    change_set, signature = evidence.change_set, evidence.signature
    if list(evidence.signature_ids) != [change_set.executor_signature_id]:
        yield _defect("signature_count", f"{len(evidence.signature_ids)} signatures name this change set, one is due")
    if signature is None:
        return
    if signature.validation_state != "valid":
        yield _defect("signature_state", f"the ledger says {signature.validation_state}")
    if predicate and signature.signed_at.isoformat() != predicate.get("signed_at"):
        yield _defect("signature_time", f"its row says {signature.signed_at}, signed was {predicate.get('signed_at')}")
    stated = (signature.signer_tool_revision, signature.signed_at)
    if stated != (change_set.executor_tool_revision, change_set.emitted_at):
        yield _defect("change_set", "its tool revision or time is not the signature's")


def _verdict(evidence: Evidence) -> Iterator[Defect]:
    if evidence.verdict is None:
        if evidence.results:
            yield _defect("verdict_forged", f"{len(evidence.results)} verdict(s) stored, the history knows of none")
        return
    if len(evidence.results) != 1:
        yield _defect("verdict", f"{len(evidence.results)} verdicts on this change set, one is due")
        return
    yield from _result(evidence, evidence.results[0], evidence.verdict)


def _result(evidence: Evidence, result: VerifyResult, verdict: Verdict) -> Iterator[Defect]:
    if result.verdict != "pass" or result.axis_1_status != "pass" or list(result.findings):
        yield _defect("verdict", f"the entry is {evidence.entry.status}, its verdict is {result.verdict}")
    predicate = opened(verdict.signature, verdict.key)
    if predicate is None:
        yield _defect("verdict_signature", "the verdict is not signed by DOT-992 as its row says")
        return
    stated = {
        "entry_id": evidence.entry_id,
        "change_set_id": result.change_set_id,
        "verify_result_id": result.verify_result_id,
        "executor_signature_id": result.executor_signature_id,
        "verdict": result.verdict,
        "rebuilt_sha256": result.rebuilt_sha256,
        "findings_sha256": sha256(canonical_bytes(list(result.findings))),
        "signed_at": result.verified_at.isoformat(),
        "signer_identity": result.verified_by,
        "tool_revision": result.verifier_tool_revision,
    }
    for name, said in stated.items():
        if predicate.get(name) != said:
            yield _defect("verdict", f"{name}: signed was {predicate.get(name)}, stored is {said}")
    if "records" in predicate:
        found = verdict_records(history=_until_verdict(evidence, result), result=result)
        yield from _compare("verdict", VERDICT_RECORDS, found, predicate["records"])
    signature = verdict.signature
    if signature is not None and (signature.validation_state, signature.signed_at) != ("valid", result.verified_at):
        yield _defect("verdict_signature", f"its row says {signature.validation_state} at {signature.signed_at}")


def _until_verdict(evidence: Evidence, result: VerifyResult) -> list[History]:
    name = result.verify_result_id
    place = next((i for i, row in enumerate(evidence.chain) if row.change_diff.get("verify_result_id") == name), None)
    return list(evidence.chain[: place + 1] if place is not None else evidence.chain)


def _defect(code: str, message: str, address: str | None = None) -> Defect:
    return Defect(axis=2, code=code, message=message, address=address)
