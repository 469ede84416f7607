"""VERIFY on a real server: finds what was changed behind everybody's back, escalates, and there is a way on."""

from __future__ import annotations

import pytest
from tests.pipeline_room import MARKER, Ledger, law

from cutter_agent.errors import AwaitingReview, GovernanceRefused, IllegalTransition, ReviewerNotIndependent
from cutter_agent.model import EntryStatus, Verdict
from cutter_agent.phases import verify
from cutter_agent.phases.resolve import Way
from sealing.keys import SigningKey

VERSION, UNIT = "iu.unit_version", "iu.information_unit"
AFFECTED, LEDGER = "cutter_governance.cut_change_set_affected_row", "cutter_governance"
FREE_BODY = f"ALTER TABLE {VERSION} DROP CONSTRAINT version_hash_is_true"

CORRUPTIONS = {
    "a body with its hash": (
        FREE_BODY,
        (
            f"UPDATE {VERSION} SET body = body || 'x',"
            " content_hash = encode(sha256(convert_to(body || 'x', 'UTF8')), 'hex') WHERE render_order = 2"
        ),
    ),
    "a body alone": (FREE_BODY, f"UPDATE {VERSION} SET body = upper(body) WHERE render_order = 2"),
    "a hash alone": (FREE_BODY, f"UPDATE {VERSION} SET content_hash = repeat('a', 64) WHERE render_order = 2"),
    "two bodies swapped": (
        FREE_BODY,
        (
            f"UPDATE {VERSION} v SET (body, content_hash) = (SELECT o.body, o.content_hash FROM {VERSION} o"
            " WHERE o.render_order = 5 - v.render_order) WHERE v.render_order IN (2, 3)"
        ),
    ),
    "a unit dropped": (f"DELETE FROM {VERSION} WHERE render_order = 2",),
    "a unit and its version dropped": (
        f"DELETE FROM {UNIT} WHERE canonical_address = 'L1-DIEU2'",
        f"DELETE FROM {VERSION} WHERE render_order = 3",
    ),
    "a unit added": (
        (
            f"INSERT INTO {UNIT} (unit_id, document_ref, canonical_address, unit_kind, section_type)"
            " VALUES (gen_random_uuid(), 'law/L1', 'L1-DIEU99', 'article', 'dieu')"
        ),
    ),
    "two units reordered": (f"UPDATE {VERSION} SET render_order = 5 - render_order WHERE render_order IN (2, 3)",),
    "an address": (f"UPDATE {UNIT} SET canonical_address = 'L1-DIEU77' WHERE canonical_address = 'L1-DIEU2'",),
    "a parent": (
        (
            f"UPDATE {UNIT} SET parent_unit_id = (SELECT unit_id FROM {UNIT} WHERE canonical_address = 'L1-DIEU2')"
            " WHERE canonical_address = 'L1-DIEU1-K1'"
        ),
    ),
    "a kind": (f"UPDATE {UNIT} SET unit_kind = 'point' WHERE canonical_address = 'L1-DIEU2'",),
    "a number": (f"UPDATE {UNIT} SET unit_number = '7' WHERE canonical_address = 'L1-DIEU2'",),
    "an affected row's state": (f"UPDATE {AFFECTED} SET after_state_snapshot = '{{}}'",),
    "an affected row's number": (f"UPDATE {AFFECTED} SET after_state_snapshot = '{{\"version_seq\": 1.5}}'",),
    "the manifest's header": (
        "ALTER TABLE iu.manifest DROP CONSTRAINT manifest_digest_is_true",
        'UPDATE iu.manifest SET canonical_json = \'{"header": [], "units": []}\'',
    ),
    "an affected row dropped": (f"DELETE FROM {AFFECTED} WHERE ctid = (SELECT min(ctid) FROM {AFFECTED})",),
    "the signature's envelope": (
        (
            f"UPDATE {LEDGER}.dot_pair_signature SET payload_envelope ="
            " jsonb_set(payload_envelope, '{payload}', to_jsonb(encode('{}'::bytea, 'base64')))"
        ),
    ),
    "the signer": (f"UPDATE {LEDGER}.dot_pair_signature SET signer_identity = 'somebody'",),
    "the change set's count": (f"UPDATE {LEDGER}.cut_change_set SET affected_unit_count = affected_unit_count + 1",),
    "the decision's verdict": (f"UPDATE {LEDGER}.review_decision SET verdict = 'FAIL', status = 'rejected'",),
    "a block": (f"UPDATE {LEDGER}.manifest_unit_block SET content_hash = repeat('b', 64) WHERE unit_local_id = 1",),
    "the document's code": ("UPDATE iu.document SET document_code = 'L9'",),
    "a history row": (
        (
            f'UPDATE {LEDGER}.decision_backlog_history SET change_diff = \'{{"status": ["marked", "abandoned"]}}\''
            " WHERE change_kind = 'sweep_promote'"
        ),
    ),
    "the manifest": (
        "ALTER TABLE iu.manifest DROP CONSTRAINT manifest_digest_is_true",
        (
            "UPDATE iu.manifest SET canonical_json = convert_to(replace(convert_from(canonical_json, 'UTF8'),"
            " 'L1-DIEU2', 'L1-DIEU8'), 'UTF8')"
        ),
    ),
    "the snapshot": (
        "ALTER TABLE iu.source_snapshot DROP CONSTRAINT source_snapshot_digest_is_true",
        "UPDATE iu.source_snapshot SET bytes = overlay(bytes placing '\\x58'::bytea from 3)",
    ),
}


@pytest.mark.parametrize("what", sorted(CORRUPTIONS))
def test_a_corruption_is_found_and_escalated(ledger: Ledger, what: str) -> None:
    entry_id = ledger.applied(law(3, clauses=1))
    before = ledger.counts()
    ledger.tamper(*CORRUPTIONS[what])
    outcome = ledger.verify(entry_id)

    assert not outcome.passed
    assert outcome.result.findings
    assert ledger.status(entry_id) == EntryStatus.VERIFY_FAILED_ESCALATED
    after = ledger.counts()
    assert after["decision_backlog_entry"] == before["decision_backlog_entry"] + 1
    assert after["decision_backlog_history"] == before["decision_backlog_history"] + 2
    assert after["verify_result"] == 1
    assert after["dot_pair_signature"] == 2
    assert set(ledger.admin(f"SELECT lifecycle_status FROM {UNIT} UNION SELECT lifecycle_status FROM {VERSION}")) == {
        ("draft",)
    }
    escalation = ledger.admin(
        "SELECT kind, status, payload ->> 'failed_entry_id' FROM cutter_governance.decision_backlog_entry"
        " WHERE entry_id = %s",
        outcome.result.escalation_ref,
    )
    assert escalation == [("escalation", "marked", entry_id)]


def test_another_executors_key_is_a_defect(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(2))
    outcome = verify.verify(
        ledger.verifier,
        entry_id=entry_id,
        signer=ledger.verify_signer,
        executor_key=SigningKey.generate().public,
        clock=ledger.clock,
    )
    assert [finding["code"] for finding in outcome.result.findings] == ["signature"]


def test_verify_needs_a_cut(ledger: Ledger) -> None:
    entry_id = ledger.approved(law(1))
    before = ledger.everything()
    with pytest.raises(IllegalTransition):
        ledger.verify(entry_id)
    assert ledger.everything() == before


def broken_body(ledger: Ledger, address: str) -> None:
    ledger.tamper(
        f"UPDATE {VERSION} v SET body = 'gone', content_hash = encode(sha256('gone'), 'hex') FROM {UNIT} u"
        f" WHERE u.unit_id = v.unit_id AND u.canonical_address = '{address}'"
    )


def test_retry_repairs_only_what_differs_and_is_proven(ledger: Ledger) -> None:
    data = law(5, clauses=2)
    entry_id = ledger.applied(data)
    broken_body(ledger, "L1-DIEU2")
    failed = ledger.verify(entry_id)
    assert {finding["code"] for finding in failed.result.findings} >= {"rebuilt_digest", "body", "content_hash"}
    units = ledger.everything()["information_unit"]

    with pytest.raises(GovernanceRefused, match="not swept"):
        ledger.resolve(entry_id, Way.RETRY)
    ledger.sweep()
    with pytest.raises(ReviewerNotIndependent):
        ledger.resolve(entry_id, Way.RETRY, reviewer=MARKER)
    resolved = ledger.resolve(entry_id, Way.RETRY)
    assert resolved.status is EntryStatus.REVIEW_PENDING
    assert resolved.closed == (failed.result.escalation_ref,)
    assert ledger.status(resolved.closed[0]) == EntryStatus.ABANDONED

    with pytest.raises(AwaitingReview, match="failed before"):
        ledger.by_policy(entry_id)
    ledger.judge(entry_id)
    again = ledger.cut(entry_id)
    assert (again.applied, again.change_set.cut_seq, again.change_set.affected_unit_count) == (True, 2, 1)
    assert again.change_set.payload_summary == {"attempt": 2, "units": units, "inserted": 0, "revised": 1}
    assert ledger.everything()["unit_version"] == units + 1
    assert ledger.everything()["information_unit"] == units

    assert ledger.verify(entry_id).passed
    assert ledger.status(entry_id) == EntryStatus.VERIFIED_COMPLETE
    lives = ledger.admin(
        f"SELECT version_seq, lifecycle_status, count(*)::int FROM {VERSION} GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert lives == [(1, "draft", 1), (1, "enacted", units - 1), (2, "enacted", 1)]
    assert ledger.admin(f"SELECT DISTINCT lifecycle_status FROM {UNIT}") == [("enacted",)]
    before = ledger.everything()
    assert ledger.cut(entry_id).applied is False
    assert ledger.mark(data).created is False
    assert ledger.everything() == before


def test_retry_of_a_cut_that_was_sound_writes_no_version(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(3))
    ledger.tamper("UPDATE iu.document SET title = title, profile_id = 'other'")
    assert not ledger.verify(entry_id).passed
    ledger.tamper("UPDATE iu.document SET profile_id = 'vn-law'")
    ledger.sweep()
    ledger.resolve(entry_id, Way.RETRY)
    ledger.judge(entry_id)
    assert ledger.cut(entry_id).change_set.affected_unit_count == 0
    assert ledger.verify(entry_id).passed


def test_a_repair_that_no_row_can_make_is_refused_and_can_be_abandoned(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(3))
    ledger.tamper(f"UPDATE {UNIT} SET unit_kind = 'point' WHERE canonical_address = 'L1-DIEU2'")
    ledger.verify(entry_id)
    ledger.sweep()
    ledger.resolve(entry_id, Way.RETRY)
    ledger.judge(entry_id)
    before = ledger.everything()
    with pytest.raises(GovernanceRefused, match="its kind is point") as refused:
        ledger.cut(entry_id)
    assert "abandon" in refused.value.remedy
    assert ledger.everything() == before
    assert ledger.resolve(entry_id, Way.ABANDON).status is EntryStatus.ABANDONED


def test_a_failed_verification_can_be_abandoned(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(2))
    broken_body(ledger, "L1-DIEU1")
    failed = ledger.verify(entry_id)
    assert ledger.verify(entry_id).created is False
    ledger.sweep()
    resolved = ledger.resolve(entry_id, Way.ABANDON)
    assert (resolved.status, resolved.closed) == (EntryStatus.ABANDONED, (failed.result.escalation_ref,))
    assert set(ledger.admin("SELECT status FROM cutter_governance.decision_backlog_entry")) == {("abandoned",)}


def test_a_second_failure_escalates_again(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(2))
    broken_body(ledger, "L1-DIEU1")
    first = ledger.verify(entry_id)
    ledger.sweep()
    ledger.resolve(entry_id, Way.RETRY)
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    broken_body(ledger, "L1-DIEU2")
    second = ledger.verify(entry_id)
    assert not second.passed
    assert second.result.escalation_ref not in {None, first.result.escalation_ref}
    ledger.sweep()
    ledger.resolve(entry_id, Way.RETRY)
    ledger.judge(entry_id)
    assert ledger.cut(entry_id).change_set.cut_seq == 3
    assert ledger.verify(entry_id).passed


def test_an_escalation_is_not_reviewed_like_a_document(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(1))
    broken_body(ledger, "L1-DIEU1")
    escalation = ledger.verify(entry_id).result.escalation_ref
    assert escalation is not None
    ledger.sweep()
    for verdict in Verdict:
        with pytest.raises(GovernanceRefused, match="escalation"):
            ledger.judge(escalation, verdict)
