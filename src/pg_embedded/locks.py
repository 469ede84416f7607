"""Locks between processes: ``flock`` on a file, dropped by the kernel when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.02


class FileLock:
    """One open lock file. Every instance is a holder of its own, also within one process."""

    def __init__(self, path: Path) -> None:
        """Opens ``path``, made 0600 if it is missing; holds nothing yet. A symbolic link is refused (``OSError``)."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def shared(self, *, deadline_s: float = 0.0) -> bool:
        """Hold it beside other sharers; False if somebody held it alone for all of ``deadline_s``."""
        return self._within(fcntl.LOCK_SH, deadline_s)

    def exclusive(self, *, deadline_s: float = 0.0) -> bool:
        """Hold it alone; False if somebody held it in any way for all of ``deadline_s``."""
        return self._within(fcntl.LOCK_EX, deadline_s)

    def release(self) -> None:
        """Hold it no more; it can be taken again."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release it for good. A second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _within(self, how: int, deadline_s: float) -> bool:
        end = time.monotonic() + deadline_s
        while True:
            try:
                fcntl.flock(self._descriptor, how | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    return False
                time.sleep(_POLL_S)
            else:
                return True


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold ``path`` alone for a block; waits for as long as it takes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_held_alone(path: Path) -> bool:
    """Whether somebody holds ``path`` exclusively at this moment."""
    lock = FileLock(path)
    try:
        return not lock.shared()
    finally:
        lock.close()
