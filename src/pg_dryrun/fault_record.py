"""What the enumeration of faults leaves in the record: boundaries, kinds, and one answer for each pair of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong at a boundary, once."""

    BACKEND_KILLED = "backend-killed"
    CUT_BEFORE = "cut-before"
    CUT_DURING = "cut-during"
    CUT_AFTER = "cut-after"
    DELAYED = "delayed"
    ANSWER_SWALLOWED = "answer-swallowed"
    BLACK_HOLE = "black-hole"
    SERIALIZATION = "serialization"
    DEADLOCK = "deadlock"
    LOCK_TIMEOUT = "lock-timeout"
    STATEMENT_TIMEOUT = "statement-timeout"
    DENIED = "denied"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    DISK_FULL = "disk-full"
    SERVER_STOPPED = "server-stopped"
    WRITER_KILLED = "writer-killed"


class PairOutcome(StrEnum):
    """The words of one pair."""

    PASSED = "Passed"
    FAILED = "Failed"
    COULD_NOT_RUN = "CouldNotRun"
    NOT_APPLICABLE = "NotApplicable"


class Standing(StrEnum):
    """What the tables hold, compared with the undisturbed run."""

    BEFORE = "before"
    """As before the command: nothing of it was kept."""
    FINAL = "final"
    """As after the undisturbed command: all of it was kept."""
    BETWEEN = "between"
    """Neither: something half-written, lost, or there twice."""
    UNREAD = "unread"


class Said(StrEnum):
    """The writer's own word about what it did."""

    DONE = "done"
    FAILED = "failed"
    """It says that nothing was kept."""
    UNKNOWN = "unknown"
    """It says that it cannot know."""
    DIED = "died"
    """It was killed, or ended without a word."""
    HUNG = "hung"
    """It said nothing within its deadline."""


@dataclass(frozen=True, kw_only=True)
class BoundaryRecord:
    """One place at which the writer waits for the server: a connection, a statement, the end of a COPY.

    ``index`` counts from 0 within the command. ``statement`` is the declared name, or the beginning of the text.
    """

    command: str
    index: int
    statement: str


@dataclass(frozen=True, kw_only=True)
class FaultPair:
    """One boundary × one kind, followed by a replay of the same command.

    ``id`` runs this pair alone (``--fault ID``). ``said``, ``code`` and ``sqlstate`` are the writer's word during the
    fault, ``replay`` its word in the replay. ``seen`` are the SQLSTATEs that the server sent while the fault lasted.
    ``reason`` says why a pair failed, could not run, or does not apply.
    """

    id: str
    command: str
    index: int
    statement: str
    kind: FaultKind
    outcome: PairOutcome
    said: Said | None = None
    code: str | None = None
    sqlstate: str | None = None
    seen: tuple[str, ...] = ()
    after_fault: Standing = Standing.UNREAD
    replay: Said | None = None
    after_replay: Standing = Standing.UNREAD
    reason: str = ""
    duration_ms: float = 0.0


@dataclass(frozen=True, kw_only=True)
class FaultsRecord:
    """The enumeration of one run. ``made_by`` says of each kind what made the fault real, or that it was forged."""

    form: str
    boundaries: tuple[BoundaryRecord, ...] = ()
    made_by: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[FaultPair, ...] = ()
    duration_s: float = 0.0

    def counted(self) -> dict[PairOutcome, int]:
        """How many pairs have which answer, zeros included."""
        found = dict.fromkeys(PairOutcome, 0)
        for pair in self.pairs:
            found[pair.outcome] += 1
        return found


VOLATILE_OF_FAULTS: tuple[str, ...] = ("/faults/pairs", "/faults/made_by", "/faults/duration_s")
"""How a fault looked from inside depends on moments; which boundaries there are, and the gate's answer, do not."""
