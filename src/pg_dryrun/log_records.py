"""The two spellings of a server's log, read as the same records: the collector's JSON, and the sessions' own lines.

A server that somebody else runs writes JSON through PostgreSQL's log collector, the one spelling that can be found and
read through SQL everywhere. There each line wakes the collector, which the smallest transactions feel. A server that we
start has its standard error on a file: each session appends its messages there itself, a message with one call of
``write`` (``elog.c``, ``write_console``), so that two never mix. Such a message begins with ``PREFIX``; each further
line of a text begins with a tab that the server sets (``append_with_tabs``), so no text can be taken for a record.

The keys are those of PostgreSQL's jsonlog (``jsonlog.c``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pg_dryrun.errors import ToolFault

Record = Mapping[str, object]

_KEYS: Mapping[str, str] = {
    "timestamp": "%m",
    "pid": "%p",
    "session_id": "%c",
    "state_code": "%e",
    "ps": "%i",
    "vxid": "%v",
    "txid": "%x",
    "user": "%u",
    "dbname": "%d",
}
_BEGIN, _BETWEEN = "\x1e", "\x1f"
PREFIX = _BEGIN + "".join(escape + _BETWEEN for escape in _KEYS.values())
DIRECT_SETTINGS: Mapping[str, str] = {
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": PREFIX,
    "lc_messages": "C",
}
"""What makes each session write its own lines; for servers whose standard error is a file that is appended to."""
DIRECT_PATH = "/proc/self/fd/2"
"""That file, as a session of the server itself finds it."""

_PARTS: Mapping[str, str] = {
    "DETAIL": "detail",
    "HINT": "hint",
    "QUERY": "internal_query",
    "CONTEXT": "context",
    "STATEMENT": "statement",
    "LOCATION": "location",
    "BACKTRACE": "backtrace",
}
_LINE = re.compile(r"([A-Z0-9]+):  (.*)", re.DOTALL)
_ERRORS = frozenset({"ERROR", "FATAL", "PANIC"})
_PLACE = re.compile(r" at character \d+\Z")
_NONE = frozenset({"", "0", "[unknown]"})


def direct(settings: Mapping[str, str]) -> Mapping[str, str]:
    """``settings`` that ask for a jsonlog, for a server that we start: the same records, without the collector."""
    return {**settings, **DIRECT_SETTINGS} if settings.get("log_destination") == "jsonlog" else settings


class Spelling(Protocol):
    """How pieces of a log become records."""

    def records(self, piece: bytes, *, marker: str) -> list[Record]:
        """Whole records of what was read so far and ``piece``; nothing is left behind a message with ``marker``.

        Raises ``ToolFault`` for what is no record.
        """
        ...


@dataclass
class JsonLines:
    """The collector's file: one JSON object a line."""

    half: bytes = b""

    def records(self, piece: bytes, *, marker: str) -> list[Record]:  # noqa: ARG002 - a line is whole or it is not
        """See ``Spelling``."""
        whole, newline, self.half = (self.half + piece).rpartition(b"\n")
        return [_object(line) for line in whole.split(b"\n")] if newline else []


@dataclass
class DirectLines:
    """The file that all sessions append to. The last message waits: its further parts may not be there yet."""

    rest: bytes = b""

    def records(self, piece: bytes, *, marker: str) -> list[Record]:
        """See ``Spelling``. The message with the marker is our own and needs no part but its first."""
        whole, newline, half = (self.rest + piece).rpartition(b"\n")
        if not newline:
            self.rest = half
            return []
        lines = _logical(whole)
        found: list[dict[str, object]] = []
        begins = 0
        for number, line in enumerate(lines):
            if _read(line, found):
                begins = number
        if found and marker not in str(found[-1]["message"]):
            found.pop()
            half = b"\n".join([*lines[begins:], half])
        self.rest = half
        return [*found]


def _logical(whole: bytes) -> list[bytes]:
    """Lines with those that go on, told by the server's tab."""
    return re.split(rb"\n(?!\t)", whole)


def _read(line: bytes, found: list[dict[str, object]]) -> bool:
    """Add a message to ``found``, or a part to its last one; whether a message begins here."""
    values = line.decode("utf-8", "backslashreplace").split(_BETWEEN, len(_KEYS))
    match = _LINE.fullmatch(values[-1])
    if len(values) != len(_KEYS) + 1 or match is None or not values[0].startswith(_BEGIN):
        raise ToolFault(
            f"A line of the server's log is no record: {line[:80]!r}",
            remedy="A role or database whose name holds a line break or a control character cannot be told from others"
            " here: rename it, or lend a server that writes a jsonlog.",
        )
    word, text = match.group(1), match.group(2).replace("\n\t", "\n")
    part = _PARTS.get(word)
    if part is not None:
        if found:  # else it belongs to the fence before, whose first line was enough
            found[-1][part] = text
        return False
    record: dict[str, object] = {key: value for key, value in zip(_KEYS, values, strict=False) if value not in _NONE}
    record["timestamp"] = values[0].removeprefix(_BEGIN)
    record["error_severity"] = word
    record["message"] = _PLACE.sub("", text) if word in _ERRORS else text
    found.append(record)
    return True


def _object(line: bytes) -> Record:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise ToolFault(f"A line of the server's log is no JSON: {line[:80]!r}") from error
    if not isinstance(record, dict):
        raise ToolFault(f"A line of the server's log is no JSON object: {line[:80]!r}")
    return record
