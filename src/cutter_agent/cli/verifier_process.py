"""VERIFY in a process of its own: another identity, another secret, another key (design 1.5, 1.11).

The child is this very program with ``verify --stream``. Its environment has no login and no signing key of the
executor, and the executor's process never reads the verifier's. They speak in lines: an entry's id one way, with
the document and the trace that it belongs to, one JSON document the other way. The first line back says that the child
could start, so that a missing key is known before anything is cut. Its log goes where this process's log goes.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import IO, Any

from cutter_agent import config, observing
from cutter_agent.cli import logs
from cutter_agent.errors import Internal
from cutter_agent.model import Lane

ANSWER_TIMEOUT_S = 1800.0
"""Longer than every retry of a VERIFY with all its deadlines: only a child that hangs reaches it."""
_CLOSE_TIMEOUT_S = 30.0


class ChildRefused(Exception):
    """The child said no; ``record`` is its error in the documented shape."""

    def __init__(self, record: dict[str, object]) -> None:
        super().__init__(str(record.get("message")))
        self.record = record


class VerifierProcess:
    """One child for any number of entries. Ends when it is closed, and when its parent dies, whichever comes first."""

    def __init__(self) -> None:
        self._log = os.dup(logs.descriptor())  # its standard error is kept for its last words
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        # -P: a module in the current folder must not stand in for one of ours.
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "cutter_agent", "verify", "--stream", "--json"],
            env=config.environment_for(os.environ, Lane.VERIFY) | {logs.DESCRIPTOR: str(self._log)},
            pass_fds=(self._log,),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
        )

    @property
    def ended(self) -> bool:
        """Whether the child is gone."""
        return self._child.poll() is not None

    def require_ready(self) -> None:
        """Wait for the child's first line.

        Raises:
            ChildRefused: it cannot start, and says why.
        """
        self._answer()

    def verify(self, entry_id: str) -> dict[str, Any]:
        """VERIFY one entry.

        Raises:
            ChildRefused: the verification, or what kept it from being made, in the documented shape.
        """
        stdin = self._child.stdin
        if stdin is None:
            raise Internal("the verifier has no standard input", remedy="Report this.")
        try:
            stdin.write(json.dumps({"entry_id": entry_id, **observing.handed()}).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            pass  # its last words are in the answer, or the lack of one
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._line()
        if not line:
            raise Internal(
                f"the verifier's process ended with {self._child.wait(_CLOSE_TIMEOUT_S)}: {self._last_words()}",
                remedy="Run the same command again: what was cut stays cut and is verified then.",
            )
        answer = json.loads(line)
        if "error" in answer:
            raise ChildRefused(answer["error"])
        return dict(answer)

    def _line(self) -> bytes:
        stdout = self._child.stdout
        if stdout is None:
            return b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            if not selector.select(ANSWER_TIMEOUT_S):
                raise Internal(
                    f"the verifier gave no answer within {ANSWER_TIMEOUT_S:.0f} s", remedy="Run the same command again."
                )
        return stdout.readline()

    def _last_words(self) -> str:
        self._words.seek(0)
        return self._words.read().decode(errors="replace").strip() or "it said nothing"

    def close(self) -> None:
        """End the child: it finishes what it is doing, or is killed after 30 s; its transaction is then undone."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            self._child.wait(_CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(_CLOSE_TIMEOUT_S)
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._words.close()
        os.close(self._log)

    def __enter__(self) -> VerifierProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
