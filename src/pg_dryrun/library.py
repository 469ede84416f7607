"""All runs in a folder, the newest first, each as a few facts: for the index page and for retention (design 3.5)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pg_dryrun.errors import UsageError
from pg_dryrun.evidence import REPORT
from pg_dryrun.ledger import RunLedger
from pg_dryrun.leftovers import LEDGER
from pg_dryrun.outcome import Status, Verdict
from pg_dryrun.record import Record
from pg_dryrun.verification import read_report, verify
from sealing.keys import PublicKey


@dataclass(frozen=True, kw_only=True)
class KeptRun:
    """One run. Without a readable report ``record`` is None and ``trouble`` says why. ``leftovers``: what it created
    and did not remove. ``holds``: whether its evidence was walked and holds; None where nobody asked."""

    folder: Path
    under_way: bool
    leftovers: int
    record: Record | None
    trouble: str | None
    holds: bool | None
    broken_step: str | None

    @property
    def ended_at(self) -> datetime:
        """When it ended; for a run without a report, when its folder was last written to."""
        if self.record is not None:
            return datetime.fromisoformat(self.record.run.ended_at)
        return datetime.fromtimestamp(self.folder.stat().st_mtime, tz=UTC)

    @property
    def subject(self) -> str:
        """Who was rehearsed."""
        return self.record.subject.name if self.record is not None and self.record.subject is not None else "unknown"

    @property
    def commit(self) -> str | None:
        """Of what, where the subject has commits."""
        return self.record.revision.commit if self.record is not None and self.record.revision is not None else None

    @property
    def verdict(self) -> Verdict | None:
        """The record's word; None without one."""
        return self.record.verdict if self.record is not None else None

    @property
    def passed(self) -> str:
        """Passed of planned checks, in words."""
        if self.record is None:
            return "–"
        return f"{sum(c.status is Status.PASSED for c in self.record.checks)} / {len(self.record.planned)}"


def runs_in(out_dir: Path, *, checked: bool = False, keys: Sequence[PublicKey] = ()) -> list[KeptRun]:
    """Every run in ``out_dir``, the newest first. ``checked`` walks each one's evidence, too (with ``keys``, if any).

    Raises:
        UsageError: there is no such folder.
    """
    if not out_dir.is_dir():
        raise UsageError(f"{out_dir}: no such folder", remedy="Give the folder in which runs are kept.")
    folders = [path for path in out_dir.iterdir() if path.is_dir() and not path.is_symlink()]
    found = [_run(path, checked, keys) for path in folders if (path / REPORT).exists() or (path / LEDGER).exists()]
    return sorted(found, key=lambda run: (run.ended_at, run.folder.name), reverse=True)


def _run(folder: Path, checked: bool, keys: Sequence[PublicKey]) -> KeptRun:
    record, trouble = None, None
    try:
        record = read_report(folder)
    except UsageError as error:
        trouble = "ended without a report" if not (folder / REPORT).exists() else error.message
    ledger = folder / LEDGER
    busy = is_under_way(ledger)
    holds, broken = None, None
    if checked and record is not None:
        walk = verify(folder, keys=keys)
        holds = walk.holds
        broken = next((f"{s.number}. {s.title}: {s.detail}" for s in walk.steps if not s.holds), None)
    return KeptRun(
        folder=folder,
        under_way=busy,
        # Opening a ledger cuts off a torn last line: nothing to be done to one that is being written.
        leftovers=len(RunLedger.open(ledger).live()) if ledger.is_file() and not busy else 0,
        record=record,
        trouble=trouble,
        holds=holds,
        broken_step=broken,
    )


def is_under_way(ledger: Path) -> bool:
    """Whether a process holds the run that writes this ledger."""
    if not ledger.is_file():
        return False
    descriptor = os.open(ledger, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
