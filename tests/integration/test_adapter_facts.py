"""The facts that decided the adapter's design (2.1), shown on the real server with bare psycopg.

If one of these ever fails, the world has changed and the contract deserves another look.
"""

from __future__ import annotations

import threading
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool
from tests.adapter_room import Room
from tests.integration.relay import Fault, Relay

PUT = "INSERT INTO room.thing (id, label) VALUES (%s, %s)"


def test_a_read_opens_a_transaction_and_the_next_isolation_is_refused(room: Room) -> None:
    connection = room.bare(autocommit=False)
    connection.execute("SELECT count(*) FROM room.thing")
    with pytest.raises(errors.ActiveSqlTransaction) as refused:
        connection.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    assert refused.value.sqlstate == "25001"


def test_a_transaction_inside_a_transaction_is_a_savepoint_that_says_committed(room: Room) -> None:
    with ConnectionPool(kwargs=room.keywords(), min_size=0, max_size=1, open=True) as pool:
        connection = pool.getconn()
        connection.execute("SELECT count(*) FROM room.thing")  # the implicit transaction
        with connection.transaction() as inner:
            connection.execute(PUT, (uuid4(), "lost"))
        assert inner.status is inner.Status.COMMITTED
        pool.putconn(connection)
        assert room.labels() == []


def test_a_swallowed_error_then_commit_is_a_rollback_that_says_committed(room: Room) -> None:
    connection = room.bare(autocommit=True)
    with connection.transaction() as block:
        connection.execute(PUT, (uuid4(), "lost"))
        with pytest.raises(errors.NotNullViolation):
            connection.execute(PUT, (uuid4(), None))
    assert block.status is block.Status.COMMITTED
    assert room.labels() == []
    connection.execute("BEGIN")
    with pytest.raises(errors.NotNullViolation):
        connection.execute(PUT, (uuid4(), None))
    assert connection.execute("COMMIT").statusmessage == "ROLLBACK"


def test_a_deferred_constraint_speaks_at_commit(room: Room) -> None:
    connection = room.bare(autocommit=True)
    connection.execute("BEGIN")
    connection.execute("INSERT INTO room.late VALUES (1), (1)")
    with pytest.raises(errors.UniqueViolation) as refused:
        connection.execute("COMMIT")
    assert refused.value.sqlstate == "23505"


def test_a_serialization_failure_may_speak_at_commit(room: Room) -> None:
    one, two = room.bare(autocommit=True), room.bare(autocommit=True)
    for connection, number in ((one, 101), (two, 102)):
        connection.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
        connection.execute("SELECT sum(n) FROM room.counter")
        connection.execute("INSERT INTO room.counter VALUES (%s, 1)", (number,))
    one.execute("COMMIT")
    with pytest.raises(errors.SerializationFailure) as refused:
        two.execute("COMMIT")
    assert refused.value.sqlstate == "40001"


def test_only_pg_xact_status_knows_what_became_of_a_lost_commit(room: Room) -> None:
    with Relay(room.settings().host, room.settings().port) as relay:
        connection = room.bare(host=relay.host, autocommit=True)
        connection.execute("BEGIN")
        connection.execute(PUT, (uuid4(), "kept"))
        row = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
        assert row is not None
        relay.strike_commit(Fault.CUT_AFTER)
        with pytest.raises(psycopg.OperationalError) as lost:
            connection.execute("COMMIT")
        assert lost.value.sqlstate is None
    assert room.query("SELECT pg_xact_status(%s::xid8)", row[0]) == [("committed",)]
    assert room.labels() == ["kept"]


def test_without_a_deadline_a_swallowed_answer_is_waited_for_for_ever(room: Room) -> None:
    with Relay(room.settings().host, room.settings().port) as relay:
        connection = room.bare(host=relay.host, autocommit=True)
        connection.execute("BEGIN")
        connection.execute(PUT, (uuid4(), "kept"))
        relay.strike_commit(Fault.SWALLOW_ANSWER)
        ended = threading.Event()

        def commit() -> None:
            with pytest.raises(psycopg.OperationalError):
                connection.execute("COMMIT")
            ended.set()

        waiting = threading.Thread(target=commit, daemon=True)
        waiting.start()
        assert relay.struck.wait(5)
        assert not ended.wait(1.0)
        assert room.labels() == ["kept"]
        relay.cut_everything()
        assert ended.wait(5)


def test_set_transaction_outside_a_transaction_does_nothing(room: Room) -> None:
    connection = room.bare(autocommit=True)
    notices: list[str | None] = []
    connection.add_notice_handler(lambda notice: notices.append(notice.sqlstate))
    connection.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
    row = connection.execute("SHOW transaction_isolation").fetchone()
    assert row == ("read committed",)
    assert notices == ["25P01"]


def test_read_only_with_autocommit_still_writes(room: Room) -> None:
    connection = room.bare(autocommit=True)
    connection.read_only = True
    connection.execute(PUT, (uuid4(), "written"))
    assert room.labels() == ["written"]


def test_a_read_only_block_can_be_made_read_write(room: Room) -> None:
    connection = room.bare(autocommit=True)
    connection.execute("BEGIN READ ONLY")
    connection.execute("SET TRANSACTION READ WRITE")
    connection.execute(PUT, (uuid4(), "written"))
    connection.execute("COMMIT")
    assert room.labels() == ["written"]


def test_what_one_borrower_sets_survives_the_return(room: Room) -> None:
    with ConnectionPool(kwargs=room.keywords(), min_size=0, max_size=1, open=True) as pool:
        connection = pool.getconn()
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        connection.execute("SET application_name = 'the borrower before'")
        connection.commit()
        pool.putconn(connection)
        again = pool.getconn()
        assert again is connection
        assert again.isolation_level is psycopg.IsolationLevel.SERIALIZABLE
        assert again.execute("SHOW application_name").fetchone() == ("the borrower before",)
        again.rollback()
        pool.putconn(again)


def test_a_connection_killed_while_idle_is_lent_without_a_check(room: Room) -> None:
    with ConnectionPool(kwargs={**room.keywords(), "autocommit": True}, min_size=0, max_size=1, open=True) as pool:
        with pool.connection() as connection:
            pid = connection.info.backend_pid
        room.query("SELECT pg_terminate_backend(%s, 5000)", pid)
        connection = pool.getconn()
        with pytest.raises(errors.AdminShutdown) as refused:
            connection.execute("SELECT 1")
        assert refused.value.sqlstate == "57P01"
        pool.putconn(connection)


def test_in_a_pipeline_an_error_surfaces_at_another_statement(room: Room) -> None:
    connection = room.bare(autocommit=True)
    with pytest.raises(errors.NotNullViolation), connection.pipeline():  # noqa: PT012 - where it raises is the point
        connection.execute(PUT, (uuid4(), None))
        reached = connection.execute("SELECT 1")
        assert reached is not None
        reached.fetchone()


def test_begin_inside_a_transaction_is_only_a_warning(room: Room) -> None:
    connection = room.bare(autocommit=True)
    notices: list[str | None] = []
    connection.add_notice_handler(lambda notice: notices.append(notice.sqlstate))
    connection.execute("BEGIN")
    connection.execute("BEGIN")
    assert connection.info.transaction_status is TransactionStatus.INTRANS
    assert notices == ["25001"]
