"""Starting programs: deadline for the whole group, bounded capture, nothing inherited, no password in the arguments."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from pg_dryrun import commands, processes
from pg_dryrun.credentials import Vault
from pg_dryrun.errors import EnvironmentFault, ToolFault
from pg_dryrun.subject import Login

PYTHON = [sys.executable, "-I", "-c"]


def test_the_deadline_ends_the_program_and_all_it_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, time, pathlib;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid)); time.sleep(60)"
    )
    done = commands.run([*PYTHON, code], timeout_s=1.5)
    assert done.timed_out
    assert not done.ok
    assert done.duration_s < 10
    deadline = time.monotonic() + 5
    while processes.start_ticks(int(note.read_text())) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.start_ticks(int(note.read_text())) is None


def test_output_is_bounded_and_its_end_is_kept() -> None:
    done = commands.run([*PYTHON, "print('x' * 5_000_000); print('end')"], timeout_s=20, limit_bytes=1000)
    assert done.ok
    assert done.truncated
    assert len(done.stdout) == 1000
    assert done.stdout.endswith(b"end\n")


def test_nothing_of_our_environment_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "leaked")
    done = commands.run([*PYTHON, "import os; print(sorted(os.environ))"], timeout_s=20, env={"GIVEN": "1"})
    assert b"PGPASSWORD" not in done.stdout
    assert b"GIVEN" in done.stdout


def test_a_file_for_the_output_is_private_and_new(tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert commands.run([*PYTHON, "print(1)"], timeout_s=20, stdout_to=target).ok
    assert target.read_text() == "1\n"
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        commands.run([*PYTHON, "print(1)"], timeout_s=20, stdout_to=target)


def test_a_bad_end_is_told_with_the_programs_own_words_and_no_secret(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    vault.adopt("password", "hunter2hunter2")
    with pytest.raises(EnvironmentFault) as caught:
        commands.check([*PYTHON, "import sys; sys.exit('no: hunter2hunter2')"], timeout_s=20, redact=vault.redact)
    assert "no: [secret password]" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_programs_are_named_by_absolute_path_and_must_exist() -> None:
    with pytest.raises(ToolFault):
        commands.run(["psql"], timeout_s=1)
    with pytest.raises(EnvironmentFault):
        commands.run(["/nonexistent/psql"], timeout_s=1)


def test_the_password_file_is_private_escaped_and_removed(tmp_path: Path) -> None:
    login = Login(host="/s", port=5432, dbname="d", user="a:b", password="p\\q:r-and-more")
    with Vault(tmp_path) as vault:
        environment = vault.environment(login)
        path = Path(environment["PGPASSFILE"])
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_text() == "*:*:*:a\\:b:p\\\\q\\:r-and-more\n"
        assert login.password not in "".join(environment.values())
        assert vault.environment(login)["PGPASSFILE"] == str(path)
        assert login.password not in repr(vault) + repr(login)
    assert not path.exists()
    assert list(vault.secrets().values()) == [login.password]
