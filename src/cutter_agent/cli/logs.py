"""What a run says while it works: one JSON document a line, or a line for a person (docs/reference/logs.md).

Standard error, and nothing but it. With ``json`` every line there is a record: what a command tells a person beside its
result is one, too. Only the fields of ``FIELDS`` are written: never a body, never a secret.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from cutter_agent.cli import output
from cutter_agent.config import LOG, LOG_LEVEL
from cutter_agent.errors import ConfigError
from cutter_agent.observing import known
from cutter_agent.observing.activity import facts_here

FIELDS = (
    "command", "lane", "queue", "job", "task", "file", "document", "entry_id", "phase", "transaction", "steps",
    "status", "outcome", "code", "sqlstate", "statement", "disposition", "where", "start_byte", "line", "units",
    "units_written", "promoted", "defects", "wrote", "exit_code", "duration_s", "trace_id", "span_id", "traceback",
)  # fmt: skip
"""What a record may hold besides moment, level, logger, run, process and message, in this order."""

DESCRIPTOR = "DOT_CUTTER_LOG_FD"
"""In the environment of a child process whose standard error is read by its parent: where its log goes. Not for
people to set."""

_MOST_CHARACTERS = 500
"""Of one value: a line stays one write, which a pipe takes whole."""
_STDERR = 2

Word = TypeVar("Word", bound=StrEnum)


class Form(StrEnum):
    """How a line looks."""

    JSON = "json"
    TEXT = "text"


class Level(StrEnum):
    """From which gravity on."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class JsonLines(logging.Formatter):
    """One JSON document a line."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        """``{"at", "level", "logger", "run", "pid", "message", …}``."""
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "run": self._run,
            "pid": record.process,
            "message": _short(record.getMessage()),
        }
        said |= _fields(record)
        return json.dumps(said, ensure_ascii=False, default=str)


class Words(logging.Formatter):
    """One line for a person."""

    def format(self, record: logging.LogRecord) -> str:
        """``15:04:05 cut document=L1 status=cut_applied``."""
        moment = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = " ".join(f"{name}={_word(value)}" for name, value in _fields(record).items())
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        return " ".join(part for part in (moment, f"{level}{record.getMessage()}", fields) if part)


class _Lines(logging.Handler):
    """Each record one write: lines of several processes to one place stay whole."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def emit(self, record: logging.LogRecord) -> None:
        try:
            os.write(self._descriptor, (self.format(record) + "\n").encode("utf-8", errors="backslashreplace"))
        except OSError:  # nobody reads it any more: no reason to stop the work
            return
        except Exception:
            self.handleError(record)


def configure(environment: Mapping[str, str] = os.environ, *, unasked: Form | None = Form.TEXT) -> str:
    """Let this process speak; the id of its run. ``unasked``: what holds where nothing is set, None for silence.

    Raises:
        ConfigError: a spelling that is none.
    """
    asked, wanted_level = environment.get(LOG), environment.get(LOG_LEVEL)
    form = _spelt(Form, LOG, "text" if asked == "words" else asked) or (Form.TEXT if wanted_level else unasked)
    level = _spelt(Level, LOG_LEVEL, wanted_level) or Level.INFO
    run = known.run_id()
    logger = logging.getLogger("cutter_agent")
    logger.propagate = False
    if form is None:
        logger.handlers[:] = [logging.NullHandler()]
        logger.setLevel(logging.CRITICAL + 1)
        return run
    handler = _Lines(int(environment.get(DESCRIPTOR, _STDERR)))
    handler.setFormatter(JsonLines(run) if form is Form.JSON else Words())
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    if form is Form.JSON:
        logging.getLogger().handlers[:] = [handler]  # what libraries say, from a warning on
        output.speak_through(_said)
    return run


def silence() -> None:
    """As before ``configure``: for whoever calls a command inside his own process."""
    logger = logging.getLogger("cutter_agent")
    root = logging.getLogger()
    root.handlers[:] = [each for each in root.handlers if not isinstance(each, _Lines)]
    logger.handlers[:] = []
    logger.setLevel(logging.NOTSET)
    logger.propagate = True
    output.speak_through(None)


def _spelt(words: type[Word], key: str, value: str | None) -> Word | None:
    if value is None:
        return None
    try:
        return words(value)
    except ValueError:
        raise ConfigError(f"{key} is {value!r}", remedy=f"Set {key} to one of {', '.join(words)}.") from None


def _said(text: str) -> None:
    """What a command tells a person, as a record."""
    logging.getLogger("cutter_agent.said").log(logging.INFO, "%s", text)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    told = {**facts_here(), **record.__dict__, **getattr(record, "facts", {})}
    if record.exc_info and record.exc_info[2]:
        told["traceback"] = _places(record.exc_info[2])
    found = {name: told.get(name) for name in FIELDS}
    return {name: _short(value) for name, value in found.items() if value not in (None, [], ())}


def _places(trace: object) -> list[str]:
    """Where an error came from. Its words are left out: they may quote what was read."""
    frames = traceback.extract_tb(trace)  # type: ignore[arg-type]
    return [f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames][-12:]  # noqa: PTH119


def _short(value: object) -> object:
    return f"{value[:_MOST_CHARACTERS]}…" if isinstance(value, str) and len(value) > _MOST_CHARACTERS else value


def _word(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def descriptor() -> int:
    """Where this process's log goes, for a child that it lends the place to."""
    sys.stderr.flush()
    return int(os.environ.get(DESCRIPTOR, _STDERR))
