"""A worker that the queue's server refuses said "PoolTimeout, a defect of the program", after half a minute; one whose
server was away for longer than that ended with it. It is told at once and why; later it waits, however long."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.worker_site import PATIENCE_S, Site, Yard

from cutter_agent import config
from cutter_agent.errors import ConnectionFailed
from cutter_agent.jobs import desk
from cutter_agent.model import EntryStatus, Lane

pytestmark = pytest.mark.xdist_group("worker-bad-input")


def worker_of(site: Site, password: str) -> subprocess.CompletedProcess[str]:
    environment = {**site.keys_of(Lane.EXEC), config.QUEUE_PASSWORD: password}
    return subprocess.run(
        [sys.executable, "-m", "cutter_agent", "worker", "--lane", "exec", "--until-empty"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(site.folder), "PYTHONPATH": ":".join(sys.path), **environment},
        cwd=site.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_wrong_password_of_the_queue_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "site").mkdir()
    with Yard.opened(tmp_path / "keys") as yard, yard.site(tmp_path / "site") as site:
        done = worker_of(site, "not it")
        assert done.returncode == 7, done.stderr
        assert "password authentication failed" in done.stderr
        assert "CONNECTION_FAILED" in done.stderr
        login = replace(site.queue_login(), password="not it")
        with pytest.raises(ConnectionFailed, match="password authentication failed"), desk.opened(login):
            pytest.fail("it was let in")


def test_a_server_that_stays_away_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "site").mkdir()
    with Yard.opened(tmp_path / "keys") as yard, yard.site(tmp_path / "site") as site:
        site.start(Lane.EXEC, "--every", "0")
        site.until(lambda: site.listening() == 1)
        yard.cluster.crash()
        end_s = time.monotonic() + PATIENCE_S
        while site.logs().count("the queue is away") < 2 and time.monotonic() < end_s:
            time.sleep(0.1)
        assert [worker.poll() for worker in site.workers] == [None], site.logs()
        yard.cluster.start()
        site.add("P1")
        site.until(lambda: site.statuses() == {EntryStatus.CUT_APPLIED: 1})
        assert site.end() == [0], site.logs()
