"""What the clone's own log says of the command: statements, transactions, waits, errors, sessions; slice by slice.

The log is heard while the command runs, so that a long one does not fill the memory: what is kept are shapes of
statements with their numbers, and one short line for each transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import postgast

from pg_dryrun import fingerprint
from pg_dryrun.fingerprint import StatementPrint
from pg_dryrun.log_records import Record
from pg_dryrun.program_record import LockWait, SeenError, SeenStatement
from pg_dryrun.server_log import STATEMENT

_DURATION = re.compile(r"duration: ([0-9.]+) ms")
_WAIT = re.compile(
    r"process \d+ (still waiting for|acquired|failed to acquire|detected deadlock while waiting for|"
    r"avoided deadlock for) (\w+) on (.+?) (?:after ([0-9.]+) ms|by rearranging)"
)
_RELATION = re.compile(r"relation (\d+) of database \d+")
_ERRORS = frozenset({"ERROR", "FATAL", "PANIC"})
_NOT_EXECUTED = ("PARSE", "BIND")
_WRITES = frozenset({"INSERT", "UPDATE", "COPY"})
_NO_WRITE_OF_ITS_OWN = ("SET ", "CALL", "DO")
_LOCKS_NO_TABLE = ("SET ", "GRANT", "DELETE", "MERGE")
_SILENCES = re.compile(
    r"\b(set|set_config|system)\b.*\blog_(statement|destination|min_\w+|duration)\b", re.IGNORECASE | re.DOTALL
)
_UTC = " UTC"

NOT_PARSED = "(a text that PostgreSQL's grammar does not accept)"


@dataclass(kw_only=True)
class Transaction:
    """One transaction as the log shows it. ``xid`` is None where no line was logged while it had one."""

    first_at: datetime
    last_at: datetime
    xid: int | None = None
    begun: bool = False
    writes: bool = False
    may_lock: bool = False
    """Whether a statement of it can take an AccessExclusive lock, by its own verbs or by what it calls."""
    open: bool = True


@dataclass(kw_only=True)
class _Shape:
    print: StatementPrint
    text: str
    role: str
    times: int = 0
    failed: int = 0
    total_ms: float = 0.0
    longest_ms: float = 0.0


@dataclass(kw_only=True)
class _Session:
    database: str = ""
    key: str = ""
    transaction: Transaction | None = None
    shape: _Shape | None = None
    waiting: dict[tuple[str, str], float] = field(default_factory=dict)


@dataclass(kw_only=True)
class _Wait:
    times: int = 0
    longest_ms: float = 0.0
    given_up: int = 0


@dataclass(kw_only=True)
class Conversation:
    """Everything that was logged of the command's sessions so far."""

    sessions: int = 0
    sessions_at_once: int = 0
    databases: dict[str, int] = field(default_factory=dict)
    """Sessions by database."""
    silencing: int = 0
    """Statements that name a setting of the log in order to set it; only a superuser's have an effect."""
    transactions: list[Transaction] = field(default_factory=list)
    _live: dict[str, _Session] = field(default_factory=dict)
    _shapes: dict[str, _Shape] = field(default_factory=dict)
    _errors: dict[tuple[str, str], SeenError] = field(default_factory=dict)
    _waits: dict[tuple[str, str], _Wait] = field(default_factory=dict)

    def hear(self, records: Iterable[Record]) -> None:
        """Add records in the order of the log. This tool's own sessions are not among them."""
        for record in records:
            session = self._live.setdefault(str(record.get("session_id")), _Session())
            message = str(record.get("message") or "")
            if record.get("error_severity") in _ERRORS:
                self._error(record, session)
            elif message.startswith("connection authorized: "):
                self._arrives(record, session)
            elif message.startswith("disconnection: "):
                self._leaves(record, session)
            elif record.get("error_severity") == "LOG":
                self._line(record, session, message)

    def statements(self, redact: Callable[[str], str]) -> tuple[SeenStatement, ...]:
        """Every shape, without constants, the most frequent verbs apart: by role, then by first appearance."""
        return tuple(
            SeenStatement(
                fingerprint=shape.print.hex,
                role=shape.role,
                verbs=tuple(sorted(shape.print.verbs)),
                tables=tuple(sorted({table for _, table in shape.print.targets})),
                text=redact(without_constants(shape.text)),
                times=shape.times,
                failed=shape.failed,
                total_ms=round(shape.total_ms, 3),
                longest_ms=round(shape.longest_ms, 3),
            )
            for shape in self._shapes.values()
        )

    def errors(self) -> tuple[SeenError, ...]:
        """Errors by SQLSTATE, the first message of each."""
        return tuple(self._errors[key] for key in sorted(self._errors))

    def waits(self, names: Mapping[int, str]) -> tuple[LockWait, ...]:
        """Waits by mode and object; relations by name where ``names`` has their id."""
        found: dict[tuple[str, str], _Wait] = {}
        for (mode, target), wait in self._waits.items():
            shown = _RELATION.sub(lambda match: f"relation {names.get(int(match.group(1)), match.group(1))}", target)
            key = (mode, re.sub(r"^(transaction|virtual transaction|tuple) \S+", r"\1", shown))
            earlier = found.get(key, _Wait())
            found[key] = _Wait(
                times=earlier.times + wait.times,
                longest_ms=max(earlier.longest_ms, wait.longest_ms),
                given_up=earlier.given_up + wait.given_up,
            )
        return tuple(
            LockWait(mode=mode, target=target, times=w.times, longest_ms=round(w.longest_ms, 3), given_up=w.given_up)
            for (mode, target), w in sorted(found.items())
        )

    def _arrives(self, record: Record, session: _Session) -> None:
        session.database = str(record.get("dbname") or "")
        self.sessions += 1
        self.databases[session.database] = self.databases.get(session.database, 0) + 1
        here = sum(bool(other.database) for other in self._live.values())
        self.sessions_at_once = max(self.sessions_at_once, here)

    def _leaves(self, record: Record, session: _Session) -> None:
        self._give_up(session)
        if session.transaction is not None:
            session.transaction.open = False
            session.transaction.last_at = moment(record)
        self._live.pop(str(record.get("session_id")), None)

    def _line(self, record: Record, session: _Session, message: str) -> None:
        self._follow_transaction(record, session)
        said = STATEMENT.fullmatch(message)
        if said:
            if not said.group(1).startswith("execute fetch"):
                self._says(record, session, said.group(2))
        elif duration := _DURATION.match(message):
            if not str(record.get("ps") or "").startswith(_NOT_EXECUTED) and session.shape is not None:
                session.shape.total_ms += float(duration.group(1))
                session.shape.longest_ms = max(session.shape.longest_ms, float(duration.group(1)))
        elif wait := _WAIT.match(message):
            self._waits_for(session, wait)

    def _follow_transaction(self, record: Record, session: _Session) -> None:
        """A line belongs to the virtual transaction that it names; ``n/0`` is the moment after one."""
        at, key = moment(record), str(record.get("vxid") or "")
        if not key or key.endswith("/0"):
            if session.transaction is not None and session.transaction.open:
                session.transaction.last_at = at
                session.transaction.open = False
            return
        if session.transaction is None or session.key != key:
            session.transaction, session.key = Transaction(first_at=at, last_at=at), key
            self.transactions.append(session.transaction)
        session.transaction.last_at = at
        xid = int(str(record.get("txid") or 0))
        if xid:
            session.transaction.xid = xid

    def _says(self, record: Record, session: _Session, text: str) -> None:
        session.shape = self._shape(str(record.get("user") or ""), text)
        session.shape.times += 1
        self.silencing += bool(_SILENCES.search(text))
        verbs = session.shape.print.verbs
        if session.transaction is not None:
            session.transaction.begun |= "BEGIN" in verbs
            session.transaction.writes |= writes(session.shape.print)
            session.transaction.may_lock |= may_lock(session.shape.print)

    def _shape(self, role: str, text: str) -> _Shape:
        print_ = fingerprint.of(text)
        return self._shapes.setdefault(print_.hex, _Shape(print=print_, text=text, role=role))

    def _error(self, record: Record, session: _Session) -> None:
        self._give_up(session)
        state, severity = str(record.get("state_code") or ""), str(record["error_severity"])
        earlier = self._errors.get((state, severity))
        self._errors[state, severity] = SeenError(
            sqlstate=state,
            severity=severity,
            times=earlier.times + 1 if earlier else 1,
            message=earlier.message if earlier else str(record.get("message") or ""),
        )
        text = record.get("statement")
        if text:
            shape = self._shape(str(record.get("user") or ""), str(text))
            if session.shape is not shape or str(record.get("ps") or "").startswith(_NOT_EXECUTED):
                shape.times += 1  # refused before it was ever logged as executed
            shape.failed += 1

    def _waits_for(self, session: _Session, match: re.Match[str]) -> None:
        """A wait is counted once, when it is over; while it lasts it is only remembered."""
        word, mode, target, ms = match.groups()
        waited = float(ms or 0)
        if word == "still waiting for":
            session.waiting[mode, target] = waited
            return
        session.waiting.pop((mode, target), None)
        self._count_wait(mode, target, waited, given_up=word != "acquired" and not word.startswith("avoided"))

    def _give_up(self, session: _Session) -> None:
        for (mode, target), waited in session.waiting.items():
            self._count_wait(mode, target, waited, given_up=True)
        session.waiting.clear()

    def _count_wait(self, mode: str, target: str, ms: float, *, given_up: bool) -> None:
        wait = self._waits.setdefault((mode, target), _Wait())
        wait.times += 1
        wait.longest_ms = max(wait.longest_ms, ms)
        wait.given_up += given_up


def writes(shown: StatementPrint) -> bool:
    """Whether a text holds a verb that changes rows or the schema by itself."""
    if shown.verbs & _WRITES:
        return True
    return any(not verb.startswith(_NO_WRITE_OF_ITS_OWN) for verb in shown.forbidden())


def may_lock(shown: StatementPrint) -> bool:
    """Whether a text can lock a relation against everybody by itself."""
    return "LOCK" in shown.verbs or any(not verb.startswith(_LOCKS_NO_TABLE) for verb in shown.forbidden())


def without_constants(text: str) -> str:
    """Production's values do not belong in a report."""
    try:
        return str(postgast.normalize(text))
    except postgast.PgQueryError:
        return NOT_PARSED


def moment(record: Record) -> datetime:
    """When a line was logged: UTC (the clone logs in it), to the millisecond."""
    text = str(record["timestamp"])
    return datetime.fromisoformat(f"{text.removesuffix(_UTC)}+00:00")


def matching(
    transactions: Iterable[Transaction], ended: datetime, *, within: timedelta = timedelta(milliseconds=1)
) -> Transaction | None:
    """The transaction without a known id during which ``ended`` fell; None where it could be several, or none.

    The log's clock has milliseconds. Where several fit, one that alone can take such a lock is preferred.
    """
    found = [
        item for item in transactions if item.xid is None and item.first_at - within <= ended <= item.last_at + within
    ]
    able = [item for item in found if item.may_lock]
    for candidates in (able, found):
        if len(candidates) == 1:
            return candidates[0]
    return None
