"""What the instruments cost: a fence at two database sizes, digests per second, a step, a writer with and without.

Run: ``python benchmarks/bench_instruments.py``. Needs nothing but the installed packages and room for about 400 MB.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import psycopg

from pg_dryrun.effects import Verb
from pg_dryrun.instruments import Instruments
from pg_dryrun.observer import connect, counts
from pg_dryrun.statements import SERVER_SETTINGS
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

ROWS_SMALL, ROWS_LARGE = 25_000, 500_000
TRANSACTIONS, WARM_UP = 1500, 200
QUIET = {"wal_level": "replica", "max_wal_senders": "0", "log_statement": "none", "logging_collector": "off"}


def milliseconds(call: Callable[[], object], times: int) -> float:
    """Median of ``times`` calls."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def filled(cluster: ThrowawayCluster, name: str, rows: int) -> Login:
    with connect(Login(**cluster.admin), purpose="bench") as admin:
        admin.execute(f"CREATE DATABASE {name}")
    login = replace(Login(**cluster.admin), dbname=name)
    with connect(login, purpose="bench") as observer:
        observer.execute("CREATE TABLE public.tracked (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text)")
        observer.execute(
            "CREATE TABLE public.big AS SELECT g AS id, md5(g::text) AS a, repeat('điều khoản ', 20) AS b"
            " FROM generate_series(1, %s) g",
            [rows],
        )
        observer.execute("VACUUM ANALYZE")
    return login


def write(login: Login) -> float:
    """Median milliseconds of a transaction of three statements, psycopg's usual way."""
    with psycopg.connect(**login.keywords(), autocommit=True) as connection:  # type: ignore[arg-type]

        def once() -> None:
            with connection.transaction():
                for number in range(3):
                    connection.execute("INSERT INTO public.tracked (v) VALUES (%s)", [f"row {number}"])

        milliseconds(once, WARM_UP)
        return milliseconds(once, TRANSACTIONS)


def measure(login: Login, label: str) -> None:
    with connect(login, purpose="bench") as observer:
        size = int(str(observer.value("SELECT pg_table_size('public.big')"))) / 1e6
        digest = milliseconds(lambda: counts.digests(observer, ["public.big"]), 3)
    with Instruments.attach(login, tracked=["public.tracked"]) as instruments:
        fence = milliseconds(lambda: instruments._slot.fence("bench"), 20)  # noqa: SLF001 - the part that is measured
        step = milliseconds(lambda: instruments.step("bench"), 20)
    rate = size / digest
    print(f"{label} ({size:.0f} MB): effects fence {fence:.1f} ms, whole step {step:.0f} ms, digest {rate:.2f} GB/s")


def main() -> None:
    with ThrowawayCluster.create(name="bench", settings=dict(SERVER_SETTINGS), expected_bytes=1 << 30) as cluster:
        measure(filled(cluster, "small", ROWS_SMALL), "small")
        large = filled(cluster, "large", ROWS_LARGE)
        measure(large, "large")
        with Instruments.attach(large, tracked=["public.tracked"]) as instruments:
            traced = write(large)
            seen = instruments.step("write").effects.totals(Verb.INSERT)
        assert seen == {"public.tracked": 3 * (TRANSACTIONS + WARM_UP)}
    settings = {**SERVER_SETTINGS, **QUIET}
    with ThrowawayCluster.create(name="bench-plain", settings=settings, expected_bytes=1 << 30) as cluster:
        plain = write(filled(cluster, "plain", ROWS_SMALL))
    print(
        f"writer, three statements a transaction: {plain:.2f} ms without, {traced:.2f} ms with ({traced / plain:.2f})"
    )


if __name__ == "__main__":
    main()
