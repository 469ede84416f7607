"""Did the COMMIT happen whose answer never came? Only the server knows: ``pg_xact_status`` on another connection
(design 2.2 line 6)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from time import monotonic

from cutter_agent.db_adapter.interface import Statements
from cutter_agent.db_adapter.settings import Limits
from cutter_agent.db_adapter.transaction import AnswerLost
from cutter_agent.errors import ConnectionFailed, DatabaseError, DeadlinePassed, OutcomeUnknown

_PAUSE_S = 0.05

ReadWithin = Callable[[float], AbstractContextManager[Statements]]
"""A read-only block on a connection that comes within so many seconds."""


def was_committed(lost: AnswerLost, *, read: ReadWithin, limits: Limits, phase: str) -> bool:
    """True if the server committed it, False if it rolled it back; waits while it is still in progress.

    Raises ``OutcomeUnknown`` when it cannot be known within ``resolve_timeout_s``: the idempotency key makes running
    the same command again safe either way.
    """
    ends = monotonic() + limits.resolve_timeout_s
    last = "no connection could be made"
    while (left_s := ends - monotonic()) > 0:
        try:
            with read(left_s) as block:
                row: Mapping[str, object] | None = block.fetch_one("transaction_status", {"xid": lost.xid})
        except (ConnectionFailed, DeadlinePassed) as error:
            last = error.message
        else:
            status = None if row is None else row["status"]
            if status == "committed":
                return True
            if status == "aborted":
                return False
            last = "the server no longer remembers it" if status is None else f"the server says {status}"
            if status is None:
                break
        time.sleep(_PAUSE_S)
    raise _unknown(lost, phase, last)


def not_committed(lost: AnswerLost, phase: str) -> DatabaseError:
    """The error for a COMMIT that is known not to have happened."""
    return ConnectionFailed(
        f"{phase}: the connection was lost at COMMIT and the server rolled it back ({lost.cause.message})",
        remedy="Nothing was kept. Run the same command again.",
        sqlstate=lost.cause.sqlstate,
        trace=lost.cause.trace,
    )


def _unknown(lost: AnswerLost, phase: str, last: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{phase}: the answer to COMMIT of transaction {lost.xid} was lost, and whether it happened could not be "
        f"learnt: {last}",
        remedy="Run the same command again when the server answers: the idempotency key makes that safe either way.",
        sqlstate=lost.cause.sqlstate,
        trace=lost.cause.trace,
    )
