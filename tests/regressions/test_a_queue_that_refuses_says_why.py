"""A worker that the queue's server refuses said "PoolTimeout, a defect of the program", after half a minute; one whose
server was away for longer than that ended with it. It is told at once and why; later it waits, however long."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from tests.worker_site import PATIENCE_S, Site, Yard

from cutter_agent import config
from cutter_agent.errors import ConnectionFailed
from cutter_agent.jobs import application, desk, place, running
from cutter_agent.model import Lane

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


def _less_patient(login: place.QueueLogin, log: Path) -> None:
    """A worker of DOT-991 without any task, in a process of its own."""
    application._PATIENCE_S = running._POLL_S = 0.5
    logging.basicConfig(filename=log, level=logging.INFO)
    running.run(login, running.Terms(lane=Lane.EXEC, every_s=0, stalled_after_s=3.0), lambda _office: None)


def test_a_server_that_stays_away_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "site").mkdir()
    log = tmp_path / "log"
    log.touch()
    with Yard.opened(tmp_path / "keys") as yard, yard.site(tmp_path / "site") as site:
        worker = get_context("spawn").Process(target=_less_patient, args=(site.queue_login(), log))
        worker.start()
        try:
            _until(lambda: site.listening() == 1)
            yard.cluster.crash()
            _until(lambda: log.read_text().count("the queue is away") >= 3)
            yard.cluster.start()
            _until(lambda: site.listening() == 1)
            worker.terminate()
            worker.join(PATIENCE_S)
            assert worker.exitcode == 0
        finally:
            worker.kill()
        assert log.read_text().count("worker started") == 2


def _until(happened: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end_s
        time.sleep(0.05)
