"""SIGINT, SIGTERM and deadlines: they end the walk, never the teardown."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody outside asked the run to stop. Not an ``Exception``: a writer's broad ``except`` may not swallow it."""


class DeadlinePassed(BaseException):
    """A scenario did not come back in time. Not an ``Exception``, for the same reason."""


class Guard:
    """What to do with a signal: end the walk at once, or, while tearing down, only remember it."""

    def __init__(self) -> None:
        self.interrupted_by: str | None = None
        self._holding = False

    def hold(self) -> None:
        """From here on signals are remembered and change nothing: teardown always runs to its end."""
        self._holding = True

    def on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the shape of a handler
        """The handler."""
        self.interrupted_by = self.interrupted_by or signal.Signals(number).name
        if not self._holding:
            self._holding = True  # a second signal may not interrupt what the first one started
            raise Interrupted(self.interrupted_by)


@contextmanager
def guarded() -> Iterator[Guard]:
    """Catch the stopping signals for the length of a run. Outside the main thread nothing is caught."""
    guard = Guard()
    if threading.current_thread() is not threading.main_thread():
        yield guard
        return
    earlier = {number: signal.signal(number, guard.on_signal) for number in _STOPPING}
    try:
        yield guard
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise ``DeadlinePassed`` inside the block after ``seconds``. Outside the main thread there is no deadline."""
    if threading.current_thread() is not threading.main_thread() or seconds <= 0:
        yield
        return

    def passed(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a handler
        raise DeadlinePassed(f"no answer within {seconds} s")

    earlier = signal.signal(signal.SIGALRM, passed)
    begun = time.monotonic()
    somebody_elses_s, interval_s = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)
        if somebody_elses_s:  # a caller's own alarm rings when it would have rung
            left_s = max(somebody_elses_s - (time.monotonic() - begun), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left_s, interval_s)
