"""An alias row that no cut ordered was found by nobody: `show` led a reader from a forged name to a unit, and VERIFY
and the audit only asked whether the ordered ones were there."""

from __future__ import annotations

import pytest
from tests.integration.test_phase_recut import FIRST, RENUMBERED, REVISED, audited, proven
from tests.pipeline_room import Ledger

from cutter_agent.phases.resolve import Way

_ALIAS = "cutter_governance.canonical_address_alias"
_ADD = f"INSERT INTO {_ALIAS} SELECT gen_random_uuid(),"
_UNIT = "FROM iu.information_unit WHERE canonical_address = 'L1-DIEU1'"
FORGED = {
    "of-its-own": f"{_ADD} unit_id, 'L1-DIEU99', 'rename', now(), NULL, 'DOT-991', 'renumbered by cut 2', NULL {_UNIT}",
    "at-the-moment-of-a-cut": f"{_ADD} unit_id, 'L1-DIEU99', 'rename', (SELECT emitted_at FROM"
    f" cutter_governance.cut_change_set WHERE cut_seq = 2), NULL, 'DOT-991', 'renumbered by cut 2', NULL {_UNIT}",
    "doubled": f"{_ADD} target_unit_id, alias_text, alias_kind, valid_from, NULL, created_by, rationale, NULL"
    f" FROM {_ALIAS} LIMIT 1",
    "another-word-for-why": f"UPDATE {_ALIAS} SET rationale = 'by decree'",
    "ended": f"UPDATE {_ALIAS} SET valid_until = valid_from + interval '1 day'",
    "older": f"UPDATE {_ALIAS} SET valid_from = valid_from - interval '1 year'",
}


@pytest.mark.parametrize("name", FORGED)
def test_verify_and_audit_find_it(ledger: Ledger, name: str) -> None:
    proven(ledger, FIRST)
    proven(ledger, RENUMBERED)
    entry_id = ledger.applied(RENUMBERED.replace("Quy định".encode(), "Quy ước".encode(), 1))
    assert audited(ledger) == []
    ledger.tamper(FORGED[name])
    found = set(audited(ledger))
    outcome = ledger.verify(entry_id)
    assert not outcome.passed
    assert found & {"alias_forged", "alias", "alias_missing"} == found
    assert {str(finding["code"]) for finding in outcome.result.findings} <= found


def test_a_forged_name_of_a_document_that_was_cut_once(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    ledger.tamper(FORGED["of-its-own"])
    assert audited(ledger) == ["alias_forged"]


def test_names_of_a_cut_that_was_given_up_are_no_forgery(ledger: Ledger) -> None:
    proven(ledger, FIRST)
    entry_id = ledger.applied(RENUMBERED)
    ledger.tamper("UPDATE iu.unit_version SET render_order = 99 WHERE cut_seq = 2 AND body LIKE 'Điều 5%'")
    assert not ledger.verify(entry_id).passed
    ledger.sweep()
    ledger.resolve(entry_id, Way.ABANDON)
    proven(ledger, REVISED)
    assert audited(ledger) == []
