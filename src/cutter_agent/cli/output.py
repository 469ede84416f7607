"""What a person or a program reads on standard output.

With ``--json`` a command prints exactly one JSON document: UTF-8, one line, a final newline. Without it: plain lines
and tables. Colour as ``commandline.colour`` says. No id is ever folded.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from commandline import colour, tables
from cutter_agent.errors import UsageError

_WRITTEN_AT_ONCE = 1 << 18


def prepare_streams() -> None:
    """A terminal that cannot show a character must not end a command: show its escape instead."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: object) -> None:
    """One JSON document. Raises ``ReaderGone``."""
    print_bytes(json_bytes(value))


def json_bytes(value: object) -> bytes:
    """One line of JSON, UTF-8 whatever the locale (RFC 8259, 8.1)."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def json_list(name: str, items: Iterable[object]) -> Iterator[str]:
    """``{name: [items]}`` as one JSON document, an item at a time: the same bytes as ``print_json`` gives."""
    yield f"{{{json.dumps(name)}: ["
    for number, item in enumerate(items):
        yield (", " if number else "") + json.dumps(item, ensure_ascii=False, allow_nan=False)
    yield "]}\n"


def json_text(record: dict[str, object], name: str, pieces: Iterable[str]) -> Iterator[str]:
    """``record`` with one more member, ``name``: the text of ``pieces``; a piece at a time, as ``print_json`` gives."""
    yield f'{json.dumps(record, ensure_ascii=False, allow_nan=False)[:-1]}, {json.dumps(name)}: "'
    for piece in pieces:
        yield json.dumps(piece, ensure_ascii=False)[1:-1]
    yield '"}\n'


def print_lines(lines: Iterable[str]) -> None:
    """Many lines for a person, as ``print_line`` does one; never more than some in memory. Raises ``ReaderGone``."""
    encoding = sys.stdout.encoding or "utf-8"
    for data in _gathered((f"{line}\n" for line in lines), encoding, "backslashreplace"):
        print_bytes(data)


class ReaderGone(Exception):
    """Nobody reads standard output any more. Not an ``OSError``: what runs commands swallows those of a broken pipe."""


def print_bytes(data: bytes) -> None:
    """Exactly these bytes, all of them.

    With ``PYTHONUNBUFFERED`` standard output is a bare file, whose ``write`` may take a part and say so.

    Raises:
        ReaderGone: the reader went away.
        OutputRefused: what stands behind standard output takes no more, as a full disk.
    """
    left = memoryview(data)
    try:
        sys.stdout.flush()
        while left:
            left = left[sys.stdout.buffer.write(left) :]
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        raise ReaderGone from error
    except OSError as error:
        raise not_written("standard output", error) from error


class OutputRefused(UsageError):
    """A result that could not be written where it was wanted."""


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def not_written(where: object, error: OSError) -> OutputRefused:
    """What keeps a result from being written, and what to do."""
    if error.errno in _NO_ROOM:
        return OutputRefused(f"{where}: {error.strerror}", remedy="Make room there, or choose another place.")
    return OutputRefused(f"{where}: {error.strerror}", remedy="Choose a path that you may write.")


def write_file(path: Path, data: bytes) -> None:
    """``data`` at ``path``, whole or not at all; what was there before is replaced.

    Raises:
        OutputRefused: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise not_written(path, error) from error


def write_stream(path: Path | None, pieces: Iterable[str]) -> int:
    """``pieces`` one after another on standard output (None) or in a file, which is there whole or not at all.

    Says how many bytes. Never holds more than some of them.

    Raises:
        OutputRefused: it cannot be written.
        ReaderGone: the reader of standard output went away.
    """
    if path is None:
        return sum(_printed(data) for data in _gathered(pieces))
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            written = sum(stream.write(data) for data in _gathered(pieces))
        partial.replace(path)
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        partial.unlink(missing_ok=True)
    return written


def _printed(data: bytes) -> int:
    print_bytes(data)
    return len(data)


def _gathered(pieces: Iterable[str], encoding: str = "utf-8", errors: str = "strict") -> Iterator[bytes]:
    """Small pieces together: a write for each would be slow."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece.encode(encoding, errors))
        size += len(held[-1])
        if size >= _WRITTEN_AT_ONCE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def print_line(text: str = "") -> None:
    """One line for a person. Raises ``ReaderGone``."""
    encoding = sys.stdout.encoding or "utf-8"
    print_bytes(f"{text}\n".encode(encoding, errors="backslashreplace"))


_Speaker = Callable[[str], None]


class _Aside:
    """Who says what stands beside the result; None: standard error, as it is."""

    speaker: _Speaker | None = None


def speak_through(speaker: _Speaker | None) -> None:
    """From now on ``speaker`` says what stands beside the result."""
    _Aside.speaker = speaker


def spoken() -> bool:
    """Whether somebody else says it: nothing may then be drawn on standard error."""
    return _Aside.speaker is not None


def note(text: str) -> None:
    """One line beside the result: progress, what was decided, what comes next."""
    if _Aside.speaker is not None:
        _Aside.speaker(text)
        return
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table that fits the terminal (``commandline.tables``); in a pipe or a file as wide as its contents."""
    held = list(rows)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for number, line in enumerate(tables.fitted(columns, held, width)):
        print_line(colour.bold(line, sys.stdout) if number == 0 and line.startswith(columns[0]) else line)
