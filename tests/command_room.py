"""The real command in a process of its own, with a data folder of its own: fixtures of whoever calls `iu-cutter`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cutter_agent.home.server import DATABASE
from pg_embedded import resident

TABLES = (
    *(
        f"cutter_governance.{name}"
        for name in (
            "decision_backlog_entry",
            "decision_backlog_history",
            "decision_backlog_dependency",
            "decision_backlog_sweep_log",
            "manifest_envelope",
            "manifest_unit_block",
            "review_decision",
            "dot_pair_signature",
            "cut_change_set",
            "cut_change_set_affected_row",
            "verify_result",
            "canonical_address_alias",
        )
    ),
    *(f"iu.{name}" for name in ("source_snapshot", "manifest", "document", "information_unit", "unit_version")),
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one command said."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error of a ``--json`` command."""
        record = self.json["error"]
        assert record["exit_code"] == self.code
        assert record["message"]
        assert record["remedy"]
        return dict(record)


@dataclass(frozen=True, kw_only=True)
class CommandLine:
    """``iu-cutter`` with one data folder and an environment without any key of ours.

    ``bytecode`` is a folder of its own for compiled modules: as for an installed program they are compiled once, and
    nothing is written into the checkout.
    """

    home: Path
    cwd: Path
    bytecode: Path
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The environment of every command."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DOT_CUTTER_", "PG"))}
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)
        own = {"DOT_CUTTER_HOME": str(self.home), "PYTHONPYCACHEPREFIX": str(self.bytecode)}
        return {**inherited, **own, **self.extra}

    def argv(self, *arguments: str) -> list[str]:
        """The command itself."""
        return [sys.executable, "-m", "cutter_agent", *arguments]

    def __call__(
        self,
        *arguments: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout_s: float = 180,
    ) -> Answer:
        """Run one command to its end."""
        done = subprocess.run(
            self.argv(*arguments),
            input=stdin,
            capture_output=True,
            env={**self.environment(), **(env or {})},
            cwd=self.cwd,
            timeout=timeout_s,
            check=False,
        )
        return Answer(code=done.returncode, out=done.stdout, err=done.stderr.decode())

    def start(self, *arguments: str, **keywords: Any) -> subprocess.Popen[bytes]:
        """Start one command as the leader of a process group of its own, so that a test can end all of it."""
        return subprocess.Popen(
            self.argv(*arguments), env=self.environment(), cwd=self.cwd, start_new_session=True, **keywords
        )

    def query(self, *statements: str) -> list[tuple[Any, ...]]:
        """As the superuser of the embedded server, who is none of the lanes; the rows of the last statement if any."""
        with (
            resident.attach(self.home / "server") as server,
            psycopg.connect(**server.admin_of(DATABASE)) as connection,
        ):
            for statement in statements:
                cursor = connection.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def counts(self) -> dict[str, int]:
        """Rows of every table of the ledger and the unit store."""
        union = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in TABLES)
        return dict(self.query(union))

    def server_login(self) -> dict[str, str]:
        """The keys under which the embedded server looks like a server of one's own, both lanes."""
        with resident.attach(self.home / "server") as server:
            place = {
                "DOT_CUTTER_DB_HOST": str(server.address.socket_dir),
                "DOT_CUTTER_DB_PORT": str(server.address.port),
                "DOT_CUTTER_DB_NAME": DATABASE,
                "DOT_CUTTER_DB_SSLMODE": "disable",
            }
        for lane, word in (("cutter_exec", "EXEC"), ("cutter_verify", "VERIFY")):
            keys = self.home / "keys"
            place |= {
                f"DOT_CUTTER_{word}_DB_USER": lane,
                f"DOT_CUTTER_{word}_DB_PASSWORD": (keys / lane / "password").read_text(),
                f"DOT_CUTTER_{word}_SIGNING_KEY": str(keys / lane / "signing_key.pem"),
                f"DOT_CUTTER_{word}_PUBLIC_KEY": str(keys / f"{lane}.pub.pem"),
            }
        return place


def end_group(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGKILL) -> None:
    """Signal the process group that ``process`` leads."""
    os.killpg(process.pid, number)


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled modules of this test process's commands."""
    return tmp_path_factory.mktemp("bytecode")


@pytest.fixture
def iu_cutter(tmp_path: Path, bytecode: Path) -> CommandLine:
    """The command without a database: its data folder does not exist yet."""
    return CommandLine(home=tmp_path / "home", cwd=tmp_path, bytecode=bytecode)


@pytest.fixture
def embedded(tmp_path: Path, bytecode: Path) -> Iterator[CommandLine]:
    """The command with an embedded database of its own, which is removed afterwards."""
    command = CommandLine(home=tmp_path / "home", cwd=tmp_path, bytecode=bytecode)
    yield command
    resident.erase(command.home / "server")
