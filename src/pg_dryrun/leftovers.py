"""After a killed run: what its own ledger lists is removed by exact name, and looked for again (design 3.1, C-13)."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pg_dryrun.errors import UsageError
from pg_dryrun.ledger import RunLedger, Teardown, TornDown
from pg_dryrun.survivors import marked

LEDGER = "created.jsonl"
"""The run's own ledger in its folder: everything that it created, by exact name."""
_LOOKED_AT_S = 0.3


class StillUnderWay(UsageError):
    """Somebody holds this run: nothing of it is a left-over."""


@contextmanager
def under_way(ledger: Path) -> Iterator[None]:
    """Held by a run for its whole life: nobody cleans up after a run that still lives.

    Raises:
        UsageError: another process holds it.
    """
    descriptor = os.open(ledger, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            _hold(descriptor)
        except BlockingIOError as error:
            raise StillUnderWay(
                f"{ledger.parent}: this run is still under way", remedy="Let it end, or end it; then clean up."
            ) from error
        yield
    finally:
        os.close(descriptor)


def _hold(descriptor: int) -> None:
    """Whoever only looks whether a run is under way holds the lock for a moment: that is waited for."""
    deadline = time.monotonic() + _LOOKED_AT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def clean(folder: Path) -> Teardown:
    """Tear down what the run in ``folder`` left. A second call finds nothing and says so.

    Raises:
        UsageError: there is no ledger, or the run is still under way.
    """
    ledger = folder / LEDGER
    if not ledger.is_file():
        raise UsageError(f"{folder}: no {LEDGER} in it", remedy="Give the folder of a run.")
    with under_way(ledger):
        opened = RunLedger.open(ledger)
        for process in marked(opened.run_id) if opened.run_id else ():  # of its command, started after the last note
            opened.started(process.pid, name=f"of the command: {process.command}")
        return opened.teardown()


def killed_runs(out_dir: Path) -> list[Path]:
    """The runs in ``out_dir`` that ended without their teardown, the oldest first: a dump may still lie about."""
    found: list[Path] = []
    for ledger in sorted(out_dir.glob(f"*/{LEDGER}")):
        if ledger.parent.is_symlink():
            continue
        with suppress(UsageError, OSError), under_way(ledger):
            if RunLedger.open(ledger).live():
                found.append(ledger.parent)
    return found


def clean_all(out_dir: Path) -> Teardown:
    """The same for every run in ``out_dir`` that is not under way, the newest first.

    Raises:
        UsageError: there is no such folder.
    """
    if not out_dir.is_dir():
        raise UsageError(f"{out_dir}: no such folder", remedy="Give the folder in which runs are kept.")
    items: list[TornDown] = []
    for ledger in sorted(out_dir.glob(f"*/{LEDGER}"), reverse=True):
        if ledger.parent.is_symlink():
            continue
        with suppress(StillUnderWay):
            items += clean(ledger.parent).items
    return Teardown(items=tuple(items))
