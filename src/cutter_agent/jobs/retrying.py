"""Which error is tried again, and when: by the adapter's dispositions (docs/reference/errors-sqlstate.md).

The adapter has tried a phase again by itself before an error comes here (40001, 40P01). What is left is a server that
is away or short of something: that heals with time. Everything else would fail again in the same way.

The moment is told in the server's time: whether a job is due, the server decides by its own clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from cutter_agent import observing
from cutter_agent.db_adapter.sqlstates import Disposition, rule_for
from cutter_agent.errors import ConnectionFailed, DatabaseError, DeadlinePassed, OutcomeUnknown, RetriesExhausted

MOST_ATTEMPTS = 12
"""With the pauses below: about nine minutes for a server that is away, an hour and a half for one that is full."""

_SOON_S = (1.0, 60.0)
_LATER_S = (30.0, 600.0)


def pause_s(error: BaseException, attempts: int) -> float | None:
    """Seconds until the next attempt, doubled each time up to a cap; None where another attempt would not help."""
    if attempts + 1 >= MOST_ATTEMPTS or not isinstance(error, DatabaseError):
        return None
    if isinstance(error, ConnectionFailed | OutcomeUnknown | DeadlinePassed | RetriesExhausted):
        first_s, cap_s = _SOON_S
    elif error.sqlstate is not None and rule_for(error.sqlstate).disposition is Disposition.STOP_OPERATOR:
        first_s, cap_s = _LATER_S
    else:
        return None
    return float(min(cap_s, first_s * 2**attempts))


class ByDisposition(BaseRetryStrategy):
    """``ahead``: how far the server's clock is ahead of ours (behind: negative)."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """None: the job has failed."""
        wait_s = pause_s(exception, job.attempts)
        if wait_s is None:
            return None
        sqlstate = getattr(exception, "sqlstate", None)
        observing.retried(job.task_name, sqlstate, rule_for(sqlstate).disposition)
        return RetryDecision(retry_at=datetime.now(UTC) + self.ahead + timedelta(seconds=wait_s))
