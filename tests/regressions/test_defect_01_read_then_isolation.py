"""Defect 1 of design 1.2: a read outside a transaction left the connection inside an implicit one, and the next
``SET TRANSACTION ISOLATION LEVEL`` failed with 25001; 101 of 101 tests were green on a fake connection.

Impossible here: a read is a block of its own, and a phase says its isolation in its BEGIN.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from psycopg import errors
from psycopg_pool import ConnectionPool
from tests.adapter_room import Room

from cutter_agent.db_adapter.settings import Isolation

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg


class NaiveAdapter:
    """The adapter as it was."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._connection = pool.getconn()
        self._pool = pool

    def find(self) -> list[Any]:
        return self._connection.execute("SELECT id FROM room.thing").fetchall()

    @contextmanager
    def transaction(self, isolation: str) -> Iterator[psycopg.Connection[Any]]:
        self._connection.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        yield self._connection
        self._connection.commit()

    def close(self) -> None:
        self._pool.putconn(self._connection)


def test_the_naive_adapter_has_the_defect(room: Room) -> None:
    with ConnectionPool(kwargs=room.keywords(), min_size=0, max_size=1, open=True) as pool:
        naive = NaiveAdapter(pool)
        naive.find()
        with pytest.raises(errors.ActiveSqlTransaction) as refused, naive.transaction("SERIALIZABLE"):
            pass
        naive.close()
    assert refused.value.sqlstate == "25001"


def test_ours_reads_and_then_opens_any_isolation(room: Room) -> None:
    adapter = room.adapter()
    for isolation in Isolation:
        assert isinstance(adapter.find("things"), list)
        with adapter.transaction("mark", isolation) as block:
            row = block.fetch_one("isolation_now")
            assert row is not None
            assert row["isolation"] == isolation.value
            block.execute("put_label", {"id": str(uuid4()), "label": isolation.value})
    assert room.labels() == sorted(isolation.value for isolation in Isolation)
    assert adapter.facts().dirty_returns == 0
