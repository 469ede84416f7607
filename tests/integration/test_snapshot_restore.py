"""C-03 and C-05 on real servers: one snapshot, a reader that cannot write, and a copy compared line by line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.instruments_room import EVERY_KIND, new_database

from pg_dryrun import commands, dump_file, dumps, fidelity, needs, reader, restore, snapshot
from pg_dryrun.credentials import Vault
from pg_dryrun.dumps import DumpFormat
from pg_dryrun.errors import EnvironmentFault, UsageError
from pg_dryrun.fidelity import RestoreComparison
from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.needs import Collation
from pg_dryrun.observer import connect, counts, identity, slices
from pg_dryrun.observer.roles import RoleFacts
from pg_dryrun.snapshot import ProofKind, Snapshot
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster


@pytest.fixture(scope="module")
def production() -> Iterator[ThrowawayCluster]:
    with ThrowawayCluster.create(name="production", fresh_identity=True) as made:
        yield made


@pytest.fixture
def copies() -> Iterator[ThrowawayCluster]:
    with ThrowawayCluster.create(name="copies") as made:
        yield made


@pytest.fixture
def source(production: ThrowawayCluster) -> Login:
    return new_database(production, EVERY_KIND)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Vault(tmp_path) as made:
        yield made


@pytest.fixture
def reading(source: Login, vault: Vault) -> Login:
    return reader.create_reader(source, role=f"{source.dbname}_reader", password=vault.new_password("reader"))


@pytest.fixture
def bin_dir(production: ThrowawayCluster) -> Path:
    return production.programs.bin_dir


@pytest.fixture
def taken(reading: Login, bin_dir: Path, tmp_path: Path, vault: Vault) -> Snapshot:
    return snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault)


def restored_on(copies: ThrowawayCluster, taken: Snapshot, vault: Vault, **words: str) -> Login:
    admin = Login(**copies.admin)
    assert needs.missing(taken.needs, admin) == ()
    return restore.restore(taken, admin, bin_dir=copies.programs.bin_dir, vault=vault, **words).admin


def kinds(comparison: RestoreComparison) -> set[tuple[str, str]]:
    return {(difference.kind, difference.name) for difference in comparison.differences}


def test_the_copy_equals_the_snapshot_in_everything(taken: Snapshot, copies: ThrowawayCluster, vault: Vault) -> None:
    admin = Login(**copies.admin)
    done = restore.restore(taken, admin, bin_dir=copies.programs.bin_dir, vault=vault)
    comparison = fidelity.compare(taken, done.admin)
    assert comparison.differences == ()
    assert comparison.equal
    assert comparison.proof_kind is ProofKind.SOURCE_DIGESTS
    assert comparison.compared["rows"] == 503
    assert comparison.compared["tables"] == 3
    assert comparison.compared["schema lines"] > 40
    assert taken.schema is not None
    assert comparison.schema_digest == taken.schema.digest
    assert done.deviations == ()
    prefix = done.admin.dbname
    assert done.created_roles == (f"{prefix}_app", f"{prefix}_crew", f"{prefix}_owner")


TAMPERED = [
    ("UPDATE shop.thing SET label = 'other' WHERE id = 7", "table", "shop.thing"),
    ("INSERT INTO shop.log SELECT * FROM shop.log", "table", "shop.log_early"),
    ("DELETE FROM shop.scratch", "table", "shop.scratch"),
    ("CREATE TABLE shop.extra (x integer)", "table", "shop.extra"),
    ("DROP TABLE shop.scratch", "table", "shop.scratch"),
    ("SELECT setval('shop.ticket', 1)", "sequence", "shop.ticket"),
    ("GRANT DELETE ON shop.thing TO {p}app", "schema", "acl"),
    ("REVOKE UPDATE (label) ON shop.thing FROM {p}app", "schema", "acl"),
    ("CREATE INDEX more ON shop.thing (code)", "schema", "indexes"),
    ("ALTER TABLE shop.thing DROP CONSTRAINT thing_code_check", "schema", "constraints"),
    ("ALTER TABLE shop.thing DISABLE TRIGGER stamped", "schema", "triggers"),
    ("ALTER TABLE shop.thing ALTER label SET DEFAULT 'some'", "schema", "columns"),
    ("ALTER TABLE shop.thing OWNER TO {p}crew", "schema", "relations"),
    ("CREATE OR REPLACE VIEW shop.shown AS SELECT id, code FROM shop.thing", "schema", "views"),
    ("ALTER FUNCTION shop.stamp() SECURITY INVOKER", "schema", "functions"),
    ("ALTER TYPE shop.mood ADD VALUE 'sad'", "schema", "types"),
    ("ALTER SEQUENCE shop.ticket INCREMENT 5", "schema", "sequences"),
    ("DROP POLICY mine ON shop.thing", "schema", "policies"),
    ("COMMENT ON TABLE shop.thing IS 'another'", "schema", "comments"),
    ("DROP EXTENSION hstore", "schema", "extensions"),
    ("ALTER ROLE {p}crew CREATEROLE", "role", "{p}crew"),
    ("REVOKE {p}crew FROM {p}app", "role", "{p}app"),
    ("SELECT lo_create(0)", "large objects", "all"),
    ("GRANT TEMPORARY ON DATABASE {d} TO PUBLIC", "database privilege", "TEMPORARY TO public"),
]


def test_every_kind_of_difference_is_found(taken: Snapshot, copies: ThrowawayCluster, vault: Vault) -> None:
    copy = restored_on(copies, taken, vault)
    before: set[tuple[str, str, str, str]] = set()
    for tamper, kind, name in TAMPERED:
        with connect(copy, purpose="test") as observer:
            observer.execute(tamper.replace("{p}", f"{copy.dbname}_").replace("{d}", copy.dbname))
        comparison = fidelity.compare(taken, copy)
        found = {(item.kind, item.name, item.expected, item.found) for item in comparison.differences}
        assert (kind, name.replace("{p}", f"{copy.dbname}_")) in {(item[0], item[1]) for item in found - before}, tamper
        before = found


def test_dump_and_digests_are_of_one_moment_while_production_is_written(
    reading: Login, source: Login, copies: ThrowawayCluster, bin_dir: Path, tmp_path: Path, vault: Vault
) -> None:
    stop = threading.Event()

    def write() -> None:
        with psycopg.connect(**source.keywords(), autocommit=True) as connection:  # type: ignore[arg-type]
            while not stop.is_set():
                connection.execute("UPDATE shop.thing SET label = md5(random()::text) WHERE id % 10 = 1")
                connection.execute("INSERT INTO shop.log VALUES (3, 'busy')")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        busy = snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault)
    finally:
        stop.set()
        writer.join(timeout=30)
    assert fidelity.compare(busy, restored_on(copies, busy, vault)).differences == ()
    with connect(source, purpose="test") as observer:
        assert counts.digests(observer, ["shop.thing"]) != {"shop.thing": busy.tables["shop.thing"]}


def test_production_is_not_touched(reading: Login, source: Login, bin_dir: Path, tmp_path: Path, vault: Vault) -> None:
    with connect(source, purpose="test") as observer:
        before, who = identity.footprint(observer), identity.identity(observer)
    taken = snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault)
    with connect(source, purpose="test") as observer:
        assert identity.footprint(observer).difference(before) == {}
        assert identity.identity(observer) == who
    assert taken.identity == who
    assert taken.footprint_before == taken.footprint_after
    assert taken.reader is not None
    assert taken.reader.holds


def test_equal_databases_give_equal_content_digests_and_the_dump_is_private(
    taken: Snapshot, reading: Login, bin_dir: Path, tmp_path: Path, vault: Vault
) -> None:
    again = snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault)
    assert again.dump.content_sha256 == taken.dump.content_sha256
    assert again.dump.sha256 != taken.dump.sha256, "the restrict key must be random: a known one can be left"
    assert again.tables == taken.tables
    assert taken.dump.path.stat().st_mode & 0o777 == 0o600
    assert taken.dump.size_bytes == taken.dump.path.stat().st_size


def test_the_dump_is_announced_in_the_ledger(reading: Login, bin_dir: Path, tmp_path: Path, vault: Vault) -> None:
    ledger = RunLedger.create(tmp_path / "ledger", run_id="r")
    taken = snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault, ledger=ledger)
    assert (Kind.FILE, str(taken.dump.path)) in [(entry.kind, entry.name) for entry in ledger.live()]
    assert ledger.teardown().net_zero
    assert not taken.dump.path.exists()


@pytest.mark.parametrize(
    ("grant", "violation"),
    [
        ("GRANT INSERT ON shop.thing TO {r}", "INSERT on shop.thing"),
        ("GRANT UPDATE (label) ON shop.thing TO {r}", "UPDATE on columns of shop.thing"),
        ("GRANT TRUNCATE ON shop.scratch TO PUBLIC", "TRUNCATE on shop.scratch"),
        ("GRANT USAGE ON SEQUENCE shop.ticket TO {r}", "USAGE on sequence shop.ticket"),
        ("GRANT CREATE ON SCHEMA shop TO {r}", "CREATE in schema shop"),
        ("GRANT TEMPORARY ON DATABASE {d} TO {r}", "TEMPORARY in database"),
        ("ALTER ROLE {r} CREATEROLE", "attribute CREATEROLE"),
        ("ALTER ROLE {r} SUPERUSER", "attribute SUPERUSER"),
        ("ALTER TABLE shop.scratch OWNER TO {r}", "owner of table shop.scratch"),
        ("GRANT pg_write_all_data TO {r}", "member of pg_write_all_data"),
        ("GRANT {d}_app TO {r} WITH INHERIT FALSE", "INSERT on shop.thing as"),
        ("GRANT pg_execute_server_program TO {r}", "member of pg_execute_server_program"),
    ],
)
def test_a_reader_that_could_write_never_gets_to_dump(
    reading: Login, source: Login, bin_dir: Path, tmp_path: Path, vault: Vault, grant: str, violation: str
) -> None:
    with connect(source, purpose="test") as observer:
        observer.execute(grant.replace("{r}", reading.user).replace("{d}", source.dbname))
    with pytest.raises(snapshot.ReaderCanWrite) as caught:
        snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault)
    assert any(violation in line for line in caught.value.proof.violations)
    assert list(tmp_path.glob("*.sql")) == []


def test_a_transaction_id_taken_in_the_reading_block_is_seen(reading: Login) -> None:
    with connect(reading, purpose="test") as observer, observer.block("BEGIN", end="ROLLBACK"):
        assert not reader.prove(observer).transaction_id_taken
        observer.rows("SELECT pg_current_xact_id()")
        assert reader.prove(observer).transaction_id_taken


def test_all_that_is_missing_is_listed_at_once(taken: Snapshot, copies: ThrowawayCluster) -> None:
    wanted = replace(
        taken.needs,
        server_major=15,
        extensions={"hstore": "1.8", "postgis": "3.4", "pg_trgm": "99"},
        collations=(
            Collation(name="pg_catalog.C"),
            Collation(name="pg_catalog.tlh-x-icu", provider="i"),
            Collation(name="shop.sorted", own=False, provider="c", locale="tlh_QO.UTF-8"),
        ),
        roles=(RoleFacts(name="app", member_of=("pg_read_all_data", "pg_brew_coffee")),),
        collate="tlh_QO.UTF-8",
        ctype="tlh_QO.UTF-8",
        locale_provider="c",
        locale="",
    )
    found = needs.missing(wanted, Login(**copies.admin))
    assert [(item.kind, item.name) for item in found[:3]] == [
        ("extension", "postgis"),
        ("extension", "pg_trgm 99"),
        ("version", "PostgreSQL 15"),
    ]
    assert [item.kind for item in found[3:]] == ["locale", "collation", "collation", "role"]
    assert [item.name for item in found[4:]] == [
        "pg_catalog.tlh-x-icu (icu)",
        "shop.sorted (libc tlh_QO.UTF-8)",
        "pg_brew_coffee",
    ]
    assert all(item.remedy for item in found)
    with connect(Login(**copies.admin), purpose="test") as observer:
        assert observer.value("SELECT count(*) FROM pg_database") == 3


def test_a_restore_stops_at_the_first_error_and_says_it(
    taken: Snapshot, copies: ThrowawayCluster, vault: Vault, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.sql"
    broken.write_text(
        taken.dump.script.read_text().replace("CREATE EXTENSION IF NOT EXISTS hstore", "CREATE EXTENSION x")
    )
    with pytest.raises(EnvironmentFault, match='extension "x" is not available'):
        restored_on(copies, replace(taken, dump=replace(taken.dump, script=broken)), vault)


def test_role_settings_hold_on_the_copy_but_none_that_blinds(
    source: Login, reading: Login, copies: ThrowawayCluster, bin_dir: Path, tmp_path: Path, vault: Vault
) -> None:
    role = f"{source.dbname}_app"
    with connect(source, purpose="test") as observer:
        observer.execute(f"ALTER ROLE {role} SET log_statement = 'none'")
        observer.execute(f"ALTER ROLE {role} IN DATABASE {source.dbname} SET lock_timeout = '7s'")
        observer.execute(f"ALTER DATABASE {source.dbname} SET statement_timeout = '5min'")
    taken = snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault)
    done = restore.restore(taken, Login(**copies.admin), bin_dir=bin_dir, vault=vault)
    assert [line for line in done.deviations if "log_statement=none" in line]
    with connect(done.admin, purpose="test") as observer:
        observer.execute(f"ALTER ROLE {role} LOGIN PASSWORD 'app-password'")
    login = replace(done.admin, user=role, password="app-password")
    with psycopg.connect(**login.keywords()) as connection:  # type: ignore[arg-type]
        names = ("search_path", "work_mem", "lock_timeout", "statement_timeout")
        shown = [row[0] for name in names if (row := connection.execute(f"SHOW {name}").fetchone())]
    assert shown == ['"$user", shop', "8MB", "7s", "5min"]


@pytest.mark.parametrize("form", ["plain", "custom", "directory", "tar"])
def test_a_dump_file_is_restored_and_compared_with_what_it_states(
    reading: Login,
    taken: Snapshot,
    copies: ThrowawayCluster,
    bin_dir: Path,
    tmp_path: Path,
    vault: Vault,
    form: str,
) -> None:
    path = tmp_path / f"dump.{form}"
    argv = [bin_dir / "pg_dump", f"--format={form}", "-f", path]
    commands.check(argv, timeout_s=60, env=vault.environment(reading))
    stated = dump_file.read(path, bin_dir=bin_dir, workdir=tmp_path)
    assert stated.proof_kind is ProofKind.DUMP_CONTENT
    assert {name: table.rows for name, table in stated.tables.items()} == {
        name: table.rows for name, table in taken.tables.items()
    }
    assert stated.sequences == taken.sequences
    assert stated.needs.server_major == taken.needs.server_major
    assert set(stated.needs.extensions) == {"hstore"}
    assert stated.dump.content_sha256 == taken.dump.content_sha256
    copy = restored_on(copies, stated, vault, dbname="from_file")
    assert fidelity.compare(stated, copy).equal
    with connect(copy, purpose="test") as observer:
        observer.execute("DELETE FROM shop.thing WHERE id = 1; SELECT setval('shop.ticket', 9)")
    assert kinds(fidelity.compare(stated, copy)) == {("table", "shop.thing"), ("sequence", "shop.ticket")}


def test_a_dump_named_by_a_relative_path_is_read_and_restored(
    reading: Login,
    copies: ThrowawayCluster,
    bin_dir: Path,
    tmp_path: Path,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a plan beside it names it: PostgreSQL's programs are started in another folder."""
    commands.check([bin_dir / "pg_dump", "-Fc", "-f", tmp_path / "d"], timeout_s=60, env=vault.environment(reading))
    monkeypatch.chdir(tmp_path)
    stated = dump_file.read(Path("d"), bin_dir=bin_dir, workdir=tmp_path)
    assert fidelity.compare(stated, restored_on(copies, stated, vault, dbname="from_relative")).equal


def test_a_dump_file_that_cannot_be_one_is_refused_with_a_reason(
    taken: Snapshot, reading: Login, bin_dir: Path, tmp_path: Path, vault: Vault
) -> None:
    text = taken.dump.script.read_text()
    custom = tmp_path / "custom"
    commands.check([bin_dir / "pg_dump", "-Fc", "-f", custom], timeout_s=60, env=vault.environment(reading))
    cases: dict[str, tuple[bytes, str]] = {
        "empty": (b"", "is empty"),
        "other": (b"hello", "no dump of PostgreSQL"),
        "cluster": (b"--\n-- PostgreSQL database cluster dump\n--\n", "whole cluster"),
        "short": (text[: len(text) // 2].encode(), "cut short"),
        "short_custom": (custom.read_bytes()[:2000], "cannot be read as a dump"),
        "switching": (text.replace("SET ", "\\connect other\nSET ", 1).encode(), "switches databases"),
        "creating": (text.replace("SET ", "CREATE DATABASE x;\nSET ", 1).encode(), "its own database"),
        "escaping": (text.replace("SET ", "\\unrestrict x\nSET ", 1).encode(), "restricted mode"),
    }
    for name, (content, words) in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UsageError, match=words):
            dump_file.read(path, bin_dir=bin_dir, workdir=tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(UsageError, match=r"without toc\.dat"):
        dump_file.read(folder, bin_dir=bin_dir, workdir=tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        dump_file.read(tmp_path / "absent", bin_dir=bin_dir, workdir=tmp_path)


@pytest.fixture
def in_parallel(
    reading: Login, bin_dir: Path, tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> Snapshot:
    """The same source by the way of large databases: a directory, several sessions, many slices of a table."""
    monkeypatch.setattr(slices, "_SLICE_BYTES", 16384)
    monkeypatch.setattr(dumps, "jobs", lambda: 3)
    return snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault, parallel_from_bytes=0)


def test_a_large_database_goes_by_directory_and_several_sessions(
    in_parallel: Snapshot, taken: Snapshot, source: Login, copies: ThrowawayCluster, vault: Vault
) -> None:
    assert in_parallel.dump.format is DumpFormat.DIRECTORY
    assert in_parallel.binary_digests
    assert in_parallel.planner_statistics
    with connect(source, purpose="test") as observer:
        parts = [part for part in slices.cut(observer, ["shop.thing"], binary=False) if part.table == "shop.thing"]
        assert len(parts) > 3
        assert slices.digests([observer], parts) == counts.digests(observer, ["shop.thing"])
    assert in_parallel.tables["shop.log_early"] == taken.tables["shop.log_early"], "a small table has the same digest"
    copy = restored_on(copies, in_parallel, vault)
    assert fidelity.compare(in_parallel, copy).differences == ()
    for tamper, kind, name in TAMPERED[:6]:
        with connect(copy, purpose="test") as observer:
            observer.execute(tamper)
        assert (kind, name) in kinds(fidelity.compare(in_parallel, copy)), tamper


def test_the_directory_of_an_equal_database_has_the_same_content_digest(
    in_parallel: Snapshot, source: Login, reading: Login, bin_dir: Path, tmp_path: Path, vault: Vault
) -> None:
    again = snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault, parallel_from_bytes=0)
    assert again.dump.content_sha256 == in_parallel.dump.content_sha256
    assert again.dump.path.stat().st_mode & 0o777 == 0o700
    for change in ("UPDATE shop.thing SET label = 'other' WHERE id = 7", "CREATE INDEX more ON shop.thing (code)"):
        with connect(source, purpose="test") as observer:
            observer.execute(change)
        changed = snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault, parallel_from_bytes=0)
        assert changed.dump.content_sha256 != again.dump.content_sha256, change
        again = changed


STALE = """
CREATE TABLE shop.line (n integer); INSERT INTO shop.line VALUES (1), (2);
CREATE MATERIALIZED VIEW shop.total AS SELECT count(*) AS lines FROM shop.line;
CREATE MATERIALIZED VIEW shop.moment AS SELECT clock_timestamp() AS now;
INSERT INTO shop.line VALUES (3);
"""


def test_a_stale_materialized_view_is_declared_and_a_wrong_one_is_found(
    source: Login, reading: Login, copies: ThrowawayCluster, bin_dir: Path, tmp_path: Path, vault: Vault
) -> None:
    with connect(source, purpose="test") as observer:
        observer.execute(STALE)
    taken = snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault)
    copy = restored_on(copies, taken, vault)
    comparison = fidelity.compare(taken, copy)
    assert comparison.differences == ()
    assert [line.split(" (")[0] for line in comparison.deviations] == [
        "materialized view shop.moment gives other rows each time: the copy's were computed by the restore",
        "materialized view shop.total was stale in production",
    ]
    with connect(copy, purpose="test") as observer:
        observer.execute("INSERT INTO shop.line VALUES (4)")
        assert kinds(fidelity.compare(taken, copy)) >= {("table", "shop.total"), ("table", "shop.line")}
        observer.execute("DELETE FROM shop.line WHERE n = 4; ALTER MATERIALIZED VIEW shop.total RENAME TO old")
        observer.execute("CREATE MATERIALIZED VIEW shop.total AS SELECT 7::bigint AS lines")
        assert ("table", "shop.total") in kinds(fidelity.compare(taken, copy)), "another definition is no staleness"


@pytest.mark.parametrize("own_key", [True, False])
def test_a_script_cannot_run_programs(
    taken: Snapshot, copies: ThrowawayCluster, bin_dir: Path, tmp_path: Path, vault: Vault, own_key: bool
) -> None:
    mark = tmp_path / "mark"
    text = taken.dump.script.read_text()
    if not own_key:
        text = "\n".join(line for line in text.split("\n") if not line.startswith(("\\restrict", "\\unrestrict")))
    path = tmp_path / "hostile.sql"
    path.write_text(text.replace("SET ", f"\\! touch {mark}\nSET ", 1))
    hostile = dump_file.read(path, bin_dir=bin_dir, workdir=tmp_path)
    with pytest.raises(EnvironmentFault, match="restricted"):
        restored_on(copies, hostile, vault, dbname="hostile")
    assert not mark.exists()


def test_collations_and_tablespaces_come_along(
    source: Login, reading: Login, copies: ThrowawayCluster, bin_dir: Path, tmp_path: Path, vault: Vault
) -> None:
    """The file and the live source say the same of them; the copy's tablespace lies in its own data directory."""
    space = f"space_{source.dbname}"
    with connect(source, purpose="test") as observer:
        observer.execute("SET allow_in_place_tablespaces = on")
        observer.execute(f"CREATE TABLESPACE {space} LOCATION ''")
        observer.execute(f'CREATE TABLE shop.aside (word text COLLATE pg_catalog."C.utf8") TABLESPACE {space}')
        observer.execute("CREATE COLLATION shop.plain (provider = libc, locale = 'C')")
    taken = snapshot.take(reading, bin_dir=bin_dir, workdir=tmp_path, vault=vault)
    assert [(item.name, item.own) for item in taken.needs.collations] == [
        ("pg_catalog.C.utf8", True),
        ("shop.plain", False),
    ]
    stated = dump_file.read(taken.dump.path, bin_dir=bin_dir, workdir=tmp_path)
    assert [item.name for item in stated.needs.collations] == ["pg_catalog.C.utf8"]
    assert stated.needs.tablespaces == taken.needs.tablespaces == (space,)
    admin = Login(**copies.admin)
    assert needs.missing(taken.needs, admin) == ()
    done = restore.restore(taken, admin, bin_dir=bin_dir, vault=vault)
    assert done.deviations == (f"tablespace {space} lies inside the data directory",)
    assert fidelity.compare(taken, done.admin).differences == ()
