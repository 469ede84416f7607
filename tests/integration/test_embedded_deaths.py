"""What is left of a throw-away server when the process that made it ends in whatever way: nothing that runs."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest
from tests.integration.children import kill, line_of, nobody_works_in, run_as_ordinary_user, spawn, wait_until

from pg_embedded import isolation, processes
from pg_embedded.cluster import ThrowawayCluster

OWNER = """
import sys, shutil
if "without-setpriv" in sys.argv:
    known = shutil.which
    shutil.which = lambda name, *a, **k: None if name == "setpriv" else known(name, *a, **k)
from pg_embedded.cluster import ThrowawayCluster
cluster = ThrowawayCluster.create(name="owner")
print(cluster.data_dir, cluster.folders.private_dir, cluster.pid, cluster.server.isolation.dies_with_parent, flush=True)
print(*cluster.admin.values(), flush=True)
if "leave" not in sys.argv:
    sys.stdin.read()
"""


@pytest.mark.parametrize("way", ["with-setpriv", "without-setpriv"])
def test_kill_9_of_the_owner_takes_all_its_processes_along(way: str) -> None:
    """Also a backend in a loop that never looks up: SIGKILL of the postmaster alone would leave that one running."""
    child = spawn(OWNER, way)
    data_dir, private_dir, pid, death_signal = line_of(child).split()
    host, port, dbname, user, password = line_of(child).split()
    try:
        assert death_signal == "SIGQUIT"
        busy = psycopg.connect(host=host, port=int(port), dbname=dbname, user=user, password=password)
        busy.execute("set statement_timeout = 0")
        busy.pgconn.send_query(b"DO $$ BEGIN LOOP END LOOP; END $$")
        assert len(processes.working_in(Path(data_dir))) > 2
    finally:
        kill(child)
    try:
        assert nobody_works_in(Path(data_dir), within_s=2.0)
        # The kernel lets go of a dying process's folder a moment before it calls the process a zombie.
        assert wait_until(lambda: processes.start_ticks(int(pid)) is None, within_s=2.0)
    finally:
        subprocess.run(["rm", "-rf", private_dir], check=True)


def test_an_owner_that_just_leaves_removes_its_folders_too() -> None:
    child = spawn(OWNER, "leave")
    data_dir, private_dir, *_ = line_of(child).split()
    line_of(child)
    assert child.wait(timeout=30) == 0
    kill(child)
    assert nobody_works_in(Path(data_dir), within_s=2.0)
    assert not Path(private_dir).exists()


def test_an_interrupt_in_the_terminal_reaches_the_owner_only() -> None:
    with ThrowawayCluster.create(name="session") as made:
        assert os.getpgid(made.pid) != os.getpgid(0)
        assert os.getsid(made.pid) != os.getsid(0)


def test_a_server_whose_parent_is_gone_before_the_signal_is_armed_does_not_start() -> None:
    """The guard between jail and server: its parent is not the one it was told."""
    done = subprocess.run(
        ["/bin/sh", "-c", isolation._ORPHAN_GUARD, "sh", "1", "/bin/echo", "started"],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    assert (done.returncode, done.stdout) == (75, "")


def test_a_server_that_was_killed_is_seen_and_can_be_started_again() -> None:
    with ThrowawayCluster.create(name="killed") as made:
        pid = made.pid
        os.kill(pid, signal.SIGKILL)
        assert nobody_works_in(made.data_dir, within_s=5.0)
        assert not made.running
        made.start()
        assert made.pid != pid
        with psycopg.connect(**made.admin) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


ORDINARY = """
import os, sys
from pg_embedded.cluster import ThrowawayCluster
with ThrowawayCluster.create(name="ordinary") as cluster:
    login = cluster.admin
    done = cluster.account.run(
        [cluster.programs.path("psql"), "-XAtw", "-c", "select current_user || ' ' || 6 * 7"],
        environment={"PGHOST": login["host"], "PGDATABASE": "postgres", "PGUSER": login["user"],
                     "PGPASSWORD": login["password"]},
    )
    owner = os.stat(cluster.data_dir).st_uid
    print(done.stdout.strip(), owner == os.getuid(), cluster.account.switched)
facts = cluster.close()
print(facts.complete, os.path.lexists(cluster.folders.private_dir))
"""


def test_an_ordinary_user_runs_it_himself(tmp_path_factory: pytest.TempPathFactory, open_home: Path) -> None:
    done = run_as_ordinary_user(ORDINARY, home=open_home)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["pgadmin 42 True False", "True False"]
    assert (open_home / ".cache" / "dot-iu-cutter" / "templates").is_dir()


def test_an_ordinary_user_without_a_home_still_has_a_place(open_home: Path) -> None:
    done = run_as_ordinary_user(
        ORDINARY, home=open_home, environment={"HOME": "/nonexistent", "TMPDIR": str(open_home)}
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "True False"
