"""``make bench-bulk``: what governing many units costs, in one run on one server.

Run: ``python -m benchmarks.bulk [--million] [--documents N] [--rounds N] [--only PART …]``. Parts:

* ``copy``: MARK to VERIFY of a law of 100,000 units, phase by phase, over a bare COPY of the same rows into the same
  tables (keys, checks, foreign keys and every index on, guards off), in one transaction. In turn, in pairs.
* ``scale``: the cost of a unit in a law of 10,000 and of 100,000 units (``--law N``: and of N), each law by a process
  of its own, whose peak memory is told.
* ``million`` (``--million``): laws of 10,000 units, one after another by one process, until a million units are stored.
* ``small``: documents of 20 units a second by ``iu-cutter cut FOLDER --jobs 1`` and ``2`` on a server that flushes,
  and what share that is of the rate that pgbench commits at on the same server (five commits a document).

Beside times stand seconds of the processors, ours and the server's: they say the same on a busy machine, times do not.
Ends with 1 where a goal is missed: 2 x the bare COPY; a unit at the largest size 1.2 x a unit at 10,000.
"""

from __future__ import annotations

import argparse
import atexit
import functools
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from benchmarks.bulk_laws import law
from benchmarks.bulk_rows import copied_s
from benchmarks.bulk_small import small
from benchmarks.bulk_store import UNITS_OF_A_LAW, grown, server_s
from psycopg import sql
from tests import pipeline_room as room

from cutter_agent.db_adapter import roles, schema
from cutter_agent.phases import mark
from cutter_agent.wiring import utc_now
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.server import AdminLogin
from sealing.keys import SigningKey

COPY_GOAL, SCALE_GOAL = 2.0, 1.2
PARTS = ("copy", "scale", "million", "small")
PHASES = ("mark", "sweep", "review", "cut", "verify")
_PAIRS = 5
_MOST_BYTES = 512 * 1024 * 1024
_SETTINGS = {"max_connections": "30", "shared_buffers": "512MB", "max_wal_size": "4GB", "autovacuum": "on"}


@contextmanager
def deployed(cluster: ThrowawayCluster, name: str) -> Iterator[AdminLogin]:
    """A database with the ledger in it, dropped afterwards."""
    with psycopg.connect(**cluster.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} STRATEGY FILE_COPY").format(sql.Identifier(name)))
    login = cluster.admin_of(name)
    with psycopg.connect(**login, autocommit=True) as admin:
        schema.install(admin, names=room.NAMES)
        roles.create_roles(admin, room.PASSWORDS, names=room.NAMES, connection_limit=10)
    yield login
    with psycopg.connect(**cluster.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def phases_of(login: AdminLogin, data: bytes, code: str, keys: Mapping[str, SigningKey]) -> dict[str, Any]:
    """One document from MARK to VERIFY: seconds of each phase, its units. The caller's process does all the work."""
    with ExitStack() as stack:
        began_cpu = time.process_time()
        ledger = room.Ledger(login=login, stack=stack, clock=utc_now, **keys)  # type: ignore[arg-type]
        entry_id = ""

        def marked() -> None:
            nonlocal entry_id
            marker = mark.Marker(identity=room.MARKER, tool_revision="rev-1", max_bytes=_MOST_BYTES)
            source = ledger.source(data, code=code)
            result = mark.mark(
                ledger.executor, source=source, profile=ledger.profile, marker=marker, clock=ledger.clock
            )
            entry_id = result.entry.entry_id

        steps: Sequence[Callable[[], Any]] = (
            marked, ledger.sweep, lambda: ledger.by_policy(entry_id), lambda: ledger.cut(entry_id),
            lambda: ledger.verify(entry_id),
        )  # fmt: skip
        spent: dict[str, Any] = {}
        for name, step in zip(PHASES, steps, strict=True):
            began = time.perf_counter()
            step()
            spent[name] = time.perf_counter() - began
        assert (status := ledger.status(entry_id)) == "verified_complete", status
        spent["cpu"] = time.process_time() - began_cpu
        spent["units"] = ledger.executor.find_entry(entry_id).request.unit_count  # type: ignore[union-attr]
        return spent


def apart(login: AdminLogin, units: int, code: str, edited: int | None = None) -> dict[str, Any]:
    """``phases_of`` in a process of its own, with its peak memory."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(
        target=_apart, args=(theirs, dict(login), dict(room.PASSWORDS), _keys(), units, code, edited)
    )
    child.start()
    theirs.close()
    try:
        found: dict[str, Any] = ours.recv()
    finally:
        child.join()
    if "error" in found:
        raise SystemExit(f"a law of {units} units: {found['error']}")
    return found


@functools.cache
def _keys() -> dict[str, Path]:
    """Both lanes' keys for the whole run: a re-cut proves what an earlier process signed."""
    folder = Path(tempfile.mkdtemp(prefix="bench-keys-"))
    atexit.register(shutil.rmtree, folder)
    paths = {name: folder / f"{name}.pem" for name in ("exec_key", "verify_key")}
    for path in paths.values():
        SigningKey.generate().save(path)
    return paths


def _apart(
    pipe: Any,
    login: AdminLogin,
    passwords: Mapping[Any, str],
    keys: Mapping[str, Path],
    units: int,
    code: str,
    edited: int | None,
) -> None:
    import resource  # noqa: PLC0415 - of this process

    room.PASSWORDS.update(passwords)
    try:
        found = phases_of(
            login, law(units, edited=edited), code, {name: SigningKey.load(path) for name, path in keys.items()}
        )
        used = resource.getrusage(resource.RUSAGE_SELF)
        found["peak_mb"] = used.ru_maxrss / 1024
    except Exception as error:
        found = {"error": f"{type(error).__name__}: {error}"}
    pipe.send(found)


def total_s(found: Mapping[str, Any]) -> float:
    """All phases."""
    return float(sum(found[name] for name in PHASES))


def line(found: Mapping[str, Any]) -> str:
    """One law's figures."""
    per_unit = total_s(found) / found["units"] * 1e6
    phases = ", ".join(f"{name} {found[name]:.2f}" for name in PHASES)
    said = f"{found['units']:>9,} units {total_s(found):7.2f} s, {per_unit:6.1f} µs a unit"
    return f"{said}, of these {found['cpu']:.2f} s our processor time, {found['peak_mb']:,.0f} MB ({phases})"


def copy(cluster: ThrowawayCluster, rounds: int) -> bool:
    """Over the bare COPY: pairs in turn, each in a database of its own."""
    times, processors = [], []
    for number in range(rounds):
        with deployed(cluster, f"bulk_copy_{number}") as login:
            apart(login, 1000, "WARM")
            before_s = server_s(cluster.pid)
            found = apart(login, 100_000, "L1")
            ours_s = found["cpu"] + server_s(cluster.pid) - before_s
            print(f"  {line(found)}, server {ours_s - found['cpu']:.2f} s")
            bare_s, bare_server_s, rows = copied_s(login, lambda: server_s(cluster.pid))
            print(
                f"  bare COPY of the same {rows:,} rows: {bare_s:.2f} s, of these {bare_server_s:.2f} s of the server"
            )
            times.append(total_s(found) / bare_s)
            processors.append(ours_s / bare_server_s)
    ratio = statistics.median(times)
    said = ", ".join(f"{each:.2f}" for each in times)
    print(f"  MARK to VERIFY is {ratio:.2f} x in time ({said}; goal {COPY_GOAL})")
    print(f"  and {statistics.median(processors):.2f} x in seconds of all processors", flush=True)
    return ratio <= COPY_GOAL


def scale(cluster: ThrowawayCluster, sizes: Sequence[int]) -> bool:
    """By the size of the law."""
    per_unit, processors = [], []
    with deployed(cluster, "bulk_scale") as login:
        apart(login, 1000, "WARM")
        for number, units in enumerate(sizes):
            before_s = server_s(cluster.pid)
            found = apart(login, units, f"S{number}")
            spent_s = found["cpu"] + server_s(cluster.pid) - before_s
            per_unit.append(total_s(found) / found["units"])
            processors.append(spent_s / found["units"])
            print(f"  a law of {line(found)}, {processors[-1] * 1e6:.0f} µs of all processors a unit", flush=True)
    small_unit = statistics.median(per_unit[: sizes.count(sizes[0])])
    ratio = per_unit[-1] / small_unit
    work = processors[-1] / statistics.median(processors[: sizes.count(sizes[0])])
    print(f"  a unit of the largest law costs {ratio:.2f} x one of a law of {sizes[0]:,} (goal {SCALE_GOAL}),")
    print(f"  and {work:.2f} x in seconds of all processors", flush=True)
    return ratio <= SCALE_GOAL


def million(cluster: ThrowawayCluster, units: int) -> bool:
    """By the size of the store: laws of 10,000 units by one process."""
    costs: list[tuple[float, float]] = []
    some: list[dict[str, Any]] = []
    began = time.perf_counter()
    with deployed(cluster, "bulk_million") as login:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        words = (theirs, dict(login), dict(room.PASSWORDS), _keys(), units, phases_of)
        child = context.Process(target=grown, args=words)
        server_so_far_s = server_s(cluster.pid)
        child.start()
        theirs.close()
        try:
            while (found := ours.recv()) is not None:
                now_s = server_s(cluster.pid)
                found["all_cpu"], server_so_far_s = found["cpu"] + now_s - server_so_far_s, now_s
                some.append(found)
                if found["stored"] * 10 >= units * (len(costs) + 1):
                    costs.append(_tenth(some))
                    some.clear()
        finally:
            child.join()
        spent_s = time.perf_counter() - began
        print(f"  laws of {UNITS_OF_A_LAW:,} units in {spent_s:.0f} s; the database has {_size(login)}")
        return _full_over_empty(cluster, login)


def _full_over_empty(cluster: ThrowawayCluster, full: AdminLogin) -> bool:
    """A law of 10,000 units in the full store and in an empty one, in turn: what else the machine does meets both."""
    times, processors = [], []
    for number in range(_PAIRS):
        with deployed(cluster, f"bulk_empty_{number}") as empty:
            apart(empty, 1000, "WARM")
            spent = []
            for login in (empty, full):
                before_s = server_s(cluster.pid)
                found = apart(login, UNITS_OF_A_LAW, f"P{number}")
                spent.append((total_s(found), found["cpu"] + server_s(cluster.pid) - before_s))
        times.append(spent[1][0] / spent[0][0])
        processors.append(spent[1][1] / spent[0][1])
    ratio, said = statistics.median(times), ", ".join(f"{each:.2f}" for each in times)
    print(f"  a unit of a law in the full store costs {ratio:.2f} x one in an empty store ({said}; goal {SCALE_GOAL})")
    print(f"  and {statistics.median(processors):.2f} x in seconds of all processors", flush=True)
    return ratio <= SCALE_GOAL


def _tenth(some: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Microseconds of a unit: time, and of all processors."""
    units, last = sum(each["units"] for each in some), some[-1]
    spent, work = sum(map(total_s, some)) / units * 1e6, sum(each["all_cpu"] for each in some) / units * 1e6
    said = f"{last['stored'] - units:>9,} to {last['stored']:>9,} stored: {spent:6.1f} µs a unit, {work:6.1f} µs of all"
    print(f"  {said} processors; peak {last['peak_mb']:.0f} MB, {last['held_mb']:.0f} MB held", flush=True)
    return spent, work


def _size(login: AdminLogin) -> str:
    with psycopg.connect(**login) as admin:
        row = admin.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
    return str(row[0]) if row else ""


def main() -> int:
    """All parts; the exit code."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--million", action="store_true", help="a store of 1,000,000 units, too")
    words.add_argument("--law", type=int, default=0, help="one law of so many units, too")
    words.add_argument("--documents", type=int, default=300, help="small documents for each number of processes")
    words.add_argument("--rounds", type=int, default=3, help="pairs of the part copy")
    words.add_argument("--units", type=int, default=1_000_000, help="how many units --million stores")
    words.add_argument("--only", nargs="*", choices=PARTS)
    given = words.parse_args()
    wanted = set(given.only or ({*PARTS} if given.million else {*PARTS} - {"million"}))
    good = True
    if wanted - {"small"}:
        with ThrowawayCluster.create(name="bench-bulk", settings=_SETTINGS) as cluster:
            if "copy" in wanted:
                print("MARK to VERIFY over a bare COPY of the same rows", flush=True)
                good = copy(cluster, given.rounds) and good
            if "scale" in wanted:
                print("What a unit costs", flush=True)
                sizes = (10_000, 10_000, 10_000, 100_000)
                good = scale(cluster, (*sizes, given.law) if given.law else sizes) and good
            if "million" in wanted:
                print("What a unit costs in a store that grows", flush=True)
                good = million(cluster, given.units) and good
    if "small" in wanted:
        print("Many small documents", flush=True)
        small(given.documents)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
