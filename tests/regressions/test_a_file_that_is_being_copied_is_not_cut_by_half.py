"""A file between two writes of whoever copies it holds still for a moment: that half of it was cut as the document."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cutter_agent.cli import inputs
from cutter_agent.errors import InputChanged

FIRST, SECOND = b"first half, ", b"second half"


def test_a_file_that_was_written_a_moment_ago_is_given_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "law.txt"
    path.write_bytes(FIRST)
    moment_ns = path.stat().st_mtime_ns
    copied: list[float] = []

    def meanwhile(pause_s: float) -> None:
        if not copied:
            with path.open("ab") as stream:
                stream.write(SECOND)
            os.utime(path, ns=(moment_ns, moment_ns))  # within the same step of the file system's clock
        copied.append(pause_s)

    monkeypatch.setattr(inputs.time, "time_ns", lambda: moment_ns + 1 + 30_000_000 * len(copied))
    monkeypatch.setattr(inputs.time, "sleep", meanwhile)
    assert inputs.read_source(str(path), label=None).data == FIRST + SECOND
    assert copied == [0.02], "one pause, since nobody wrote any more"


def test_a_file_that_rested_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "law.txt"
    path.write_bytes(FIRST)
    os.utime(path, ns=(0, 0))
    monkeypatch.setattr(inputs.time, "sleep", lambda _: pytest.fail("nobody needed to wait"))
    assert inputs.read_source(str(path), label=None).data == FIRST


def test_a_file_that_never_rests_is_refused_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "law.txt"
    path.write_bytes(FIRST)
    pauses: list[float] = []
    monkeypatch.setattr(inputs.time, "time_ns", lambda: path.stat().st_mtime_ns + 1)
    monkeypatch.setattr(inputs.time, "sleep", pauses.append)
    read = inputs._bounded

    def and_then_it_grows(*words) -> bytes:
        data = read(*words)
        with path.open("ab") as other:
            other.write(SECOND)
        return data

    monkeypatch.setattr(inputs, "_bounded", and_then_it_grows)
    with pytest.raises(InputChanged):
        inputs.read_source(str(path), label=None)
    assert len(pauses) == 5, "bounded"
