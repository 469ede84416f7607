"""A document whose CUT met 40001 as often as a phase is tried (two processes after a restart) was told as failed, with
exit code 7, though nothing was wrong with it: the same command again cut it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cutter_agent.cli import failures
from cutter_agent.cli.bulk import worker as bulk
from cutter_agent.cli.bulk.survey import Record, Surveyed
from cutter_agent.errors import ConnectionFailed, DatabaseError, RetriesExhausted

FILE = Surveyed(path="law.txt")
DONE: Record = {"file": "law.txt", "status": "verified_complete", "steps": ["cut"]}


def _failed(error: DatabaseError) -> Record:
    return {"file": "law.txt", "error": failures.describe(error)}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(bulk.time, "sleep", found.append)
    return found


def _worker(*records: Record) -> bulk.Worker:
    answers: Iterator[Record] = iter(records)
    made = bulk.Worker.__new__(bulk.Worker)
    made._reached = False
    made._try = lambda *_: next(answers)
    return made


def test_it_is_tried_again_a_while_later(pauses: list[float]) -> None:
    in_the_way = _failed(RetriesExhausted("CUT failed 6 times in a row", remedy="Fewer.", sqlstate="40001"))
    assert _worker(in_the_way, in_the_way, DONE).cut(FILE, lambda _: None) == DONE
    assert pauses == [0.5, 1.0]


def test_a_server_that_was_never_there_is_not_waited_for(pauses: list[float]) -> None:
    away = _failed(ConnectionFailed("nobody answers", remedy="Start it."))
    assert _worker(away).cut(FILE, lambda _: None) == away
    assert pauses == []
