"""Pieces were patched by hand after approval; the stored digest no longer matched and the CUT went through."""

from __future__ import annotations

import pytest
from tests.pipeline_room import Ledger, law

from cutter_agent.errors import ManifestInvalid, StaleApproval

MANIFEST = "ALTER TABLE iu.manifest DROP CONSTRAINT manifest_digest_is_true"


@pytest.mark.parametrize(
    "patch",
    [
        (
            "UPDATE iu.manifest SET canonical_json = convert_to(replace(convert_from(canonical_json, 'UTF8'),"
            ' \'"title":"Law L1"\', \'"title":"Law L2"\'), \'UTF8\')'
        ),
        "UPDATE iu.manifest SET canonical_json = canonical_json || '\\x20'::bytea",
        (
            "UPDATE iu.manifest SET canonical_json = convert_to(replace(convert_from(canonical_json, 'UTF8'),"
            " 'L1-DIEU1', 'L1-DIEU5'), 'UTF8'), digest = digest"
        ),
    ],
    ids=["a-title", "one-space", "an-address"],
)
def test_a_patched_manifest_is_not_cut(ledger: Ledger, patch: str) -> None:
    entry_id = ledger.approved(law(2))
    ledger.tamper(MANIFEST, patch)
    before = ledger.everything()
    with pytest.raises((StaleApproval, ManifestInvalid)):
        ledger.cut(entry_id)
    assert ledger.everything() == before


def test_a_patched_manifest_with_a_patched_digest_is_not_what_was_approved(ledger: Ledger) -> None:
    entry_id = ledger.approved(law(2))
    ledger.tamper(
        "UPDATE iu.manifest SET canonical_json = convert_to(replace(convert_from(canonical_json, 'UTF8'),"
        ' \'"title":"Law L1"\', \'"title":"Law L2"\'), \'UTF8\')'
        ", digest = encode(sha256(convert_to(replace(convert_from(canonical_json, 'UTF8'),"
        " '\"title\":\"Law L1\"', '\"title\":\"Law L2\"'), 'UTF8')), 'hex')",
        "UPDATE cutter_governance.decision_backlog_entry SET payload = jsonb_set(payload, '{manifest_digest}',"
        " to_jsonb((SELECT digest::text FROM iu.manifest)))",
    )
    before = ledger.everything()
    with pytest.raises(StaleApproval):
        ledger.cut(entry_id)
    assert ledger.everything() == before
