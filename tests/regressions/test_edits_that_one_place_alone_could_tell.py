"""Edits between CUT and VERIFY that VERIFY once let pass: what only one place said, and what was read too kindly."""

from __future__ import annotations

import pytest
from tests.pipeline_room import Ledger, law

from cutter_agent.errors import VerificationFailed
from cutter_agent.phases.resolve import Way

LEDGER = "cutter_governance"
NO_CHECKS = f"ALTER TABLE {LEDGER}.review_decision DROP CONSTRAINT decision_verdict_word"

EDITS = {
    "who reviewed": (f"UPDATE {LEDGER}.review_decision SET reviewer_identity = 'human:nobody'", "signed_decisions"),
    "why": (
        f"UPDATE {LEDGER}.decision_backlog_history SET rationale = 'because' WHERE change_kind = 'mark'",
        "signed_history",
    ),
    "when": (f"UPDATE {LEDGER}.cut_change_set SET emitted_at = emitted_at - interval '1 day'", "signed_change_set"),
    "the title in the entry": (
        f"UPDATE {LEDGER}.decision_backlog_entry SET payload = jsonb_set(payload, '{{title}}', '\"x\"')",
        "signed_entry",
    ),
    "where the bytes came from": ("UPDATE iu.source_snapshot SET origin = 'elsewhere'", "signed_snapshot"),
    "half a place further": (
        f"UPDATE {LEDGER}.manifest_unit_block SET render_order = render_order + 0.5 WHERE unit_local_id = 1",
        "block",
    ),
    "a block's parent": (
        f"UPDATE {LEDGER}.manifest_unit_block SET candidate_edges = '[]' WHERE unit_local_id = 2",
        "block",
    ),
    "the table of an affected row": (
        f"UPDATE {LEDGER}.cut_change_set_affected_row SET target_table = 'iu.unit_version'",
        "signed_affected",
    ),
    "a unit that is enacted already": ("UPDATE iu.information_unit SET lifecycle_status = 'enacted'", "unit_life"),
    "a signature that was revoked": (
        (
            f"UPDATE {LEDGER}.dot_pair_signature SET validation_state = 'revoked', revoked_by = 'x',"
            " revocation_reason = 'y'"
        ),
        "signature_state",
    ),
    "a member more in the envelope": (
        f"UPDATE {LEDGER}.dot_pair_signature SET payload_envelope = payload_envelope || '{{\"x\": 1}}'",
        "signature",
    ),
    "another spelling of the same base64": (
        (
            f"UPDATE {LEDGER}.dot_pair_signature SET payload_envelope = jsonb_set(payload_envelope,"
            " '{signatures,0,sig}', to_jsonb(left(payload_envelope #>> '{signatures,0,sig}', 85)"
            " || translate(right(payload_envelope #>> '{signatures,0,sig}', 3), 'AQgw', 'BRhx')))"
        ),
        "signature",
    ),
    "a version of a cut to come": (
        (
            "INSERT INTO iu.unit_version SELECT unit_id, 2, content_hash, body, render_order, 9, change_set_id,"
            " document_ref, lifecycle_status FROM iu.unit_version WHERE render_order = 1"
        ),
        "version_stray",
    ),
}


@pytest.mark.parametrize("what", sorted(EDITS))
def test_it_is_found(ledger: Ledger, what: str) -> None:
    entry_id = ledger.applied(law(3, clauses=1))
    statement, word = EDITS[what]
    ledger.tamper(statement)
    outcome = ledger.verify(entry_id)
    assert not outcome.passed
    assert word in {finding["code"] for finding in outcome.result.findings}


def test_a_word_that_no_check_admits_is_a_finding_and_no_crash(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(2))
    ledger.tamper(
        NO_CHECKS,
        f"ALTER TABLE {LEDGER}.review_decision DROP CONSTRAINT decision_verdict_means_status",
        f"UPDATE {LEDGER}.review_decision SET verdict = 'MAYBE'",
    )
    codes = {finding["code"] for finding in ledger.verify(entry_id).result.findings}
    assert codes == {"decision", "signed_decisions"}


def test_a_missing_signature_is_said_and_nothing_is_written(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(2))
    ledger.tamper(f"DELETE FROM {LEDGER}.dot_pair_signature")
    before = ledger.everything()
    with pytest.raises(VerificationFailed, match="signature_missing"):
        ledger.verify(entry_id)
    assert ledger.everything() == before
    assert ledger.status(entry_id) == "cut_applied"


def test_a_unit_that_an_earlier_cut_wrote_is_proven_by_that_cut(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(3))
    ledger.tamper("UPDATE iu.document SET profile_id = 'other'")
    assert not ledger.verify(entry_id).passed
    ledger.tamper("UPDATE iu.document SET profile_id = 'vn-law'")
    ledger.sweep()
    ledger.resolve(entry_id, Way.RETRY)
    ledger.judge(entry_id)
    assert ledger.cut(entry_id).change_set.affected_unit_count == 0
    ledger.tamper("UPDATE iu.unit_version SET version_seq = 4 WHERE render_order = 2")
    outcome = ledger.verify(entry_id)
    assert {(f["code"], f["address"]) for f in outcome.result.findings} == {("affected_state", "L1-DIEU1")}
