"""Rows that are made as they arrive: in order, and whatever goes wrong among them leaves a connection that works."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from tests.adapter_room import Room, declared

from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import Limits
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.errors import DatabaseError, Internal

COLUMNS = ("n", "id", "share")
COUNTING = """
-- name: count_up
-- principal: both
-- verb: SELECT
-- tables: none
SELECT n, lpad(n::text, 32, '0')::uuid AS id, 100 / (%(trap)s - n) AS share
FROM pg_catalog.generate_series(1, %(last)s::int) AS n;

-- name: fall_asleep
-- principal: both
-- verb: SELECT
-- tables: none
SELECT n, pg_catalog.pg_sleep(CASE WHEN n = 2500 THEN 20 ELSE 0 END)::text AS slept
FROM pg_catalog.generate_series(1, 5000) AS n WHERE n > %(first)s;
"""


def counting() -> Mapping[str, Statement]:
    return {**declared(), **statements.collect({"counting.sql": COUNTING})}


@pytest.fixture
def adapter(room: Room) -> RealPostgresAdapter:
    return room.adapter(declared=counting(), limits=Limits(statement_timeout_s=5.0, deadline_s=6.0))


def backend(adapter: RealPostgresAdapter) -> int:
    connection = adapter._pool.borrow()
    adapter._pool.give_back(connection)
    return connection.backend_pid


@pytest.mark.parametrize("last", [0, 1, 999, 1000, 1001, 3500])
def test_all_of_them_in_order_and_as_any_other_answer(adapter: RealPostgresAdapter, last: int) -> None:
    with adapter.transaction("t") as block:
        asked = {"last": last, "trap": -1}
        made = block.fetch_as("count_up", asked, COLUMNS, tuple)
        assert made == [tuple(row.values()) for row in block.fetch("count_up", asked)]
    assert [row[0] for row in made] == list(range(1, last + 1))
    assert {type(value) for row in made for value in row} <= {int, str}


def test_the_first_are_made_before_the_last_have_come(adapter: RealPostgresAdapter) -> None:
    seen = []
    with pytest.raises(DatabaseError, match="division by zero"), adapter.transaction("t") as block:
        block.fetch_as("count_up", {"last": 100_000, "trap": 60_000}, COLUMNS, seen.append)
    assert 50_000 < len(seen) < 60_000


def _fail_at(place: int) -> Callable[[tuple[Any, ...]], int]:
    def make(row: tuple[Any, ...]) -> int:
        if row[0] == place:
            raise LookupError(str(place))
        return int(row[0])

    return make


@pytest.mark.parametrize("place", [1, 1500, 3000])
def test_a_maker_that_fails_leaves_the_block_as_it_was(adapter: RealPostgresAdapter, place: int) -> None:
    before = backend(adapter)
    with adapter.transaction("t") as block:
        with pytest.raises(LookupError, match=str(place)):
            block.fetch_as("count_up", {"last": 3000, "trap": -1}, COLUMNS, _fail_at(place))
        assert block.fetch("sum_counters") == [{"total": 0}]
        assert len(block.fetch_as("count_up", {"last": 2, "trap": -1}, COLUMNS, tuple)) == 2
    assert (backend(adapter), adapter._pool.dirty_returns) == (before, 0)


def test_other_columns_are_a_mistake_of_the_caller(adapter: RealPostgresAdapter) -> None:
    with adapter.transaction("t") as block:
        with pytest.raises(Internal, match=r"columns \['n', 'id', 'share'\]"):
            block.fetch_as("count_up", {"last": 5000, "trap": -1}, ("n", "share", "id"), tuple)
        with pytest.raises(Internal, match="not declared"):
            block.fetch_as("count_down", {}, COLUMNS, tuple)
        assert block.fetch("sum_counters") == [{"total": 0}]


def test_an_error_of_the_server_among_the_rows_fails_the_block_and_is_in_the_journal(
    adapter: RealPostgresAdapter,
) -> None:
    before = backend(adapter)
    with adapter.transaction("t") as block:
        with pytest.raises(DatabaseError) as caught, block.savepoint("s"):
            block.fetch_as("count_up", {"last": 5000, "trap": 2500}, COLUMNS, tuple)
        assert block.fetch("sum_counters") == [{"total": 0}]
    assert caught.value.sqlstate == "22012"
    assert [record.sqlstate for record in adapter.journal if record.name == "count_up"] == ["22012"]
    assert (backend(adapter), adapter._pool.dirty_returns) == (before, 0)


def test_a_statement_that_gives_no_rows_is_told(adapter: RealPostgresAdapter) -> None:
    with pytest.raises(DatabaseError, match="COMMAND_OK"), adapter.transaction("t") as block:
        block.fetch_as("add_one", {"id": 1}, COLUMNS, tuple)
    assert adapter.find("sum_counters") == [{"total": 0}]


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Ctrl-C, as it were, half a second from now: a signal of its own, since the runner holds the usual ones."""

    def strike(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, strike)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    yield
    timer.cancel()
    timer.join()
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_among_the_rows_does_not_wait_for_the_rest(adapter: RealPostgresAdapter) -> None:
    seen = []
    with pytest.raises(KeyboardInterrupt), adapter.transaction("t") as block:
        block.fetch_as("fall_asleep", {"first": 0}, ("n", "slept"), seen.append)
    assert 0 < len(seen) < 2500
    assert adapter.find("sum_counters") == [{"total": 0}]
    assert adapter._pool.dirty_returns == 0
