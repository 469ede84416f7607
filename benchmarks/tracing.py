"""Tracing on over tracing off: one server with every instrument, one with none, the same transactions on both in turn.

Three writers, because the instruments cost about the same for every statement, whatever the statement itself costs: the
cutter on one unit's way from MARK to VERIFY; three one-row inserts on servers that flush to disk, as production's does;
and the same three on clones that do not, where nothing is left that could hide a microsecond.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import psycopg
from benchmarks.adapter import DISK, Ratio, Stage, deployed, paired_blocks
from benchmarks.adapter_stream import record, room

from pg_dryrun.anyprogram.watch import CLONE_SETTINGS
from pg_dryrun.instruments import Instruments
from pg_dryrun.log_records import direct
from pg_dryrun.observer import connect
from pg_dryrun.statements import SERVER_SETTINGS
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

COLLECTED = {**SERVER_SETTINGS, "log_lock_waits": "on", "deadlock_timeout": "10ms"}
"""A server that somebody else runs: its log goes through PostgreSQL's collector."""
TRACED = dict(direct(COLLECTED))
"""One of our own servers, as a rehearsal starts it."""
FOREIGN = dict(direct(CLONE_SETTINGS))
"""A foreign command's clone: one more line of the log for every statement, its duration."""
QUIET = {
    **SERVER_SETTINGS,
    "wal_level": "replica",
    "max_wal_senders": "0",
    "log_statement": "none",
    "logging_collector": "off",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_TABLE = "CREATE TABLE public.tracked (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text)"
_INSERT = "INSERT INTO public.tracked (v) VALUES (%s)"
_WARM_UP = 100


def rows(transactions: int, *, durable: bool, traced_by: Mapping[str, str] = TRACED) -> Ratio:
    """Three one-row inserts in a transaction, psycopg's usual way: on a server with ``traced_by``, on a quiet one."""
    extra = DURABLE if durable else {}
    with ExitStack() as stack:
        calls = [
            _three_rows(stack, {**settings, **extra}, traced=traced, base=DISK if durable else None)
            for traced, settings in ((True, traced_by), (False, QUIET))
        ]
        return _in_turn(calls[0], calls[1], transactions)


def cutter(pairs: int) -> dict[str, Ratio]:
    """One unit's way from MARK to VERIFY through the adapter: by phase, and the whole of it."""
    with ExitStack() as stack:
        stages: list[Stage] = []
        blocks = []
        for name, settings in (("traced", TRACED), ("plain", QUIET)):
            cluster = stack.enter_context(ThrowawayCluster.create(name=name, settings=dict(settings)))
            login = stack.enter_context(deployed(cluster, "ledger"))
            blocks = record(login, room.law(1))
            stages.append(Stage(login, stack))
            if name == "traced":
                stack.enter_context(Instruments.attach(Login(**login), tracked=list(room.TABLES)))
        return paired_blocks(((stages[0], stages[0].ours), (stages[1], stages[1].ours)), blocks, pairs)


def _three_rows(
    stack: ExitStack, settings: Mapping[str, str], *, traced: bool, base: Path | None
) -> Callable[[], None]:
    cluster = stack.enter_context(
        ThrowawayCluster.create(name="traced" if traced else "plain", settings=dict(settings), base_dir=base)
    )
    login = Login(**cluster.admin)
    with connect(login, purpose="bench") as observer:
        observer.execute(_TABLE)
    if traced:
        stack.enter_context(Instruments.attach(login, tracked=["public.tracked"]))
    connection = stack.enter_context(psycopg.connect(**login.keywords(), autocommit=True))  # type: ignore[arg-type]

    def once() -> None:
        with connection.transaction():
            for number in range(3):
                connection.execute(_INSERT, [f"row {number}"])

    return once


def _in_turn(first: Callable[[], None], second: Callable[[], None], times: int) -> Ratio:
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(-_WARM_UP, times):
        for which in (0, 1) if number % 2 else (1, 0):
            began = time.perf_counter()
            (first, second)[which]()
            if number >= 0:
                taken[which].append(time.perf_counter() - began)
    return Ratio.of(*taken)
