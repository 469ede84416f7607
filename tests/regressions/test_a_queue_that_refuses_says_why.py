"""A worker that the queue's server refuses said "PoolTimeout, a defect of the program", after half a minute; one whose
server was away for longer than that ended with it. It is told at once and why; later it waits, however long."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.worker_site import PATIENCE_S, Site, Yard

from cutter_agent import config
from cutter_agent.errors import ConnectionFailed
from cutter_agent.jobs import application, desk, running
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


def test_a_server_that_stays_away_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The worker is this process, so that it is less patient; who stops and starts its server is a thread beside."""
    monkeypatch.setattr(application, "_PATIENCE_S", 0.5)
    monkeypatch.setattr(running, "_POLL_S", 0.5)
    (tmp_path / "keys").mkdir()
    (tmp_path / "site").mkdir()
    terms = running.Terms(lane=Lane.EXEC, every_s=0, stalled_after_s=3.0)
    ended = threading.Event()
    with Yard.opened(tmp_path / "keys") as yard, yard.site(tmp_path / "site") as site:

        def away_and_back() -> None:
            try:
                _until(lambda: site.listening() == 1)
                yard.cluster.crash()
                _until(lambda: caplog.text.count("the queue is away") >= 3)
                yard.cluster.start()
                _until(lambda: site.listening() == 1)
            finally:
                if not ended.is_set():
                    os.kill(os.getpid(), signal.SIGTERM)

        with caplog.at_level(logging.INFO), ThreadPoolExecutor(max_workers=1) as beside:
            done = beside.submit(away_and_back)
            try:
                running.run(site.queue_login(), terms, lambda _office: None)
            finally:
                ended.set()
        done.result()
        assert caplog.text.count("worker started") == 2


def _until(happened: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end_s
        time.sleep(0.05)
