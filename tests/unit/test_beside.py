"""Work beside a block: its result, its error, the block's own error."""

from __future__ import annotations

import threading

import pytest

from cutter_agent.beside import beside


def test_it_runs_while_the_block_runs_and_gives_its_result() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> int:
        begun.set()
        assert go_on.wait(60)
        return threading.get_ident()

    with beside(work) as future:
        assert begun.wait(60)  # it runs although the block has not ended
        assert not future.done()
        go_on.set()
    assert future.done()
    assert future.result() != threading.get_ident()


def test_its_error_is_raised_where_its_result_is_asked_for() -> None:
    with beside(lambda: 1 // 0) as future:
        pass
    with pytest.raises(ZeroDivisionError):
        future.result()


def test_the_error_of_the_block_is_raised_and_the_work_has_ended() -> None:
    ended = threading.Event()

    def work() -> None:
        ended.set()

    with pytest.raises(KeyError), beside(work):
        raise KeyError("the block's")
    assert ended.is_set()
    assert not [each for each in threading.enumerate() if each.name.startswith("beside")]
