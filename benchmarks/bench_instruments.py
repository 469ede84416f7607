"""``make bench-instruments``: a fence at two database sizes, digests per second, a step, writers with and without.

Run: ``python -m benchmarks.bench_instruments [--pairs N] [--writers-only]``. Needs nothing but the installed packages
and room for about 400 MB. Ends with 1 where tracing costs the cutter's own transactions more than the goal.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from benchmarks import tracing
from benchmarks.adapter import WHOLE

from pg_dryrun.instruments import Instruments
from pg_dryrun.observer import connect, counts
from pg_dryrun.statements import SERVER_SETTINGS
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

GOAL = 1.15
ROWS_SMALL, ROWS_LARGE = 25_000, 500_000


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


def measure(login: Login, label: str) -> None:
    with connect(login, purpose="bench") as observer:
        size = int(str(observer.value("SELECT pg_table_size('public.big')"))) / 1e6
        digest = milliseconds(lambda: counts.digests(observer, ["public.big"]), 3)
    with Instruments.attach(login, tracked=["public.tracked"]) as instruments:
        fence = milliseconds(lambda: instruments._slot.fence("bench"), 20)  # noqa: SLF001 - the part that is measured
        step = milliseconds(lambda: instruments.step("bench"), 20)
    rate = size / digest
    print(f"{label} ({size:.0f} MB): effects fence {fence:.1f} ms, whole step {step:.0f} ms, digest {rate:.2f} GB/s")


def fences() -> None:
    """What looking costs the run itself."""
    with ThrowawayCluster.create(name="bench", settings=dict(SERVER_SETTINGS), expected_bytes=1 << 30) as cluster:
        measure(filled(cluster, "small", ROWS_SMALL), "small")
        measure(filled(cluster, "large", ROWS_LARGE), "large")


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--pairs", type=int, default=150, help="ways of one unit; ten times as many single transactions")
    words.add_argument("--writers-only", action="store_true", help="no fences, no digests")
    given = words.parse_args()
    if not given.writers_only:
        fences()
    print("all instruments on / off, median of paired latencies", flush=True)
    found = tracing.cutter(given.pairs)
    for phase, ratio in found.items():
        print(f"  the cutter, {phase:14} {ratio}", flush=True)
    times = 10 * given.pairs
    judged = {"the cutter": found[WHOLE]}
    judged["three inserts, flushed to disk"] = tracing.rows(times, durable=True)
    judged["three inserts, never flushed"] = tracing.rows(times, durable=False)
    judged["a foreign command's clone, flushed"] = tracing.rows(times, durable=True, traced_by=tracing.FOREIGN)
    for name, ratio in list(judged.items())[1:]:
        print(f"  {name}  {ratio}", flush=True)
    foreign = tracing.rows(times, durable=False, traced_by=tracing.FOREIGN)
    print(f"  a foreign command's clone, never flushed (no goal)  {foreign}", flush=True)
    collected = tracing.rows(times, durable=False, traced_by=tracing.COLLECTED)
    print(
        f"  never flushed, through a log collector: a server that somebody else runs (no goal)  {collected}", flush=True
    )
    for name, ratio in judged.items():
        print(f"{'ok  ' if ratio.median <= GOAL else 'MISS'} {name}: at most {GOAL}: {ratio.median:.3f}")
    return 0 if all(ratio.median <= GOAL for ratio in judged.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
