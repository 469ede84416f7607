"""The only list of legal moves of a backlog entry (design 1.4).

The drawing in the docs is generated from this table, and the server refuses every other move by a trigger that a
test compares with it pair by pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cutter_agent.errors import IllegalTransition
from cutter_agent.model import EntryStatus as S

ALLOWED_TRANSITIONS: Mapping[S, frozenset[S]] = MappingProxyType(
    {
        S.MARKED: frozenset({S.REVIEW_PENDING}),
        S.REVIEW_PENDING: frozenset({S.REVIEWED_APPROVED, S.REVIEWED_DEFERRED, S.REVIEWED_REJECTED}),
        S.REVIEWED_APPROVED: frozenset({S.CUT_IN_PROGRESS, S.ABANDONED}),
        S.REVIEWED_DEFERRED: frozenset({S.REVIEW_PENDING}),
        S.REVIEWED_REJECTED: frozenset(),
        S.CUT_IN_PROGRESS: frozenset({S.CUT_APPLIED}),
        S.CUT_APPLIED: frozenset({S.VERIFY_IN_PROGRESS}),
        S.VERIFY_IN_PROGRESS: frozenset({S.VERIFIED_COMPLETE, S.VERIFY_FAILED_ESCALATED}),
        S.VERIFIED_COMPLETE: frozenset(),
        S.VERIFY_FAILED_ESCALATED: frozenset({S.REVIEW_PENDING, S.ABANDONED}),
        S.ABANDONED: frozenset(),
    }
)

TERMINAL: frozenset[S] = frozenset(state for state, ways in ALLOWED_TRANSITIONS.items() if not ways)

TRANSACTION_ONLY: frozenset[S] = frozenset({S.CUT_IN_PROGRESS, S.VERIFY_IN_PROGRESS})
"""States that exist only inside a transaction: a crash leaves the last committed one."""


NEXT_COMMAND: Mapping[S, str] = MappingProxyType(
    {
        S.MARKED: "iu-cutter sweep",
        S.REVIEW_PENDING: "iu-cutter review {entry}",
        S.REVIEWED_APPROVED: "iu-cutter cut-approved {entry}",
        S.REVIEWED_DEFERRED: "iu-cutter sweep",
        S.CUT_APPLIED: "iu-cutter verify {entry}",
        S.VERIFY_FAILED_ESCALATED: "iu-cutter history {entry}",
    }
)
"""What a person types next, for every state that a committed entry can be in and that is not final."""


def require_move(before: S, after: S, *, entry_id: str) -> None:
    """Raise ``IllegalTransition`` unless ``before`` → ``after`` is listed."""
    legal = ALLOWED_TRANSITIONS.get(before, frozenset())
    if after in legal:
        return
    ways = ", ".join(sorted(legal)) or "nothing: it is final"
    command = NEXT_COMMAND.get(before)
    typed = f" Type: {command.format(entry=entry_id)}" if command else ""
    raise IllegalTransition(
        f"entry {entry_id} is {before} and cannot become {after}",
        remedy=f"From {before} the legal next is {ways}.{typed}",
    )
