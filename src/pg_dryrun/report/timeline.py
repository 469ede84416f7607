"""What happened when, as bars for a drawing: the steps of a run, the exclusive locks of a command. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pg_dryrun.outcome import Check, Status
from pg_dryrun.program_record import ProgramRecord
from pg_dryrun.record import Record
from pg_dryrun.steps import STEPS

WHOLE = 1000
"""The width of a drawing, in its own units."""
_LEAST = 3
"""How wide a bar is at least: what took no time is still there to be seen."""

TONES: Mapping[Status, str] = {
    Status.PASSED: "good",
    Status.FAILED: "bad",
    Status.NOT_REACHED: "faint",
    Status.COULD_NOT_RUN: "open",
}
MARKS: Mapping[Status, str] = {
    Status.PASSED: "✓",
    Status.FAILED: "✕",
    Status.NOT_REACHED: "○",
    Status.COULD_NOT_RUN: "?",
}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A span of a drawing that is ``WHOLE`` wide. ``words`` say it for whoever does not see it."""

    start: int
    width: int
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class StepView:
    """One step of the run. ``status`` is the gravest of its checks."""

    id: str
    title: str
    status: Status
    duration_s: float
    bar: Bar
    checks: tuple[Check, ...]

    @property
    def passed(self) -> int:
        """How many of its checks passed."""
        return sum(check.status is Status.PASSED for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class LockRow:
    """One relation: when it was locked against everybody."""

    relation: str
    times: int
    longest_ms: float | None
    unknown: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True)
class LockTimeline:
    """All relations over the time of the command. ``waits`` is how many waits for locks were seen."""

    rows: tuple[LockRow, ...]
    until_ms: float
    waits: int
    complete: bool
    """Every exclusive lock of the command has its bar."""


def steps(record: Record) -> list[StepView]:
    """The steps in their order, each beginning where the one before it ended."""
    total = sum(check.duration_s for check in record.checks) or 1.0
    found: list[StepView] = []
    begun_s = 0.0
    for step, title in STEPS.items():
        checks = tuple(check for check in record.checks if check.step == step)
        if not checks:
            continue
        took_s = sum(check.duration_s for check in checks)
        found.append(
            StepView(
                id=step,
                title=title,
                status=_gravest(checks),
                duration_s=took_s,
                bar=_bar(begun_s / total, took_s / total),
                checks=checks,
            )
        )
        begun_s += took_s
    return found


def locks(program: ProgramRecord | None) -> LockTimeline | None:
    """None where no exclusive lock has a known time."""
    held = [lock for lock in program.exclusive_locks if lock.held] if program is not None else []
    if program is None or not held:
        return None
    until_ms = max([program.duration_s * 1000, *(span.to_ms for lock in held for span in lock.held)]) or 1.0
    return LockTimeline(
        rows=tuple(
            LockRow(
                relation=lock.relation,
                times=lock.times,
                longest_ms=lock.longest_ms,
                unknown=lock.unknown,
                bars=tuple(
                    _bar(
                        span.from_ms / until_ms,
                        (span.to_ms - span.from_ms) / until_ms,
                        f"{span.from_ms:.0f} to {span.to_ms:.0f} ms",
                    )
                    for span in lock.held
                ),
            )
            for lock in sorted(held, key=lambda lock: lock.longest_ms or 0.0, reverse=True)
        ),
        until_ms=until_ms,
        waits=sum(wait.times for wait in program.lock_waits),
        complete=all(len(lock.held) == lock.times for lock in program.exclusive_locks),
    )


def _bar(start: float, width: float, words: str = "") -> Bar:
    wide = max(round(width * WHOLE), _LEAST)
    return Bar(start=min(round(start * WHOLE), WHOLE - wide), width=wide, words=words)


def _gravest(checks: tuple[Check, ...]) -> Status:
    for status in (Status.FAILED, Status.COULD_NOT_RUN, Status.NOT_REACHED):
        if any(check.status is status for check in checks):
            return status
    return Status.PASSED
