"""How fast work goes and how long the rest will take, in words. A clock is all it needs."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Counts from its making. ``clock`` gives seconds and never goes back."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun_s = clock()

    def words(self, done: int, of: int) -> str:
        """``3.2/s, about 41 s left``; nothing before the first is done, or after the last."""
        elapsed_s = self._clock() - self._begun_s
        if not 0 < done < of or elapsed_s <= 0:
            return ""
        rate = done / elapsed_s
        return f"{rate:.1f}/s, about {duration((of - done) / rate)} left"


def duration(seconds: float) -> str:
    """``8 s``, ``2 min 05 s``, ``1 h 12 min``: never more exact than it is known."""
    whole = max(round(seconds), 1)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
