"""The first command sets a PostgreSQL up, which takes seconds: whoever watches is told after the first of them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cutter_agent.cli import output
from cutter_agent.config import Settings
from cutter_agent.errors import CutterError
from cutter_agent.home.folder import DataFolder

_PATIENCE_S = 0.7


@contextmanager
def told(*, always: bool = False) -> Iterator[None]:
    """For the block: a line on standard error if the data folder is being set up. Only on a terminal, or ``always``."""
    if not always and not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(_PATIENCE_S, _tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tell() -> None:
    try:
        settings = Settings.from_environment(os.environ)
    except CutterError:
        return
    data = DataFolder.at(settings.home)
    if settings.embedded and data.server.exists() and not data.ready.exists():
        output.note(f"first use: a PostgreSQL of its own is being set up in {data.root} (once, a few seconds)")
