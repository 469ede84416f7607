"""The rows that the stand-in production is made of: they fit today's schema and say nothing but the truth."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from cutter_agent.db_adapter import setup
from cutter_dryrun.matrix import LEDGER_TABLES, Phase, ledger_rows_after
from cutter_dryrun.production import administrator, make_stand_in
from cutter_dryrun.standing import DOCUMENTS
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster
from sealing.dsse import open_sealed
from sealing.errors import SignatureInvalid
from sealing.intoto import PAYLOAD_TYPE
from sealing.keys import PublicKey, SigningKey


@pytest.fixture(scope="module")
def production() -> Iterator[tuple[psycopg.Connection[dict[str, object]], dict[str, object]]]:
    with ThrowawayCluster.create(name="standing-test") as cluster:
        setup.ensure_database(administrator(Login(**cluster.admin)), "standing")
        admin = Login(**cluster.admin_of("standing"))
        facts = make_stand_in(admin)
        with psycopg.connect(**admin.keywords(), autocommit=True, row_factory=dict_row) as connection:
            yield connection, dict(facts)


def test_every_document_is_verified_and_rebuilds_to_its_text(production) -> None:
    connection, facts = production
    assert facts["documents"] == len(DOCUMENTS)
    statuses = connection.execute("SELECT status FROM cutter_governance.decision_backlog_entry").fetchall()
    assert [row["status"] for row in statuses] == ["verified_complete"] * len(DOCUMENTS)
    for reference, code, _, text in DOCUMENTS:
        bodies = connection.execute(
            "SELECT body FROM iu.unit_version WHERE document_ref = %s ORDER BY render_order", [reference]
        ).fetchall()
        assert "".join(row["body"] for row in bodies) == text, "remake it: python -m cutter_dryrun.standing"
        assert facts["units"][code] == len(bodies)
        stored = connection.execute(
            "SELECT sha256 FROM iu.source_snapshot WHERE sha256 = %s", [hashlib.sha256(text.encode()).hexdigest()]
        ).fetchone()
        assert stored is not None


def test_the_ledger_has_exactly_the_rows_of_its_documents(production) -> None:
    connection, facts = production
    counted = sum(
        connection.execute(f"SELECT count(*) AS rows FROM {table}").fetchone()["rows"] for table in LEDGER_TABLES
    )
    assert counted == sum(ledger_rows_after(Phase.VERIFY, units) for units in facts["units"].values())


def test_every_signature_opens_with_the_published_key_and_no_other(production) -> None:
    connection, facts = production
    keys = {name: PublicKey.from_raw(bytes.fromhex(raw)) for name, raw in facts["public_keys"].items()}
    rows = connection.execute(
        "SELECT signer_identity, payload_envelope FROM cutter_governance.dot_pair_signature"
    ).fetchall()
    assert len(rows) == 2 * len(DOCUMENTS)
    for row in rows:
        payload = open_sealed(row["payload_envelope"], payload_type=PAYLOAD_TYPE, keys=[keys[row["signer_identity"]]])
        assert json.loads(payload)["predicate"]["signer_identity"] == row["signer_identity"]
        with pytest.raises(SignatureInvalid):
            open_sealed(row["payload_envelope"], payload_type=PAYLOAD_TYPE, keys=[SigningKey.generate().public])
