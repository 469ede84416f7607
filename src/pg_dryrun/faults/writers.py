"""The writer's processes, seen from here: started, waited for with a deadline, killed."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_dryrun.errors import ToolFault
from pg_dryrun.fault_record import Said
from pg_dryrun.faults.interface import Call, Command, Word
from pg_dryrun.faults.spawn import PACKET_BYTES

_START_S = 60.0
_END_S = 10.0


class Writer:
    """One command under way in its own process. ``close`` it when it is over."""

    def __init__(self, pid: int, answer: socket.socket) -> None:
        self.pid = pid
        self._answer = answer
        self._lock = threading.Lock()  # who kills and who closes are two threads, and a closed number is soon another's
        try:
            self._handle: int | None = os.pidfd_open(pid)
        except ProcessLookupError:  # it was quick
            self._handle = None

    def wait(self, deadline_s: float) -> Word:
        """Its word. Without one in time it is killed and has ``hung``; if it ended without one it ``died``."""
        self._answer.settimeout(deadline_s)
        try:
            data = self._answer.recv(PACKET_BYTES)
        except TimeoutError:
            self.kill()
            return Word(said=Said.HUNG, message=f"no word within {deadline_s:g} s")
        except OSError:
            data = b""
        if not data:
            return Word(said=Said.DIED)
        word = json.loads(data)
        return Word(said=Said(word["said"]), message=word["message"], code=word["code"], sqlstate=word["sqlstate"])

    def kill(self) -> None:
        """As ``kill -9`` does; returns when the process is gone and the kernel has closed what it held."""
        with self._lock:
            if self._handle is None:
                return
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            watch = select.poll()
            watch.register(self._handle, select.POLLIN)
            watch.poll(_END_S * 1000)

    def close(self) -> None:
        """Let go of the process, which is over; one that is not is killed."""
        self.kill()
        self._answer.close()
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None


class Nursery:
    """Starts commands. ``modules`` are imported once, before the first of them. A context manager."""

    def __init__(self, modules: list[str], *, log: Path) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._log = log
        with log.open("ab") as stream, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pg_dryrun.faults.spawn", *modules],
                stdin=theirs.fileno(),
                stdout=stream,
                stderr=stream,
                cwd="/",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
        self._control = ours

    def __enter__(self) -> Self:
        self._control.settimeout(_START_S)
        if self._control.recv(PACKET_BYTES) != b"ready":
            words = self._log.read_text("utf-8", "replace").strip().splitlines()[-5:]
            self.close()
            raise ToolFault("the writer's modules could not be imported: " + " | ".join(words))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(self, command: Command, call: Call) -> Writer:
        """One command, under way. Raises ``ToolFault``."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps({"function": command.function, **call.spelling()}).encode()
        with theirs:
            socket.send_fds(self._control, [request], [theirs.fileno()])
        ours.settimeout(_START_S)
        said = ours.recv(PACKET_BYTES)
        if not said:
            raise ToolFault(f"the process of {command.name} ended before it began")
        return Writer(int(said), ours)

    def run(self, command: Command, call: Call, *, deadline_s: float) -> Word:
        """One command from its start to its word."""
        with closing(self.start(command, call)) as writer:
            return writer.wait(deadline_s)

    def close(self) -> None:
        """End the process that starts them; a command that still runs ends with its own limits."""
        self._control.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(_END_S)
