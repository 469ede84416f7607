"""The collector rests while a phase runs, in any thread, and is as it was afterwards."""

from __future__ import annotations

import gc
import threading

import pytest

from cutter_agent.undisturbed import undisturbed


def test_the_collector_rests_in_a_phase_and_in_a_phase_within_it() -> None:
    seen = []

    @undisturbed
    def inner() -> None:
        seen.append(gc.isenabled())

    @undisturbed
    def outer() -> str:
        inner()
        seen.append(gc.isenabled())
        return "done"

    assert gc.isenabled()
    assert outer() == "done"
    assert seen == [False, False]
    assert gc.isenabled()


def test_it_works_again_after_an_error_and_only_when_the_last_phase_has_ended() -> None:
    begun, may_end = threading.Event(), threading.Event()

    @undisturbed
    def long_phase() -> None:
        begun.set()
        may_end.wait(60)

    @undisturbed
    def broken_phase() -> None:
        raise ValueError("broken")

    thread = threading.Thread(target=long_phase)
    thread.start()
    begun.wait(60)
    with pytest.raises(ValueError, match="broken"):
        broken_phase()
    assert not gc.isenabled()
    may_end.set()
    thread.join(60)
    assert gc.isenabled()


def test_who_had_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        undisturbed(lambda: None)()
        assert not gc.isenabled()
    finally:
        gc.enable()
