"""The cyclic garbage collector at the beginning and the end of a program.

Imports make a hundred thousand objects that stay. The collector walks through all of them again and again while more
are made, and when the interpreter ends it walks once more and takes each apart: a quarter of a short command's time.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def loading() -> Generator[None]:
    """The collector rests while the block imports; then what was imported counts as old, without a walk.

    One that rested before goes on resting. Nothing stays frozen: what is frozen when the interpreter ends is not taken
    apart, and a file that hangs on it is never written out.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def leave(code: int) -> NoReturn:
    """End a program of ours with ``code``: what it loaded is left to the operating system, not taken apart.

    Only where the process is the program's own and every file of it was closed: as the last line of ``main``.
    """
    gc.freeze()
    sys.exit(code)
