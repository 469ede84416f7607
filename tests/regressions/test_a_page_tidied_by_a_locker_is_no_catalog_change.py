"""Dead row versions are pruned by the next one who reads the page, under the id of a transaction that only locks rows.

The rehearsal of two workers called such a transaction "catalog changes", which nobody had declared, and failed a run
without a defect: a job done twice locks its document's row, sees that all is done, and goes; the page of that row had
dead versions of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.instruments_room import instrumented_cluster, new_database

from pg_dryrun.instruments import Instruments
from pg_dryrun.subject import Login
from pg_dryrun.wal import WalTransaction

_TABLES = "CREATE TABLE public.crowded (id integer PRIMARY KEY, v text); CREATE TABLE public.t (id integer PRIMARY KEY)"


@pytest.fixture(scope="module")
def login() -> Iterator[Login]:
    with instrumented_cluster("tidied") as server:
        yield new_database(server, _TABLES)


def test_a_transaction_that_locks_and_prunes_has_locked_rows(login: Login) -> None:
    with (
        Instruments.attach(login, tracked=["public.crowded", "public.t"]) as instruments,
        psycopg.connect(**login.keywords(), autocommit=True) as writer,  # type: ignore[arg-type]
    ):
        writer.execute("INSERT INTO t VALUES (1)")
        writer.execute("INSERT INTO crowded VALUES (1, repeat('x', 1050))")
        for _ in range(6):  # a page of 8 KB, and next to nothing of it left; whoever reads it tidies it
            writer.execute("UPDATE crowded SET v = v")
        before = _wal_position(writer)
        with writer.transaction():
            writer.execute("SELECT FROM t FOR UPDATE")
            writer.execute("SELECT FROM crowded")
        seen = instruments.step("locked")
        assert _pruned_by_a_transaction(writer, before), "the server pruned nothing: this test shows nothing"
    assert [line.partition(": ")[2] for line in seen.dark.transactions] == ["rows locked"]


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ({"Heap LOCK": 1, "Heap2 PRUNE": 1}, "rows locked"),
        ({"Heap LOCK": 1, "Heap2 PRUNE_ON_ACCESS": 2, "XLOG FPI_FOR_HINT": 1, "Transaction COMMIT": 1}, "rows locked"),
        ({"Heap2 PRUNE_ON_ACCESS": 1, "Transaction COMMIT": 1}, "an id taken, or unlogged or temporary rows"),
        ({"Sequence LOG": 1, "XLOG FPI_FOR_HINT": 1}, "a sequence moved"),
        ({"Heap LOCK": 1, "Heap INPLACE": 1, "Heap2 PRUNE": 1}, "catalog changes"),
        ({"Heap2 MULTI_INSERT": 1, "Btree INSERT_LEAF": 1}, "catalog changes"),
        ({"Storage CREATE": 1}, "catalog changes"),
        ({"Heap LOCK": 1, "Gin INSERT": 1}, "Gin INSERT, Heap LOCK"),
    ],
)
def test_housekeeping_hides_nothing_else(records: dict[str, int], why: str) -> None:
    assert WalTransaction(xid=7, records=records).why == why


def _wal_position(writer: psycopg.Connection[object]) -> object:
    row = writer.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
    assert isinstance(row, tuple)
    return row[0]


def _pruned_by_a_transaction(writer: psycopg.Connection[object], begin: object) -> bool:
    writer.execute("CREATE EXTENSION pg_walinspect")
    row = writer.execute(
        "SELECT count(*) FROM pg_get_wal_records_info(%s::pg_lsn, pg_current_wal_flush_lsn())"
        " WHERE record_type LIKE 'PRUNE%%' AND xid <> '0'",
        [begin],
    ).fetchone()
    assert isinstance(row, tuple)
    return bool(row[0])
