"""`cut` and `mark` on a named pipe that nobody writes into hung for ever, inside `open`."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cutter_agent.cli import inputs, pipes
from cutter_agent.errors import InputRefused


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "law.pipe"
    os.mkfifo(path)
    return path


def _writer(path: Path, *pieces: bytes, pause_s: float) -> threading.Thread:
    def write() -> None:
        with suppress(BrokenPipeError), path.open("wb", buffering=0) as stream:
            for piece in pieces:
                time.sleep(pause_s)
                stream.write(piece)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def test_nobody_writes(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "NO_WRITER_S", 0.2)
    with pytest.raises(InputRefused, match="nobody opened the pipe for writing") as refused:
        inputs.read_source(str(pipe), label=None)
    assert refused.value.path == str(pipe)


def test_a_writer_who_says_nothing(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "SILENT_S", 0.2)
    thread = _writer(pipe, b"x", pause_s=0.8)
    with pytest.raises(InputRefused, match="said nothing"):
        inputs.read_source(str(pipe), label=None)
    thread.join(5)


def test_a_slow_writer_is_read_to_the_end(pipe: Path) -> None:
    thread = _writer(pipe, "Điều 1. ".encode(), "Phạm vi\n".encode() * 40_000, b"end", pause_s=0.15)
    data = inputs.read_source(str(pipe), label=None).data
    thread.join(5)
    assert data == "Điều 1. ".encode() + "Phạm vi\n".encode() * 40_000 + b"end"


def test_more_than_the_limit_is_refused(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOT_CUTTER_MAX_INPUT_BYTES", "1000")
    thread = _writer(pipe, b"x" * 1001, pause_s=0)
    with pytest.raises(InputRefused, match="above the limit"):
        inputs.read_source(str(pipe), label=None)
    thread.join(5)
