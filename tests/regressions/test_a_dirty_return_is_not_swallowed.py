"""Found by a rehearsal with a planted ``find()`` that left its transaction open and ignored what the pool said of it:
the pool closed the connection, the next phase got a clean one, and nobody was told. A dirty return is a defect."""

from __future__ import annotations

import pytest
from tests.adapter_room import Room

from cutter_agent.errors import TransactionLeak


def test_the_next_borrower_is_told_once(room: Room) -> None:
    adapter = room.adapter()
    connection = adapter._pool.borrow()
    connection.send(adapter._statements["begin_read_committed_read_only"])
    adapter._pool.give_back(connection)
    with pytest.raises(TransactionLeak, match="in the middle of a transaction") as told, adapter.transaction("mark"):
        pass
    assert told.value.sqlstate == "25001"
    assert adapter.facts().dirty_returns == 1
    with adapter.transaction("mark") as block:
        assert block.fetch_one("isolation_now") is not None
