# ruff: noqa: PT012 - what a block raises at its end is the subject: the block belongs inside pytest.raises
"""The adapter's contract (design 2.2) on a real server: blocks, savepoints, COMMIT, dispositions, deadlines."""

from __future__ import annotations

import ast
import inspect
import time
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg.pq import TransactionStatus
from tests.adapter_room import Room

from cutter_agent.db_adapter import session as session_module
from cutter_agent.db_adapter.interface import DBAdapter
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import Isolation, Limits
from cutter_agent.errors import (
    ConnectionFailed,
    DatabaseError,
    DeadlinePassed,
    Internal,
    LaneReferenceMismatch,
    PrivilegeDenied,
    SilentRollback,
    TransactionLeak,
    UniqueConflict,
)
from cutter_agent.model import Lane

SHORT = Limits(statement_timeout_s=0.4, lock_timeout_s=0.2, deadline_s=1.5, borrow_timeout_s=3.0)


def new_thing(label: str) -> dict[str, object]:
    return {"id": str(uuid4()), "label": label}


# 1: one implementation, one principal


def test_the_adapter_is_what_the_stores_see(room: Room) -> None:
    adapter: DBAdapter = room.adapter(Lane.VERIFY)
    assert adapter.lane is Lane.VERIFY
    assert adapter.find("sum_counters") == [{"total": 0}]


def test_a_lane_sends_only_its_own_statements(room: Room) -> None:
    adapter = room.adapter(Lane.EXEC)
    with pytest.raises(LaneReferenceMismatch, match="verify_only"):
        adapter.find("verify_only")
    assert "verify_only" not in [record.name for record in adapter.journal]


def test_what_is_not_declared_is_not_sent(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(Internal, match="not declared"):
        adapter.find("DELETE FROM room.thing")
    with adapter.transaction("t") as block, pytest.raises(Internal, match="opens or ends a block"):
        block.execute("commit")


# 2: nothing outside an explicit block


def test_every_statement_lies_between_a_begin_and_an_end(room: Room) -> None:
    adapter = room.adapter()
    adapter.facts()
    adapter.find("things")
    with adapter.transaction("mark", Isolation.SERIALIZABLE) as block:
        block.execute("put_label", new_thing("one"))
        with block.savepoint("part"):
            block.execute("put_label", new_thing("two"))
    with pytest.raises(DatabaseError), adapter.transaction("fails") as block:
        block.execute("put_amount", {"id": str(uuid4()), "amount": -1})
    inside = False
    for record in adapter.journal:
        if record.name.startswith("begin_"):
            assert not inside
            inside = True
        else:
            assert inside, record
            inside = record.name not in ("commit", "rollback")
    assert not inside


def test_a_read_only_block_cannot_write(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(DatabaseError) as refused, adapter.read() as block:
        block.execute("put_label", new_thing("x"))
    assert refused.value.sqlstate == "25006"
    assert "primary" in refused.value.remedy


@pytest.mark.parametrize("isolation", list(Isolation))
def test_a_block_has_the_isolation_and_access_it_asked_for(room: Room, isolation: Isolation) -> None:
    adapter = room.adapter()
    with adapter.transaction("t", isolation) as block:
        row = block.fetch_one("isolation_now")
    assert row is not None
    assert (row["isolation"], row["read_only"]) == (isolation.value, "off")
    with adapter.read(isolation) as block:
        row = block.fetch_one("isolation_now")
    assert row is not None
    assert (row["isolation"], row["read_only"]) == (isolation.value, "on")


# 3: begin on IDLE only


def test_begin_refuses_a_connection_that_is_in_a_transaction(room: Room) -> None:
    adapter = room.adapter()
    adapter.find("things")
    connection = adapter._pool.borrow()
    adapter._pool.give_back(connection)
    connection.send(adapter._statements["begin_read_committed_read_write"])  # somebody kept a hand on it
    with pytest.raises(TransactionLeak) as refused, adapter.transaction("mark"):
        pass
    error = refused.value
    assert error.sqlstate == "25001"
    assert "mark wanted to begin" in error.message
    assert "INTRANS" in error.message
    assert "begin_read_committed_read_write" in error.message
    assert "test_begin_refuses_a_connection" in error.message, "the call site of the last statement"
    assert error.trace.last_statements
    assert adapter.facts().dirty_returns == 1
    assert adapter.find("sum_counters") == [{"total": 0}], "the adapter goes on with a clean connection"


def test_set_transaction_is_never_sent() -> None:
    declared = session_module.statements.load()
    assert declared
    assert not [name for name, each in declared.items() if each.sql.upper().lstrip().startswith("SET")]
    room = Path(inspect.getfile(session_module)).parent
    for module in ("session", "transaction", "connection", "pool", "principals", "resolution"):
        tree = ast.parse((room / f"{module}.py").read_text("utf-8"))
        calls = [
            node.func.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        ]
        assert "transaction" not in calls or module == "session", f"{module} uses psycopg's transaction()"
        assert not {"commit", "rollback"} & set(calls) or module == "session", f"{module} lets psycopg end a block"


# 4: savepoints on purpose, no nesting


@pytest.mark.parametrize("inner", ["read", "transaction", "find", "run_phase"])
def test_a_block_inside_a_block_is_an_error(room: Room, inner: str) -> None:
    adapter = room.adapter()

    def nest() -> None:
        if inner == "find":
            adapter.find("things")
        elif inner == "run_phase":
            adapter.run_phase("inner", Isolation.READ_COMMITTED, lambda block: block.fetch("things"))
        else:
            with adapter.read() if inner == "read" else adapter.transaction("inner"):
                pass

    started = time.monotonic()
    with pytest.raises(Internal, match="inside outer"), adapter.transaction("outer") as block:
        block.execute("put_label", new_thing("gone"))
        nest()
    assert time.monotonic() - started < 2, "it must not wait for the connection that it holds itself"
    assert room.labels() == []


def test_a_savepoint_undoes_its_part_and_the_block_lives_on(room: Room) -> None:
    adapter = room.adapter()
    with adapter.transaction("t") as block:
        block.execute("put_label", new_thing("before"))
        with pytest.raises(DatabaseError), block.savepoint("outer"):
            block.execute("put_label", new_thing("undone"))
            with block.savepoint("inner"):
                block.execute("put_label", new_thing("undone too"))
            with pytest.raises(DatabaseError), block.savepoint("inner again"):
                block.execute("put_amount", {"id": str(uuid4()), "amount": -1})
            block.execute("put_label", new_thing("undone as well"))
            block.execute("missing_column", {"id": str(uuid4())})
        block.execute("put_label", new_thing("after"))
    assert room.labels() == ["after", "before"]
    phases = {record.phase for record in adapter.journal if record.name == "savepoint"}
    assert phases == {"t/outer", "t/inner", "t/inner again"}


def test_a_block_is_of_no_use_after_its_end(room: Room) -> None:
    adapter = room.adapter()
    with adapter.read() as block:
        pass
    with pytest.raises(Internal, match="after the end"):
        block.fetch("things")


# 5: COMMIT must be answered COMMIT


def test_a_swallowed_error_is_a_silent_rollback(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(SilentRollback) as refused, adapter.transaction("cut") as block:
        block.execute("put_label", new_thing("lost"))
        with pytest.raises(DatabaseError):
            block.execute("put_amount", {"id": str(uuid4()), "amount": -1})
    error = refused.value
    assert "answered ROLLBACK" in error.message
    assert "put_amount" in error.message, "the statement that failed first is named"
    assert error.sqlstate == "23514"
    assert room.labels() == []


def test_an_error_of_the_body_rolls_back_and_goes_on(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(ZeroDivisionError), adapter.transaction("t") as block:
        block.execute("put_label", new_thing("gone"))
        raise ZeroDivisionError
    assert room.labels() == []
    assert [record.name for record in adapter.journal][-1] == "rollback"
    assert adapter.facts().dirty_returns == 0


def test_a_deferred_constraint_at_commit_is_raised(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(UniqueConflict) as refused, adapter.transaction("t") as block:
        block.execute("put_late", {"key": 1})
        block.execute("put_late", {"key": 1})
    assert refused.value.trace.statement_name == "commit"
    assert refused.value.constraint == "late_key"
    assert not refused.value.converges
    assert room.query("SELECT count(*) FROM room.late") == [(0,)]
    assert adapter.find("sum_counters") == [{"total": 0}]


# 8: dispositions


def test_a_conflict_on_an_idempotency_key_converges(room: Room) -> None:
    adapter = room.adapter()
    conflicts: list[UniqueConflict] = []

    def once(key: str) -> str:
        try:
            adapter.run_phase("cut", Isolation.READ_COMMITTED, lambda block: block.execute("put_once", {"key": key}))
        except UniqueConflict as conflict:
            conflicts.append(conflict)
            return "existing " + adapter.find("once", {"key": key})[0]["key"]
        return "new"

    assert once("a") == "new"
    assert once("a") == "existing a"
    assert [(each.converges, each.table) for each in conflicts] == [(True, "room.once")]


def test_a_conflict_on_another_key_stops(room: Room) -> None:
    adapter = room.adapter()
    thing = new_thing("x")
    with adapter.transaction("t") as block:
        block.execute("put_label", thing)
    with pytest.raises(UniqueConflict) as refused, adapter.transaction("t") as block:
        block.execute("put_label", thing)
    assert not refused.value.converges
    assert refused.value.constraint == "thing_pkey"


def test_denied_privilege_stops_with_a_signal_and_is_not_retried(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    adapter = room.adapter()
    attempts = []

    def body(block: object) -> None:
        attempts.append(1)
        block.fetch("read_secret")  # type: ignore[attr-defined]

    with pytest.raises(PrivilegeDenied) as refused:
        adapter.run_phase("t", Isolation.SERIALIZABLE, body)
    assert refused.value.sqlstate == "42501"
    assert "do not grant" in refused.value.remedy
    assert attempts == [1]
    assert [record.levelname for record in caplog.records if "42501" in record.message] == ["CRITICAL"]


@pytest.mark.parametrize(
    ("name", "parameters", "sqlstate"),
    [
        ("put_label", {"id": str(uuid4()), "label": None}, "23502"),
        ("put_amount", {"id": str(uuid4()), "amount": -1}, "23514"),
        ("missing_column", {"id": str(uuid4())}, "42703"),
        ("put_label", {"id": "not a uuid", "label": "x"}, "22P02"),
    ],
)
def test_structural_errors_stop_at_once_with_their_trace(
    room: Room, name: str, parameters: dict[str, object], sqlstate: str
) -> None:
    adapter = room.adapter()
    attempts = []

    def body(block: object) -> None:
        attempts.append(1)
        block.execute(name, parameters)  # type: ignore[attr-defined]

    with pytest.raises(DatabaseError) as refused:
        adapter.run_phase("mark", Isolation.READ_COMMITTED, body)
    error = refused.value
    assert attempts == [1]
    assert error.sqlstate == sqlstate
    assert error.trace.statement_name == name
    assert error.trace.connection_state == "INTRANS"
    assert error.trace.call_site is not None
    assert ":body:" in error.trace.call_site
    assert error.trace.last_statements[-1].startswith(f"{name} [{sqlstate}]")
    assert error.remedy
    assert "DETAIL" not in error.message
    assert room.labels() == []


# 10: deadlines


def test_a_statement_timeout_stops(room: Room) -> None:
    adapter = room.adapter(limits=SHORT)
    started = time.monotonic()
    with pytest.raises(DatabaseError) as refused:
        adapter.find("nap", {"seconds": 30})
    assert refused.value.sqlstate == "57014"
    assert not isinstance(refused.value, DeadlinePassed)
    assert time.monotonic() - started < 1.4, "the server spoke first"
    assert adapter.facts().retries == {}


def test_a_lock_timeout_stops_and_says_what_to_do(room: Room) -> None:
    holder = room.bare(autocommit=True)
    holder.execute("BEGIN")
    holder.execute("UPDATE room.counter SET n = 1 WHERE id = 1")
    adapter = room.adapter(limits=SHORT)
    with pytest.raises(DatabaseError) as refused, adapter.transaction("t") as block:
        block.execute("add_one", {"id": 1})
    assert refused.value.sqlstate == "55P03"
    assert "pg_stat_activity" in refused.value.remedy


def test_the_client_hangs_up_when_the_server_is_too_slow_to_speak(room: Room) -> None:
    """The server's own limit is far away; the client's is not."""
    limits = Limits(statement_timeout_s=0.9, deadline_s=1.0)
    adapter = room.adapter(limits=limits)
    with pytest.raises(DeadlinePassed) as refused, adapter.transaction("cut") as block:
        block.execute("put_label", new_thing("gone"))
        block._connection.deadline_s = 0.3
        started = time.monotonic()
        block.fetch("nap", {"seconds": 30})
    assert 0.25 < time.monotonic() - started < 0.8
    assert block._connection.lost
    assert refused.value.trace.statement_name == "nap"
    assert [record.name for record in adapter.journal][-1] == "nap", "nothing is sent on a connection that was hung up"
    assert adapter.find("sum_counters") == [{"total": 0}]
    assert room.labels() == []


def test_swallowing_a_lost_connection_does_not_commit(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(ConnectionFailed), adapter.transaction("cut") as block:
        block.execute("put_label", new_thing("gone"))
        room.query("SELECT pg_terminate_backend(%s, 5000)", block._connection.backend_pid)
        with pytest.raises(ConnectionFailed):
            block.fetch("things")
    assert [record.name for record in adapter.journal][-1] == "things", "a COMMIT that could not be sent is not in it"
    assert room.labels() == []
    assert adapter.facts().commits_resolved == {}


# 13: many rows at once


def test_many_rows_go_in_one_statement(room: Room) -> None:
    adapter = room.adapter()
    rows = [(str(uuid4()), f"thing {number:05}", {"n": number}, None, "[0,1)") for number in range(5000)]
    with adapter.transaction("cut", Isolation.SERIALIZABLE) as block:
        before = adapter.journal.total
        assert block.copy_rows("copy_things", iter(rows)) == 5000
        assert adapter.journal.total - before == 1
    assert len(room.labels()) == 5000


def test_a_failure_while_rows_are_made_rolls_the_phase_back(room: Room) -> None:
    adapter = room.adapter()

    def rows() -> object:
        yield (str(uuid4()), "one", {}, None, None)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), adapter.transaction("cut") as block:
        block.execute("put_label", new_thing("before"))
        block.copy_rows("copy_things", rows())  # type: ignore[arg-type]
    assert room.labels() == []
    assert adapter.facts().dirty_returns == 0


def test_a_swallowed_failure_of_copy_cannot_be_committed(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(SilentRollback), adapter.transaction("cut") as block:
        with pytest.raises(DatabaseError):
            block.copy_rows("copy_things", [("no uuid", "x", {}, None, None)])
        assert block._connection.state is TransactionStatus.INERROR
    assert room.labels() == []


# 12: the hook of the catalog contract


def test_startup_checks_run_once_before_the_first_write_and_can_refuse_it(room: Room) -> None:
    asked = []

    def check(block: object, declared: object) -> None:
        asked.append(block.fetch_one("isolation_now"))  # type: ignore[attr-defined]

    adapter = room.adapter(startup_checks=[check])
    adapter.find("things")
    assert asked == []
    for _ in range(2):
        with adapter.transaction("t"):
            pass
    assert [row["read_only"] for row in asked] == ["on"]

    def refuse(block: object, declared: object) -> None:
        raise Internal("the schema does not fit", remedy="none")

    refused = room.adapter(startup_checks=[refuse])
    for _ in range(2):
        with pytest.raises(Internal, match="does not fit"), refused.transaction("t") as block:
            block.execute("put_label", new_thing("never"))
    assert room.labels() == []


def test_parameters_are_exactly_the_statements(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(Internal, match=r"missing \['id'\], not known \['ids'\]"):
        adapter.find("thing", {"ids": []})
    assert [record.name for record in adapter.journal][-1] == "rollback"


def test_fetch_one_means_one(room: Room) -> None:
    adapter = room.adapter()
    with adapter.transaction("t") as block:
        block.execute("put_label", new_thing("a"))
        block.execute("put_label", new_thing("b"))
        with pytest.raises(Internal, match="2 rows"):
            block.fetch_one("things")
        assert block.fetch_one("thing", {"id": str(uuid4())}) is None


def test_a_closed_adapter_says_so(room: Room) -> None:
    adapter: RealPostgresAdapter = room.adapter()
    adapter.find("things")
    adapter.close()
    with pytest.raises(Internal, match="closed"):
        adapter.find("things")
    assert room.query("SELECT count(*) FROM pg_stat_activity WHERE usename = 'room_exec'")[0][0] <= 1
