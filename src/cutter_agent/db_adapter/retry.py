"""Whole phases again, only on 40001 and 40P01: bounded, jittered, counted (design 2.2 line 7)."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cutter_agent import observing
from cutter_agent.db_adapter.settings import Limits
from cutter_agent.db_adapter.sqlstates import is_retryable, rule_for
from cutter_agent.errors import DatabaseError, RetriesExhausted

T = TypeVar("T")


@dataclass(kw_only=True)
class Retry:
    """``sleep`` and ``jitter`` (0 to 1) are given by tests; ``counted`` is phase and SQLSTATE to how often."""

    limits: Limits
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)

    def run(self, phase: str, attempt: Callable[[], T]) -> T:
        """``attempt()``, again after a failure that only another try can heal.

        Raises ``RetriesExhausted`` after ``max_attempts`` of them; every other error at once.
        """
        for number in range(1, self.limits.max_attempts + 1):
            try:
                return attempt()
            except DatabaseError as error:
                sqlstate = error.sqlstate
                if type(error) is not DatabaseError or sqlstate is None or not is_retryable(sqlstate):
                    raise  # a SilentRollback that quotes a 40001 is a defect of the phase, not bad luck
                if number == self.limits.max_attempts:
                    raise RetriesExhausted(
                        f"{phase} failed {number} times in a row, the last time with {error.message}",
                        remedy="Nothing was kept. Run fewer workers at once, then run the same command again.",
                        sqlstate=sqlstate,
                        trace=error.trace,
                    ) from error
                self.counted[phase, sqlstate] += 1
                observing.retried(phase, sqlstate, rule_for(sqlstate).disposition)
                self.sleep(self.pause_s(number))
        raise AssertionError("unreachable: max_attempts is at least 1")

    def pause_s(self, number: int) -> float:
        """None before the first repeat; then full jitter: between nothing and base · 2^(number - 2), at most the cap.

        The first repeat is safe at once: PostgreSQL gives up a transaction only when the one that it stood against
        has committed, or can no longer be given up (README-SSI, "safe retry"), and a deadlock is broken by then.
        """
        if number == 1:
            return 0.0
        ceiling_s: float = min(self.limits.retry_cap_s, self.limits.retry_base_s * 2 ** (number - 2))
        return self.jitter() * ceiling_s
