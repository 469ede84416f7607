"""Progress of long work: on standard error, only where a person watches, never in the way of the result."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from commandline import colour
from cutter_agent.cli import output

_DOCUMENT_CHARACTERS = 24


class Steps(Protocol):
    """What a command tells about its progress."""

    def phase(self, document: str, phase: str) -> None:
        """``document`` is now in ``phase``."""
        ...

    def done(self, *, size_bytes: int) -> None:
        """One document is done."""
        ...

    def aside(self) -> AbstractContextManager[None]:
        """Out of the way while a line is printed to the same terminal."""
        ...


class _Silent:
    def phase(self, document: str, phase: str) -> None:
        """Nobody watches."""

    def done(self, *, size_bytes: int) -> None:
        """Nobody watches."""

    def aside(self) -> AbstractContextManager[None]:
        """Nothing is in the way."""
        return nullcontext()


@contextmanager
def steps(paths: Sequence[str]) -> Iterator[Steps]:
    """A bar with documents, bytes a second, time left and what is being done, if standard error is a terminal.

    The bar goes by bytes, as far as the files say how many they have: a code of a thousand articles is not done as soon
    as a decree. ``paths`` are files, or ``-``.
    """
    if output.spoken() or not colour.watched(sys.stderr):
        yield _Silent()
        return
    # Only where there is somebody to see it.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.fields[phase]:<7}"),
        TextColumn("{task.fields[document]}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[count]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    sizes_bytes = [_size(path) for path in paths]
    console = Console(stderr=True, no_color=not colour.wanted(sys.stderr))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=sum(sizes_bytes), phase="", document="", count=f"0/{len(paths)}", rate="")
        started_s, size, documents = time.monotonic(), 0, 0

        class _Shown:
            def phase(self, document: str, phase: str) -> None:
                progress.update(task, phase=phase, document=_shortened(document))

            def done(self, *, size_bytes: int) -> None:
                nonlocal size, documents
                size += size_bytes
                elapsed_s = max(time.monotonic() - started_s, 1e-6)
                progress.update(
                    task,
                    advance=max(size_bytes, 1),
                    count=f"{documents + 1}/{len(paths)}",
                    rate=f"{size / elapsed_s / 1e6:.2f} MB/s",
                )
                documents += 1

            @contextmanager
            def aside(self) -> Iterator[None]:
                progress.stop()
                yield
                progress.start()

        yield _Shown()


class Documents(Protocol):
    """What a command tells that goes through documents, of which it learns on its way how many there are."""

    def begins(self, document: str, done: int, count: int) -> None:
        """``document`` is next, after ``done`` of ``count``."""
        ...

    def aside(self) -> AbstractContextManager[None]:
        """Out of the way while a line is printed to the same terminal."""
        ...


class _Unwatched:
    def begins(self, document: str, done: int, count: int) -> None:
        """Nobody watches."""

    def aside(self) -> AbstractContextManager[None]:
        """Nothing is in the way."""
        return nullcontext()


@contextmanager
def documents(phase: str) -> Iterator[Documents]:
    """A bar with documents, documents a second and time left, if standard error is a terminal."""
    if output.spoken() or not colour.watched(sys.stderr):
        yield _Unwatched()
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415

    words = TextColumn("{task.description} {task.fields[document]}"), TextColumn("{task.fields[count]}")
    columns = (words[0], BarColumn(bar_width=20), words[1], TimeElapsedColumn(), TextColumn("left"))
    console = Console(stderr=True, no_color=not colour.wanted(sys.stderr))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as shown:
        task, started_s = shown.add_task(phase, total=None, document="", count=""), time.monotonic()

        class _Shown:
            def begins(self, document: str, done: int, count: int) -> None:
                rate = done / max(time.monotonic() - started_s, 1e-6)
                said = f"{done}/{count} {rate:.1f}/s"
                shown.update(task, completed=done, total=count, document=_shortened(document), count=said)

            @contextmanager
            def aside(self) -> Iterator[None]:
                shown.stop()
                yield
                shown.start()

        yield _Shown()


def _size(path: str) -> int:
    """At least 1: a document whose size is not known (a pipe, a file that is gone) is a step, too."""
    try:
        return max(Path(path).stat().st_size, 1)
    except OSError:
        return 1


def _shortened(document: str) -> str:
    """The end of a path says which file it is."""
    name = Path(document).name or document
    return name if len(name) <= _DOCUMENT_CHARACTERS else f"…{name[1 - _DOCUMENT_CHARACTERS :]}"
