"""Signatures of the two lanes: Ed25519 over a DSSE envelope that holds an in-toto statement (design 1.12).

The executor (DOT-991) signs change sets, the verifier (DOT-992) signs verify results; a lane that is asked for the
other's reference refuses before anything is written. The signed bytes are kept, base64, inside the envelope: the order
in which jsonb keeps members does not touch them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from cutter_agent.errors import LaneReferenceMismatch
from cutter_agent.model import Lane
from sealing.canonical import JsonValue
from sealing.digest import sha256_hex
from sealing.dsse import open_sealed, seal
from sealing.errors import SignatureInvalid
from sealing.intoto import PAYLOAD_TYPE, STATEMENT_TYPE, ResourceDescriptor, statement_bytes
from sealing.keys import PublicKey, SigningKey

CHANGE_SET_PREDICATE = "urn:dot-iu-cutter:cut-change-set:v1"
VERIFY_RESULT_PREDICATE = "urn:dot-iu-cutter:verify-result:v1"


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What both lanes name: the entry, its approved manifest and the snapshot."""

    entry_id: str
    manifest_digest: str
    snapshot_sha256: str


@dataclass(frozen=True, kw_only=True)
class ChangeSetClaim:
    """What the executor says it did, and on which rows it rests.

    ``units_sha256`` is that of ``affected_digests`` over its affected rows, ``records`` a digest for each kind of row
    (``record_digests.CUT_RECORDS``).
    """

    bound: Bound
    signature_id: str
    change_set_id: str
    review_decision_id: str
    document_ref: str
    cut_seq: int
    attempt: int
    affected_unit_count: int
    units_sha256: str
    records: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class VerifyResultClaim:
    """What the verifier found. ``records``: ``record_digests.VERDICT_RECORDS``."""

    bound: Bound
    signature_id: str
    verify_result_id: str
    change_set_id: str
    executor_signature_id: str
    verdict: str
    rebuilt_sha256: str
    findings_sha256: str
    records: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SignatureRow:
    """A row of ``cutter_governance.dot_pair_signature``."""

    signature_id: str
    signature_kind: str
    signer_dot_id: str
    signer_identity: str
    signer_tool_revision: str
    payload_hash: str
    payload_envelope: Mapping[str, JsonValue]
    signature_payload: bytes
    validation_state: str
    cross_reference_change_set_id: str | None
    cross_reference_verify_result_id: str | None
    signed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Signer:
    """One lane's hand. It knows one key and one lane, for life."""

    lane: Lane
    key: SigningKey
    identity: str
    tool_revision: str

    def sign_change_set(self, claim: ChangeSetClaim, *, signed_at: datetime) -> SignatureRow:
        """The executor's signature. Raises ``LaneReferenceMismatch`` on any other lane."""
        self.require_change_sets()
        predicate: dict[str, JsonValue] = {
            "change_set_id": claim.change_set_id,
            "review_decision_id": claim.review_decision_id,
            "document_ref": claim.document_ref,
            "cut_seq": claim.cut_seq,
            "attempt": claim.attempt,
            "affected_unit_count": claim.affected_unit_count,
            "units_sha256": claim.units_sha256,
            "records": dict(claim.records),
        }
        return self._row(claim, CHANGE_SET_PREDICATE, predicate, claim.change_set_id, signed_at)

    def sign_verify_result(self, claim: VerifyResultClaim, *, signed_at: datetime) -> SignatureRow:
        """The verifier's signature. Raises ``LaneReferenceMismatch`` on any other lane."""
        self.require_verify_results()
        predicate: dict[str, JsonValue] = {
            "verify_result_id": claim.verify_result_id,
            "change_set_id": claim.change_set_id,
            "executor_signature_id": claim.executor_signature_id,
            "verdict": claim.verdict,
            "rebuilt_sha256": claim.rebuilt_sha256,
            "findings_sha256": claim.findings_sha256,
            "records": dict(claim.records),
        }
        return self._row(claim, VERIFY_RESULT_PREDICATE, predicate, claim.verify_result_id, signed_at)

    def require_change_sets(self) -> None:
        """Raise ``LaneReferenceMismatch`` unless this lane signs change sets."""
        self._require(Lane.EXEC, "a change set")

    def require_verify_results(self) -> None:
        """Raise ``LaneReferenceMismatch`` unless this lane signs verify results."""
        self._require(Lane.VERIFY, "a verify result")

    def _require(self, lane: Lane, what: str) -> None:
        if self.lane is not lane:
            raise LaneReferenceMismatch(
                f"{self.lane.dot_id} was asked to sign {what}, which only {lane.dot_id} signs",
                remedy=f"Run this phase as {lane}, with the key of {lane.dot_id}.",
            )

    def _row(
        self,
        claim: ChangeSetClaim | VerifyResultClaim,
        predicate_type: str,
        predicate: Mapping[str, JsonValue],
        signed: str,
        signed_at: datetime,
    ) -> SignatureRow:
        bound = claim.bound
        payload = statement_bytes(
            subject=[
                ResourceDescriptor(
                    name=f"manifest of entry {bound.entry_id}", digest={"sha256": bound.manifest_digest}
                ),
                ResourceDescriptor(name="source snapshot", digest={"sha256": bound.snapshot_sha256}),
            ],
            predicate_type=predicate_type,
            predicate={
                **predicate,
                "entry_id": bound.entry_id,
                "signer_dot_id": self.lane.dot_id,
                "signer_identity": self.identity,
                "tool_revision": self.tool_revision,
                "signed_at": signed_at.isoformat(),
            },
        )
        executor = self.lane is Lane.EXEC
        envelope = seal(payload, payload_type=PAYLOAD_TYPE, key=self.key)
        return SignatureRow(
            signature_id=claim.signature_id,
            signature_kind="executor" if executor else "verifier",
            signer_dot_id=self.lane.dot_id,
            signer_identity=self.identity,
            signer_tool_revision=self.tool_revision,
            payload_hash=sha256_hex(payload),
            payload_envelope=cast("Mapping[str, JsonValue]", envelope),
            signature_payload=_raw_signature(cast("Mapping[str, JsonValue]", envelope)),
            validation_state="valid",
            cross_reference_change_set_id=signed if executor else None,
            cross_reference_verify_result_id=None if executor else signed,
            signed_at=signed_at,
        )


def open_signature(row: SignatureRow, key: PublicKey) -> Mapping[str, JsonValue]:
    """The statement under a signature, after every column that repeats it was compared with it.

    Raises:
        SignatureInvalid: not signed by ``key``, or by one that it replaced, over exactly this; or a column says
            something else.
    """
    key = key.named(_keyid(row.payload_envelope))
    payload = open_sealed(row.payload_envelope, payload_type=PAYLOAD_TYPE, keys=[key])
    statement = json.loads(payload)
    predicate = statement.get("predicate", {})
    executor = row.signature_kind == "executor"
    lane = Lane.EXEC if executor else Lane.VERIFY
    same = {
        "signature_kind": row.signature_kind in {"executor", "verifier"},
        "payload_envelope": row.payload_envelope == _spelt(payload, row.signature_payload, key),
        "payload_hash": row.payload_hash == sha256_hex(payload),
        "signature_payload": row.signature_payload == _raw_signature(row.payload_envelope),
        "_type": statement.get("_type") == STATEMENT_TYPE,
        "predicateType": statement.get("predicateType")
        == (CHANGE_SET_PREDICATE if executor else VERIFY_RESULT_PREDICATE),
        "signer_dot_id": row.signer_dot_id == predicate.get("signer_dot_id") == lane.dot_id,
        "signer_identity": row.signer_identity == predicate.get("signer_identity"),
        "signer_tool_revision": row.signer_tool_revision == predicate.get("tool_revision"),
        "cross_reference": (row.cross_reference_change_set_id, row.cross_reference_verify_result_id)
        == ((predicate.get("change_set_id"), None) if executor else (None, predicate.get("verify_result_id"))),
    }
    different = [name for name, equal in same.items() if not equal]
    if different:
        raise SignatureInvalid(
            f"signature {row.signature_id}: {', '.join(different)} differ from what was signed",
            remedy="Treat the row as tampered with.",
        )
    return cast("Mapping[str, JsonValue]", statement)


def signed_digests(statement: Mapping[str, JsonValue]) -> tuple[str, str]:
    """(manifest digest, snapshot sha256) that a statement names as its subjects."""
    manifest, snapshot = cast("Sequence[Mapping[str, Mapping[str, str]]]", statement["subject"])
    return manifest["digest"]["sha256"], snapshot["digest"]["sha256"]


def _spelt(payload: bytes, signature: bytes, key: PublicKey) -> Mapping[str, object]:
    """The one spelling of an envelope of ours: base64 has several for the same bytes, and an object may hold more."""
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode("ascii"),
        "signatures": [{"keyid": key.keyid, "sig": base64.b64encode(signature).decode("ascii")}],
    }


def _keyid(envelope: Mapping[str, JsonValue]) -> object:
    """Which key an envelope says that it is signed with; None where it does not say."""
    signatures = envelope.get("signatures")
    first = signatures[0] if isinstance(signatures, list) and signatures else None
    return first.get("keyid") if isinstance(first, Mapping) else None


def _raw_signature(envelope: Mapping[str, JsonValue]) -> bytes:
    signatures = cast("Sequence[Mapping[str, str]]", envelope["signatures"])
    return base64.b64decode(signatures[0]["sig"])
