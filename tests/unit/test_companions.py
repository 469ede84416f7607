"""A step in parts: what a companion did, what the writer's sessions did, and whether they were kept apart."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pg_dryrun import fingerprint
from pg_dryrun.companions import separate, strays
from pg_dryrun.dark_writes import DarkWrites
from pg_dryrun.effects import Change, CommittedTransaction, StepEffects, Verb
from pg_dryrun.instruments import Observation
from pg_dryrun.statements import LogSlice, ServerStatement
from pg_dryrun.subject import Companion, Subject

SUBJECT = cast(
    Subject,
    SimpleNamespace(
        principals={"clerk": "till_clerk", "queue": "till_queue"},
        companions=(Companion(principal="queue", schema="jobs", why="a queue"),),
    ),
)
ALONE = cast(Subject, SimpleNamespace(principals={"clerk": "till_clerk"}, companions=()))


def _said(user: str, text: str, *, pid: int = 1, xid: int | None = None) -> ServerStatement:
    return ServerStatement(
        user=user,
        dbname="d",
        pid=pid,
        session_id=f"s{pid}",
        how="statement",
        text=text,
        print=fingerprint.of(text),
        xid=xid,
    )


def _wrote(xid: int, *tables: str) -> CommittedTransaction:
    return CommittedTransaction(
        xid=xid, changes=tuple(Change(table=table, verb=Verb.INSERT) for table in tables), why="" if tables else "locks"
    )


def _seen(transactions: list[CommittedTransaction], said: list[ServerStatement], **dark: Any) -> Observation:
    return Observation(
        label="step",
        counts={},
        deltas={},
        totals={},
        effects=StepEffects(label="step", transactions=tuple(transactions), aborted=(), wal_bytes=0, cost_ms=0),
        dark=DarkWrites(
            transactions=tuple(f"{item.xid}: {item.why}" for item in transactions if not item.changes), **dark
        ),
        log=LogSlice(label="step", statements=tuple(said), errors=(), connections=()),
        bystanders_changed=(),
        bystanders_examined=0,
        contradictions=(),
        duration_ms=0,
    )


TAKEN = _said("till_queue", "SELECT take_a_job()", pid=9)


def test_each_is_counted_where_it_belongs() -> None:
    seen = _seen(
        [_wrote(10, "till.booking", "till.account"), _wrote(11, "jobs.job"), _wrote(12), _wrote(13), _wrote(14)],
        [_said("till_clerk", "COMMIT", pid=4, xid=10), _said("till_clerk", "COMMIT", pid=5, xid=13), TAKEN],
        sequences=("jobs.job_id_seq", "till.number"),
    )
    found = separate(seen, SUBJECT)
    assert found.crossed == ()
    (aside,) = found.asides
    assert (aside.transactions, aside.without_rows, aside.sequences) == (1, 2, ("jobs.job_id_seq",))
    assert aside.effects["jobs.job"].inserted == 1
    assert [item.xid for item in found.seen.effects.transactions] == [10, 13]
    assert found.seen.dark.lines() == ("sequences: till.number", "transactions: 13: locks")
    assert [(item.backend_pid, item.transactions, dict(item.rows)) for item in found.sessions] == [
        (4, 1, {"till.booking": 1, "till.account": 1}),
        (5, 1, {}),
    ]


@pytest.mark.parametrize(
    ("transaction", "said", "words"),
    [
        (_wrote(10, "till.booking", "jobs.job"), _said("till_clerk", "COMMIT", xid=10), "of a companion and of others"),
        (_wrote(10, "jobs.job"), _said("till_clerk", "COMMIT", xid=10), "till_clerk wrote what is a companion's"),
        (_wrote(10, "till.booking"), _said("till_queue", "COMMIT", xid=10), "was committed by till_queue"),
        (_wrote(10, "till.booking"), _said("till_clerk", "COMMIT", xid=99), "committed by no session of the writer"),
    ],
)
def test_whoever_writes_what_is_not_his_is_told(
    transaction: CommittedTransaction, said: ServerStatement, words: str
) -> None:
    (line,) = separate(_seen([transaction], [said, TAKEN]), SUBJECT).crossed
    assert words in line


def test_rows_of_a_companion_that_said_nothing_are_told() -> None:
    (line,) = separate(_seen([_wrote(10, "jobs.job")], []), SUBJECT).crossed
    assert line == "rows of jobs were committed, and queue said nothing"


def test_without_companions_nothing_is_touched() -> None:
    seen = _seen([_wrote(10, "till.booking"), _wrote(11)], [])
    found = separate(seen, ALONE)
    assert found.seen is seen
    assert (found.asides, found.sessions, found.crossed) == ((), (), ())


def test_a_companion_names_nothing_outside_its_schema() -> None:
    said = [
        _said("till_queue", text)
        for text in (
            "INSERT INTO job VALUES (1)",
            "DELETE FROM jobs.job",
            "SELECT oid FROM pg_catalog.pg_type",
            "SELECT amount FROM till.booking",
            "UPDATE till.account SET balance = 0",
            "DROP TABLE job",
        )
    ]
    assert [item.text for item in strays(said, SUBJECT)] == ["DROP TABLE job", *_ABROAD]


_ABROAD = ["SELECT amount FROM till.booking", "UPDATE till.account SET balance = 0"]
