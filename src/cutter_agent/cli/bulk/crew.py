"""Several processes side by side: each takes the next task when it has done its last one.

A thread for each process hands it tasks and reads its answers, so that a document never waits for another one's
process. A process that dies takes one document with it, which is told; another process takes its place.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any

from cutter_agent import pipeline
from cutter_agent.cli import failures, orders
from cutter_agent.cli.bulk.survey import Record, Surveyed, Task
from cutter_agent.errors import ConnectionFailed, Internal

_CLOSE_TIMEOUT_S = 60.0
_DEATHS_IN_A_ROW = 3


@dataclass(frozen=True, kw_only=True)
class Call:
    """What every process of a crew is told first."""

    words: orders.Words
    policy: pipeline.ReviewerPolicy
    verify: bool

    def line(self) -> bytes:
        """As one line of JSON."""
        said = {"words": asdict(self.words), "policy": self.policy, "verify": self.verify}
        return json.dumps(said).encode() + b"\n"


class MemberFailed(Exception):
    """A process of the crew said no, or is gone; ``record`` is the error in the documented shape."""

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__(str(record.get("message")))
        self.record = record


class Member:
    """One process. Ends when its standard input is closed, and when whoever started it dies."""

    def __init__(self, call: Call) -> None:
        # -P: a module in the current folder must not stand in for one of ours.
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "cutter_agent.cli.bulk.member"],
            env=os.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._send(call.line())

    def begin(self) -> None:
        """Let it open its lane; from now on it cuts. Does not wait for it."""
        self._send(b'{"begin": true}\n')

    def require_ready(self) -> None:
        """Wait until it may cut. Raises ``MemberFailed`` with what keeps it from that."""
        self._answer()

    def look(self, path: str) -> Surveyed | Record:
        """SURVEY one file. Raises ``MemberFailed``."""
        self._send(json.dumps({"look": path}).encode() + b"\n")
        found = self._answer()["looked"]
        return dict(found["refused"]) if "refused" in found else Surveyed(**found)

    def cut(self, file: Surveyed, told: queue.SimpleQueue[Any]) -> Record:
        """Cut one file; its phases go to ``told`` as they begin. Raises ``MemberFailed``."""
        self._send(json.dumps({"cut": asdict(file)}).encode() + b"\n")
        while "phase" in (answer := self._answer()):
            told.put(tuple(answer["phase"]))
        return dict(answer["record"])

    def _send(self, line: bytes) -> None:
        if self._child.stdin is None:
            raise Internal("a process of the crew has no standard input", remedy="Report this.")
        with contextlib.suppress(BrokenPipeError):  # its last words are in the answer, or the lack of one
            self._child.stdin.write(line)
            self._child.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        line = self._child.stdout.readline() if self._child.stdout is not None else b""
        answer = json.loads(line) if line.endswith(b"\n") else None
        if answer is None:
            ended = self._child.wait(_CLOSE_TIMEOUT_S)
            gone = Internal(
                f"the process that worked on it ended with {ended}; no phase was left half-written",
                remedy="Run the same command again: it goes on from there. If it ends so again, cut it by itself.",
            )
            raise MemberFailed(failures.describe(gone))
        if "error" in answer:
            raise MemberFailed(answer["error"])
        return dict(answer)

    def end(self) -> None:
        """Stop it now: the server undoes the transaction it was in."""
        self._child.terminate()

    def dismiss(self) -> None:
        """Nobody will write to it any more: it ends, and nobody waits for that here."""
        if self._child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._child.stdin.close()

    def close(self) -> None:
        """It ends by itself, or is killed after a minute."""
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        try:
            self._child.wait(_CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(_CLOSE_TIMEOUT_S)


class Crew:
    """``jobs`` processes for one call. ``with`` starts them, and ends them whatever happens."""

    def __init__(self, call: Call, jobs: int) -> None:
        self._call = call
        self._members = [Member(call) for _ in range(jobs)]
        self._told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._cutting = False

    def begin(self, jobs: int) -> list[dict[str, Any]]:
        """Let at most ``jobs`` of them open their lanes; the errors of those that could not.

        Raises:
            failures.Reported: none of them could; the first one's error.
        """
        self._cutting = True
        for spare in self._members[jobs:]:
            spare.close()
        begun, self._members = self._members[:jobs], []
        for member in begun:
            member.begin()
        refused: list[dict[str, Any]] = []
        for member in begun:
            try:
                member.require_ready()
                self._members.append(member)
            except MemberFailed as failed:
                refused.append(failed.record)
                member.close()
        if refused and not self._members:
            raise failures.Reported(refused[0])
        return refused

    def survey(self, paths: Iterable[str]) -> dict[str, Surveyed | Record]:
        """What every file is."""
        found: dict[str, Surveyed | Record] = {}
        for said in self._run(iter(paths)):
            found[said[0]] = said[1]
        return found

    def cut(self, tasks: Iterable[Task]) -> Iterator[tuple[str, str] | Record]:
        """Phases (path and step) and records, as they come."""
        yield from self._run(iter(tasks))

    def _run(self, work: Iterator[str] | Iterator[Task]) -> Iterator[Any]:
        lock, away = threading.Lock(), _Away()
        threads = [
            threading.Thread(target=self._serve, args=(place, work, lock, away), daemon=True)
            for place in range(len(self._members))
        ]
        for thread in threads:
            thread.start()
        left = len(threads)
        while left:
            said = self._told.get()
            if said is None:
                left -= 1
            elif isinstance(said, BaseException):
                raise said
            else:
                yield said

    def _serve(self, place: int, work: Iterator[Any], lock: threading.Lock, away: _Away) -> None:
        deaths = 0
        try:
            while not self._stop.is_set():
                with lock:
                    task = next(work, None)
                if task is None:
                    break
                if isinstance(task, str):
                    deaths = self._look(place, task, deaths)
                else:
                    deaths = self._cut(place, task, deaths, away)
        except BaseException as error:  # told in the main thread, which raises it
            self._told.put(error)
        finally:
            self._told.put(None)

    def _look(self, place: int, path: str, deaths: int) -> int:
        try:
            self._told.put((path, self._members[place].look(path)))
        except MemberFailed as failed:
            self._told.put((path, {"file": path, "error": failed.record}))
            return self._replace(place, deaths)
        return 0

    def _cut(self, place: int, task: Task, deaths: int, away: _Away) -> int:
        for file in task.files:
            if away.error is not None:
                self._told.put({"file": file.path, "error": away.error})
                continue
            try:
                record = self._members[place].cut(file, self._told)
            except MemberFailed as failed:
                self._told.put({"file": file.path, "error": failed.record})
                deaths = self._replace(place, deaths)
                continue
            deaths = 0
            if "error" in record and record["error"]["code"] == ConnectionFailed.code:
                away.error = record["error"]  # the others would only wait for the same database
            self._told.put(record)
        return deaths

    def _replace(self, place: int, deaths: int) -> int:
        """Another process instead of one that died. Raises ``Internal`` where they die one after another."""
        self._members[place].close()
        if self._stop.is_set():
            return 0
        if deaths + 1 >= _DEATHS_IN_A_ROW:
            raise Internal(
                f"{_DEATHS_IN_A_ROW} processes in a row ended without an answer",
                remedy="See what the machine says (memory, dmesg), then run the same command again.",
            )
        self._members[place] = Member(self._call)
        if self._cutting:
            self._members[place].begin()
            self._members[place].require_ready()
        return deaths + 1

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if error is not None:
            for member in self._members:
                member.end()
        for member in self._members:
            member.dismiss()
        for member in self._members:
            member.close()


class _Away:
    """The database's last word, once it was waited for in vain."""

    error: dict[str, Any] | None = None
