"""A statement's way over the wire: a write that tells its transaction's id, answers that outlive the next question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from tests.adapter_room import Room, declared
from tests.integration.relay import Fault, Relay

from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import Isolation, Limits
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.errors import ConnectionFailed, DatabaseError, Internal

LIMITS = Limits(statement_timeout_s=0.5, deadline_s=1.0, idle_in_transaction_timeout_s=1.5, resolve_timeout_s=6.0)
TELLING = """
-- name: put_and_tell
-- principal: both
-- verb: INSERT
-- tables: room.thing
INSERT INTO room.thing (id, label) VALUES (%(id)s, %(label)s)
ON CONFLICT DO NOTHING
RETURNING pg_catalog.pg_current_xact_id()::text AS xid;
"""


def telling() -> Mapping[str, Statement]:
    return {**declared(), **statements.collect({"telling.sql": TELLING})}


@pytest.fixture
def relay(room: Room) -> Iterator[Relay]:
    with Relay(room.settings().host, room.settings().port) as made:
        yield made


def put(adapter: RealPostgresAdapter, label: str, key: str | None = None) -> None:
    with adapter.transaction("cut", Isolation.SERIALIZABLE) as block:
        block.execute("put_and_tell", {"id": key or str(uuid4()), "label": label})


def names(adapter: RealPostgresAdapter) -> list[str]:
    return [record.name for record in adapter.journal]


@pytest.mark.parametrize(("fault", "kept"), [(Fault.CUT_AFTER, ["kept"]), (Fault.CUT_BEFORE, [])])
def test_a_lost_commit_is_resolved_by_the_id_that_a_write_told(
    room: Room, relay: Relay, fault: Fault, kept: list[str]
) -> None:
    """Known before COMMIT was sent, and nobody asked for it."""
    adapter = room.adapter(settings=room.settings(host=relay.host), limits=LIMITS, declared=telling())
    adapter.find("things")
    relay.strike_commit(fault)
    if kept:
        put(adapter, "kept")
    else:
        with pytest.raises(ConnectionFailed, match="rolled it back"):
            put(adapter, "lost")
    assert room.labels() == kept
    assert adapter.facts().commits_resolved == {"committed" if kept else "aborted": 1}
    assert "current_transaction" not in names(adapter)
    assert "transaction_status" in names(adapter)


def test_a_write_that_wrote_no_row_told_nothing_and_the_server_is_asked(room: Room, relay: Relay) -> None:
    adapter = room.adapter(settings=room.settings(host=relay.host), limits=LIMITS, declared=telling())
    key = str(uuid4())
    put(adapter, "first", key)
    assert "current_transaction" not in names(adapter)
    relay.strike_commit(Fault.CUT_AFTER)
    with adapter.transaction("cut") as block:
        assert block.execute("put_and_tell", {"id": key, "label": "again"}) == 0
        block.execute("put_label", {"id": str(uuid4()), "label": "second"})
    assert names(adapter).count("current_transaction") == 1
    assert adapter.facts().commits_resolved == {"committed": 1}
    assert room.labels() == ["first", "second"]


def test_the_id_that_is_told_is_the_transactions_own_also_after_a_savepoint(room: Room) -> None:
    adapter = room.adapter(declared=telling())
    with adapter.transaction("cut") as block:
        with block.savepoint("part"):
            rows = block.fetch("put_and_tell", {"id": str(uuid4()), "label": "inside"})
        asked = block.fetch_one("current_transaction")
        block.fetch("put_and_tell", {"id": str(uuid4()), "label": "after"})
    assert asked == rows[0]


def test_every_block_of_the_cutter_that_changes_a_state_is_told_its_id() -> None:
    known = {name for name, each in statements.load().items() if each.tells_xid}
    assert known == {"insert_history", "insert_sweep_log"}
    assert all(statements.load()[name].verb == "INSERT" for name in known)


def test_an_answer_stays_what_it_was_when_the_next_question_is_asked(room: Room) -> None:
    adapter = room.adapter()
    for label in ("a", "b", "c"):
        with adapter.transaction("t") as block:
            block.execute("put_label", {"id": str(uuid4()), "label": label})
    connection = adapter._pool.borrow()
    declared_ = adapter._statements
    connection.send(declared_["begin_read_committed_read_only"])
    things = connection.send(declared_["things"])
    other = connection.send(declared_["sum_counters"])
    first = things.fetchone()
    assert [first, *things.fetchall()] == sorted(adapter_rows(room), key=lambda row: str(row["label"]))
    assert things.fetchone() is None
    assert things.fetchall() == []
    assert (things.rowcount, other.fetchall()) == (3, [{"total": 0}])
    assert connection.send(declared_["commit"]).rowcount == -1
    adapter._pool.give_back(connection)


def adapter_rows(room: Room) -> list[dict[str, object]]:
    """The same statement through psycopg's own cursor, with the same value types."""
    with room.adapter() as adapter:
        connection = adapter._pool.borrow()
        try:
            return connection.execute(adapter._statements["things"].numbered_sql).fetchall()  # type: ignore[return-value]
        finally:
            adapter._pool.give_back(connection)


def test_rows_of_a_statement_that_gives_none_are_a_mistake_of_the_caller(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(Internal, match="gave no rows"), adapter.transaction("t") as block:
        block.fetch("put_label", {"id": str(uuid4()), "label": "x"})
    assert room.labels() == []


def test_a_copy_is_not_sent_as_a_statement(room: Room) -> None:
    """The server would wait for rows for ever: the connection is given up, nothing is kept."""
    adapter = room.adapter()
    with pytest.raises(DatabaseError, match="copy_rows"), adapter.transaction("t") as block:
        block.execute("copy_things")
    assert room.labels() == []
    assert adapter.find("sum_counters") == [{"total": 0}]


def test_a_connection_that_somebody_took_out_of_autocommit_begins_as_psycopgs_does(room: Room) -> None:
    """Else a statement would run outside a block, and nothing would show it."""
    adapter = room.adapter()
    connection = adapter._pool.borrow()
    connection.autocommit = False
    statement = replace(adapter._statements["sum_counters"])
    assert connection.send(statement).fetchall() == [{"total": 0}]
    assert connection.state is psycopg.pq.TransactionStatus.INTRANS
    adapter._pool.give_back(connection)
    assert adapter._pool.dirty_returns == 1
    assert adapter._pool.take_leak() is not None
