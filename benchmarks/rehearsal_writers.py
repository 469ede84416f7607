"""What looking costs a writer: effects per step at two sizes, tracing on and off, our adapter and bare psycopg."""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace

import psycopg

from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import ConnectionSettings
from cutter_agent.model import Lane
from pg_dryrun.instruments import Instruments
from pg_dryrun.log_records import direct
from pg_dryrun.observer import connect
from pg_dryrun.statements import SERVER_SETTINGS
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

QUIET = {"wal_level": "replica", "max_wal_senders": "0", "log_statement": "none", "logging_collector": "off"}
_TABLE = "CREATE TABLE public.tracked (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text)"
_INSERT = "INSERT INTO public.tracked (v) VALUES (%(v)s)"
_STATEMENTS = f"""
-- name: put_row
-- principal: both
-- verb: INSERT
-- tables: public.tracked
{_INSERT};
"""
_WARM_UP = 200


def once_ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def effects_ms(login: Login, steps: int) -> tuple[float, float]:
    """Median milliseconds of the effects' fence, and of a whole step of all instruments, after one written row."""
    with connect(login, purpose="bench") as observer:
        observer.execute(_TABLE)
    fences: list[float] = []
    whole: list[float] = []
    with (
        Instruments.attach(login, tracked=["public.tracked"]) as instruments,
        psycopg.connect(**login.keywords(), autocommit=True) as connection,  # type: ignore[arg-type]
    ):
        for _ in range(steps):
            connection.execute(_INSERT, {"v": "row"})
            fences.append(once_ms(lambda: instruments._slot.fence("bench")))  # noqa: SLF001 - what is measured
        whole += [once_ms(lambda: instruments.step("bench")) for _ in range(steps)]
    return statistics.median(fences), statistics.median(whole)


def _three_rows(connection: psycopg.Connection[object]) -> None:
    with connection.transaction():
        for number in range(3):
            connection.execute(_INSERT, {"v": f"row {number}"})


def tracing(transactions: int) -> float:
    """Two servers, one with every instrument and one with none; the same transaction on both in turn; the ratio of the
    median latencies."""
    with ExitStack() as stack:
        connections = []
        for name, settings in (("traced", direct(SERVER_SETTINGS)), ("plain", {**SERVER_SETTINGS, **QUIET})):
            cluster = stack.enter_context(ThrowawayCluster.create(name=name, settings=dict(settings)))
            login = Login(**cluster.admin)
            with connect(login, purpose="bench") as observer:
                observer.execute(_TABLE)
            if name == "traced":
                stack.enter_context(Instruments.attach(login, tracked=["public.tracked"]))
            connections.append(stack.enter_context(psycopg.connect(**login.keywords(), autocommit=True)))  # type: ignore[arg-type]
        return _paired(*(lambda c=c: _three_rows(c) for c in connections), times=transactions)


def _paired(first: Callable[[], object], second: Callable[[], object], *, times: int) -> float:
    """Median of ``first`` over median of ``second``, called in turn, the order changing."""
    for _ in range(_WARM_UP):
        first()
        second()
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(times):
        for which in (0, 1) if number % 2 else (1, 0):
            taken[which].append(once_ms((first, second)[which]))
    return statistics.median(taken[0]) / statistics.median(taken[1])


def adapter(transactions: int, rounds: int) -> tuple[float, list[str]]:
    """The adapter's block of three rows over the same statements on a bare connection, prepared alike (not at all), on
    one server: the median over ``rounds`` of paired medians. Also the statements of one block, as the journal has them.
    """
    with ThrowawayCluster.create(name="adapter") as cluster:
        login, password = Login(**cluster.admin), secrets.token_hex(16)
        with connect(login, purpose="bench") as observer:
            observer.execute(_TABLE)
            observer.execute(f"CREATE ROLE bench_exec LOGIN PASSWORD '{password}'")
            observer.execute("GRANT SELECT, INSERT ON public.tracked TO bench_exec")
        mine = replace(login, user="bench_exec", password=password)
        settings = ConnectionSettings(**mine.keywords())  # type: ignore[arg-type]
        with (
            RealPostgresAdapter(settings=settings, lane=Lane.EXEC, role="bench_exec", declared=_declared()) as adapter_,
            psycopg.connect(**mine.keywords(), autocommit=True, prepare_threshold=None) as connection,  # type: ignore[arg-type]
        ):

            def ours() -> None:
                with adapter_.transaction("bench") as block:
                    for number in range(3):
                        block.execute("put_row", {"v": f"row {number}"})

            before = len(adapter_.journal)
            ours()
            ours()
            sent = _last_block([record.text for record in adapter_.journal.records()[before:]])

            def plain() -> None:
                number = 0
                for text in sent:
                    if "public.tracked" in text:
                        connection.execute(_INSERT, {"v": f"row {number}"})
                        number += 1
                    else:
                        connection.execute(text)

            return statistics.median([_paired(ours, plain, times=transactions) for _ in range(rounds)]), sent


def _last_block(texts: list[str]) -> list[str]:
    start = max(index for index, text in enumerate(texts) if text.upper().startswith("BEGIN"))
    return texts[start:]


def _declared() -> Mapping[str, statements.Statement]:
    session = {
        name: each for name, each in statements.load().items() if each.source.startswith(statements.SESSION_FILE)
    }
    return {**session, **statements.collect({"bench.sql": _STATEMENTS})}
