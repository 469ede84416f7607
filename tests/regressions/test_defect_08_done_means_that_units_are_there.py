"""'Done' was recorded with zero units created, and failed requests had no legal way out."""

from __future__ import annotations

import psycopg
import pytest
from tests.pipeline_room import Ledger, law

from cutter_agent.errors import CutterError
from cutter_agent.model import EntryStatus
from cutter_agent.state_machine import ALLOWED_TRANSITIONS, TERMINAL


@pytest.mark.parametrize("table", ["iu.information_unit", "iu.unit_version"])
def test_a_cut_whose_rows_vanish_is_rolled_back(ledger: Ledger, table: str) -> None:
    entry_id = ledger.approved(law(3))
    ledger.admin("CREATE FUNCTION public.vanish() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$")
    ledger.admin(f"CREATE TRIGGER vanish BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION public.vanish()")
    before = ledger.everything()
    with pytest.raises(CutterError):
        ledger.cut(entry_id)
    assert ledger.everything() == before
    assert ledger.status(entry_id) == EntryStatus.REVIEWED_APPROVED
    ledger.admin(f"DROP TRIGGER vanish ON {table}")
    assert ledger.cut(entry_id).applied


def test_the_server_refuses_a_change_set_that_counts_what_is_not_there(ledger: Ledger) -> None:
    ledger.applied(law(3))
    with pytest.raises(psycopg.errors.CheckViolation):
        ledger.admin(
            "INSERT INTO cutter_governance.cut_change_set (change_set_id, rollback_key, idempotency_key, manifest_id,"
            " manifest_version, review_decision_id, executor_signature_id, executor_tool_revision,"
            " verifier_tool_revision, state, affected_unit_count, emitted_by, emitted_at, payload_summary,"
            " document_ref, cut_seq, manifest_digest, snapshot_sha256)"
            " SELECT s.name, s.name::text, s.name::text, manifest_id, manifest_version, review_decision_id,"
            " s.name, executor_tool_revision, verifier_tool_revision, state, 0, emitted_by, emitted_at,"
            " payload_summary, document_ref, 1, manifest_digest, snapshot_sha256"
            " FROM cutter_governance.cut_change_set, (SELECT gen_random_uuid() AS name) AS s"
        )


def test_every_state_that_is_not_final_has_a_way_to_a_final_one() -> None:
    for state in EntryStatus:
        reached, waiting = {state}, [state]
        while waiting:
            for after in ALLOWED_TRANSITIONS[waiting.pop()] - reached:
                reached.add(after)
                waiting.append(after)
        assert reached & TERMINAL, state
