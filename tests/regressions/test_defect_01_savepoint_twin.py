"""The silent twin of defect 1: psycopg's ``connection.transaction()`` on a connection that is already in a transaction
is a savepoint. No COMMIT is sent, the pool rolls back on return, the row is lost, nothing is raised, and
``Transaction.status`` says COMMITTED.

Impossible here: a block begins on IDLE only, and a connection that comes back in a transaction is an error.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from psycopg_pool import ConnectionPool
from tests.adapter_room import ROLES, Room, declared

from cutter_agent.db_adapter.interface import Row
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.errors import TransactionLeak
from cutter_agent.model import Lane


def test_the_naive_adapter_loses_the_row_and_says_committed(room: Room) -> None:
    with ConnectionPool(kwargs=room.keywords(), min_size=0, max_size=1, open=True) as pool:
        connection = pool.getconn()
        connection.execute("SELECT id FROM room.thing").fetchall()
        with connection.transaction() as block:
            connection.execute("INSERT INTO room.thing (id, label) VALUES (%s, 'lost')", (uuid4(),))
        assert block.status is block.Status.COMMITTED
        pool.putconn(connection)
    assert room.labels() == []


class LeakingAdapter(RealPostgresAdapter):
    """Ours, with a ``find()`` that leaves its transaction open on a connection that it keeps a hand on."""

    def find(self, name: str, parameters: object = None) -> list[Row]:  # noqa: ARG002 - as the adapter's
        connection = self._pool.borrow()
        self._pool.give_back(connection)
        connection.send(self._statements["begin_read_committed_read_write"])
        return connection.send(self._statements[name]).fetchall()


def test_ours_raises_and_names_the_culprit(room: Room) -> None:
    settings = room.settings()
    with LeakingAdapter(settings=settings, lane=Lane.EXEC, role=ROLES[Lane.EXEC], declared=declared()) as adapter:
        adapter.find("sum_counters")
        with pytest.raises(TransactionLeak) as refused, adapter.transaction("mark") as block:
            block.execute("put_label", {"id": str(uuid4()), "label": "never lost in silence"})
    error = refused.value
    assert error.sqlstate == "25001"
    assert error.trace.connection_state == "INTRANS"
    assert "sum_counters" in error.message
    assert "test_defect_01_savepoint_twin" in error.message
    assert room.labels() == []
