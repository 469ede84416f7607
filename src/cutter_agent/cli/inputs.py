"""Files and standard input, read whole and bounded. What a door can say about bytes without looking into them."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from cutter_agent import config, formats, segmenter
from cutter_agent.cli import pipes
from cutter_agent.errors import InputChanged, InputRefused, UsageError
from cutter_agent.originals import Rendition

STANDARD_INPUT = "-"

_CLOCK_STEP_NS = 20_000_000
"""Longer than the steps of any file system's clock but FAT's, whose two seconds nobody waits for."""
_LOOKS = 5


@dataclass(frozen=True, kw_only=True)
class Source:
    """The exact bytes of one document, the name a person knows it by, and where it came from.

    ``converted``: the file of another format that these bytes were made from, with its map; None for a text.
    """

    data: bytes
    label: str
    origin: str
    converted: Converted | None = None


@dataclass(frozen=True, kw_only=True)
class Converted:
    """A file of another format, as it was read and what became of it."""

    data: bytes = field(repr=False)
    conversion: formats.Conversion


def read_source(path: str, *, label: str | None) -> Source:
    """The bytes of a file, or of standard input for ``-``, at most ``DOT_CUTTER_MAX_INPUT_BYTES``.

    Raises:
        InputRefused: no such file, a directory, unreadable, or larger than the limit (known before it is read).
        UsageError: standard input without ``--label``.
    """
    limit = config.Settings.from_environment(os.environ).max_input_bytes
    if path == STANDARD_INPUT:
        if not label:
            raise UsageError("standard input has no name", remedy="Give --label NAME.")
        data = _bounded(sys.stdin.buffer, label, limit)
        return Source(data=data, label=label, origin="standard input")
    return Source(data=_read_file(path, limit), label=label or Path(path).name, origin=Path(path).absolute().as_uri())


def read_document(
    path: str, *, label: str | None, wanted: formats.Format | None = None, profile: str | None = None
) -> Source:
    """A document to be cut: the text itself, or the text stream that is made of HTML, DOCX or PDF.

    What the file is, its content says, unless ``wanted`` does. Where the profile is Markdown, headings get its marks.

    Raises:
        FormatRefused: a format that is not read, or a file that cannot be.
        InputRefused, UsageError: as ``read_source``.
    """
    source = read_source(path, label=label)
    with placed(path):
        found = wanted or formats.recognise(source.data, label=source.label)
        if found is formats.Format.TEXT:
            return source
        limits = formats.Limits(most_text_bytes=config.Settings.from_environment(os.environ).max_input_bytes)
        made = formats.read(source.data, found, limits)
        if made.headings and _is_markdown(made.text, source.label, profile):
            made = formats.read(source.data, found, limits, mark_headings=True)
    return replace(source, data=made.text, converted=Converted(data=source.data, conversion=made))


def _is_markdown(text: bytes, label: str, profile: str | None) -> bool:
    if profile is not None:
        return profile == segmenter.FALLBACK
    return segmenter.detect(text, label=label)[0].id == segmenter.FALLBACK


def _read_file(path: str, limit: int) -> bytes:
    try:
        with _opened(path) as stream:
            facts = _settled(stream.fileno())
            if stat.S_ISREG(facts.st_mode) and facts.st_size > limit:
                raise _too_large(path, f"{facts.st_size} bytes", limit)
            if stat.S_ISFIFO(facts.st_mode):
                return _within(pipes.read_pipe(stream.fileno(), limit + 1, path=path), path, limit)
            os.set_blocking(stream.fileno(), True)
            data = _bounded(stream, path, limit)
            _require_still(path, facts, os.fstat(stream.fileno()), len(data))
            return data
    except IsADirectoryError:
        raise InputRefused("a directory where a file is expected", remedy="Name a file in it.", path=path) from None
    except FileNotFoundError:
        raise InputRefused("no such file", remedy="Check the path.", path=path) from None
    except OSError as error:
        raise InputRefused(
            f"cannot be read: {error.strerror}", remedy="Check that you may read it.", path=path
        ) from error


def _settled(descriptor: int) -> os.stat_result:
    """What the file is, once it has rested for a moment: whoever copies it has then mostly written the rest.

    A file system's clock goes in steps (4 to 10 ms), so that two writes within one are one moment: of a file that
    rested for longer any other change shows. One that is written all the time is looked at as it is.
    """
    facts = os.fstat(descriptor)
    for _ in range(_LOOKS):
        if not stat.S_ISREG(facts.st_mode) or time.time_ns() - facts.st_mtime_ns not in range(_CLOCK_STEP_NS):
            break
        time.sleep(_CLOCK_STEP_NS / 1e9)
        facts = os.fstat(descriptor)
    return facts


def _require_still(path: str, before: os.stat_result, after: os.stat_result, read_bytes: int) -> None:
    """A regular file is what it was before it was read. Raises ``InputChanged``."""
    if not stat.S_ISREG(before.st_mode):
        return
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size) or read_bytes != after.st_size:
        raise changed(path)


def changed(path: str) -> InputChanged:
    """The error of a file that does not hold still."""
    return InputChanged(
        "the file was changed while it was read; nothing of it was taken",
        remedy="Run the same command again when nobody writes it any more.",
        path=path,
    )


def _opened(path: str) -> BinaryIO:
    """Opened without waiting for anybody: a pipe without a writer would hold the program in ``open``."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")


def _bounded(stream: BinaryIO, path: str, limit: int) -> bytes:
    return _within(stream.read(limit + 1), path, limit)


def _within(data: bytes, path: str, limit: int) -> bytes:
    if len(data) > limit:
        raise _too_large(path, f"more than {limit} bytes", limit)
    return data


def _too_large(path: str, size: str, limit: int) -> InputRefused:
    return InputRefused(
        f"{size}: above the limit of {limit} bytes",
        remedy=f"Split the document, or raise the limit with {config.MAX_INPUT_BYTES}.",
        path=path,
    )


def expand(paths: Sequence[str]) -> list[str]:
    """The files meant by ``paths``: a folder stands for the files directly in it, by name, hidden ones left out.

    Raises:
        InputRefused: a folder without a file, or one that cannot be listed.
    """
    files: list[str] = []
    for path in paths:
        files.extend(_files_of(path) if path != STANDARD_INPUT and Path(path).is_dir() else [path])
    return files


def _files_of(folder: str) -> list[str]:
    try:
        found = sorted(path for path in Path(folder).iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise InputRefused(
            f"cannot be listed: {error.strerror}", remedy="Check that you may read it.", path=folder
        ) from error
    if not found:
        raise InputRefused("a folder without a file", remedy="Name a folder with documents in it.", path=folder)
    return [str(path) for path in found]


@contextmanager
def placed(path: str) -> Iterator[None]:
    """An ``InputRefused`` from below that does not know the file's name gets it here."""
    try:
        yield
    except InputRefused as error:
        if error.path is None:
            error.path = path
        raise


def rendition(source: Source) -> Rendition | None:
    """The file that a text was made from, as it goes into the store; None for a text."""
    if source.converted is None:
        return None
    made = source.converted.conversion
    return Rendition(
        data=source.converted.data,
        media_type=made.format.media_type,
        reader=made.reader,
        map=made.map,
        map_sha256=made.map_sha256,
    )
