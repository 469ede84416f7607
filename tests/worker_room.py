"""A queue and its workers: a ledger of one's own on a server, and processes that have one lane's secrets each."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from tests.command_room import CommandLine
from tests.pipeline_room import law

from cutter_agent.home.server import DATABASE
from pg_embedded import resident

ENDS_WITHIN_S = 120
SECRETS = ("_DB_USER", "_DB_PASSWORD", "_SIGNING_KEY")


@dataclass
class Shop:
    """The queue of one embedded server, set up; ``keys`` by lane are all that a worker of that lane is given."""

    command: CommandLine
    admin: psycopg.Connection[Any]
    keys: dict[str, dict[str, str]]
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, lane: str, *words: str) -> subprocess.Popen[bytes]:
        """A worker of one lane, which has neither a data folder nor a secret of the other lane."""
        environment = {**self.command.environment(), **self.keys[lane], "DOT_CUTTER_LOG": "json"}
        del environment["DOT_CUTTER_HOME"]
        log = (self.command.cwd / f"worker-{len(self.workers)}-{lane}.log").open("wb")
        with log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "cutter_agent", "worker", "--lane", lane, *words],
                env=environment,
                cwd=self.command.cwd,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.workers.append(worker)
        return worker

    def logs(self) -> str:
        """What all workers said."""
        return "\n".join(path.read_text("utf-8")[-3000:] for path in sorted(self.command.cwd.glob("worker-*.log")))

    def laws(self, count: int, articles: int) -> None:
        """Documents in the folder."""
        for number in range(1, count + 1):
            text = f"Luật số: {number}/2022/QH15\n".encode() + law(articles, code=f"W{number}")
            (self.folder / f"{number:04}.txt").write_bytes(text)

    def add(self, *words: str) -> dict[str, Any]:
        """Queue the folder."""
        answer = self.command("queue", "add", str(self.folder), "--json", *words)
        assert answer.code == 0, answer.err
        return dict(answer.json["summary"])

    def value(self, query: str) -> Any:
        """The one value of a query, as the superuser."""
        row = self.admin.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def statuses(self) -> dict[str, int]:
        """Entries by status."""
        query = "SELECT status, count(*) FROM cutter_governance.decision_backlog_entry GROUP BY 1"
        return dict(self.admin.execute(query).fetchall())

    def jobs(self) -> dict[str, int]:
        """Jobs of documents by status; the periodic ones left out."""
        query = (
            "SELECT status::text, count(*) FROM cutter_queue.procrastinate_jobs"
            " WHERE task_name IN ('cut_file', 'carry_on', 'verify') GROUP BY 1"
        )
        return dict(self.admin.execute(query).fetchall())

    def end(self) -> list[int]:
        """SIGTERM for every worker that lives; their exit codes."""
        living = [worker for worker in self.workers if worker.poll() is None]
        for worker in living:
            worker.send_signal(signal.SIGTERM)
        return [worker.wait(ENDS_WITHIN_S) for worker in living]


@contextmanager
def opened(command: CommandLine) -> Iterator[Shop]:
    """A queue ready for workers; every worker is ended afterwards."""
    assert command("queue", "init").code != 0, "a queue before its ledger is refused"
    assert command("db", "init").code == 0
    made = command("queue", "init", "--json")
    assert made.code == 0, made.err
    folder = command.cwd / "laws"
    folder.mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(resident.attach(command.home / "server"))
        admin = stack.enter_context(psycopg.connect(**server.admin_of(DATABASE), autocommit=True))
        admin.execute("SET search_path = cutter_queue, pg_temp")  # the library's triggers name no schema
        shop = Shop(command=command, admin=admin, keys=_keys(command), folder=folder)
        stack.callback(_kill, shop)
        yield shop


def _keys(command: CommandLine) -> dict[str, dict[str, str]]:
    login = command.server_login() | {
        "DOT_CUTTER_QUEUE_DB_USER": "cutter_queue",
        "DOT_CUTTER_QUEUE_DB_PASSWORD": (command.home / "keys" / "cutter_queue" / "password").read_text("ascii"),
    }
    other = {"exec": "VERIFY", "verify": "EXEC"}
    return {
        lane: {
            name: value
            for name, value in login.items()
            if not name.startswith(f"DOT_CUTTER_{word}") or not name.endswith(SECRETS)
        }
        for lane, word in other.items()
    }


def _kill(shop: Shop) -> None:
    for worker in shop.workers:
        if worker.poll() is None:
            worker.kill()
        worker.wait(ENDS_WITHIN_S)
