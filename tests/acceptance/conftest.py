"""The real command in a process of its own, with a data folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


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
    """``iu-cutter`` with one data folder and an environment without any key of ours."""

    home: Path
    cwd: Path
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The environment of every command."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DOT_CUTTER_", "PG"))}
        return {**inherited, "DOT_CUTTER_HOME": str(self.home), **self.extra}

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


def end_group(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGKILL) -> None:
    """Signal the process group that ``process`` leads."""
    os.killpg(process.pid, number)


@pytest.fixture
def iu_cutter(tmp_path: Path) -> CommandLine:
    """The command without a database: its data folder does not exist yet."""
    return CommandLine(home=tmp_path / "home", cwd=tmp_path)
