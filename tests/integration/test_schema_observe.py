"""What onlookers see: twelve redacted views, and states derived from newer rows (migration 0003; design 1.6)."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from tests.pipeline_room import NAMES, Ledger, law
from tests.schema_room import SHA, WHEN, Deployed, rows, without_guards

from cutter_agent.db_adapter import catalog as catalogs
from cutter_agent.db_adapter.rights import LEDGER, LEDGER_TABLES, OBSERVE

BODIES = {"jsonb", "bytea"}
FREE_TEXT = {"rationale", "verdict_rationale", "revocation_reason"}


def _seen(ledger: Ledger, view: str) -> list[dict[str, Any]]:
    """What the onlookers' role reads."""
    with psycopg.connect(**ledger.login, autocommit=True, row_factory=dict_row) as connection:
        connection.execute(f"SET ROLE {NAMES.ro}")
        return connection.execute(f"SELECT * FROM {OBSERVE}.{view}".encode()).fetchall()


@pytest.mark.parametrize("name", LEDGER_TABLES)
def test_each_table_has_a_view_that_shows_every_column_or_its_digest(name: str) -> None:
    table, view = (catalogs.expected().relations[f"{schema}.{name}"] for schema in (LEDGER, OBSERVE))
    assert {column.type for column in view.columns.values()}.isdisjoint(BODIES)
    for column in table.columns.values():
        if column.type in BODIES or column.name in FREE_TEXT:
            assert column.name not in view.columns
            assert view.columns[f"{column.name}_sha256"].type == "text"
            assert {f"{column.name}_bytes", f"{column.name}_count"} & view.columns.keys()
        elif column.name == "validation_state":
            assert {"written_state", "validation_state"} <= view.columns.keys()
        else:
            assert column.name in view.columns


def test_a_digest_is_of_the_text_and_no_body_shows(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(2))
    stored = ledger.admin("SELECT payload::text FROM cutter_governance.decision_backlog_entry")[0][0]
    seen = _seen(ledger, "decision_backlog_entry")[0]
    assert str(seen["entry_id"]) == entry_id
    assert seen["payload_sha256"] == hashlib.sha256(stored.encode()).hexdigest()
    assert seen["payload_bytes"] == len(stored.encode())
    everything = json.dumps([_seen(ledger, name) for name in LEDGER_TABLES], default=str)
    assert "looked at it" not in everything  # the reviewer's rationale
    assert "signatures" not in everything  # the envelope


def test_states_are_derived_as_newer_rows_come(ledger: Ledger) -> None:
    entry_id = ledger.approved(law(3))
    assert [row["status"] for row in _seen(ledger, "manifest_envelope")] == ["accepted"]
    ledger.cut(entry_id)
    (cut,) = _seen(ledger, "cut_change_set")
    assert (cut["verification"], cut["verifier_signature_id"], cut["verifier_tool_revision"]) == (
        "pending",
        None,
        "pending",
    )
    assert [row["status"] for row in _seen(ledger, "manifest_envelope")] == ["accepted"]
    ledger.verify(entry_id)
    (cut,), (result,) = _seen(ledger, "cut_change_set"), _seen(ledger, "verify_result")
    assert (cut["verification"], cut["verify_result_id"]) == ("pass", result["verify_result_id"])
    assert cut["verifier_signature_id"] == result["verifier_signature_id"]
    assert cut["verifier_tool_revision"] == result["verifier_tool_revision"]
    (envelope,) = _seen(ledger, "manifest_envelope")
    assert (envelope["written_status"], envelope["status"]) == ("accepted", "enacted")
    assert envelope["cut_change_set_ref"] == cut["change_set_id"]
    written = ledger.admin("SELECT status, cut_change_set_ref FROM cutter_governance.manifest_envelope")
    assert written == [("accepted", None)]
    signatures = _seen(ledger, "dot_pair_signature")
    assert [row["validation_state"] for row in signatures] == ["valid", "valid"]


def _signature(**fields: object) -> dict[str, object]:
    row: dict[str, object] = {
        "signature_id": uuid.uuid4(),
        "signature_kind": "executor",
        "signer_dot_id": "DOT-991",
        "signer_identity": "cutter_exec",
        "signer_tool_revision": "1",
        "payload_hash": SHA,
        "payload_envelope": {},
        "signature_payload": b"\0" * 64,
        "validation_state": "valid",
        "cross_reference_change_set_id": uuid.uuid4(),
        "signed_at": WHEN,
    }
    return row | fields


def test_a_signature_is_revoked_or_replaced_by_a_newer_row(deployed: Deployed) -> None:
    plain, replaced, revoked = _signature(), _signature(), _signature()
    newer = _signature(prior_signature_id=replaced["signature_id"])
    revocation = _signature(
        prior_signature_id=revoked["signature_id"],
        validation_state="revoked",
        revoked_by="human:operator",
        revocation_reason="key lost",
    )
    with deployed.admin() as connection:
        for row in (plain, replaced, revoked, newer, revocation):
            without_guards(connection, f"{LEDGER}.dot_pair_signature", row)
        found = rows(connection, f"SELECT signature_id, written_state, validation_state FROM {OBSERVE}.signature_state")
    states = {row["signature_id"]: (row["written_state"], row["validation_state"]) for row in found}
    assert states[plain["signature_id"]] == ("valid", "valid")
    assert states[replaced["signature_id"]] == ("valid", "superseded")
    assert states[revoked["signature_id"]] == ("valid", "revoked")
    assert states[newer["signature_id"]] == ("valid", "valid")
    assert states[revocation["signature_id"]] == ("revoked", "revoked")


def _envelope(entry_id: uuid.UUID) -> dict[str, object]:
    return {
        "envelope_id": uuid.uuid4(),
        "operation_kind": "first_cut",
        "status": "accepted",
        "source_doc_ref": entry_id,
        "manifest_digest": SHA,
        "created_by": "agent:marker",
        "created_at": WHEN,
        "reviewer": "human:reviewer",
        "reviewed_at": WHEN,
        "rationale": "looked at it",
    }


def _verified_cut(envelope_id: object, cut_seq: int, verdict: str) -> tuple[dict[str, object], dict[str, object]]:
    change_set_id, decision_id, signature_id = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    shared: dict[str, object] = {
        "change_set_id": change_set_id,
        "manifest_id": envelope_id,
        "manifest_version": 1,
        "review_decision_id": decision_id,
        "executor_signature_id": signature_id,
        "executor_tool_revision": "1",
    }
    cut = shared | {
        "rollback_key": f"r{cut_seq}",
        "idempotency_key": f"i{cut_seq}",
        "verifier_tool_revision": "pending",
        "state": "committed",
        "affected_unit_count": 1,
        "emitted_by": "cutter_exec",
        "emitted_at": WHEN,
        "payload_summary": {},
        "document_ref": "doc",
        "cut_seq": cut_seq,
        "manifest_digest": SHA,
        "snapshot_sha256": SHA,
    }
    result = shared | {
        "verify_result_id": uuid.uuid4(),
        "verifier_signature_id": uuid.uuid4(),
        "verifier_tool_revision": "1",
        "tool_revision_match": True,
        "verify_kind": "axis_1_round_trip",
        "axis_1_status": verdict,
        "axis_2_status": "not_applicable",
        "verdict": verdict,
        "state": "final",
        "canonicalization_rule_used": "canon-md-v0.1.0",
        "findings": [],
        "rebuilt_sha256": SHA,
        "escalation_ref": uuid.uuid4() if verdict == "fail" else None,
        "verified_by": "cutter_verify",
        "verified_at": WHEN,
    }
    return cut, result


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (("pass", "pass"), ("superseded", "enacted")),
        (("pass", "fail"), ("enacted", "accepted")),
        (("fail", "pass"), ("accepted", "enacted")),
    ],
)
def test_an_envelope_is_superseded_by_a_later_proven_cut_only(
    deployed: Deployed, verdicts: tuple[str, str], expected: tuple[str, str]
) -> None:
    with deployed.admin() as connection:
        envelopes = []
        for cut_seq, verdict in enumerate(verdicts, start=1):
            entry_id = uuid.uuid4()
            status = "verified_complete" if verdict == "pass" else "verify_failed_escalated"
            entry = {"entry_id": entry_id, "kind": "cut", "status": status, "payload": {}, "emitted_at": WHEN}
            envelope = _envelope(entry_id)
            cut, result = _verified_cut(envelope["envelope_id"], cut_seq, verdict)
            without_guards(connection, f"{LEDGER}.decision_backlog_entry", entry)
            without_guards(connection, f"{LEDGER}.manifest_envelope", envelope)
            without_guards(connection, f"{LEDGER}.cut_change_set", cut)
            without_guards(connection, f"{LEDGER}.verify_result", result)
            envelopes.append(envelope["envelope_id"])
        query = f"SELECT envelope_id, status, superseded_by_envelope_id AS successor FROM {OBSERVE}.envelope_state"
        found = {row["envelope_id"]: row for row in rows(connection, query)}
    assert tuple(found[each]["status"] for each in envelopes) == expected
    assert found[envelopes[0]]["successor"] == (envelopes[1] if expected[0] == "superseded" else None)


def test_an_abandoned_envelope_is_withdrawn(deployed: Deployed) -> None:
    entry_id = uuid.uuid4()
    entry = {"entry_id": entry_id, "kind": "cut", "status": "abandoned", "payload": {}, "emitted_at": WHEN}
    with deployed.admin() as connection:
        without_guards(connection, f"{LEDGER}.decision_backlog_entry", entry)
        without_guards(connection, f"{LEDGER}.manifest_envelope", _envelope(entry_id))
        found = rows(connection, f"SELECT written_status, status FROM {OBSERVE}.envelope_state")
    assert found == [{"written_status": "accepted", "status": "withdrawn"}]
