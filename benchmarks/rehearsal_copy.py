"""What the faithful copy costs over a bare dump and restore; what a clone costs, by each way that this machine has."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from pg_dryrun import commands, dumps, fidelity, needs, reader, restore, snapshot
from pg_dryrun.credentials import Vault
from pg_dryrun.environments.existing import ExistingLender
from pg_dryrun.ledger import Kind
from pg_dryrun.observer import connect
from pg_dryrun.statements import SERVER_SETTINGS
from pg_dryrun.subject import Login
from pg_embedded import copying
from pg_embedded.cluster import ThrowawayCluster

_TIMEOUT_S = 3600.0
_ENDING_S = 0.3
"""In which a session that was left is over, and counted."""


@contextmanager
def target(base: Path) -> Iterator[ThrowawayCluster]:
    """A server as a run starts it for the restore."""
    settings = {"autovacuum": "off", **restore.SERVER_SETTINGS}
    with ThrowawayCluster.create(name="copy", base_dir=base, expected_bytes=1 << 40, settings=settings) as made:
        yield made


def processor_s(*servers: ThrowawayCluster) -> float:
    """Processor seconds so far of this process, its ended children, and the ended sessions of ``servers``: what a busy
    machine does not change."""
    own = sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    for server in servers:
        fields = Path(f"/proc/{server.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        own += sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return own


def bare(cluster: ThrowawayCluster, source: Login, vault: Vault, base: Path, bin_dir: Path) -> dict[str, float]:
    """Seconds of ``pg_dump`` and ``pg_restore`` as a skilled person calls them: parallel, uncompressed, tuned alike."""
    folder, jobs = base / "bare", dumps.jobs()
    with target(base) as copy:
        admin = Login(**copy.admin)
        before, began = processor_s(cluster, copy), time.perf_counter()
        words = [bin_dir / "pg_dump", "--format=directory", f"--jobs={jobs}", "--compress=0", "--no-sync"]
        words += ["--statistics", f"--file={folder}"]
        commands.check(words, timeout_s=_TIMEOUT_S, env=vault.environment(source))
        dumped = time.perf_counter()
        with connect(admin, purpose="bench") as observer:
            observer.execute("CREATE DATABASE bare TEMPLATE template0 STRATEGY FILE_COPY")
        helpers = 0 if jobs > 1 else 2
        tuned = f"{restore.TUNED} -c maintenance_work_mem=512MB -c max_parallel_maintenance_workers={helpers}"
        commands.check(
            [bin_dir / "pg_restore", "--exit-on-error", f"--jobs={jobs}", "--dbname=bare", folder],
            timeout_s=_TIMEOUT_S,
            env={**vault.environment(admin), "PGOPTIONS": tuned},
        )
        ended = time.perf_counter()
        time.sleep(_ENDING_S)
        used = processor_s(cluster, copy) - before
    shutil.rmtree(folder)
    return {"dump": dumped - began, "restore": ended - dumped, "all": ended - began, "processors": used}


def faithful(cluster: ThrowawayCluster, source: Login, vault: Vault, base: Path, bin_dir: Path) -> dict[str, float]:
    """Seconds of the same with everything that makes it a proof, by part."""
    with target(base) as copy:
        before, began = processor_s(cluster, copy), time.perf_counter()
        taken = snapshot.take(source, bin_dir=bin_dir, workdir=base, vault=vault)
        dumped = time.perf_counter()
        assert needs.missing(taken.needs, Login(**copy.admin)) == ()
        done = restore.restore(taken, Login(**copy.admin), bin_dir=bin_dir, vault=vault)
        restored = time.perf_counter()
        comparison = fidelity.compare(taken, done.admin, loaded=done.loading)
        ended = time.perf_counter()
        assert comparison.equal, comparison.differences
        time.sleep(_ENDING_S)
        used = processor_s(cluster, copy) - before
    shutil.rmtree(taken.dump.path) if taken.dump.path.is_dir() else taken.dump.path.unlink()
    parts = {"take": dumped - began, "restore": restored - dumped, "compare": ended - restored}
    return {**parts, "all": ended - began, "processors": used}


def ratio(cluster: ThrowawayCluster, source: Login, base: Path, pairs: int) -> tuple[float, float]:
    """Faithful over bare, by the clock and by processor seconds: pairs one after the other, the order turned each time;
    the medians of their ratios."""
    found: list[float] = []
    used: list[float] = []
    with Vault(base) as vault:
        reading = reader.create_reader(source, role="bench_reader", password=vault.new_password("reader"))
        for number in range(pairs):
            words = (cluster, reading, vault, base, cluster.programs.bin_dir)
            if number % 2:
                ours, plain = faithful(*words), bare(*words)
            else:
                plain, ours = bare(*words), faithful(*words)
            found.append(ours["all"] / plain["all"])
            used.append(ours["processors"] / plain["processors"])
            parts = ", ".join(f"{name} {ours[name]:.1f}" for name in ("take", "restore", "compare"))
            bare_parts = ", ".join(f"{name} {plain[name]:.1f}" for name in ("dump", "restore"))
            print(
                f"     pair {number + 1}: bare {plain['all']:.1f} s ({bare_parts}),"
                f" faithful {ours['all']:.1f} s ({parts}): {found[-1]:.2f};"
                f" processor seconds {plain['processors']:.1f} and {ours['processors']:.1f}",
                flush=True,
            )
    return statistics.median(found), statistics.median(used)


def p95(values: list[float]) -> float:
    """The 95th percentile: of twenty values the nineteenth."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)) - 1 if len(ordered) > 1 else 0)]


def clones(cluster: ThrowawayCluster, dbname: str, cycles: int) -> dict[str, tuple[float, float, float]]:
    """By method: p95 and median of clone, start, first query and destroy, and the median of a first look by key into
    the largest table. ``cluster`` is stopped."""
    found = {}
    ways = {"best": True, "without overlay": False}
    for way, overlay in ways.items():
        cycle, look, method = [], [], ""
        for _ in range(cycles):
            began = time.perf_counter()
            clone = cluster.clone(name="clone", settings=dict(SERVER_SETTINGS), overlay=overlay)
            with psycopg.connect(**clone.admin_of(dbname), autocommit=True) as connection:
                connection.execute("SELECT n FROM law.counter").fetchone()
                ready = time.perf_counter()
                connection.execute("SELECT label FROM law.unit WHERE id = md5('unit7')::uuid").fetchone()
                looked = time.perf_counter()
            closing = time.perf_counter()
            method = str(clone.copied_by)
            clone.close()
            cycle.append(ready - began + time.perf_counter() - closing)
            look.append(looked - ready)
        found[method if method not in found else f"{method} ({way})"] = (
            p95(cycle),
            statistics.median(cycle),
            statistics.median(look),
        )
    return found


def template_clones(cluster: ThrowawayCluster, dbname: str, base: Path, cycles: int) -> dict[str, tuple[float, float]]:
    """The same inside one running server, as on somebody else's: p95 and median of make, first query, drop."""
    lent = ExistingLender(Login(**cluster.admin)).lend("bench", workdir=base)
    lent._made.append((Kind.DATABASE, dbname))  # noqa: SLF001 - what a restore would have announced
    taken, method = [], ""
    for number in range(cycles):
        began = time.perf_counter()
        with lent.clone(f"c{number}", settings={}) as clone:
            with psycopg.connect(**clone.login(dbname).keywords(), autocommit=True) as connection:  # type: ignore[arg-type]
                connection.execute("SELECT n FROM law.counter").fetchone()
            method = str(clone.describe().clone_method)
        taken.append(time.perf_counter() - began)
    return {method: (p95(taken), statistics.median(taken))}


def reflink_here(base: Path, cluster: ThrowawayCluster) -> bool:
    """Whether the file system of ``base`` has reflinks: asked with a real file."""
    method = copying.method_between(cluster.data_dir, cluster.folders.private_dir, account=cluster.account)
    return base.exists() and method is copying.CopyMethod.REFLINK
