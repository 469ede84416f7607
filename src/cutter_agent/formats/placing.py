"""The map of a text stream, read back: which places of the original a span of the text comes from."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Place = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Consecutive bytes of the text that come from one place. ``original``: their byte range in the original file."""

    start_byte: int
    end_byte: int
    place: Place
    made: str | None
    original: tuple[int, int] | None


class SourceMap:
    """A stored map. Raises ``ValueError`` where the bytes are no such map."""

    def __init__(self, data: bytes) -> None:
        try:
            document = json.loads(data)
            self.reader = str(document["reader"])
            self.original_sha256 = str(document["original_sha256"])
            self.text_sha256 = str(document["text_sha256"])
            self.text_byte_length = int(document["text_byte_length"])
            self._places = list(document["places"])
            self._runs = [tuple(run) for run in document["runs"]]
            self.left_out = list(document["left_out"])
            self.findings = list(document["findings"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a source map: {error}") from error
        self._starts = [run[0] for run in self._runs]

    def stretches(self, start_byte: int, end_byte: int) -> Iterator[Stretch]:
        """What ``[start_byte, end_byte)`` of the text comes from, in the order of the text."""
        first = max(bisect_right(self._starts, start_byte) - 1, 0)
        for run in self._runs[first:]:
            start, end, place, made, source_start, source_end = run
            if start >= end_byte:
                return
            if end > start_byte:
                yield Stretch(
                    start_byte=max(start, start_byte),
                    end_byte=min(end, end_byte),
                    place=self._places[place],
                    made=made,
                    original=None if source_start is None else (source_start, source_end),
                )

    def span(self, start_byte: int, end_byte: int) -> dict[str, Any]:
        """Where a unit stands: its first and last place, in facts and in words, and its bytes where they are known."""
        found = [stretch for stretch in self.stretches(start_byte, end_byte) if stretch.made != "separator"]
        found = found or list(self.stretches(start_byte, end_byte))
        if not found:
            return {"words": "nowhere", "first": None, "last": None, "original_bytes": None}
        first, last = found[0].place, found[-1].place
        known = [stretch.original for stretch in found if stretch.original is not None]
        return {
            "words": in_words(first, last),
            "first": dict(first),
            "last": dict(last),
            "original_bytes": [min(start for start, _ in known), max(end for _, end in known)] if known else None,
        }


_WORDS = (
    ("page", "page"),
    ("part", ""),
    ("paragraph", "paragraph"),
    ("table", "table"),
    ("row", "row"),
    ("cell", "cell"),
    ("footnote", "footnote"),
    ("endnote", "endnote"),
    ("text_box", "text box"),
    ("line", "line"),
    ("element", ""),
)


def in_words(first: Place, last: Place) -> str:
    """``page 4, line 3 to page 5, line 1``; what both share is said once."""
    if dict(first) == dict(last):
        return _said(first, {})
    shared = {name: first[name] for name in ("page", "part") if name in first and first[name] == last.get(name)}
    return f"{_said(first, {})} to {_said(last, shared)}"


def _said(place: Place, known: Place) -> str:
    parts = [
        f"{word} {place[name]}".strip() for name, word in _WORDS if name in place and known.get(name) != place[name]
    ]
    return ", ".join(parts) or "its beginning"
