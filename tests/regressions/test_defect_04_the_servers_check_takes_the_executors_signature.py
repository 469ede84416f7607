"""A CHECK on the server (exactly one of two references) refused the executor's signature: nobody had read it."""

from __future__ import annotations

import psycopg
import pytest
from tests.pipeline_room import Ledger, law


def test_each_lane_writes_exactly_one_reference_and_the_server_takes_it(ledger: Ledger) -> None:
    assert ledger.verify(ledger.applied(law(1))).passed
    rows = ledger.admin(
        "SELECT signer_dot_id, cross_reference_change_set_id IS NOT NULL, cross_reference_verify_result_id IS NOT NULL"
        " FROM cutter_governance.dot_pair_signature ORDER BY 1"
    )
    assert rows == [("DOT-991", True, False), ("DOT-992", False, True)]


@pytest.mark.parametrize("references", ["NULL, NULL", "c, v", "NULL, v"], ids=["none", "both", "the-other-lanes"])
def test_any_other_number_of_references_is_refused_by_the_server(ledger: Ledger, references: str) -> None:
    ledger.verify(ledger.applied(law(1)))
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        ledger.admin(
            "INSERT INTO cutter_governance.dot_pair_signature (signature_id, signature_kind, signer_dot_id,"
            " signer_identity, signer_tool_revision, payload_hash, payload_envelope, signature_payload,"
            " validation_state, cross_reference_change_set_id, cross_reference_verify_result_id, signed_at)"
            " SELECT gen_random_uuid(), s.signature_kind, s.signer_dot_id, s.signer_identity, s.signer_tool_revision,"
            f" s.payload_hash, s.payload_envelope, s.signature_payload, 'valid', {references}, now()"
            " FROM cutter_governance.dot_pair_signature AS s,"
            " (SELECT change_set_id AS c, verify_result_id AS v FROM cutter_governance.verify_result) AS r"
            " WHERE s.signature_kind = 'executor'"
        )
    assert refused.value.diag.constraint_name in {"signature_exactly_one_reference", "signature_lane_signs_its_own"}
