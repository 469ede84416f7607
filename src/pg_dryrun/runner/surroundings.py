"""What of the caller's environment must not reach this tool's own connections: every variable that libpq reads.

``PGHOSTADDR`` would send a connection to another machine whatever host it names, ``PGSERVICE`` and ``PGOPTIONS`` change
it behind its caller's back. The people who use this tool work with production and have such variables about.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_libpq_variables() -> Iterator[tuple[str, ...]]:
    """Take every ``PG…`` variable away for the length of a run; gives their names, and puts them back."""
    taken = {name: os.environ.pop(name) for name in tuple(os.environ) if name.startswith("PG")}
    try:
        yield tuple(sorted(taken))
    finally:
        os.environ.update(taken)
