"""What long-running processes say: a line for a person, or with ``DOT_CUTTER_LOG=json`` one JSON document a line.

Each line has a moment and a level, and what is known of: run (this process), lane, job, document, entry_id, phase,
code. Standard error, and nothing but it. Never a body, never a secret: only fields of this list are written.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from cutter_agent.config import LOG
from cutter_agent.errors import ConfigError

FIELDS = ("lane", "queue", "job", "task", "document", "entry_id", "phase", "steps", "status", "code", "wrote", "file")


class JsonLines(logging.Formatter):
    """One JSON document a line."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        """``{"at", "level", "logger", "run", "message", …}``."""
        said: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "run": self._run,
            "message": record.getMessage(),
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


def configure(environment: Mapping[str, str] = os.environ) -> str:
    """Let this process speak; the id of this run. Raises ``ConfigError`` for a spelling that is none."""
    wanted = environment.get(LOG, "words")
    if wanted not in {"json", "words"}:
        raise ConfigError(f"{LOG} is {wanted!r}", remedy=f"Set {LOG} to json or words.")
    run = uuid.uuid4().hex[:12]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(run) if wanted == "json" else Words())
    logger = logging.getLogger("cutter_agent")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return run


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name in FIELDS if (value := getattr(record, name, None)) not in (None, [])}


def _word(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
