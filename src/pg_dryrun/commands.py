"""The one module that starts processes: absolute program, explicit environment, a deadline, bounded capture.

A process gets a session of its own, so that the deadline ends it together with everything it started. Nothing of this
process's environment is inherited: what a program needs is handed over by name. Passwords never are: libpq reads them
from a 0600 file (``credentials``).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pg_dryrun.errors import EnvironmentFault, ToolFault

MINIMAL_ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}
_CHUNK_BYTES = 1 << 16
_REAP_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Completed:
    """How a process ended. ``returncode`` is negative for a signal. ``timed_out``: its whole process group was
    killed."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    truncated: bool
    timed_out: bool
    duration_s: float

    @property
    def ok(self) -> bool:
        """Ended by itself with status 0."""
        return self.returncode == 0 and not self.timed_out


class _Tail(threading.Thread):
    """Drains a pipe and keeps its last ``limit_bytes``: a chatty program neither blocks nor fills the memory."""

    def __init__(self, pipe: IO[bytes], limit_bytes: int) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._limit_bytes = limit_bytes
        self.kept = bytearray()
        self.truncated = False

    def run(self) -> None:
        while chunk := self._pipe.read(_CHUNK_BYTES):
            self.kept += chunk
            if len(self.kept) > self._limit_bytes:
                del self.kept[: len(self.kept) - self._limit_bytes]
                self.truncated = True


def run(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin_from: Path | None = None,
    stdout_to: Path | None = None,
    limit_bytes: int = 1 << 20,
    on_start: Callable[[int], None] | None = None,
    on_end: Callable[[bool], None] | None = None,
) -> Completed:
    """Run ``argv`` to its end or to the deadline.

    ``env`` is added to ``MINIMAL_ENVIRONMENT``. Standard input is ``stdin_from`` or nothing; standard output goes to
    the new 0600 file ``stdout_to`` or is kept up to its last ``limit_bytes``, as standard error is. ``on_start`` gets
    the pid; ``on_end`` is called, with whether the deadline passed, before what is left of the process group is killed.
    Raises ``ToolFault`` for a program without an absolute path, ``EnvironmentFault`` where it cannot be
    started.
    """
    words = tuple(str(word) for word in argv)
    if not words or not Path(words[0]).is_absolute():
        raise ToolFault(f"A program must be named by its absolute path, not {words[:1]}.")
    began = time.monotonic()
    with ExitStack() as stack:
        source = stack.enter_context(stdin_from.open("rb")) if stdin_from else subprocess.DEVNULL
        target = stack.enter_context(_new_private_file(stdout_to)) if stdout_to else subprocess.PIPE
        try:
            process = subprocess.Popen(
                words,
                stdin=source,
                stdout=target,
                stderr=subprocess.PIPE,
                env={**MINIMAL_ENVIRONMENT, **(env or {})},
                cwd=cwd or "/",
                start_new_session=True,
            )
        except OSError as error:
            raise EnvironmentFault(
                f"{words[0]} cannot be started: {error.strerror}.", remedy="Install the program or repair its path."
            ) from error
        tails = [_Tail(pipe, limit_bytes) if pipe else None for pipe in (process.stdout, process.stderr)]
        try:
            if on_start is not None:
                on_start(process.pid)
            for tail in tails:
                if tail is not None:
                    tail.start()
            timed_out = not _wait(process, timeout_s)
            if on_end is not None:
                on_end(timed_out)
        finally:
            _end_group(process)
        out, err = (_join(tail) for tail in tails)
    return Completed(
        argv=words,
        returncode=process.returncode,
        stdout=out,
        stderr=err,
        truncated=any(tail is not None and tail.truncated for tail in tails),
        timed_out=timed_out,
        duration_s=time.monotonic() - began,
    )


def check(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin_from: Path | None = None,
    stdout_to: Path | None = None,
    limit_bytes: int = 1 << 20,
    redact: Callable[[str], str] = str,
    on_start: Callable[[int], None] | None = None,
) -> Completed:
    """``run`` that raises ``EnvironmentFault`` with the (redacted) end of standard error unless the process ended
    well."""
    done = run(
        argv,
        timeout_s=timeout_s,
        env=env,
        cwd=cwd,
        stdin_from=stdin_from,
        stdout_to=stdout_to,
        limit_bytes=limit_bytes,
        on_start=on_start,
    )
    if done.ok:
        return done
    program = Path(done.argv[0]).name
    how = f"passed its deadline of {timeout_s:g} s" if done.timed_out else f"ended with status {done.returncode}"
    said = redact(done.stderr.decode("utf-8", "replace").strip()[-2000:])
    raise EnvironmentFault(f"{program} {how}: {said or 'it said nothing'}", remedy=f"See what {program} says above.")


def _new_private_file(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    try:
        process.wait(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process group: the program after its deadline, and whatever it left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=_REAP_S)


def _join(tail: _Tail | None) -> bytes:
    if tail is None:
        return b""
    tail.join(timeout=_REAP_S)  # a descendant in another session may hold the pipe open; we have waited enough
    return bytes(tail.kept)
