"""Progress of long work: on standard error, only where a person watches, never in the way of the result."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol


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
def steps(total_documents: int) -> Iterator[Steps]:
    """A bar with documents, bytes a second and what is being done, if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console  # noqa: PLC0415 - only where there is somebody to see it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total_documents, rate="")
        started_s, size = time.monotonic(), 0

        class _Shown:
            def phase(self, document: str, phase: str) -> None:
                progress.update(task, description=f"{phase:<7}{document}")

            def done(self, *, size_bytes: int) -> None:
                nonlocal size
                size += size_bytes
                elapsed_s = max(time.monotonic() - started_s, 1e-6)
                progress.update(task, advance=1, rate=f"{size / elapsed_s / 1e6:.2f} MB/s")

            @contextmanager
            def aside(self) -> Iterator[None]:
                progress.stop()
                yield
                progress.start()

        yield _Shown()
