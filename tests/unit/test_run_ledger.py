"""The run's ledger: announced before created, torn down in reverse, looked for afterwards, readable after a kill."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pg_dryrun import processes
from pg_dryrun.errors import ToolFault, UsageError
from pg_dryrun.ledger import Kind, RunLedger


@pytest.fixture
def ledger(tmp_path: Path) -> RunLedger:
    return RunLedger.create(tmp_path / "ledger.jsonl", run_id="run")


def test_everything_created_is_gone_in_reverse_order_and_that_was_looked_at(ledger: RunLedger, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    ledger.will_create(Kind.DIRECTORY, str(folder))
    folder.mkdir()
    dump = folder / "dump.sql"
    ledger.will_create(Kind.FILE, str(dump))
    dump.write_text("secret")
    door = tmp_path / "s"
    ledger.will_create(Kind.SOCKET, str(door))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(door))
    teardown = ledger.teardown()
    assert teardown.net_zero
    assert [item.entry.kind for item in teardown.items] == [Kind.SOCKET, Kind.FILE, Kind.DIRECTORY]
    assert not folder.exists()
    assert not door.exists()
    assert ledger.live() == ()


def test_the_announcement_is_on_disk_before_the_thing_exists(ledger: RunLedger, tmp_path: Path) -> None:
    ledger.will_create(Kind.DIRECTORY, str(tmp_path / "later"))
    assert [entry.name for entry in RunLedger.open(ledger.path).live()] == [str(tmp_path / "later")]


def test_a_process_is_named_by_pid_and_start_time(ledger: RunLedger) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        ledger.started(child.pid, name="sleeper")
        ledger.will_create(Kind.PROCESS, "somebody else with a reused pid", pid=os.getpid(), start_ticks=1)
        teardown = ledger.teardown()
    finally:
        child.kill()
        child.wait()
    assert teardown.net_zero
    assert [item.detail for item in teardown.items] == ["had ended already", "ended by SIGTERM"]
    assert processes.start_ticks(os.getpid()) is not None


def test_a_later_process_finishes_what_a_killed_one_left(ledger: RunLedger, tmp_path: Path) -> None:
    left = tmp_path / "left"
    ledger.will_create(Kind.DIRECTORY, str(left))
    left.mkdir()
    (left / "file").write_text("x")
    with ledger.path.open("ab") as file:
        file.write(b'{"created": 2, "kind": "dire')
    later = RunLedger.open(ledger.path)
    assert later.run_id == "run"
    assert later.teardown().net_zero
    assert not left.exists()
    for line in ledger.path.read_text("utf-8").splitlines():
        json.loads(line)


def test_a_thing_of_another_kind_under_the_name_is_left_alone(ledger: RunLedger, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    name = tmp_path / "work"
    ledger.will_create(Kind.DIRECTORY, str(name))
    name.symlink_to(precious)
    teardown = ledger.teardown()
    assert not teardown.net_zero
    assert precious.is_dir()


def test_one_failure_stops_no_other(ledger: RunLedger, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    ledger.will_create(Kind.DIRECTORY, str(folder))
    folder.mkdir()

    def fail() -> None:
        raise RuntimeError("no")

    ledger.will_create(Kind.CLUSTER, "c", remove=fail, directory=str(tmp_path))
    teardown = ledger.teardown()
    assert [item.absent for item in teardown.items] == [False, True]
    assert "RuntimeError: no" in teardown.items[0].detail


def test_what_lives_in_a_server_is_gone_with_its_directory(ledger: RunLedger, tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    ledger.will_create(Kind.DIRECTORY, str(folder))
    folder.mkdir()
    ledger.will_create(Kind.ROLE, "app", directory=str(folder))
    first = ledger.teardown()
    assert [item.absent for item in first.items] == [False, True]
    assert ledger.teardown().net_zero


def test_what_could_never_be_looked_for_is_refused_at_once(ledger: RunLedger) -> None:
    with pytest.raises(ToolFault):
        ledger.will_create(Kind.ROLE, "app")


def test_two_runs_never_share_a_ledger(ledger: RunLedger) -> None:
    with pytest.raises(UsageError):
        RunLedger.create(ledger.path, run_id="other")


def test_a_file_that_is_no_ledger_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text('{"run": "r"}\nnonsense\n')
    with pytest.raises(UsageError, match="line 2"):
        RunLedger.open(path)
