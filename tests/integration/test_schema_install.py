"""A fresh install and the migrations give the same schema; upgrades resume, and say clearly what does not fit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests import databases
from tests.schema_room import CONNECTION_LIMIT, NAMES, PASSWORDS, Deployed, rows

from cutter_agent.db_adapter import admin as administration
from cutter_agent.db_adapter import catalog as catalogs
from cutter_agent.db_adapter import generate, roles, schema, schema_text, setup
from cutter_agent.db_adapter.schema import Migration
from cutter_agent.errors import ConfigMismatch, Internal
from cutter_agent.model import Lane
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.server import AdminLogin


@pytest.fixture
def fresh(fresh_database: AdminLogin) -> Iterator[psycopg.Connection]:
    with psycopg.connect(**fresh_database, autocommit=True) as connection:
        yield connection


def test_install_and_migrations_give_the_same_schema(cluster: ThrowawayCluster, fresh_database: AdminLogin) -> None:
    pg_dump = cluster.programs.path("pg_dump")
    with databases.made(cluster, "schema_migrated") as migrated_database:
        with (
            psycopg.connect(**fresh_database, autocommit=True) as installed,
            psycopg.connect(**migrated_database, autocommit=True) as migrated,
        ):
            schema.install(installed, names=NAMES)
            applied = schema.migrate(migrated, names=NAMES)
            assert [migration.version for migration in applied] == list(range(1, len(schema.migrations()) + 1))
            assert catalogs.differences(schema.describe(installed), schema.describe(migrated)) == []
            assert schema.state(installed).applied == schema.state(migrated).applied
            assert schema.state(installed).is_current
        texts = [schema_text.render(schema_text.dump(pg_dump, login)) for login in (fresh_database, migrated_database)]
    assert texts[0] == texts[1]


def test_generated_files_are_current(cluster: ThrowawayCluster, fresh_database: AdminLogin) -> None:
    with psycopg.connect(**fresh_database, autocommit=True) as connection:
        schema.migrate(connection, names=NAMES)
        files = generate.artefacts(connection, cluster.programs.path("pg_dump"), fresh_database)
    assert len(files) == 6
    stale = [str(path.name) for path, text in files.items() if path.read_text("utf-8") != text]
    assert stale == [], "run `make schema`"


def test_the_expected_catalog_is_what_install_makes(fresh: psycopg.Connection) -> None:
    schema.install(fresh, names=NAMES)
    assert schema.drift(fresh) == []


def test_everything_belongs_to_the_owner_who_keeps_no_right_to_create(fresh: psycopg.Connection) -> None:
    schema.install(fresh, names=NAMES)
    owners = rows(
        fresh,
        "SELECT DISTINCT pg_get_userbyid(c.relowner)::text AS owner FROM pg_class AS c "
        "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname LIKE ANY (%s)",
        ["cutter\\_%", "iu"],
    )
    assert owners == [{"owner": NAMES.owner}]
    may = rows(fresh, "SELECT has_database_privilege(%s, current_database(), 'CREATE') AS may", NAMES.owner)
    assert may == [{"may": False}]
    assert rows(fresh, "SELECT current_user::text AS who") == [{"who": "pgadmin"}]


def test_a_second_install_is_refused_and_a_second_migrate_does_nothing(fresh: psycopg.Connection) -> None:
    schema.install(fresh, names=NAMES)
    with pytest.raises(ConfigMismatch, match="holds the schema at version"):
        schema.install(fresh, names=NAMES)
    assert schema.migrate(fresh, names=NAMES) == []


def test_an_upgrade_resumes_where_it_stopped(fresh: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    real = schema.migrations()
    broken = Migration(version=2, name=real[1].name, text="CREATE TABLE iu.half (x int); SELECT 1/0;")
    monkeypatch.setattr(schema, "migrations", lambda: (real[0], broken, *real[2:]))
    with pytest.raises(psycopg.errors.DivisionByZero):
        schema.migrate(fresh, names=NAMES)
    assert schema.state(fresh).version == 1
    assert rows(fresh, "SELECT to_regclass('iu.half') AS half") == [{"half": None}]
    monkeypatch.undo()
    assert [migration.version for migration in schema.migrate(fresh, names=NAMES)] == [m.version for m in real[1:]]
    assert schema.drift(fresh) == []


def test_a_changed_migration_is_a_clear_error(fresh: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    schema.install(fresh, names=NAMES)
    first, *others = schema.migrations()
    edited = Migration(version=1, name=first.name, text=first.text + "-- later thought\n")
    monkeypatch.setattr(schema, "migrations", lambda: (edited, *others))
    with pytest.raises(ConfigMismatch, match="0001 ledger_and_unit_store is not the text") as caught:
        schema.migrate(fresh, names=NAMES)
    assert "never edited" in caught.value.remedy
    assert [row.version for row in schema.state(fresh).changed] == [1]


def test_a_database_of_a_newer_release_is_a_clear_error(fresh: psycopg.Connection) -> None:
    schema.install(fresh, names=NAMES)
    fresh.execute("INSERT INTO cutter_admin.schema_migration (version, name, sha256) VALUES (99, 'future', 'x')")
    with pytest.raises(ConfigMismatch, match="0099 future"):
        schema.migrate(fresh, names=NAMES)


@pytest.mark.parametrize("way", [schema.install, schema.migrate])
def test_our_schemas_without_a_record_are_left_alone(fresh: psycopg.Connection, way: object) -> None:
    fresh.execute("CREATE SCHEMA iu")
    with pytest.raises(ConfigMismatch, match="schema iu"):
        way(fresh, names=NAMES)  # type: ignore[operator]
    assert schema.state(fresh).strangers == ("iu",)


@pytest.mark.parametrize("way", [schema.install, schema.migrate])
def test_the_encoding_must_be_utf8(cluster: ThrowawayCluster, way: object) -> None:
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE schema_latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' "
            "LOCALE_PROVIDER 'libc'"
        )
        try:
            with psycopg.connect(**cluster.admin_of("schema_latin"), autocommit=True) as latin:
                with pytest.raises(ConfigMismatch, match="LATIN1"):
                    way(latin, names=NAMES)  # type: ignore[operator]
                assert rows(latin, "SELECT count(*) AS n FROM pg_namespace WHERE nspname = 'iu'") == [{"n": 0}]
        finally:
            connection.execute("DROP DATABASE schema_latin WITH (FORCE)")


def test_two_upgrades_at_once_queue(fresh_database: AdminLogin) -> None:
    applied: list[list[int]] = []

    def upgrade() -> None:
        with psycopg.connect(**fresh_database, autocommit=True) as connection:
            applied.append([migration.version for migration in schema.migrate(connection, names=NAMES)])

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(version for versions in applied for version in versions) == [m.version for m in schema.migrations()]


def test_a_connection_inside_a_transaction_is_refused(fresh: psycopg.Connection) -> None:
    with fresh.transaction(), pytest.raises(Internal, match="not IDLE"):
        schema.install(fresh, names=NAMES)


def test_drift_is_named(deployed: Deployed) -> None:
    with deployed.admin() as connection:
        connection.execute("ALTER TABLE iu.document ADD COLUMN note text")
        connection.execute("DROP TRIGGER guard_moves ON cutter_governance.decision_backlog_entry")
        connection.execute("ALTER TABLE iu.manifest ALTER COLUMN profile_id DROP NOT NULL")
        connection.execute("DROP VIEW cutter_observe.verify_result")
        lines = schema.drift(connection)
    assert [line.split(" is ")[0] for line in lines] == [
        "relation cutter_observe.verify_result",
        "cutter_governance.decision_backlog_entry: trigger guard_moves",
        "iu.document: column note",
        "iu.manifest: column profile_id",
    ]


def test_every_foreign_key_is_indexed_or_needs_no_look_up(deployed: Deployed) -> None:
    """A reference is looked up from its referencing side by some phase or view, or stands in this list with the reason
    that nobody asks that way (nothing is ever deleted, so PostgreSQL itself never does)."""
    not_asked = {
        "manifest_unit_block_decision_backlog_ref_fkey",  # blocks are asked by envelope
        "review_decision_escalation_ref_fkey",  # an escalation is read from its own payload
        "decision_names_a_change_set",  # a decision is asked by entry or manifest
        "decision_binds_manifest_and_snapshot",  # decision_by_digest begins with the digest
        "envelope_names_a_change_set",  # a change set names its envelope, and is asked for it
        "cut_change_set_verifier_signature_id_fkey",  # NULL at CUT, for ever
        "verify_result_executor_signature_id_fkey",  # results are asked by change set
        "verify_result_escalation_ref_fkey",
    }
    query = """
        SELECT k.conname::text AS name FROM pg_constraint AS k
        JOIN pg_namespace AS n ON n.oid = k.connamespace
        WHERE n.nspname IN ('cutter_governance', 'iu') AND k.contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_index AS x WHERE x.indrelid = k.conrelid AND (x.indkey::int2[])[0] = ANY (k.conkey))
        ORDER BY 1"""
    with deployed.admin() as connection:
        unindexed = {str(row["name"]) for row in rows(connection, query)}
    assert unindexed - not_asked == set()


def test_a_database_is_made_once_set_up_and_found_in_order(cluster: ThrowawayCluster) -> None:
    login = cluster.admin
    place = setup.Administrator(**{key: login[key] for key in ("host", "port", "dbname", "user", "password")})  # type: ignore[literal-required,arg-type]
    try:
        assert setup.ensure_database(place, "schema_made") is True
        assert setup.ensure_database(place, "schema_made") is False
        with setup.connect(replace(place, dbname="schema_made")) as connection:
            (_, encoding, state) = administration.check(connection, names=NAMES)
            newest = schema.migrations()[-1].version
            assert (encoding.answer, state.ok, state.answer) == ("UTF8", False, f"version 0 of {newest}")
            schema.install(connection, names=NAMES)
            roles.create_roles(connection, PASSWORDS, names=NAMES, connection_limit=CONNECTION_LIMIT)
            findings = administration.check(connection, names=NAMES, connection_limit=CONNECTION_LIMIT)
            assert [finding.question for finding in findings if not finding.ok] == []
            lanes = [f"contract of {lane}" for lane in Lane]
            assert [finding.question for finding in findings][2:] == ["schema", "drift", "rights", *lanes]
            record = administration.rights(connection, names=NAMES, connection_limit=CONNECTION_LIMIT, tried=True)
            assert record.ok
            assert {each.role for each in record.probes} == {NAMES.exec, NAMES.verify, NAMES.ro}
    finally:
        with psycopg.connect(**cluster.admin, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS schema_made WITH (FORCE)")


def test_check_names_what_is_wrong_and_changes_nothing(deployed: Deployed) -> None:
    with deployed.admin() as connection:
        connection.execute(f"GRANT DELETE ON iu.document TO {NAMES.exec}")
        connection.execute("ALTER TABLE iu.document ADD COLUMN note text NOT NULL")
        for _ in range(2):
            wrong = {
                f.question: f
                for f in administration.check(connection, names=NAMES, connection_limit=CONNECTION_LIMIT)
                if not f.ok
            }
            assert set(wrong) == {"drift", "rights", "contract of cutter_exec"}
            assert any("DELETE on iu.document is there" in line for line in wrong["rights"].details)
            assert any("iu.document.note" in line for line in wrong["contract of cutter_exec"].details)
            assert all(finding.remedy for finding in wrong.values())


def test_schema_files_are_in_the_package() -> None:
    room = Path(schema.__file__).parent
    assert (room / "schema.sql").read_text("utf-8") == schema.fresh_schema()
    assert len(list((room / "migrations").glob("*.sql"))) == len(schema.migrations())
