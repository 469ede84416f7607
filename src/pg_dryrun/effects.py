"""Committed effects, exactly: logical decoding through SQL with a fence per step (design 3.3).

The slot decodes with ``test_decoding``; a fence is a transactional logical message, which comes out in commit order, so
whatever committed before it is before it. Rolled-back work never shows. The cost depends on what was written, not on
the size of the database. Transactions without a row come from the write-ahead log (``wal``), because decoding is silent
there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pg_dryrun.errors import EnvironmentFault, ToolFault
from pg_dryrun.observer import Observer
from pg_dryrun.subject import TableName
from pg_dryrun.wal import WalReader, WalSlice

PREFIX = "pg_dryrun"
_FIRST_VERSION_WITH_STANDBY_SNAPSHOT = 160000
_HEAD_CHARS = 20_000
"""Only the head of a change names its tables; a row's values may be megabytes and stay on the server."""
_SHORT_HEAD_CHARS = 400
"""Room for two quoted identifiers of 63 bytes; only a TRUNCATE of many tables has a longer head."""
_NAME = '(?:"(?:[^"]|"")*"|[^".:,]*)'
_HEAD = rf"^table {_NAME}\.{_NAME}(?:, {_NAME}\.{_NAME})*: [A-Z]+:"
# Rows of one transaction with the same head are counted where they are: a million of them is one line. Names without
# quotes hold no colon, so that their head can be cut without the regular expression.
_CHANGES = f"""
SELECT xid::text::bigint AS xid, head, count(*) AS n FROM (
    SELECT at, xid, CASE
        WHEN left(data, 6) <> 'table ' OR strpos(short, ':') = 0 THEN left(data, {_HEAD_CHARS})
        WHEN strpos(split_part(short, ':', 1), '"') = 0
            THEN split_part(short, ':', 1) || ':' || split_part(short, ':', 2) || ':'
        ELSE coalesce(substring(short FROM %s), left(data, {_HEAD_CHARS})) END AS head
    FROM pg_catalog.pg_logical_slot_get_changes(%s, NULL, NULL,
        'include-xids', 'on', 'include-timestamp', 'off', 'skip-empty-xacts', 'off')
        WITH ORDINALITY AS change(lsn, xid, data, at), LATERAL left(data, {_SHORT_HEAD_CHARS}) AS short
) AS decoded GROUP BY xid, head ORDER BY min(at)
"""


class Verb(StrEnum):
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    TRUNCATE = "TRUNCATE"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One committed row event (or one table of a TRUNCATE)."""

    table: TableName
    verb: Verb


@dataclass(frozen=True, kw_only=True)
class CommittedTransaction:
    """A transaction in commit order. Without ``changes`` it wrote in the dark; ``why`` then says what its log records
    say."""

    xid: int
    changes: tuple[Change, ...]
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class StepEffects:
    """All that was committed between two fences. ``cost_ms`` is what it cost to find out. ``wal_bytes``: WAL
    written."""

    label: str
    transactions: tuple[CommittedTransaction, ...]
    aborted: tuple[int, ...]
    wal_bytes: int
    cost_ms: float

    def totals(self, verb: Verb) -> Mapping[TableName, int]:
        """Events of ``verb`` per table; tables without one are not named."""
        found: dict[TableName, int] = {}
        for transaction in self.transactions:
            for change in transaction.changes:
                if change.verb == verb:
                    found[change.table] = found.get(change.table, 0) + 1
        return dict(sorted(found.items()))

    def without_rows(self) -> tuple[CommittedTransaction, ...]:
        """Transactions that committed without a row event."""
        return tuple(transaction for transaction in self.transactions if not transaction.changes)


class EffectsSlot:
    """A logical slot on the clone, made after the clone starts. Temporary: it dies with the observer's session."""

    def __init__(self, observer: Observer, wal: WalReader, *, name: str, begin: str) -> None:
        self._observer = observer
        self._wal = wal
        self._begin = begin
        self.name = name

    @classmethod
    def open(cls, observer: Observer, wal: WalReader, *, name: str = "pg_dryrun_effects") -> EffectsSlot:
        """Make the slot. Raises ``EnvironmentFault`` where ``wal_level`` is not ``logical``."""
        level = observer.value("SELECT current_setting('wal_level')")
        if level != "logical":
            raise EnvironmentFault(
                f"wal_level is {level}: committed rows cannot be decoded.",
                remedy="Start the clone's server with wal_level=logical (statements.SERVER_SETTINGS).",
            )
        observer.rows("SELECT pg_catalog.pg_create_logical_replication_slot(%s, 'test_decoding', true)", [name])
        slot = cls(observer, wal, name=name, begin=_position(observer))
        slot.fence("birth")
        return slot

    def fence(self, label: str) -> StepEffects:
        """Everything committed since the last fence (or the slot's birth). Raises ``ToolFault`` if the fence is not
        seen."""
        began = time.perf_counter()
        self._observer.rows("SELECT pg_catalog.pg_logical_emit_message(true, %s, %s)", [PREFIX, label])
        if self._observer.server_version_num >= _FIRST_VERSION_WITH_STANDBY_SNAPSHOT:
            # Decoding starts each time at the last such record that was confirmed: without one, every fence would read
            # the log of all steps before it again.
            self._observer.rows("SELECT pg_catalog.pg_log_standby_snapshot()")
        end = _position(self._observer)
        rows = self._observer.rows(_CHANGES, [_HEAD, self.name])
        transactions, fences = parse((int(str(row["xid"])), str(row["head"]), int(str(row["n"]))) for row in rows)
        if len(fences) != 1:
            raise ToolFault(
                f"Logical decoding showed {len(fences)} fences where one was sent: step {label!r} is unknown."
            )
        slice_ = self._wal.between(self._begin, end)
        self._begin = end
        return StepEffects(
            label=label,
            transactions=merge(transactions, slice_, fence=fences[0]),
            aborted=slice_.aborted,
            wal_bytes=slice_.bytes_written,
            cost_ms=(time.perf_counter() - began) * 1000,
        )

    def close(self) -> None:
        """Drop the slot. The observer is the caller's."""
        self._observer.rows("SELECT pg_catalog.pg_drop_replication_slot(%s)", [self.name])


def merge(decoded: Sequence[CommittedTransaction], slice_: WalSlice, *, fence: int) -> tuple[CommittedTransaction, ...]:
    """Decoded transactions, and those that only the log knows, in the order of their commits as far as known.

    Raises ``ToolFault`` where decoding shows a commit that the log does not have: one of the two is blind.
    """
    logged = {transaction.xid: transaction for transaction in slice_.committed}
    strangers = [transaction.xid for transaction in decoded if transaction.xid not in logged]
    if strangers:
        raise ToolFault(f"Transactions {strangers} were decoded but have no commit record in the write-ahead log.")
    known = {transaction.xid for transaction in decoded} | {fence}
    dark = [CommittedTransaction(xid=xid, changes=(), why=logged[xid].why) for xid in logged if xid not in known]
    seen = [
        transaction
        if transaction.changes
        else CommittedTransaction(xid=transaction.xid, changes=(), why=logged[transaction.xid].why)
        for transaction in decoded
        if transaction.xid != fence
    ]
    return (*seen, *dark)


def parse(
    lines: Iterable[tuple[int, str] | tuple[int, str, int]],
) -> tuple[tuple[CommittedTransaction, ...], tuple[int, ...]]:
    """test_decoding's text, as (xid, data) or (xid, data, times), into transactions and the ids of fences.

    Raises ``ToolFault`` on text it does not know, rather than miss an effect.
    """
    transactions: list[CommittedTransaction] = []
    fences: list[int] = []
    changes: list[Change] | None = None
    for xid, data, *times in lines:
        if data.startswith("BEGIN"):
            changes = []
        elif data.startswith("COMMIT"):
            transactions.append(CommittedTransaction(xid=xid, changes=tuple(_open(changes, data))))
            changes = None
        elif data.startswith("message: "):
            if f" prefix: {PREFIX}, sz: " in data.partition(" content:")[0]:
                fences.append(xid)
        else:
            _open(changes, data).extend(_changes(data) * (times[0] if times else 1))
    if changes is not None:
        raise ToolFault("Logical decoding ended inside a transaction.")
    return tuple(transactions), tuple(fences)


def _open(changes: list[Change] | None, data: str) -> list[Change]:
    if changes is None:
        raise ToolFault(f"Logical decoding shows this outside a transaction: {data[:80]!r}")
    return changes


@lru_cache(maxsize=1024)
def _changes(data: str) -> tuple[Change, ...]:
    """``table s.t: INSERT: …``; ``table s.t, s.u: TRUNCATE: …``. Row values may hold anything: only the head is
    read."""
    if not data.startswith("table "):
        raise ToolFault(f"Logical decoding says what this tool does not know: {data[:80]!r}")
    names, at = [], len("table ")
    while True:
        name, at = _qualified(data, at)
        names.append(name)
        if not data.startswith(", ", at):
            break
        at += 2
    word = data[at + 2 :].partition(":")[0] if data.startswith(": ", at) else ""
    if word not in set(Verb):
        raise ToolFault(f"Logical decoding says what this tool does not know: {data[:80]!r}")
    return tuple(Change(table=name, verb=Verb(word)) for name in names)


def _qualified(data: str, at: int) -> tuple[TableName, int]:
    schema, at = _identifier(data, at)
    if not data.startswith(".", at):
        raise ToolFault(f"No table name where one is due: {data[:80]!r}")
    name, at = _identifier(data, at + 1)
    return f"{schema}.{name}", at


def _identifier(data: str, at: int) -> tuple[str, int]:
    """An identifier as PostgreSQL quotes it: plain, or in double quotes with inner ones doubled."""
    if not data.startswith('"', at):
        end = at
        while end < len(data) and data[end] not in ".:,":
            end += 1
        return data[at:end], end
    name, at = "", at + 1
    while at < len(data):
        if data[at] != '"':
            name += data[at]
            at += 1
        elif data.startswith('""', at):
            name += '"'
            at += 2
        else:
            return name, at + 1
    raise ToolFault(f"An identifier without an end: {data[:80]!r}")


def _position(observer: Observer) -> str:
    """Where the log ends now, everything before it flushed: a commit of our own came before."""
    return str(observer.value("SELECT pg_catalog.pg_current_wal_flush_lsn()"))
