"""Imports without the cyclic garbage collector: they make a hundred thousand objects that stay, and few cycles.

The collector walks through all of them again and again while more are made: a quarter of the time that a command needs
before it begins. What was imported is then left out of every later walk (``gc.freeze``).
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def loading() -> Generator[None]:
    """The collector rests while the block imports. One that rested before goes on resting."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.enable()
