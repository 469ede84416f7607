"""A bound on guessing passwords: so many attempts on one account, and on all of them, within a window of time."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable

WINDOW_S = 300.0
MOST_FOR_ONE = 5
MOST_FOR_ALL = 60
LINE_EVERY_S = 60.0
_EVERYBODY = ""


class Throttle:
    """An attempt counts when it begins, so that many at once are no way around; a success takes its own back."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._attempts: dict[str, deque[float]] = {}
        self._told_at = -math.inf

    def attempt(self, name: str) -> float:
        """0.0 for an attempt that may go on; else the seconds to wait, and it was not counted."""
        now = self._monotonic()
        with self._lock:
            self._sweep(now)
            wait_s = max(self._wait_s(name, MOST_FOR_ONE, now), self._wait_s(_EVERYBODY, MOST_FOR_ALL, now))
            if wait_s <= 0.0:
                for key in (name, _EVERYBODY):
                    self._attempts.setdefault(key, deque()).append(now)
            return wait_s

    def is_worth_a_line(self) -> bool:
        """Whether a refusal is written down: once a minute, so that guessing cannot fill a disk."""
        now = self._monotonic()
        with self._lock:
            if now - self._told_at < LINE_EVERY_S:
                return False
            self._told_at = now
            return True

    def succeeded(self, name: str) -> None:
        """The password was right: nothing is held against the account any more."""
        with self._lock:
            self._attempts.pop(name, None)
            everybody = self._attempts.get(_EVERYBODY)
            if everybody:
                everybody.pop()

    def _wait_s(self, key: str, most: int, now: float) -> float:
        times = self._attempts.get(key, deque())
        return times[0] + WINDOW_S - now if len(times) >= most else 0.0

    def _sweep(self, now: float) -> None:
        for key in list(self._attempts):
            times = self._attempts[key]
            while times and now - times[0] >= WINDOW_S:
                times.popleft()
            if not times:
                del self._attempts[key]
