"""A process of the crew: ``python -m cutter_agent.cli.bulk.member``. Lines of JSON in, lines of JSON out.

First line in: the words of the call. Then any number of ``{"look": path}``, answered by ``{"looked": …}``, for which no
database is needed; then ``{"begin": true}``, answered by ``{"ready": true}`` or ``{"error": …}``; then any number of
``{"cut": {…}}``, answered by ``{"phase": [path, step]}`` as often as it has steps and one ``{"record": …}``. It ends
when nobody writes to it any more. Standard output belongs to the crew; whatever else is printed goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Any, TextIO

from cutter_agent import pipeline
from cutter_agent.cli import failures, orders, watched
from cutter_agent.cli.bulk.survey import Surveyed, look
from cutter_agent.cli.bulk.worker import Worker
from cutter_agent.formats import Format
from cutter_agent.model import RiskClass


def main() -> int:
    """Work until standard input ends; 0, or 1 where it could not start."""
    with watched.member():
        return _work()


def _work() -> int:
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    call = json.loads(sys.stdin.readline())
    words = words_of(call["words"])
    try:
        _look(lines, words)
        with Worker(words, pipeline.ReviewerPolicy(call["policy"]), verify=call["verify"]) as worker:
            worker.connect()
            _say(lines, {"ready": True})
            for line in sys.stdin:
                _cut(lines, worker, Surveyed(**json.loads(line)["cut"]))
    except (BrokenPipeError, _NothingToDo):
        return 1  # nobody listens any more, or nobody has anything to be cut
    except Exception as error:  # said in the documented shape, whatever it is
        _say(lines, {"error": failures.describe(error)})
        return 1
    return 0


class _NothingToDo(Exception):
    """Standard input ended before anything was to be cut."""


def _look(lines: TextIO, words: orders.Words) -> None:
    """Look at files until it is said to begin. Raises ``_NothingToDo``."""
    for line in sys.stdin:
        asked = json.loads(line)
        if "begin" in asked:
            return
        found = look(asked["look"], words)
        _say(lines, {"looked": asdict(found) if isinstance(found, Surveyed) else {"refused": found}})
    raise _NothingToDo


def _cut(lines: TextIO, worker: Worker, file: Surveyed) -> None:
    _say(lines, {"record": worker.cut(file, lambda step: _say(lines, {"phase": [file.path, step]}))})


def words_of(given: dict[str, Any]) -> orders.Words:
    """The words of the call, as they were before they became JSON."""
    own = {**given, "risk": RiskClass(given["risk"])}
    return orders.Words(**own | {"format": Format(given["format"]) if given["format"] else None})


def _say(lines: TextIO, value: dict[str, Any]) -> None:
    lines.write(json.dumps(value, ensure_ascii=False) + "\n")
    lines.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(failures.INTERRUPTED_EXIT)
