"""What a rehearsed command did, as values: the part of the record that only ``pg-dryrun run`` fills (design 3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VOLATILE_OF_PROGRAM: tuple[str, ...] = (
    "/program/duration_s",
    "/program/output",
    "/program/survivors",
    "/program/sessions_at_once",
    "/program/sessions_ended",
    "/program/wal_bytes",
    "/program/statements/*/total_ms",
    "/program/statements/*/longest_ms",
    "/program/exclusive_locks/*/longest_ms",
    "/program/exclusive_locks/*/unknown",
    "/program/exclusive_locks/*/held",
    "/program/lock_waits",
    "/program/errors/*/message",
    "/program/warnings",
)
"""Members that two runs of the same command on the same dump may spell differently."""


@dataclass(frozen=True, kw_only=True)
class RowChanges:
    """Committed row events on one table, from logical decoding, and its rows before and after.

    ``rows_before`` is None for a table that the command made, ``rows_after`` for one that is gone (or holds no rows of
    its own). How many rows a TRUNCATE or a DROP took away is in no event: the two counts show it.
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    truncated: int = 0
    rows_before: int | None = None
    rows_after: int | None = None


@dataclass(frozen=True, kw_only=True)
class SeenStatement:
    """One shape of statement, by PostgreSQL's own fingerprint. ``text`` is the first of that shape, without constants.

    ``failed`` of the ``times`` ended in an error. Milliseconds are the server's own durations, execution only.
    """

    fingerprint: str
    role: str
    verbs: tuple[str, ...]
    tables: tuple[str, ...]
    text: str
    times: int
    failed: int = 0
    total_ms: float = 0.0
    longest_ms: float = 0.0


@dataclass(frozen=True, kw_only=True)
class HeldLock:
    """One span of an exclusive lock, in milliseconds after the command's first statement: at the widest."""

    from_ms: float
    to_ms: float


@dataclass(frozen=True, kw_only=True)
class ExclusiveLock:
    """AccessExclusive locks on a relation that was there before the command, from the write-ahead log: each is seen.

    ``longest_ms`` is at most: from the first statement of the transaction that took the lock to the end of that
    transaction. None: it could not be told which transaction of the log it was (``unknown`` times). ``held`` are the
    spans that are known, the longest 200 of them, in order of time.
    """

    relation: str
    times: int
    longest_ms: float | None = None
    unknown: int = 0
    held: tuple[HeldLock, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LockWait:
    """Waits for a lock that were longer than ``deadlock_timeout`` of the clone, from the server's log.

    ``given_up``: waits that ended in an error (deadlock, timeout, cancelled) instead of the lock.
    """

    mode: str
    target: str
    times: int
    longest_ms: float
    given_up: int = 0


@dataclass(frozen=True, kw_only=True)
class SeenError:
    """Errors of one SQLSTATE that the server gave to the command. ``message`` is the first one."""

    sqlstate: str
    severity: str
    times: int
    message: str


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something to look at before the command goes to production. It never changes the verdict by itself.

    ``timing``: whether it appears depends on the speed of the machine.
    """

    code: str
    subject: str
    message: str
    timing: bool = False


@dataclass(frozen=True, kw_only=True)
class KeptOutput:
    """What the command wrote, kept beside the record. ``truncated``: only the end of it."""

    stream: str
    file: str
    size_bytes: int
    truncated: bool


@dataclass(frozen=True, kw_only=True)
class ProgramRecord:
    """One run of a foreign command on a clone: how it ended, and what it did there.

    ``exit_status`` is None where the command was ended from outside (``timed_out``, ``signal``). ``environment`` are
    names only. ``network``: it could use the machine's. ``transactions_without_rows`` counts committed transactions
    without a row event by what their log records say. ``sequences`` maps a sequence to how far it moved. ``shared`` are
    changes that concern the whole server (roles, databases, settings). ``differences`` are those from the accepted
    effects, None without such a file.
    """

    command: tuple[str, ...]
    role: str
    role_origin: str
    database: str
    environment: tuple[str, ...]
    timeout_s: int
    network: bool = True
    exit_status: int | None = None
    expected_exit_status: int = 0
    signal: str | None = None
    timed_out: bool = False
    not_started: str | None = None
    duration_s: float = 0.0
    output: tuple[KeptOutput, ...] = ()
    survivors: tuple[str, ...] = ()
    sessions: int = 0
    sessions_at_once: int = 0
    sessions_ended: int = 0
    transactions_committed: int = 0
    transactions_rolled_back: int = 0
    transactions_without_rows: Mapping[str, int] = field(default_factory=dict)
    wal_bytes: int = 0
    rows: Mapping[str, RowChanges] = field(default_factory=dict)
    statements: tuple[SeenStatement, ...] = ()
    errors: tuple[SeenError, ...] = ()
    schema: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    sequences: Mapping[str, int] = field(default_factory=dict)
    dark_writes: tuple[str, ...] = ()
    exclusive_locks: tuple[ExclusiveLock, ...] = ()
    lock_waits: tuple[LockWait, ...] = ()
    warnings: tuple[Notice, ...] = ()
    disagreements: tuple[str, ...] = ()
    expectations_sha256: str | None = None
    differences: tuple[str, ...] | None = None
