"""CUT on a real server: recomputes everything, once, all or nothing (design 1.5)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from tests.pipeline_room import Ledger, law

from cutter_agent.errors import (
    CutterError,
    GovernanceRefused,
    IllegalTransition,
    Internal,
    LaneReferenceMismatch,
    ManifestInvalid,
    PhantomSuccess,
    StaleApproval,
)
from cutter_agent.model import EntryStatus, Verdict
from cutter_agent.phases import cut, verify


def test_the_stored_units_are_the_document(ledger: Ledger) -> None:
    data = law(6, clauses=3)
    ledger.applied(data)
    bodies = ledger.admin("SELECT body FROM iu.unit_version ORDER BY render_order")
    assert "".join(body for (body,) in bodies).encode() == data


@pytest.mark.parametrize("state", ["marked", "review_pending", "deferred"])
def test_cut_needs_an_approval(ledger: Ledger, state: str) -> None:
    entry_id = ledger.mark(law(1)).entry.entry_id
    if state != "marked":
        ledger.sweep()
    if state == "deferred":
        ledger.judge(entry_id, Verdict.NEEDS_HUMAN)
    before = ledger.everything()
    with pytest.raises(IllegalTransition):
        ledger.cut(entry_id)
    assert ledger.everything() == before


TAMPERED = {
    "snapshot bytes": (
        "ALTER TABLE iu.source_snapshot DROP CONSTRAINT source_snapshot_digest_is_true",
        "UPDATE iu.source_snapshot SET bytes = overlay(bytes placing '\\x58'::bytea from 3)",
    ),
    "manifest bytes": (
        "ALTER TABLE iu.manifest DROP CONSTRAINT manifest_digest_is_true",
        "UPDATE iu.manifest SET canonical_json = overlay(canonical_json placing '\\x58'::bytea from 30)",
    ),
    "a block's hash": (
        "UPDATE cutter_governance.manifest_unit_block SET content_hash = repeat('0', 64) WHERE unit_local_id = 1",
    ),
    "a block's address": (
        "UPDATE cutter_governance.manifest_unit_block SET proposed_canonical_address = 'L1-X' WHERE unit_local_id = 1",
    ),
    "a block missing": ("DELETE FROM cutter_governance.manifest_unit_block WHERE unit_local_id = 1",),
    "the decision's digest": ("UPDATE cutter_governance.review_decision SET manifest_digest = repeat('0', 64)",),
    "the entry's digest": (
        'UPDATE cutter_governance.decision_backlog_entry SET payload = payload || \'{"document_code": "L2"}\'',
    ),
}


@pytest.mark.parametrize("what", sorted(TAMPERED))
def test_bytes_changed_after_approval_are_not_cut(ledger: Ledger, what: str) -> None:
    entry_id = ledger.approved(law(3))
    ledger.tamper(*TAMPERED[what])
    before = ledger.everything()
    with pytest.raises((StaleApproval, ManifestInvalid)):
        ledger.cut(entry_id)
    assert ledger.everything() == before
    assert ledger.status(entry_id) == EntryStatus.REVIEWED_APPROVED


def test_a_superseded_approval_does_not_cut(ledger: Ledger) -> None:
    entry_id = ledger.approved(law(2))
    ledger.tamper(
        "INSERT INTO cutter_governance.review_decision SELECT gen_random_uuid(), manifest_id, manifest_unit_local_id,"
        " 'FAIL', 'rejected', review_decision_id, NULL, escalation_ref, cut_change_set_ref, findings,"
        " verdict_rationale, reviewer_identity, reviewer_kind, reviewer_independence_evidence, risk_class, decided_by,"
        " decided_at, entry_id, manifest_digest, snapshot_sha256 FROM cutter_governance.review_decision",
        "UPDATE cutter_governance.review_decision d SET superseded_by_review_decision_id = s.review_decision_id"
        " FROM cutter_governance.review_decision s WHERE s.prior_review_decision_id = d.review_decision_id",
    )
    with pytest.raises(StaleApproval, match="no standing approval"):
        ledger.cut(entry_id)


def test_a_blocked_entry_waits_for_its_blocker(ledger: Ledger) -> None:
    blocker = ledger.approved(law(1, code="A"), code="A")
    blocked = ledger.approved(law(2, code="B"), code="B")
    ledger.admin(
        "INSERT INTO cutter_governance.decision_backlog_dependency VALUES (%s, %s, %s, 'blocks', 'human:x', now())",
        uuid4(),
        blocker,
        blocked,
    )
    with pytest.raises(GovernanceRefused, match=f"blocked by {blocker}"):
        ledger.cut(blocked)
    ledger.cut(blocker)
    with pytest.raises(GovernanceRefused, match="cut_applied"):
        ledger.cut(blocked)
    assert ledger.verify(blocker).passed
    assert ledger.cut(blocked).applied


def test_the_other_lane_signs_nothing_here(ledger: Ledger) -> None:
    entry_id = ledger.approved(law(1))
    before, sent = ledger.everything(), ledger.exec_adapter.journal.total
    with pytest.raises(LaneReferenceMismatch):
        cut.cut(ledger.executor, entry_id=entry_id, signer=ledger.verify_signer, clock=ledger.clock)
    assert ledger.exec_adapter.journal.total == sent
    ledger.cut(entry_id)
    with pytest.raises(LaneReferenceMismatch):
        verify.verify(
            ledger.verifier,
            entry_id=entry_id,
            signer=ledger.exec_signer,
            executor_key=ledger.exec_key.public,
            clock=ledger.clock,
        )
    assert before["decision_backlog_history"] == 3


def test_a_row_that_the_server_swallows_is_no_success(ledger: Ledger) -> None:
    entry_id = ledger.approved(law(4))
    ledger.admin(
        "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.canonical_address = 'L1-DIEU3' THEN RETURN NULL; END IF; RETURN NEW; END $$"
    )
    ledger.admin(
        "CREATE TRIGGER swallow BEFORE INSERT ON iu.information_unit FOR EACH ROW EXECUTE FUNCTION public.swallow()"
    )
    before = ledger.everything()
    with pytest.raises(CutterError) as refused:
        ledger.cut(entry_id)
    assert refused.value.exit_code in {5, 7, 70}
    assert ledger.everything() == before
    assert ledger.status(entry_id) == EntryStatus.REVIEWED_APPROVED


def test_a_swallowed_version_is_a_phantom(ledger: Ledger) -> None:
    entry_id = ledger.approved(law(4))
    ledger.admin(
        "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.render_order = 3 THEN RETURN NULL; END IF; RETURN NEW; END $$"
    )
    ledger.admin(
        "CREATE TRIGGER swallow BEFORE INSERT ON iu.unit_version FOR EACH ROW EXECUTE FUNCTION public.swallow()"
    )
    before = ledger.everything()
    with pytest.raises((PhantomSuccess, Internal)):
        ledger.cut(entry_id)
    assert ledger.everything() == before


def test_two_cuts_at_once_write_once(ledger: Ledger) -> None:
    entry_id, start = ledger.approved(law(20, clauses=3)), threading.Barrier(2)
    lanes = [Ledger(login=ledger.login, stack=ledger.stack, exec_key=ledger.exec_key) for _ in range(2)]

    def one(lane: Ledger) -> bool:
        start.wait(timeout=30)
        return lane.cut(entry_id).applied

    with ThreadPoolExecutor(2) as pool:
        applied = list(pool.map(one, lanes))
    assert sorted(applied) == [False, True]
    assert ledger.counts()["cut_change_set"] == 1
    assert ledger.verify(entry_id).passed


def test_two_entries_of_one_reference_cut_one_and_refuse_the_other(ledger: Ledger) -> None:
    first = ledger.mark(law(2)).entry.entry_id
    second = ledger.mark(law(3)).entry.entry_id
    ledger.sweep()
    ledger.judge(first)
    ledger.judge(second)
    ledger.cut(first)
    before = ledger.everything()
    with pytest.raises(GovernanceRefused, match="recut"):
        ledger.cut(second)
    assert ledger.everything() == before


def test_a_code_that_was_taken_between_mark_and_cut_is_refused(ledger: Ledger) -> None:
    first = ledger.approved(law(2), code="A", ref="law/one")
    second = ledger.approved(law(3), code="B", ref="law/two")
    ledger.cut(second)
    ledger.tamper("UPDATE iu.document SET document_code = 'A'")
    before = ledger.everything()
    with pytest.raises(GovernanceRefused, match="taken meanwhile by law/two"):
        ledger.cut(first)
    assert ledger.everything() == before
