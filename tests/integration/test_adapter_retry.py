"""Whole phases again on 40001 and 40P01 (design 2.2 line 7), with two real workers in each other's way."""

from __future__ import annotations

import threading

import pytest
from tests.adapter_room import Room

from cutter_agent.db_adapter.retry import Retry
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import Isolation, Limits
from cutter_agent.db_adapter.transaction import Transaction
from cutter_agent.errors import RetriesExhausted


def test_a_serialization_failure_at_commit_is_retried_and_counted(room: Room) -> None:
    other = room.bare(autocommit=True)
    pauses: list[float] = []
    limits = Limits()
    adapter = room.adapter(limits=limits, retry=Retry(limits=limits, sleep=pauses.append, jitter=lambda: 0.5))
    seen: list[int] = []

    def body(block: Transaction) -> int:
        row = block.fetch_one("sum_counters")
        assert row is not None
        if not seen:  # once, behind its back: read the same, write what the other has read, commit first
            other.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
            other.execute("SELECT sum(n) FROM room.counter")
            other.execute("INSERT INTO room.counter VALUES (50, 5)")
            block.execute("put_counter", {"id": 60, "n": row["total"] + 1})
            other.execute("COMMIT")
        else:
            block.execute("put_counter", {"id": 60, "n": row["total"] + 1})
        seen.append(row["total"])
        return int(row["total"])

    assert adapter.run_phase("cut", Isolation.SERIALIZABLE, body) == 5
    assert seen == [0, 5]
    assert room.query("SELECT n FROM room.counter WHERE id = 60") == [(6,)]
    assert adapter.facts().retries == {"cut 40001": 1}
    assert pauses == [0.0]
    failed = [(record.name, record.sqlstate) for record in adapter.journal if record.outcome != "ok"]
    assert failed == [("commit", "40001")]


def test_a_deadlock_is_retried_and_both_sides_get_through(room: Room) -> None:
    adapters = [room.adapter(), room.adapter()]
    met = threading.Barrier(2, timeout=20)
    first_try = [True, True]
    errors: list[BaseException] = []

    def work(number: int) -> None:
        def body(block: Transaction) -> None:
            block.execute("add_one", {"id": 1 + number})
            if first_try[number]:
                first_try[number] = False
                met.wait()
            block.execute("add_one", {"id": 2 - number})

        try:
            adapters[number].run_phase("cut", Isolation.READ_COMMITTED, body)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert errors == []
    assert room.query("SELECT id, n FROM room.counter ORDER BY id") == [(1, 2), (2, 2)]
    counted = [count for adapter in adapters for count in adapter.facts().retries.items()]
    assert counted == [("cut 40P01", 1)]


def test_tries_are_bounded(room: Room) -> None:
    limits = Limits(max_attempts=3)
    adapter: RealPostgresAdapter = room.adapter(
        limits=limits, retry=Retry(limits=limits, sleep=lambda _: None, jitter=lambda: 1.0)
    )
    attempts = []

    def body(block: Transaction) -> None:
        attempts.append(block.fetch_one("sum_counters"))
        room.query("UPDATE room.counter SET n = n + 1 WHERE id = 1")
        block.execute("add_one", {"id": 1})

    with pytest.raises(RetriesExhausted, match="3 times") as refused:
        adapter.run_phase("cut", Isolation.REPEATABLE_READ, body)
    assert refused.value.sqlstate == "40001"
    assert len(attempts) == 3
    assert adapter.facts().retries == {"cut 40001": 2}
    assert room.query("SELECT n FROM room.counter WHERE id = 1") == [(3,)], "only what the other worker wrote"
