"""AccessExclusive locks of the command: which, exactly (write-ahead log); how long, at most (server log)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pg_dryrun.anyprogram.conversation import Transaction, matching
from pg_dryrun.program_record import ExclusiveLock, HeldLock
from pg_dryrun.wal import WalLocks

MOST_SPANS = 200
"""Of one relation, in the record: a command that locks a thousand times shows the longest."""


def exclusive_locks(
    taken: WalLocks, transactions: Sequence[Transaction], names: Mapping[int, str], database_oid: int
) -> tuple[ExclusiveLock, ...]:
    """Locks by relation, of relations in ``names`` only: nobody else could wait for what was not there before.

    The time runs from the transaction's first statement to its end, so it is never too short.
    """
    by_xid = {item.xid: item for item in transactions if item.xid is not None}
    lone = [item for item in transactions if item.xid is None]
    first_at = min((item.first_at for item in transactions), default=None)
    held: dict[str, list[HeldLock | None]] = {}
    for lock in taken.locks:
        if lock.database_oid != database_oid or lock.relation_oid not in names:
            continue
        ended = taken.ended.get(lock.xid)
        owner = by_xid.get(lock.xid)
        if owner is None and ended is not None:  # a subtransaction has no line of its own, but its parent's end
            owner = next((item for xid, item in by_xid.items() if taken.ended.get(xid) == ended), None)
            owner = owner or matching(lone, ended)
        span = None if owner is None or ended is None or first_at is None else _span(owner, ended, first_at)
        held.setdefault(names[lock.relation_oid], []).append(span)
    return tuple(_summed(name, held[name]) for name in sorted(held))


def _span(owner: Transaction, ended: datetime, first_at: datetime) -> HeldLock:
    """In milliseconds after ``first_at``; never negative, whatever two clocks of a server said."""
    begun_ms = max(0.0, (owner.first_at - first_at).total_seconds() * 1000)
    ended_ms = max(begun_ms, (ended - first_at).total_seconds() * 1000)
    return HeldLock(from_ms=round(begun_ms, 3), to_ms=round(ended_ms, 3))


def _length_ms(span: HeldLock) -> float:
    return round(span.to_ms - span.from_ms, 3)


def _summed(name: str, held: Sequence[HeldLock | None]) -> ExclusiveLock:
    known = [span for span in held if span is not None]
    shown = sorted(known, key=_length_ms, reverse=True)[:MOST_SPANS]
    return ExclusiveLock(
        relation=name,
        times=len(held),
        longest_ms=max(map(_length_ms, known)) if known else None,
        unknown=len(held) - len(known),
        held=tuple(sorted(shown, key=lambda span: span.from_ms)),
    )
