"""What the clone's log says of a command: its lines in, shapes, transactions, waits and errors out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pg_dryrun.anyprogram.conversation import Conversation
from pg_dryrun.anyprogram.locks import exclusive_locks
from pg_dryrun.wal import WalLock, WalLocks

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def line(ms: int, message: str, vxid: str = "1/1", **more: object) -> dict[str, object]:
    """One line of the JSON log, ``ms`` after the start."""
    at = START + timedelta(milliseconds=ms)
    stamp = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC"
    base = {"timestamp": stamp, "user": "app", "pid": 7, "session_id": "a.7", "vxid": vxid, "txid": 0}
    return {**base, "error_severity": "LOG", "message": message, "ps": "idle", **more}


def heard(*lines: dict[str, object]) -> Conversation:
    """All of it, in two slices."""
    talk = Conversation()
    talk.hear(lines[:2])
    talk.hear(lines[2:])
    return talk


def test_shapes_are_counted_without_constants_and_timed_by_execution_only() -> None:
    talk = heard(
        line(0, "execute <unnamed>: INSERT INTO t VALUES ('a secret', $1)", ps="INSERT"),
        line(1, "duration: 2.5 ms", ps="INSERT"),
        line(2, "duration: 100.0 ms", ps="PARSE"),
        line(3, "execute <unnamed>: INSERT INTO t VALUES ('another', $1)", ps="INSERT"),
        line(4, "duration: 1.5 ms", ps="INSERT"),
        line(5, "execute fetch from c: SELECT 1", ps="SELECT"),
    )
    (shape,) = talk.statements(str)
    assert (shape.times, shape.total_ms, shape.longest_ms, shape.verbs) == (2, 4.0, 2.5, ("INSERT",))
    assert "secret" not in shape.text


def test_a_write_without_begin_is_a_transaction_of_its_own() -> None:
    talk = heard(
        line(0, "statement: BEGIN", "1/1"),
        line(1, "statement: DELETE FROM t", "1/1", ps="idle in transaction"),
        line(2, "duration: 1.0 ms", "1/1", txid=900),
        line(3, "statement: COMMIT", "1/1", txid=900),
        line(4, "duration: 0.1 ms", "1/0"),
        line(5, "statement: UPDATE t SET a = 1", "1/2"),
        line(9, "duration: 4.0 ms", "1/0"),
        line(10, "statement: SELECT 1", "1/3"),
    )
    block, lone, reading = talk.transactions
    assert (block.xid, block.begun, block.writes) == (900, True, True)
    assert (lone.begun, lone.writes, (lone.last_at - lone.first_at) / timedelta(milliseconds=1)) == (False, True, 4)
    assert reading.writes is False


def test_a_refused_statement_is_counted_once_and_failed() -> None:
    text = "SELECT * FROM secret_table"
    talk = heard(
        line(0, "permission denied", error_severity="ERROR", state_code="42501", statement=text, ps="PARSE"),
        line(1, "statement: SELECT 1 / 0", "1/2"),
        line(2, "division by zero", error_severity="ERROR", state_code="22012", statement="SELECT 1 / 0", ps="SELECT"),
    )
    assert [(item.times, item.failed) for item in talk.statements(str)] == [(1, 1), (1, 1)]
    assert [(item.sqlstate, item.times) for item in talk.errors()] == [("22012", 1), ("42501", 1)]


def test_a_wait_counts_once_with_its_whole_length_and_one_that_was_given_up_is_said_so() -> None:
    waiting = "process 7 still waiting for ShareLock on transaction 745 after 10.1 ms"
    talk = heard(
        line(0, "process 7 still waiting for AccessShareLock on relation 16391 of database 5 after 10.088 ms"),
        line(9, "process 7 acquired AccessShareLock on relation 16391 of database 5 after 193.920 ms"),
        line(10, waiting),
        line(20, "canceling", error_severity="ERROR", state_code="55P03"),
    )
    relation, transaction = talk.waits({16391: "shop.item"})
    assert (relation.target, relation.times, relation.longest_ms) == ("relation shop.item", 1, 193.92)
    assert (transaction.target, transaction.times, transaction.given_up) == ("transaction", 1, 1)


def test_sessions_at_one_time_and_settings_of_the_log() -> None:
    talk = heard(
        line(0, "connection authorized: user=app", dbname="prod", session_id="a.1"),
        line(1, "connection authorized: user=app", dbname="prod", session_id="a.2"),
        line(2, "disconnection: session time: 0:00:00.010", session_id="a.1"),
        line(3, "connection authorized: user=app", dbname="other", session_id="a.3"),
        line(4, "statement: SELECT set_config('log_statement', 'none', false)", session_id="a.3"),
    )
    assert (talk.sessions, talk.sessions_at_once, talk.databases) == (3, 2, {"prod": 2, "other": 1})
    assert talk.silencing == 1


def test_locks_are_tied_to_their_transaction_by_id_by_parent_and_by_the_clock() -> None:
    talk = heard(
        line(0, "statement: BEGIN", "1/1"),
        line(100, "statement: LOCK TABLE a", "1/1", txid=900),
        line(400, "statement: COMMIT", "1/1", txid=900),
        line(401, "duration: 1 ms", "1/0"),
        line(500, "statement: SELECT 1", "1/2"),
        line(500, "duration: 1 ms", "1/0"),
        line(500, "statement: ALTER TABLE b ADD c int", "1/3"),
        line(530, "duration: 30 ms", "1/0"),
    )
    ended = {
        900: START + timedelta(milliseconds=400),
        901: START + timedelta(milliseconds=400),
        902: START + timedelta(milliseconds=529),
        903: START + timedelta(hours=1),
    }
    names = {1: "s.a", 2: "s.b", 3: "s.c", 4: "s.d"}
    pairs = ((900, 1), (901, 3), (902, 2), (903, 4), (900, 99))
    taken = tuple(WalLock(xid=xid, database_oid=5, relation_oid=relation) for xid, relation in pairs)
    elsewhere = WalLock(xid=900, database_oid=6, relation_oid=1)
    found = exclusive_locks(WalLocks(locks=(*taken, elsewhere), ended=ended), talk.transactions, names, 5)
    assert [(item.relation, item.times, item.longest_ms, item.unknown) for item in found] == [
        ("s.a", 1, 400.0, 0),
        ("s.b", 1, 29.0, 0),
        ("s.c", 1, 400.0, 0),
        ("s.d", 1, None, 1),
    ]
