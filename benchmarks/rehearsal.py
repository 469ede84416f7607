"""``make bench-rehearsal``: what a rehearsal costs, in one run, on a generated database that is gone afterwards.

Run: ``python -m benchmarks.rehearsal [--size MB] [--pairs N] [--base FOLDER]``. About five times SIZE must be free in
FOLDER (the clones of one file system cost what it costs them: name another one to measure another one).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import adapter, tracing
from benchmarks import rehearsal_copy as copy
from benchmarks import rehearsal_writers as writers
from benchmarks.rehearsal_data import LARGEST_MB, generate, size_mb

from pg_dryrun.statements import SERVER_SETTINGS
from pg_embedded.cluster import ThrowawayCluster

_SMALL_MB = 10
_ROOM = 5
PLAN = """
allowed_deviations = ["dirty-tree"]
[source]
kind = "stand-in"
"""
_SETTINGS = {**SERVER_SETTINGS, "log_statement": "none", "max_wal_size": "8GB", "shared_buffers": "256MB"}


def say(goal: str, found: str, *, holds: bool) -> bool:
    print(f"{'ok  ' if holds else 'MISS'} {goal}: {found}", flush=True)
    return holds


def rehearsal_seconds(folder: Path) -> tuple[float, dict[str, object]]:
    """A whole rehearsal of this checkout over a stand-in production, as a command."""
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    words = [sys.executable, "-c", "from cutter_agent.cli import main; main()", "dry-run", "--json"]
    words += ["--plan", str(folder / "plan.toml"), "--out", str(folder / "runs")]
    began = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, timeout=1800, check=False)
    seconds = time.perf_counter() - began
    try:
        return seconds, json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return seconds, {"error": done.stderr[-300:]}


def scenarios_of(folder: Path) -> list[str]:
    report = max((folder / "runs").glob("*/report.json"), default=None)
    if report is None:
        return []
    document = json.loads(report.read_bytes())
    return [str(check["id"]) for check in document["checks"] if str(check["id"]).startswith("S")]


def measure(wanted_mb: int, pairs: int, cycles: int, folder: Path) -> list[bool]:
    results: list[bool] = []
    created = ThrowawayCluster.create(
        name="source", base_dir=folder, expected_bytes=1 << 40, settings=_SETTINGS, fresh_identity=True
    )
    with created as cluster:
        began = time.perf_counter()
        small, large = generate(cluster, "small", _SMALL_MB), generate(cluster, "large", wanted_mb)
        print(
            f"generated {size_mb(small)} MB and {size_mb(large)} MB in {time.perf_counter() - began:.0f} s;"
            f" {len(os.sched_getaffinity(0))} processors; load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        found, used = copy.ratio(cluster, large, folder, pairs)
        words = f"{found:.2f} by the clock, {used:.2f} in processor seconds"
        results.append(say("(dump + restore + proof) / bare at most 1.3", words, holds=found <= 1.3))
        for login, name in ((small, "small"), (large, "large")):
            with_log = copy.connect(login, purpose="bench")
            with with_log as observer:
                observer.execute(f"ALTER DATABASE \"{name}\" SET log_statement = 'all'")
        (fence_s, step_s), (fence_l, step_l) = (writers.effects_ms(login, 30) for login in (small, large))
        words = f"{fence_s:.2f} ms and {fence_l:.2f} ms (whole step {step_s:.0f} and {step_l:.0f} ms)"
        results.append(say("effects per step, small and large, flat", words, holds=fence_l <= 2 * fence_s + 1))
        for method, (slow, middle) in copy.template_clones(cluster, "large", folder, max(3, cycles // 4)).items():
            print(f"     clone by {method}: p95 {slow:.2f} s, median {middle:.2f} s")
        cluster.stop()
        ways = copy.clones(cluster, "large", cycles)
        for method, (slow, middle, look) in ways.items():
            print(f"     clone by {method}: p95 {slow:.2f} s, median {middle:.2f} s; first look by key +{look:.2f} s")
        best, (slow, _, _) = next(iter(ways.items()))
        cheap = best in {"overlayfs", "reflink"}
        goal = "clone, start, first query, destroy: p95 at most 1 s where overlay or reflink is"
        results.append(say(goal, f"{slow:.2f} s by {best}", holds=slow <= 1 or not cheap))
    for name, traced in (
        ("the cutter", tracing.cutter(100)[adapter.WHOLE]),
        ("three inserts, flushed", tracing.rows(1000, durable=True)),
    ):
        goal = f"all instruments on / off, {name}, median latency at most 1.15"
        results.append(say(goal, str(traced), holds=traced.median <= 1.15))
    share = adapter.short_way(200)
    results.append(
        say(f"adapter / bare psycopg at most {adapter.GOAL}", str(share), holds=share.median <= adapter.GOAL)
    )
    seconds, summary = rehearsal_seconds(folder)
    names = scenarios_of(folder)
    word = str(summary.get("verdict", summary.get("error")))
    print(f"     a whole rehearsal: {seconds:.1f} s, {word}, {len(names)} scenarios: {' '.join(names)}")
    return results


def main(call: Callable[[int, int, int, Path], list[bool]] = measure) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1000, metavar="MB", help=f"at most {LARGEST_MB}")
    parser.add_argument("--pairs", type=int, default=7, help="of bare and faithful copies")
    parser.add_argument("--cycles", type=int, default=20, help="of each way of cloning")
    parser.add_argument("--base", type=Path, default=Path("/var/tmp"), help="where it lies meanwhile")  # noqa: S108
    words = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ended from outside, it still cleans up
    wanted = min(words.size, LARGEST_MB)
    if shutil.disk_usage(words.base).free < _ROOM * wanted * 1_000_000:
        print(f"{words.base} has no room for {_ROOM} times {wanted} MB", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="pg-dryrun-bench-", dir=words.base) as name:
        Path(name).chmod(0o711)
        results = call(wanted, words.pairs, words.cycles, Path(name))
    print(f"{sum(results)} of {len(results)} goals met")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
