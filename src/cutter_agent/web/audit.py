"""Who signed in, who was refused, who sent which decision: one JSON line each, in a file that is only ever added to.

The ledger says what was decided; this says who came to the page. No password, no token and no text of a form is in it,
and a name only where an account has it: people type passwords into the wrong field.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cutter_agent.errors import ConfigError
from cutter_agent.home.folder import DataFolder

_OTHERS_MAY_READ = 0o077
_READ_AT_ONCE = 1 << 16


class Event(StrEnum):
    """What is written down."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    DECISION = "decision"
    ANSWER = "answer"
    PROPOSED_AGAIN = "proposed_again"
    CUT = "cut"
    ACCOUNT = "account"
    TOKEN = "token"  # noqa: S105 - a word, no secret


class Outcome(StrEnum):
    """How it went. ``sent`` stands before the deed, another word behind it: a process that dies leaves the first."""

    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One line. ``who``: an account, None for a name that nobody has."""

    at: str
    event: str
    outcome: str
    who: str | None
    facts: Mapping[str, str] = field(default_factory=dict)


def _now() -> datetime:
    return datetime.now(UTC)


class AuditLog:
    """The file. Each line is one write to its end, on disk when the call returns."""

    def __init__(self, path: Path, *, now: Callable[[], datetime] = _now) -> None:
        self.path = path
        self._now = now

    @classmethod
    def of(cls, folder: DataFolder) -> AuditLog:
        """The log of a data folder."""
        return cls(folder.root / "web" / "audit.jsonl")

    def add(self, event: Event, outcome: Outcome, *, who: str | None, facts: Mapping[str, str]) -> None:
        """Raises ``ConfigError`` where it cannot be written: what cannot be written down is not done."""
        line = {"at": self._now().isoformat(timespec="milliseconds"), "event": event, "outcome": outcome, "who": who}
        data = json.dumps(line | {"facts": dict(facts)}, ensure_ascii=True).encode() + b"\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            end = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._unusable(f"cannot be written: {error.strerror}") from error
        try:
            if os.fstat(end).st_mode & _OTHERS_MAY_READ:
                raise self._unusable("others may read it")
            written = os.write(end, data)
            os.fsync(end)
        except OSError as error:
            raise self._unusable(f"cannot be written: {error.strerror}") from error
        finally:
            os.close(end)
        if written != len(data):
            raise self._unusable("could not be written whole")

    def newest(self, count: int) -> list[AuditLine]:
        """At most ``count`` lines, the newest first; a torn line is left out. Raises ``ConfigError``."""
        found: list[AuditLine] = []
        try:
            for line in self._backwards():
                parsed = _parsed(line)
                found += [parsed] if parsed else []
                if len(found) >= count:
                    break
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(f"cannot be read: {error.strerror}") from error
        return found

    def _backwards(self) -> Iterator[bytes]:
        """Lines from the end: a log of years is not read whole."""
        with self.path.open("rb") as stream:
            place, rest = stream.seek(0, os.SEEK_END), b""
            while place > 0:
                size = min(_READ_AT_ONCE, place)
                place -= size
                stream.seek(place)
                first, *lines = (stream.read(size) + rest).split(b"\n")
                yield from reversed(lines)
                rest = first
            yield rest

    def _unusable(self, why: str) -> ConfigError:
        return ConfigError(
            f"{self.path}: {why}", remedy=f"Make it a file of the page's own user, chmod 600 {self.path}."
        )


def _parsed(line: bytes) -> AuditLine | None:
    try:
        row = json.loads(line)
        facts = {str(name): str(value) for name, value in row["facts"].items()}
        who = None if row["who"] is None else str(row["who"])
        return AuditLine(at=str(row["at"]), event=str(row["event"]), outcome=str(row["outcome"]), who=who, facts=facts)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
