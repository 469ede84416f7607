"""The text stream while it is made: text with its places, findings with theirs, and the map of both.

Every byte of the stream belongs to one run; runs lie end to end from 0 to the end. A run names a place of the original,
the bytes there where the reader can tell them, and whether its text stands there or was made (a line's end, a number
that a program computes, …).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib.resources import files
from tomllib import loads
from typing import Any

from cutter_agent.errors import FormatRefused
from cutter_agent.formats.detection import Format
from cutter_agent.model import Finding, Severity
from sealing.canonical import JsonValue, canonical_bytes

MAP_FORMAT = "iu-source-map/1"
_MOST_OF_A_KIND = 50
_DEEPEST_HEADING = 6
_LONGEST_QUOTE_CHARACTERS = 120
_LONGEST_LEFT_OUT_CHARACTERS = 4000

PlaceFacts = Mapping[str, JsonValue]


class Made(StrEnum):
    """Why bytes of the stream stand nowhere in the original."""

    SEPARATOR = "separator"
    NUMBER = "number"
    BULLET = "bullet"
    REFERENCE = "reference"
    HEADING = "heading"


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """A text stream, its map (canonical JSON) and what the text could not hold. ``headings``: how many the file has."""

    format: Format
    reader: str
    text: bytes = field(repr=False)
    map: bytes = field(repr=False)
    findings: tuple[Finding, ...]
    headings: int = 0

    @property
    def map_sha256(self) -> str:
        """The digest of the map's bytes."""
        return sha256(self.map).hexdigest()


@dataclass(frozen=True, kw_only=True)
class _Kind:
    severity: Severity
    text: str


@cache
def kinds() -> Mapping[str, _Kind]:
    """Code to severity and text, from ``findings.toml``."""
    listed = loads(files("cutter_agent.formats").joinpath("findings.toml").read_text("utf-8"))
    return {code: _Kind(severity=Severity(row["severity"]), text=row["text"]) for code, row in listed.items()}


def quote(text: str) -> str:
    """A piece of text as a finding shows it: one line, not long, printable."""
    line = "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
    return line if len(line) <= _LONGEST_QUOTE_CHARACTERS else line[: _LONGEST_QUOTE_CHARACTERS - 1] + "…"


class TextStream:
    """Grows by ``emit`` and ``note``; ``finish`` makes the conversion."""

    def __init__(self, *, original: bytes, most_bytes: int, mark_headings: bool = False) -> None:
        """``mark_headings``: headings get the marks of Markdown, which no other profile wants."""
        self._original = original
        self._most_bytes = most_bytes
        self._pieces: list[bytes] = []
        self._places: dict[tuple[tuple[str, object], ...], int] = {}
        self._place_rows: list[dict[str, JsonValue]] = []
        self._runs: list[list[Any]] = []
        self._findings: list[Finding] = []
        self._left_out: list[JsonValue] = []
        self._counted: Counter[str] = Counter()
        self._mark_headings = mark_headings
        self._headings = 0
        self.length_bytes = 0
        self._tail = ""

    @property
    def at_line_start(self) -> bool:
        """Whether the next character begins a line."""
        return not self._tail or self._tail.endswith("\n")

    @property
    def after_blank_line(self) -> bool:
        """Whether an empty line, or nothing, stands before the next character."""
        return not self._tail or self._tail == "\n\n"

    def emit(
        self, text: str, place: PlaceFacts, *, made: Made | None = None, original: tuple[int, int] | None = None
    ) -> None:
        """Append ``text`` from ``place``; ``original`` is its byte range in the original file.

        Raises:
            FormatRefused: the stream grows over its limit.
        """
        clean = self._cleaned(text, place)
        data = clean.encode("utf-8")
        if not data:
            return
        start, self.length_bytes = self.length_bytes, self.length_bytes + len(data)
        if self.length_bytes > self._most_bytes:
            raise FormatRefused(
                f"its text is longer than {self._most_bytes} bytes",
                remedy="Split the document, or raise the limit with DOT_CUTTER_MAX_INPUT_BYTES.",
            )
        self._pieces.append(data)
        self._tail = (self._tail + clean)[-2:]
        index = self._index(place)
        last = self._runs[-1] if self._runs else None
        if last is not None and last[2] == index and last[3] == made and self._joins(last, original):
            last[1] = self.length_bytes
            if original is not None:
                last[5] = original[1]
        else:
            first, end = original if original is not None else (None, None)
            self._runs.append([start, self.length_bytes, index, made, first, end])

    def note(
        self, code: str, /, *, start_byte: int | None = None, end_byte: int | None = None, **values: object
    ) -> None:
        """A finding at ``start_byte`` of the stream (default: where it stands now). The first of a kind are told one by
        one, the others counted."""
        self._counted[code] += 1
        if self._counted[code] <= _MOST_OF_A_KIND:
            kind = kinds()[code]
            place = self.length_bytes if start_byte is None else start_byte
            message = kind.text.format(**values)
            self._findings.append(
                Finding(code=code, severity=kind.severity, start_byte=place, message=message, end_byte=end_byte)
            )

    def heading_mark(self, level: int) -> str | None:
        """What stands before a heading of ``level`` where headings are marked; counts the headings."""
        self._headings += 1
        return f"{'#' * min(level, _DEEPEST_HEADING)} " if self._mark_headings else None

    def leave_out(self, code: str, text: str, at: PlaceFacts, /, **values: Any) -> None:
        """A finding about text that stands in the original and not in the stream; the map keeps the text."""
        self.note(code, text=quote(text), **values)
        self._left_out.append(
            {"code": code, "place": dict(at), "text": text[:_LONGEST_LEFT_OUT_CHARACTERS], "at": self.length_bytes}
        )

    def finish(self, *, format: Format, reader: str) -> Conversion:  # noqa: A002 - the word of the domain
        """The conversion. Raises ``FormatRefused`` where there is no text at all."""
        text = b"".join(self._pieces)
        if not text.strip():
            raise FormatRefused(
                "there is no text in it", remedy="Give a document with text; pictures of text must be recognised first."
            )
        findings = self._all_findings()
        document: dict[str, JsonValue] = {
            "format": MAP_FORMAT,
            "reader": reader,
            "headings_marked": self._mark_headings,
            "original_sha256": sha256(self._original).hexdigest(),
            "text_sha256": sha256(text).hexdigest(),
            "text_byte_length": len(text),
            "places": list(self._place_rows),
            "runs": [[*run[:3], None if run[3] is None else str(run[3].value), *run[4:]] for run in self._runs],
            "left_out": self._left_out,
            "findings": [
                {"code": f.code, "severity": f.severity.value, "start_byte": f.start_byte, "message": f.message}
                for f in findings
            ],
        }
        return Conversion(
            format=format,
            reader=reader,
            text=text,
            map=canonical_bytes(document),
            findings=findings,
            headings=self._headings,
        )

    def _all_findings(self) -> tuple[Finding, ...]:
        for code, count in self._counted.items():
            if count > _MOST_OF_A_KIND:
                last = next(f for f in reversed(self._findings) if f.code == code)
                message = f"and {count - _MOST_OF_A_KIND} more of the same kind ({code})"
                self._findings.append(
                    Finding(code=code, severity=last.severity, start_byte=last.start_byte, message=message)
                )
        last_byte = max(self.length_bytes - 1, 0)
        clamped = [
            Finding(
                code=f.code,
                severity=f.severity,
                start_byte=min(f.start_byte, last_byte),
                message=f.message,
                end_byte=f.end_byte,
            )
            for f in self._findings
        ]
        return tuple(sorted(clamped, key=lambda finding: finding.start_byte))

    def _cleaned(self, text: str, place: PlaceFacts) -> str:
        """Without what no text may hold: NUL, other control characters, halves of surrogate pairs, non-characters."""
        if text.isprintable():
            return text
        kept = "".join(char for char in text if not _forbidden(char))
        if len(kept) != len(text):
            dropped = sorted({f"U+{ord(char):04X}" for char in text if _forbidden(char)})
            self.note("control_character", characters=", ".join(dropped), place=_short(place))
        return kept

    def _index(self, place: PlaceFacts) -> int:
        key = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in place.items())
        index = self._places.setdefault(key, len(self._place_rows))
        if index == len(self._place_rows):
            self._place_rows.append(dict(place))
        return index

    @staticmethod
    def _joins(last: list[Any], original: tuple[int, int] | None) -> bool:
        return original is None if last[5] is None else original is not None and original[0] == last[5]


def _forbidden(char: str) -> bool:
    code = ord(char)
    if code < 0x20:
        return char not in "\t\n"
    return 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE


def _short(place: PlaceFacts) -> str:
    return ", ".join(f"{name} {value}" for name, value in place.items() if not isinstance(value, list))
