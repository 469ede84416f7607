"""A small writer to be broken: right once, and wrong in ways that each have to be caught in their own words.

A booking has a number that names it, so the same command again finds it done; the note beside it has none.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from pg_dryrun.fault_record import Said
from pg_dryrun.faults.interface import Call, Word

SCHEMA = """
CREATE SCHEMA till;
CREATE TABLE till.account (account_id int PRIMARY KEY, balance int NOT NULL);
CREATE TABLE till.booking (booking_id int PRIMARY KEY, account_id int NOT NULL REFERENCES till.account,
    amount int NOT NULL, booked_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE till.note (words text NOT NULL);
INSERT INTO till.account VALUES (1, 100);
"""
STATE: dict[str, tuple[str, ...]] = {"till.account": (), "till.booking": ("booked_at",), "till.note": ()}
TRIES = 4
Connection = psycopg.Connection[tuple[object, ...]]


def book(call: Call) -> Word:
    """As it should be: one transaction, tried again on 40001 and 40P01, and nothing claimed of a lost COMMIT."""
    return _whole(call, _work)


def commits_in_the_middle(call: Call) -> Word:
    """A booking can be left behind without its note."""

    def work(connection: Connection) -> None:
        if not _done(connection):
            _insert(connection)
            connection.execute("COMMIT")
            connection.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
            _move(connection)

    return _whole(call, work)


def trusts_a_lost_commit(call: Call) -> Word:
    """No answer to COMMIT is taken for yes."""
    word = _whole(call, _work)
    return Word(said=Said.DONE) if word.said is Said.UNKNOWN else word


def repeats_without_asking(call: Call) -> Word:
    """No answer to COMMIT: the whole of it once more, without a look at what is there."""
    word = _whole(call, _work)
    if word.said is not Said.UNKNOWN:
        return word

    def again(connection: Connection) -> None:
        connection.execute("INSERT INTO till.booking VALUES (7, 1, 5) ON CONFLICT DO NOTHING")
        _move(connection)

    return _whole(call, again)


def swallows_40001(call: Call) -> Word:
    """A serialization failure is none to it."""
    word = _whole(call, _work, retries=False)
    return Word(said=Said.DONE) if word.sqlstate == "40001" else word


def waits_for_ever(call: Call) -> Word:
    """It has no deadline of its own."""
    return _whole(call, _work)


def open_account(call: Call) -> Word:
    """On the till of the runner's own tests: an account under a number that names it."""

    def work(connection: Connection) -> None:
        connection.execute(
            "INSERT INTO till.account (account_id, owner) VALUES (901, 'newcomer') ON CONFLICT (account_id) DO NOTHING"
        )

    return _whole(call, work, isolation="READ COMMITTED")


def _work(connection: Connection) -> None:
    if not _done(connection):
        _insert(connection)
        _move(connection)


def _done(connection: Connection) -> bool:
    connection.execute("SELECT balance FROM till.account WHERE account_id = 1")
    return connection.execute("SELECT 1 FROM till.booking WHERE booking_id = 7").fetchone() is not None


def _insert(connection: Connection) -> None:
    connection.execute("INSERT INTO till.booking (booking_id, account_id, amount) VALUES (7, 1, 5)")


def _move(connection: Connection) -> None:
    connection.execute("UPDATE till.account SET balance = balance + 5 WHERE account_id = 1")
    connection.execute("INSERT INTO till.note VALUES ('booked')")


def _whole(
    call: Call, work: Callable[[Connection], None], *, retries: bool = True, isolation: str = "SERIALIZABLE"
) -> Word:
    for _ in range(TRIES):
        committing = False
        try:
            with _connected(call) as connection:
                connection.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
                work(connection)
                committing = True
                connection.execute("COMMIT")
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as error:
            if not retries:
                return Word(said=Said.FAILED, message=str(error), sqlstate=error.sqlstate)
        except psycopg.Error as error:
            lost = committing and error.sqlstate is None
            said = Said.UNKNOWN if lost else Said.FAILED
            return Word(said=said, message=str(error), sqlstate=error.sqlstate)
        else:
            return Word(said=Said.DONE)
    return Word(said=Said.FAILED, message="tried often enough")


def _connected(call: Call) -> Connection:
    login, limits = call.logins["clerk"], call.limits
    return psycopg.connect(
        host=login.host,
        port=login.port,
        dbname=login.dbname,
        user=login.user,
        password=login.password,
        autocommit=True,
        prepare_threshold=None,
        connect_timeout=limits.connect_s,
        application_name="till",
        options=" ".join(
            (
                f"-c statement_timeout={int(limits.statement_s * 1000)}",
                f"-c lock_timeout={int(limits.lock_s * 1000)}",
                f"-c idle_in_transaction_session_timeout={int(limits.idle_in_transaction_s * 1000)}",
            )
        ),
    )
