"""The client's own record of every statement it sent: BEGIN, COMMIT and the session's questions too (design 3.3).

Parameters are never recorded: bodies and secrets travel as parameters, statements are declared texts.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class StatementOutcome(StrEnum):
    """How a statement ended, as the client saw it."""

    OK = "ok"
    ERROR = "error"
    LOST = "lost"
    """The connection went away before the answer: the server may or may not have done it."""
    DEADLINE = "deadline"
    """No answer within the client's own deadline: as ``LOST``, and we hung up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalRecord:
    """One statement. ``text`` has ``$n`` placeholders, exactly as it went over the wire; ``at`` is UTC."""

    sequence: int
    principal: str
    backend_pid: int
    name: str
    text: str
    outcome: StatementOutcome
    sqlstate: str | None
    at: datetime
    started_monotonic_s: float
    duration_s: float
    phase: str | None = None


_Line = tuple[int, str, int, str, str, StatementOutcome, str | None, float, float, float, str | None]


class Journal:
    """Records in the order in which their answers came. With ``limit`` only the newest ``limit`` are kept;
    ``total`` counts all of them, so that a reader knows whether some are gone."""

    def __init__(self, *, limit: int | None = None) -> None:
        self._lines: deque[_Line] = deque(maxlen=limit)
        self._lock = threading.Lock()
        self._total = 0

    @property
    def total(self) -> int:
        """How many statements were recorded in all."""
        return self._total

    @property
    def dropped(self) -> int:
        """How many records the limit has pushed out."""
        return self._total - len(self._lines)

    def write(
        self,
        principal: str,
        backend_pid: int,
        name: str,
        text: str,
        outcome: StatementOutcome,
        sqlstate: str | None,
        at_epoch_s: float,
        started_monotonic_s: float,
        duration_s: float,
        phase: str | None,
    ) -> None:
        """Append one statement and number it. A tuple of plain numbers here, a record when somebody reads: this is on
        every statement's way."""
        with self._lock:
            self._lines.append(
                (
                    self._total,
                    principal,
                    backend_pid,
                    name,
                    text,
                    outcome,
                    sqlstate,
                    at_epoch_s,
                    started_monotonic_s,
                    duration_s,
                    phase,
                )
            )
            self._total += 1

    def records(self) -> tuple[JournalRecord, ...]:
        """What is kept, oldest first."""
        with self._lock:
            lines = tuple(self._lines)
        return tuple(_record(line) for line in lines)

    def __iter__(self) -> Iterator[JournalRecord]:
        return iter(self.records())

    def __len__(self) -> int:
        return len(self._lines)


def _record(line: _Line) -> JournalRecord:
    sequence, principal, backend_pid, name, text, outcome, sqlstate, at, started, duration, phase = line
    return JournalRecord(
        sequence=sequence,
        principal=principal,
        backend_pid=backend_pid,
        name=name,
        text=text,
        outcome=outcome,
        sqlstate=sqlstate,
        at=datetime.fromtimestamp(at, UTC),
        started_monotonic_s=started,
        duration_s=duration,
        phase=phase,
    )
