"""Digests of the copy while its indexes are built: taken in time, and believed only where nothing came after them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.instruments_room import new_database

from pg_dryrun import dumps, fidelity, loading, reader, restore, snapshot
from pg_dryrun.credentials import Vault
from pg_dryrun.observer import connect, slices
from pg_dryrun.restore import Restored
from pg_dryrun.snapshot import Snapshot
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

TABLES = ("kept", "updated", "exchanged", "emptied", "rewritten")
# The copy's index waits, as a large one works, until the session that digests has been gone for a second.
SLOW_INDEX = """
CREATE FUNCTION law.slow(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE absent integer := 0;
BEGIN
    FOR i IN 1 .. 600 LOOP
        EXIT WHEN absent > 20 OR pg_catalog.current_database() !~ '^copy_';
        PERFORM pg_catalog.pg_sleep(0.05), pg_catalog.pg_stat_clear_snapshot();
        absent := CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_stat_activity
                                    WHERE application_name = 'pg_dryrun digests') THEN 0 ELSE absent + 1 END;
    END LOOP;
    RETURN n;
END $$;
CREATE TABLE law.waiting AS SELECT 1 AS id;
CREATE INDEX ON law.waiting (law.slow(id))
"""
CHANGES = {
    "updated": "UPDATE law.updated SET label = 'other' WHERE id = 7",
    "exchanged": "WITH gone AS (DELETE FROM law.exchanged WHERE id = 7) INSERT INTO law.exchanged VALUES (7, 'other')",
    "emptied": "TRUNCATE law.emptied",
    "rewritten": "ALTER TABLE law.rewritten ALTER label TYPE text USING upper(label)",
}


@pytest.fixture(scope="module")
def server() -> Iterator[ThrowawayCluster]:
    with ThrowawayCluster.create(name="loading", fresh_identity=True) as made:
        yield made


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "_WORTH_ROWS", 100)
        patch.setattr(dumps, "jobs", lambda: 2)
        yield patch


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    with Vault(tmp_path_factory.mktemp("vault")) as made:
        yield made


@pytest.fixture(scope="module")
def taken(
    server: ThrowawayCluster, vault: Vault, tmp_path_factory: pytest.TempPathFactory, patched: pytest.MonkeyPatch
) -> Snapshot:
    assert patched
    text = "CREATE SCHEMA law;" + "".join(
        f"CREATE TABLE law.{name} AS SELECT g AS id, 'unit ' || g AS label FROM generate_series(1, 200) AS g;"
        for name in TABLES
    )
    source = new_database(server, text + SLOW_INDEX)
    reading = reader.create_reader(source, role=f"{source.dbname}_reader", password=vault.new_password("reader"))
    folder = tmp_path_factory.mktemp("dump")
    return snapshot.take(reading, bin_dir=server.programs.bin_dir, workdir=folder, vault=vault, parallel_from_bytes=0)


def copied(taken: Snapshot, server: ThrowawayCluster, vault: Vault, name: str) -> Restored:
    login = Login(**server.admin)
    return restore.restore(taken, login, bin_dir=server.programs.bin_dir, vault=vault, dbname=name)


@pytest.fixture(scope="module")
def done(taken: Snapshot, server: ThrowawayCluster, vault: Vault) -> Restored:
    """A copy that no test changes."""
    return copied(taken, server, vault, "copy_unchanged")


def test_tables_are_digested_while_an_index_is_built_and_not_again(
    taken: Snapshot, done: Restored, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {f"law.{name}" for name in TABLES}
    assert done.loading.found.keys() == names, "law.waiting has too few rows to be worth it"
    assert {name: item.digest for name, item in done.loading.found.items()} == {n: taken.tables[n] for n in names}
    seen: list[str] = []
    digest_slice = slices.digest_slice

    def noted(observer: slices.Observer, part: slices.Slice) -> slices.Part:
        seen.append(part.table)
        return digest_slice(observer, part)

    monkeypatch.setattr(slices, "digest_slice", noted)
    comparison = fidelity.compare(taken, done.admin, loaded=done.loading)
    assert comparison.equal
    assert set(seen) == {"law.waiting"}
    assert fidelity.compare(taken, done.admin).equal
    assert set(seen) == {"law.waiting", *names}, "without the early digests every table is looked at"


def test_what_was_touched_since_is_digested_again(taken: Snapshot, server: ThrowawayCluster, vault: Vault) -> None:
    done = copied(taken, server, vault, "copy_changed")
    with connect(done.admin, purpose="test") as observer:
        for change in CHANGES.values():
            observer.execute(change)
        observer.execute("SELECT pg_catalog.pg_stat_force_next_flush()")
    with connect(done.admin, purpose="test") as observer:
        assert set(loading.untouched(observer, done.loading)) == {"law.kept"}
    comparison = fidelity.compare(taken, done.admin, loaded=done.loading)
    found = {item.name for item in comparison.differences if item.kind == "table"}
    assert found == {f"law.{name}" for name in CHANGES}


def test_nothing_early_counts_while_somebody_else_is_there(
    taken: Snapshot, done: Restored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_ENDING_S", 0.0)
    with connect(done.admin, purpose="other"), connect(done.admin, purpose="test") as observer:
        assert loading.untouched(observer, done.loading) == {}
    comparison = fidelity.compare(taken, done.admin, loaded=done.loading)
    assert comparison.equal
