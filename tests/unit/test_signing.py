"""Signatures of the lanes: what is signed, who may sign it, and what an offline check finds (design 1.12)."""

from __future__ import annotations

import base64
import json
import pickle
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cutter_agent.affected_digests import affected_digests
from cutter_agent.errors import LaneReferenceMismatch
from cutter_agent.model import Lane
from cutter_agent.rows import AffectedRow
from cutter_agent.signing import (
    Bound,
    ChangeSetClaim,
    SignatureRow,
    Signer,
    VerifyResultClaim,
    open_signature,
    signed_digests,
)
from sealing.canonical import canonical_bytes
from sealing.errors import CanonicalTypeError, KeyUnusable, SignatureInvalid
from sealing.keys import PublicKey, SigningKey

NOON = datetime(2025, 1, 6, 12, tzinfo=UTC)
KEY, OTHER = SigningKey.generate(), SigningKey.generate()
BOUND = Bound(entry_id="e1", manifest_digest="m" * 64, snapshot_sha256="s" * 64)
EXECUTOR = Signer(lane=Lane.EXEC, key=KEY, identity="DOT-991", tool_revision="r1")
VERIFIER = Signer(lane=Lane.VERIFY, key=OTHER, identity="DOT-992", tool_revision="r1")
CHANGE_SET = ChangeSetClaim(
    bound=BOUND,
    signature_id="sig1",
    change_set_id="c1",
    review_decision_id="d1",
    document_ref="law/L1",
    cut_seq=1,
    attempt=1,
    affected_unit_count=3,
    units_sha256="u" * 64,
    records={"entry": "e" * 64},
)
RESULT = VerifyResultClaim(
    bound=BOUND,
    signature_id="sig2",
    verify_result_id="v1",
    change_set_id="c1",
    executor_signature_id="sig1",
    verdict="pass",
    rebuilt_sha256="s" * 64,
    findings_sha256="f" * 64,
    records={"history": "h" * 64},
)


def test_the_statement_names_what_the_design_asks_for() -> None:
    statement: Any = open_signature(EXECUTOR.sign_change_set(CHANGE_SET, signed_at=NOON), KEY.public)
    assert signed_digests(statement) == ("m" * 64, "s" * 64)
    named = {"entry_id": "e1", "change_set_id": "c1", "tool_revision": "r1", "signer_dot_id": "DOT-991"}
    assert named.items() <= statement["predicate"].items()
    verified: Any = open_signature(VERIFIER.sign_verify_result(RESULT, signed_at=NOON), OTHER.public)
    assert {"verify_result_id": "v1", "verdict": "pass"}.items() <= verified["predicate"].items()


def test_each_lane_references_its_own_kind_only() -> None:
    executed, verified = (
        EXECUTOR.sign_change_set(CHANGE_SET, signed_at=NOON),
        VERIFIER.sign_verify_result(RESULT, signed_at=NOON),
    )
    assert (executed.cross_reference_change_set_id, executed.cross_reference_verify_result_id) == ("c1", None)
    assert (verified.cross_reference_change_set_id, verified.cross_reference_verify_result_id) == (None, "v1")
    assert (executed.signature_kind, verified.signature_kind) == ("executor", "verifier")
    assert len(executed.signature_payload) == len(verified.signature_payload) == 64


def test_a_lane_does_not_sign_the_others_reference() -> None:
    with pytest.raises(LaneReferenceMismatch):
        VERIFIER.sign_change_set(CHANGE_SET, signed_at=NOON)
    with pytest.raises(LaneReferenceMismatch):
        EXECUTOR.sign_verify_result(RESULT, signed_at=NOON)


def test_jsonb_may_reorder_the_envelope() -> None:
    row = EXECUTOR.sign_change_set(CHANGE_SET, signed_at=NOON)
    reordered = json.loads(json.dumps(row.payload_envelope, sort_keys=True))
    assert open_signature(replace(row, payload_envelope=reordered), KEY.public)


def with_payload(row: SignatureRow, change: bytes) -> SignatureRow:
    envelope: Any = json.loads(canonical_bytes(dict(row.payload_envelope)))
    payload = base64.b64decode(envelope["payload"]).replace(b'"cut_seq":1', change)
    return replace(row, payload_envelope={**envelope, "payload": base64.b64encode(payload).decode()})


@pytest.mark.parametrize(
    "forge",
    [
        lambda row: with_payload(row, b'"cut_seq":2'),
        lambda row: replace(row, payload_hash="0" * 64),
        lambda row: replace(row, signature_payload=bytes(64)),
        lambda row: replace(row, signer_identity="somebody"),
        lambda row: replace(row, signer_dot_id="DOT-992"),
        lambda row: replace(row, signer_tool_revision="r2"),
        lambda row: replace(row, cross_reference_change_set_id="c2"),
        lambda row: replace(row, signature_kind="verifier"),
        lambda row: replace(row, payload_envelope={}),
        lambda row: replace(row, payload_envelope={**row.payload_envelope, "signatures": []}),
    ],
)
def test_a_forged_row_is_refused(forge: Any) -> None:
    row = forge(EXECUTOR.sign_change_set(CHANGE_SET, signed_at=NOON))
    with pytest.raises(SignatureInvalid):
        open_signature(row, KEY.public)


def test_another_key_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="verifies with an accepted key"):
        open_signature(EXECUTOR.sign_change_set(CHANGE_SET, signed_at=NOON), OTHER.public)


def touched(place: int, **state: Any) -> AffectedRow:
    return AffectedRow(
        affected_row_id=f"a{place}",
        change_set_id="c1",
        target_table="iu.information_unit",
        target_row_id=f"u{place}",
        operation_kind="insert",
        before_state_snapshot=None,
        after_state_snapshot={"content_hash": "h", **state},
    )


def test_the_digest_of_affected_rows_knows_no_order_and_sees_every_change() -> None:
    rows = [touched(1), touched(2)]
    assert affected_digests(rows) == affected_digests(rows[::-1])
    other = affected_digests([touched(1), touched(2, content_hash="x")])
    assert affected_digests(rows).units_sha256 != other.units_sha256
    assert affected_digests(rows).record_sha256 != other.record_sha256
    assert affected_digests(rows).units_sha256 != affected_digests(rows[:1]).units_sha256


def test_an_id_that_is_not_text_cannot_be_signed() -> None:
    claim = replace(CHANGE_SET, review_decision_id=uuid.uuid4())  # type: ignore[arg-type]
    with pytest.raises(CanonicalTypeError, match=r"review_decision_id: uuid\.UUID"):
        EXECUTOR.sign_change_set(claim, signed_at=NOON)


def test_a_private_key_shows_itself_nowhere() -> None:
    assert KEY.public.keyid[:16] in repr(EXECUTOR)
    with pytest.raises(TypeError):
        pickle.dumps(EXECUTOR)


def test_what_a_retired_key_signed_is_proven_with_it_and_what_a_removed_one_signed_is_not(tmp_path: Path) -> None:
    new = SigningKey.generate()
    row = EXECUTOR.sign_change_set(CHANGE_SET, signed_at=NOON)
    later = replace(EXECUTOR, key=new).sign_change_set(CHANGE_SET, signed_at=NOON)
    path = tmp_path / "exec.pub.pem"
    path.write_bytes(new.public.pem() + KEY.public.pem())
    both = PublicKey.load(path)
    assert (both.keyid, [key.keyid for key in both.earlier]) == (new.public.keyid, [KEY.public.keyid])
    assert open_signature(row, both) == open_signature(row, KEY.public)
    assert open_signature(later, both)
    path.write_bytes(new.public.pem())
    with pytest.raises(SignatureInvalid, match="no signature of"):
        open_signature(row, PublicKey.load(path))


def test_a_file_of_keys_is_public_keys_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "exec.pub.pem"
    for content in (
        b"",
        b"no key at all",
        KEY.public.pem() + b"-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----",
    ):
        path.write_bytes(content)
        with pytest.raises(KeyUnusable, match=r"exec\.pub\.pem"):
            PublicKey.load(path)
