"""Every process that a command started, however it hid: found, ended, named (design 3.7, bad input).

A command's processes carry a variable with the run's id in their environment, which they hand down by themselves. One
that empties its environment and leaves its group and session is found, too: while the command runs, orphans below this
process become its children (``PR_SET_CHILD_SUBREAPER``), and it starts none of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pg_dryrun import processes
from pg_dryrun.ledger import RunLedger
from pg_dryrun.processes import Process

MARK = "PG_DRYRUN_RUN"
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_S = 1.0
_END_S = 10.0
_POLL_S = 0.02


def marked(run_id: str) -> tuple[Process, ...]:
    """Living processes whose environment names this run."""
    wanted = f"{MARK}={run_id}".encode()
    return tuple(process for process in processes.everything() if wanted in _environment(process.pid).split(b"\0"))


class Family:
    """The processes of one command. Make it before the command starts."""

    def __init__(self, run_id: str, ledger: RunLedger) -> None:
        self._run_id = run_id
        self._ledger = ledger
        self._noted: set[tuple[int, int]] = set()
        self._adopted: set[int] = set()
        self.leader: int | None = None
        """The command itself: whoever started it collects its status."""
        self._before = {_key(process) for process in processes.everything() if process.parent == os.getpid()}

    @contextmanager
    def adopting_orphans(self) -> Iterator[None]:
        """Become the parent of what is left without one. Where the system cannot, the mark alone must do."""
        _subreaper(1)
        try:
            yield
        finally:
            _subreaper(0)

    def members(self) -> tuple[Process, ...]:
        """Every living process of the command."""
        everyone = list(processes.everything())
        own = {process.pid for process in marked(self._run_id)}
        own |= {item.pid for item in everyone if item.parent == os.getpid() and _key(item) not in self._before}
        grown = True
        while grown:
            children = {item.pid for item in everyone if item.parent in own}
            grown = not children <= own
            own |= children
        return tuple(process for process in everyone if process.pid in own and process.pid != os.getpid())

    def note(self) -> None:
        """Write new members into the run's ledger: if this run is killed, `clean` finds them by id and start time."""
        for process in self.members():
            if _key(process) not in self._noted:
                self._noted.add(_key(process))
                self._ledger.started(process.pid, name=f"of the command: {process.command}")

    def end(self, *, grace: bool) -> tuple[str, ...]:
        """End every member that does not end by itself within the grace, and name them. One that cannot be ended is
        named as such."""
        deadline = time.monotonic() + (_GRACE_S if grace else 0)
        while (left := self.members()) and time.monotonic() < deadline:
            self._reap()
            time.sleep(_POLL_S)
        named = {_key(process): f"{process.command} (pid {process.pid})" for process in left}
        deadline = time.monotonic() + _END_S
        while left and time.monotonic() < deadline:
            for process in left:
                named.setdefault(_key(process), f"{process.command} (pid {process.pid})")
                _kill(process)
            self._reap()
            time.sleep(_POLL_S)
            left = self.members()
        for process in left:
            named[_key(process)] += ": could not be ended"
        return tuple(named[key] for key in sorted(named))

    def _reap(self) -> None:
        """Orphans are our children now; nobody else collects their status."""
        self._adopted |= {
            process.pid
            for process in self.members()
            if process.parent == os.getpid() and _key(process) not in self._before and process.pid != self.leader
        }
        for pid in tuple(self._adopted):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            self._adopted.discard(pid)


def _kill(process: Process) -> None:
    """This very process: its start time is compared again behind a handle that cannot come to mean another one."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(process.pid)
        try:
            if processes.start_ticks(process.pid) == process.start_ticks:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def _key(process: Process) -> tuple[int, int]:
    return process.start_ticks, process.pid


def _environment(pid: int) -> bytes:
    try:
        return (Path("/proc") / str(pid) / "environ").read_bytes()
    except OSError:
        return b""


def _subreaper(on: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, on, 0, 0, 0)
