"""A ledger and a queue on a server that a test may stop, and real workers on it, one lane's secrets each.

One server for a module of tests, one database for each test, copied from a template: a test pays for its workers only.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from tests.pipeline_room import law

from cutter_agent import config, wiring
from cutter_agent.cli import orders
from cutter_agent.config import DatabasePlace, LaneSettings
from cutter_agent.db_adapter import setup
from cutter_agent.db_adapter.queue_schema import ROLE
from cutter_agent.jobs import desk, place
from cutter_agent.model import Lane, RiskClass
from cutter_dryrun.matrix import LEDGER, TRACKED_TABLES, Phase, totals_after
from cutter_dryrun.workers.turnstiles import Turnstiles
from cutter_dryrun.workers.workforce import Workforce
from pg_dryrun.faults.writers import Writer
from pg_dryrun.observer import connect
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster
from sealing.digest import sha256_hex
from sealing.keys import SigningKey

PATIENCE_S = 120
"""For whatever a worker has to do: a machine may be slow, and nothing here is decided by the clock."""
WORDS = {Lane.EXEC: "exec", Lane.VERIFY: "verify"}
TEMPLATE = "workers_template"
SWEEPS = f"{LEDGER}.decision_backlog_sweep_log"
_ACL = "UPDATE pg_database SET datacl = (SELECT datacl FROM pg_database WHERE datname = %s) WHERE datname = %s"
_numbers = itertools.count(1)


class Forked:
    """A worker that was forked from a process which has loaded the program: a start for 30 ms, not for a second."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._handle = os.pidfd_open(writer.pid)
        self._ended_by: int = signal.SIGKILL
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """As ``Popen.send_signal``."""
        self._ended_by = number
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """As ``Popen.kill``."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """As ``Popen.poll``."""
        return self._looked(0)

    def wait(self, timeout_s: float) -> int:
        """As ``Popen.wait``, with a deadline."""
        code = self._looked(timeout_s)
        assert code is not None, f"a worker was still there after {timeout_s} s"
        return code

    def _looked(self, within_s: float) -> int | None:
        if self.returncode is None:
            watch = select.poll()
            watch.register(self._handle, select.POLLIN)
            if watch.poll(within_s * 1000):
                word = self._writer.wait(PATIENCE_S)
                self.returncode = int(word.message) if word.message else -self._ended_by
                self._writer.close()
                os.close(self._handle)
        return self.returncode


@dataclass(frozen=True, kw_only=True)
class Yard:
    """The server, the passwords of its roles, both lanes' keys, and who starts workers."""

    cluster: ThrowawayCluster
    force: Workforce
    passwords: Mapping[str, str] = field(repr=False)
    keys: Path

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[Yard]:
        """A server with a template that has ledger and queue. Nobody connects to the template."""
        for lane in Lane:
            key = SigningKey.generate()
            key.save(folder / f"{lane.value}.pem")
            (folder / f"{lane.value}.pub").write_bytes(key.public.pem())
        made = ThrowawayCluster.create(name="workers", settings={"max_connections": "60"})
        with made as cluster, Workforce(1) as force:
            with psycopg.connect(**cluster.admin, autocommit=True) as admin:
                admin.execute(f"CREATE DATABASE {TEMPLATE} STRATEGY FILE_COPY")
            passwords = {name: secrets.token_hex(16) for name in (*(lane.value for lane in Lane), ROLE)}
            login = cluster.admin_of(TEMPLATE)
            administrator = setup.Administrator(**login)
            setup.prepare(administrator, {lane: passwords[lane.value] for lane in Lane}, connection_limit=16)
            desk.set_up(administrator, passwords[ROLE], recreate=False)
            yield cls(cluster=cluster, force=force, passwords=passwords, keys=folder)

    @contextmanager
    def site(self, folder: Path) -> Iterator[Site]:
        """A database of one's own; its workers are gone at the end."""
        name = f"workers_{next(_numbers)}"
        with psycopg.connect(**self.cluster.admin, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
            admin.execute(_ACL, [TEMPLATE, name])
        site = Site(yard=self, dbname=name, folder=folder)
        try:
            yield site
        finally:
            site.kill()


@dataclass
class Site:
    """One test's ledger, queue and workers."""

    yard: Yard
    dbname: str
    folder: Path
    workers: list[subprocess.Popen[bytes] | Forked] = field(default_factory=list)

    @property
    def admin(self) -> Login:
        """The superuser here."""
        return Login(**self.yard.cluster.admin_of(self.dbname))

    def keys_of(self, lane: Lane) -> dict[str, str]:
        """All that a worker of ``lane`` is given: nothing of the other lane but its public key."""
        login, names = self.admin, config.LANE_KEYS[lane]
        return {
            config.DB_HOST: login.host,
            config.DB_PORT: str(login.port),
            config.DB_NAME: self.dbname,
            config.DB_SSLMODE: "disable",
            names.user: lane.value,
            names.password: self.yard.passwords[lane.value],
            names.signing_key: str(self.yard.keys / f"{lane.value}.pem"),
            **{keys.public_key: str(self.yard.keys / f"{of.value}.pub") for of, keys in config.LANE_KEYS.items()},
            config.QUEUE_USER: ROLE,
            config.QUEUE_PASSWORD: self.yard.passwords[ROLE],
            config.LOG: "json",
        }

    def start(self, lane: Lane, *words: str) -> Forked:
        """One `iu-cutter worker`, forked."""
        log = self._log(lane)
        seat: dict[str, object] = {
            "words": ["worker", "--lane", WORDS[lane], *words],
            "environment": self.keys_of(lane),
            "log": str(log),
            "journal": str(log.with_suffix(".journal")),
        }
        worker = Forked(self.yard.force.seat(seat))
        self.workers.append(worker)
        return worker

    def run(
        self, lane: Lane, *words: str, program: tuple[str, ...] = ("-m", "cutter_agent")
    ) -> subprocess.Popen[bytes]:
        """The same as a command of its own; ``program``: or another one that runs it."""
        with self._log(lane).open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, *program, "worker", "--lane", WORDS[lane], *words],
                env={
                    "PATH": "/usr/bin:/bin",
                    "HOME": str(self.folder),
                    "PYTHONPATH": ":".join(sys.path),
                    **self.keys_of(lane),
                },
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.workers.append(worker)
        return worker

    def _log(self, lane: Lane) -> Path:
        return self.folder / f"worker-{len(self.workers)}-{WORDS[lane]}.log"

    def lane(self, lane: Lane, **how: Any) -> wiring.ExecLane | wiring.VerifyLane:
        """A lane in this process, to be used in a ``with`` statement."""
        login, keys = self.admin, self.yard.keys
        settings = LaneSettings(
            lane=lane,
            place=DatabasePlace(host=login.host, port=login.port, dbname=self.dbname, sslmode="disable"),
            user=lane.value,
            password=self.yard.passwords[lane.value],
            signing_key=keys / f"{lane.value}.pem",
            exec_public_key=keys / f"{Lane.EXEC.value}.pub",
            verify_public_key=keys / f"{Lane.VERIFY.value}.pub",
        )
        return wiring.open_exec(settings, **how) if lane is Lane.EXEC else wiring.open_verify(settings, **how)

    def add(self, *codes: str) -> None:
        """A law of three units for each code, in the queue as `iu-cutter queue add` puts it."""
        for code in codes:
            path = self.folder / f"{code}.txt"
            path.write_bytes(law(2, code=code))
            words = orders.Words(
                profile="vn-law", code=code, ref=code, title=code, label=None, risk=RiskClass.STANDARD, marker="agent"
            )
            job = desk.FileJob(
                path=str(path), file_sha256=sha256_hex(path.read_bytes()), document_ref=code, words=asdict(words)
            )
            with desk.opened(self.queue_login()) as opened:
                opened.add_file(job)

    def put(self, queue: str, task: str, arguments: Mapping[str, object], *, times: int = 1) -> None:
        """Jobs behind the program's back, without a lock."""
        with psycopg.connect(**self.yard.cluster.admin_of(self.dbname)) as admin:
            admin.execute("SET search_path = cutter_queue, pg_temp")
            for _ in range(times):
                admin.execute(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES (%s, %s, %s::jsonb)",
                    [queue, task, json.dumps(dict(arguments))],
                )

    @contextmanager
    def turnstiles(self) -> Iterator[Turnstiles]:
        """Locks at which a phase waits."""
        with connect(self.admin, purpose="turnstiles", read_only=True) as looking:
            made = Turnstiles(self.admin, looking)
            with ExitStack() as stack:
                stack.callback(made.open_all)
                yield made

    def value(self, query: str, *values: object) -> Any:
        """The one value of a query, as the superuser."""
        with psycopg.connect(**self.yard.cluster.admin_of(self.dbname), autocommit=True) as admin:
            row = admin.execute(query.encode(), values or None).fetchone()
        return row[0] if row else None

    def statuses(self) -> dict[str, int]:
        """Entries by status."""
        query = (
            "SELECT jsonb_object_agg(status, n) FROM"
            f" (SELECT status, count(*) AS n FROM {LEDGER}.decision_backlog_entry GROUP BY 1) AS s"
        )
        return dict(self.value(query) or {})

    def jobs(self, task: str | None = None) -> dict[str, int]:
        """Jobs by status: of one task, or of all that concern a document."""
        query = (
            "SELECT jsonb_object_agg(status, n) FROM (SELECT status, count(*) AS n FROM cutter_queue.procrastinate_jobs"
            " WHERE task_name = ANY (%s) GROUP BY 1) AS s"
        )
        return dict(self.value(query, [task] if task else ["cut_file", "carry_on", "verify"]) or {})

    def listening(self) -> int:
        """How many workers are there and hear at once of what is put in."""
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = %s"
            " AND state = 'idle' AND query LIKE 'LISTEN %%'"
        )
        return int(self.value(query, ROLE))

    def counts(self) -> dict[str, int]:
        """Rows of every table of the ledger and the unit store."""
        union = " UNION ALL ".join(f"SELECT '{table}' AS t, count(*) AS n FROM {table}" for table in TRACKED_TABLES)
        return dict(self.value(f"SELECT jsonb_object_agg(t, n) FROM ({union}) AS c"))

    def assert_done_once(self, documents: int, *, sweeps: int | None = None, units: int = 3) -> None:
        """Every document verified, and not one row more than one run of each phase writes.

        ``sweeps``: how many; None: at least one and at most one for each document.
        """
        assert self.statuses() == {"verified_complete": documents}
        found = self.counts()
        swept = found.pop(SWEEPS)
        assert swept == sweeps if sweeps is not None else 1 <= swept <= documents
        wanted = {table: documents * rows for table, rows in totals_after(Phase.VERIFY, units).items()}
        del wanted[SWEEPS]
        assert found == wanted

    def until(self, happened: Callable[[], bool], *, dead: int = 0) -> None:
        """Wait for it. ``dead``: how many workers may be gone meanwhile."""
        end_s = time.monotonic() + PATIENCE_S
        while not happened():
            gone = [worker.returncode for worker in self.workers if worker.poll() is not None]
            assert len(gone) <= dead, f"workers ended with {gone}: {self.logs()}"
            assert "failed" not in self.jobs(), self.logs()
            assert time.monotonic() < end_s, f"{self.statuses()} {self.jobs()} {self.logs()}"
            time.sleep(0.05)

    def end(self) -> list[int]:
        """SIGTERM for every worker that lives; their exit codes."""
        living = [worker for worker in self.workers if worker.poll() is None]
        for worker in living:
            worker.send_signal(signal.SIGTERM)
        return [worker.wait(PATIENCE_S) for worker in living]

    def kill(self) -> None:
        """Whoever is left."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait(PATIENCE_S)

    def logs(self) -> str:
        """What all workers said."""
        return "\n".join(path.read_text("utf-8")[-60_000:] for path in sorted(self.folder.glob("worker-*.log")))

    def queue_login(self) -> place.QueueLogin:
        """As whom commands and workers speak to the queue."""
        login = self.admin
        at = DatabasePlace(host=login.host, port=login.port, dbname=self.dbname, sslmode="disable")
        return place.QueueLogin(place=at, user=ROLE, password=self.yard.passwords[ROLE])
