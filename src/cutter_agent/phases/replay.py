"""A phase that meets its own earlier rows: run it once more and it finds them (design 2.2 line 8, SQLSTATE 23505)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cutter_agent.errors import UniqueConflict

T = TypeVar("T")

_TRIES = 3


def converging(run: Callable[[], T]) -> T:
    """``run()``; again when a known idempotency key was written meanwhile by somebody else.

    Every phase reads first, so the second run returns the rows that exist. Any other conflict goes to the caller.
    """
    for _ in range(_TRIES - 1):
        try:
            return run()
        except UniqueConflict as conflict:
            if not conflict.converges:
                raise
    return run()
