"""The one module that starts processes: absolute program, explicit environment, a deadline, bounded capture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Completed:
    """How a process ended. ``returncode`` is negative for a signal. ``timed_out``: its whole process group was killed."""

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
) -> Completed:
    """Run ``argv`` to its end or to the deadline, in a session of its own."""
    raise NotImplementedError


def check(
    argv: Sequence[str | Path],
    *,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin_from: Path | None = None,
    stdout_to: Path | None = None,
    redact: Callable[[str], str] = str,
    on_start: Callable[[int], None] | None = None,
) -> Completed:
    """``run`` that raises ``EnvironmentFault`` with the end of standard error unless the process ended well."""
    raise NotImplementedError
