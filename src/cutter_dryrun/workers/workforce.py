"""How many workers a rehearsal has, and the process that starts them. One for a run, as a context manager."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_dryrun.faults.interface import Call, Command, Limits
from pg_dryrun.faults.writers import Nursery, Writer

SEAT = "cutter_dryrun.workers.seat"
_NO_LIMITS = Limits(statement_s=0, lock_s=0, idle_in_transaction_s=0, deadline_s=0, resolve_s=0, connect_s=0)
"""A worker has its own."""


class Workforce:
    """``count`` workers of DOT-991 for each clone, and one of DOT-992. The program is loaded at the first of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._stack = ExitStack()
        self._nursery: Nursery | None = None

    @property
    def form(self) -> str:
        """How the record names it."""
        return f"workers: {self.count}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def seat(self, arguments: dict[str, object]) -> Writer:
        """One worker, under way. Raises ``ToolFault``."""
        command = Command(name="worker", function=f"{SEAT}:sit", arguments=arguments)
        return self._opened().start(command, Call(logins={}, limits=_NO_LIMITS, arguments=arguments))

    def _opened(self) -> Nursery:
        if self._nursery is None:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="iu-workforce-")))
            self._nursery = self._stack.enter_context(Nursery([SEAT], log=folder / "nursery.log"))
        return self._nursery
