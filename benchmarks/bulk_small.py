"""Many small documents by the real command on a server that flushes, beside what that server can commit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import psycopg
from benchmarks.bulk_laws import law

from cutter_agent.home.server import DATABASE
from pg_embedded import programs, resident

UNITS, COMMITS = 20, 5
_SECONDS = 5
_SCRIPT = "INSERT INTO bench_commit (said) VALUES (:client_id);\n"
_SPAN = (
    "SELECT min(changed_at), max(changed_at), count(*) FILTER (WHERE change_kind = 'verify:pass')"
    " FROM cutter_governance.decision_backlog_history"
)


def small(documents: int) -> None:
    """Documents a second with 1 and 2 processes; the share of the server's own commit rate."""
    for jobs in (1, 2):
        with tempfile.TemporaryDirectory(prefix="bench-bulk-", dir="/var/tmp") as folder:
            _measure(Path(folder), documents, jobs)


def _measure(root: Path, documents: int, jobs: int) -> None:
    laws = root / "laws"
    laws.mkdir()
    for number in range(1, documents + 1):
        (laws / f"{number:05}.txt").write_bytes(law(UNITS, code=f"{number}/2020/QH14"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DOT_CUTTER_", "PG"))}
    environment["DOT_CUTTER_HOME"] = str(root / "home")
    command = [sys.executable, "-m", "cutter_agent"]
    subprocess.run([*command, "db", "init"], env=environment, check=True, capture_output=True)
    try:
        with resident.attach(root / "home" / "server") as server:
            words = [*command, "cut", str(laws), "--jobs", str(jobs), "--json"]
            whole_s = _timed(words, environment, "advanced", documents)
            again_s = _timed(words, environment, "unchanged", documents)
            login = server.admin_of(DATABASE)
            with psycopg.connect(**login) as admin:
                first, last, passed = admin.execute(_SPAN).fetchone() or (datetime.min, datetime.min, 0)  # noqa: DTZ901
            assert passed == documents
            rate = documents / (last - first).total_seconds()
            commits = _commits_a_second(login, jobs, root)
            clients, share = f"{jobs} client{'s' if jobs > 1 else ''}", rate * COMMITS / commits
            print(f"  --jobs {jobs}: {rate:.1f} documents a second, {documents / whole_s:.1f} with start and look")
            print(f"    pgbench: {commits:.0f} commits a second with {clients}; the share is {share:.0%}")
            print(f"    the same folder again, nothing changed: {documents / again_s:.1f} a second", flush=True)
    finally:
        resident.erase(root / "home" / "server")


def _timed(words: list[str], environment: dict[str, str], expected: str, documents: int) -> float:
    """Seconds of one call, in which every document must be ``expected``."""
    began = time.perf_counter()
    done = subprocess.run(words, env=environment, capture_output=True, check=True)
    spent_s = time.perf_counter() - began
    summary = json.loads(done.stdout)["summary"]
    assert summary[expected] == documents, summary
    return spent_s


def _commits_a_second(login: dict[str, object], clients: int, root: Path) -> float:
    """pgbench: one row and one commit at a time, the same server and settings."""
    with psycopg.connect(**login, autocommit=True) as admin:  # type: ignore[arg-type]
        admin.execute("CREATE TABLE IF NOT EXISTS public.bench_commit (id bigserial PRIMARY KEY, said int)")
    script = root / "commit.sql"
    script.write_text(_SCRIPT)
    pgbench = programs.embedded().path("pgbench")
    said = subprocess.run(
        [str(pgbench), "-n", "-f", str(script), "-c", str(clients), "-j", str(clients), "-T", str(_SECONDS)],
        env={
            **os.environ,
            "PGHOST": str(login["host"]),
            "PGPORT": str(login["port"]),
            "PGUSER": str(login["user"]),
            "PGPASSWORD": str(login["password"]),
            "PGDATABASE": str(login["dbname"]),
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"tps = ([0-9.]+)", said)
    assert found is not None, said
    return float(found[1])
