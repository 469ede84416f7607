"""After a killed run: what its own ledger lists is removed by exact name, and looked for again (design 3.1, C-13)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pg_dryrun.errors import UsageError
from pg_dryrun.ledger import RunLedger, Teardown

LEDGER = "created.jsonl"
"""The run's own ledger in its folder: everything that it created, by exact name."""


@contextmanager
def under_way(ledger: Path) -> Iterator[None]:
    """Held by a run for its whole life: nobody cleans up after a run that still lives.

    Raises:
        UsageError: another process holds it.
    """
    descriptor = os.open(ledger, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                f"{ledger.parent}: this run is still under way", remedy="Let it end, or end it; then clean up."
            ) from error
        yield
    finally:
        os.close(descriptor)


def clean(folder: Path) -> Teardown:
    """Tear down what the run in ``folder`` left. A second call finds nothing and says so.

    Raises:
        UsageError: there is no ledger, or the run is still under way.
    """
    ledger = folder / LEDGER
    if not ledger.is_file():
        raise UsageError(f"{folder}: no {LEDGER} in it", remedy="Give the folder of a run.")
    with under_way(ledger):
        return RunLedger.open(ledger).teardown()
