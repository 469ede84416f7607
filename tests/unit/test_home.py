"""The data folder's secrets: private, made once, whole or not at all, never papered over."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cutter_agent.errors import ConfigError
from cutter_agent.home import secrets
from cutter_agent.home.folder import DataFolder, write_bytes, write_whole
from cutter_agent.model import Lane
from sealing.keys import PublicKey, SigningKey


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(root=tmp_path / "home")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _set_up(folder: DataFolder) -> None:
    with folder.locked():
        for lane in Lane:
            secrets.ensure(folder, lane)


def test_folders_are_private_and_files_too(folder: DataFolder) -> None:
    _set_up(folder)
    assert {_mode(folder.root), _mode(folder.root / "keys"), *(_mode(folder.lane(lane)) for lane in Lane)} == {0o700}
    for lane in Lane:
        assert _mode(folder.password(lane)) == 0o600
        assert _mode(folder.signing_key(lane)) == 0o600


def test_an_existing_folder_keeps_its_mode(folder: DataFolder) -> None:
    folder.root.mkdir(mode=0o750)
    folder.root.chmod(0o750)
    _set_up(folder)
    assert _mode(folder.root) == 0o750


def test_each_lane_has_its_own_secret_and_its_own_pair(folder: DataFolder) -> None:
    _set_up(folder)
    passwords = {secrets.read_password(folder, lane) for lane in Lane}
    assert len(passwords) == 2
    assert all(len(password) == 64 for password in passwords)
    keys = {lane: SigningKey.load(folder.signing_key(lane)).public for lane in Lane}
    assert keys[Lane.EXEC] != keys[Lane.VERIFY]
    assert {lane: PublicKey.load(folder.public_key(lane)) for lane in Lane} == keys


def test_a_second_set_up_changes_nothing(folder: DataFolder) -> None:
    _set_up(folder)
    before = {path: path.read_bytes() for path in folder.root.rglob("*") if path.is_file()}
    _set_up(folder)
    assert {path: path.read_bytes() for path in folder.root.rglob("*") if path.is_file()} == before


SET_UP = """
import sys
from pathlib import Path
from cutter_agent.home import secrets
from cutter_agent.home.folder import DataFolder
from cutter_agent.model import Lane

folder = DataFolder(root=Path(sys.argv[1]))
sys.stdin.read()
with folder.locked():
    for lane in Lane:
        secrets.ensure(folder, lane)
"""


def test_many_processes_at_once_agree(folder: DataFolder) -> None:
    command = [sys.executable, "-c", SET_UP, str(folder.root)]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(4)]
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
    assert [child.wait(60) for child in children] == [0, 0, 0, 0]
    for lane in Lane:
        assert PublicKey.load(folder.public_key(lane)) == SigningKey.load(folder.signing_key(lane)).public


def test_a_writer_killed_half_way_leaves_nothing_that_counts(folder: DataFolder) -> None:
    folder.make()
    target = folder.password(Lane.EXEC)

    def die(partial: Path) -> None:
        partial.write_text("ha")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(target, die)
    assert not target.exists()
    with folder.locked():
        folder.sweep_partials()
        secrets.ensure(folder, Lane.EXEC)
    assert len(secrets.read_password(folder, Lane.EXEC)) == 64
    assert [path.name for path in folder.lane(Lane.EXEC).iterdir() if path.name.startswith(".")] == []


def test_a_crash_between_the_two_halves_of_a_pair_is_completed(folder: DataFolder) -> None:
    _set_up(folder)
    before = folder.public_key(Lane.VERIFY).read_bytes()
    folder.public_key(Lane.VERIFY).unlink()
    _set_up(folder)
    assert folder.public_key(Lane.VERIFY).read_bytes() == before


def test_a_lost_private_key_is_said_not_replaced(folder: DataFolder) -> None:
    _set_up(folder)
    folder.signing_key(Lane.EXEC).unlink()
    with pytest.raises(ConfigError, match="is gone") as caught:
        _set_up(folder)
    assert "backup" in caught.value.remedy
    assert not folder.signing_key(Lane.EXEC).exists()


def test_a_pair_that_does_not_fit_is_refused(folder: DataFolder) -> None:
    _set_up(folder)
    write_bytes(folder.public_key(Lane.EXEC), folder.public_key(Lane.VERIFY).read_bytes(), mode=0o644)
    with pytest.raises(ConfigError, match="not the public half"):
        _set_up(folder)


def test_a_password_that_others_can_read_is_refused(folder: DataFolder) -> None:
    _set_up(folder)
    folder.password(Lane.EXEC).chmod(0o640)
    with pytest.raises(ConfigError, match="0640"):
        secrets.read_password(folder, Lane.EXEC)


def test_a_lock_held_too_long_is_said(folder: DataFolder) -> None:
    with (
        folder.locked(),
        pytest.raises(ConfigError, match="another process"),
        folder.locked(timeout_s=0.1),
    ):
        raise AssertionError("two holders")


def test_a_file_in_the_folders_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    with pytest.raises(ConfigError, match="cannot be made"):
        DataFolder(root=tmp_path / "home" / "below").make()


def test_the_default_is_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    root = DataFolder.at(None).root
    assert root.name == "dot-iu-cutter"
    assert os.fspath(tmp_path) in os.fspath(root)
