"""Signals and deadlines end the walk, never the teardown; a caller's own alarm keeps its time."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from pg_dryrun.runner.interruption import DeadlinePassed, Interrupted, deadline, guarded


@pytest.fixture(autouse=True)
def no_alarm_of_the_test_runner() -> Iterator[None]:
    """These tests own SIGALRM."""
    handler = signal.getsignal(signal.SIGALRM)
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, left, interval)


def test_a_signal_interrupts_once() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with guarded() as guard:
        with pytest.raises(Interrupted, match="SIGTERM"):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)  # the second one is remembered by nobody and raises nothing
        assert guard.interrupted_by == "SIGTERM"
    assert signal.getsignal(signal.SIGTERM) is before


def test_while_holding_nothing_is_raised() -> None:
    with guarded() as guard:
        guard.hold()
        os.kill(os.getpid(), signal.SIGTERM)
        assert guard.interrupted_by == "SIGTERM"


def test_outside_the_main_thread_no_handler_is_touched() -> None:
    seen: list[object] = []

    def inside() -> None:
        with guarded(), deadline(1):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def _sleeps_through_everything() -> None:
    with deadline(1):
        try:
            time.sleep(5)
        except Exception:
            raise AssertionError("a deadline is no Exception") from None


def test_a_deadline_ends_a_block_that_swallows_exceptions() -> None:
    begun = time.monotonic()
    with pytest.raises(DeadlinePassed, match="within 1 s"):
        _sleeps_through_everything()
    assert time.monotonic() - begun < 4


def test_a_block_in_time_is_not_disturbed_later() -> None:
    with deadline(1):
        pass
    time.sleep(1.2)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_callers_own_alarm_rings_when_it_would_have_rung() -> None:
    rung: list[float] = []
    signal.signal(signal.SIGALRM, lambda *_: rung.append(time.monotonic()))
    begun = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, 0.8)
    with deadline(30):
        time.sleep(0.2)
    time.sleep(1.0)
    assert len(rung) == 1
    assert 0.7 < rung[0] - begun < 1.2
