"""The embedded server migrates by itself at a new release's first command: a marked production must be asked, too."""

from __future__ import annotations

import json

import psycopg

from cutter_agent.home.server import DATABASE
from pg_embedded import resident
from sealing.keys import SigningKey


def test_a_marked_embedded_database_with_a_pending_migration_is_refused(embedded, tmp_path) -> None:
    assert embedded("db", "init").code == 0
    key = tmp_path / "signer.pem"
    key.write_bytes(SigningKey.generate().public.pem())
    assert embedded("db", "mark", "production", "--key", str(key), "--because", "people rely on it").code == 0
    with resident.attach(embedded.home / "server") as server, psycopg.connect(**server.admin_of(DATABASE)) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "DELETE FROM cutter_admin.schema_migration"
            " WHERE version = (SELECT max(version) FROM cutter_admin.schema_migration)"
        )
    (embedded.home / "ready.json").unlink()
    for words in (("db", "init"), ("status",)):
        refused = embedded(*words, "--json")
        assert refused.code == 8, refused.out
        assert json.loads(refused.out)["error"]["code"] == "ATTESTATION_REQUIRED"
