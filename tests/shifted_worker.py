"""``python -m tests.shifted_worker SECONDS worker …``: the program on a machine whose clock is off by so much.

What a worker knows of the wall clock it knows from these places: ``test_worker_bad_input`` looks for others.
"""

from __future__ import annotations

import sys
import time
import types
from datetime import datetime, timedelta, tzinfo

import procrastinate.periodic
import procrastinate.utils

from cutter_agent import wiring
from cutter_agent.cli import program, worker
from cutter_agent.jobs import application, retrying

SOURCES = {"wiring.py", "jobs/application.py", "jobs/retrying.py"}
"""Modules of the cutter's that ask for the time on a worker's way."""


def main(words: list[str]) -> int:
    """Shift, then run."""
    off = timedelta(seconds=float(words[0]))

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + off

    for module in (wiring, application, retrying):
        module.datetime = Shifted  # type: ignore[attr-defined]
    seen = procrastinate.utils.utcnow
    procrastinate.utils.utcnow = lambda: seen() + off
    clock = types.SimpleNamespace(**{name: getattr(time, name) for name in dir(time) if not name.startswith("_")})
    clock.time = lambda: time.time() + off.total_seconds()
    procrastinate.periodic.time = clock  # type: ignore[assignment]
    _ = worker
    return program.run(words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
