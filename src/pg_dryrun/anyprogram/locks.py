"""AccessExclusive locks of the command: which, exactly (write-ahead log); how long, at most (server log)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pg_dryrun.anyprogram.conversation import Transaction, matching
from pg_dryrun.program_record import ExclusiveLock
from pg_dryrun.wal import WalLocks


def exclusive_locks(
    taken: WalLocks, transactions: Sequence[Transaction], names: Mapping[int, str], database_oid: int
) -> tuple[ExclusiveLock, ...]:
    """Locks by relation, of relations in ``names`` only: nobody else could wait for what was not there before.

    The time runs from the transaction's first statement to its end, so it is never too short.
    """
    by_xid = {item.xid: item for item in transactions if item.xid is not None}
    lone = [item for item in transactions if item.xid is None]
    held: dict[str, list[float | None]] = {}
    for lock in taken.locks:
        if lock.database_oid != database_oid or lock.relation_oid not in names:
            continue
        ended = taken.ended.get(lock.xid)
        owner = by_xid.get(lock.xid)
        if owner is None and ended is not None:  # a subtransaction has no line of its own, but its parent's end
            owner = next((item for xid, item in by_xid.items() if taken.ended.get(xid) == ended), None)
            owner = owner or matching(lone, ended)
        held.setdefault(names[lock.relation_oid], []).append(
            None
            if owner is None or ended is None
            else max(0.0, (max(ended, owner.first_at) - owner.first_at).total_seconds() * 1000)
        )
    return tuple(_summed(name, held[name]) for name in sorted(held))


def _summed(name: str, held: Sequence[float | None]) -> ExclusiveLock:
    known = [ms for ms in held if ms is not None]
    return ExclusiveLock(
        relation=name,
        times=len(held),
        longest_ms=round(max(known), 3) if known else None,
        unknown=len(held) - len(known),
    )
