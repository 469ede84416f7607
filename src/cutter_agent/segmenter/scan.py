"""One pass over the bytes: the lines where a heading may stand (design 4.4: positions are tracked, never searched for).

One compiled pattern that begins with a line feed, so that the regular expression engine leaps from line to line. It
splits the text in front of every line that has a heading's form; what a form says is remembered, so that Python runs
only for forms not met before and for those that are unusual, and only these are decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, compress, count
from operator import add, attrgetter

from cutter_agent.segmenter.forms import Forms
from cutter_agent.segmenter.grammar import Block, Place, Profile
from cutter_agent.segmenter.lines import LineJudge
from cutter_agent.segmenter.marks import Mark
from cutter_agent.segmenter.numbers import NumberReader
from cutter_agent.segmenter.shadow import BLANK, reading

_KNOWN_LIMIT = 20_000
_BLOCK_BYTES = 1 << 19
_LINE_BYTES = 48
_KEYWORDED = attrgetter("keyworded")


@dataclass
class Found:
    """Lines that have a heading's form: ``starts[i]`` (byte), ``marks[i]``; ``keyed``: the i that have a keyword."""

    starts: list[int]
    marks: list[Mark]
    keyed: list[int]


class Scanner:
    """A profile's patterns, compiled. One instance serves any number of texts."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.readers = tuple(
            NumberReader(
                styles=level.numbers, letters=profile.letters, ordinals=profile.ordinals, homoglyphs=profile.homoglyphs
            )
            for level in profile.levels
        )
        self.judge = LineJudge(profile, self.readers)
        self._forms = Forms(profile, self.readers)
        self._known: dict[bytes, Mark] = {}
        self._lines: dict[bytes, Mark | None] = {}
        self._blocks: dict[Place, tuple[list[Block], re.Pattern[bytes]] | None] = {}

    def _block_pattern(self, place: Place) -> tuple[list[Block], re.Pattern[bytes]] | None:
        if place not in self._blocks:
            blocks = [b for b in self.profile.blocks if b.place is place]
            parts = b"|".join(b"(" + self._forms.opening(b) + b")" for b in blocks)
            pattern = b"\n" + BLANK + b"*(?:" + parts + b")"
            self._blocks[place] = (blocks, re.compile(pattern)) if blocks else None
        return self._blocks[place]

    # ---- the pass

    def find(self, data: bytes) -> Found:
        """Every line that has the form of a heading or opens an annex, in order."""
        starts: list[int] = []
        marks: list[Mark | None] = []
        for at, block in _blocks(data):
            # Text, head, text, head, ..., text: each text ends with the line before the next head.
            pieces = self._forms.finder.split(block)
            begun, heads = list(map(add, accumulate(map(len, pieces[:-1:2])), count(at))), pieces[1::2]
            said = list(map(self._known.get, heads))
            starts += begun
            marks += said if all(said) else self._all_read(data, begun, heads, said)
        found: list[Mark] = [mark for mark in marks if mark]
        if len(found) < len(marks):  # lines that say nothing
            starts = list(compress(starts, marks))
        return Found(starts, found, list(compress(count(), map(_KEYWORDED, found))))

    def _all_read(
        self, data: bytes, starts: list[int], heads: list[bytes], marks: list[Mark | None]
    ) -> list[Mark | None]:
        """The marks with those filled in that were not met before: each form once, however often it stands there."""
        known = self._known
        return [
            mark or known.get(head) or self._read(data, start)
            for start, head, mark in zip(starts, heads, marks, strict=True)
        ]

    def _read(self, data: bytes, start: int) -> Mark | None:
        """What the line at ``start`` says that was not met before. Plain forms are remembered by their bytes.

        Others are judged by their line, and remembered with it where it is short: nearly all are bare ``Chapter II``.
        """
        end = data.find(b"\n", start, start + _LINE_BYTES)
        line = data[start:end] if end >= 0 else b""
        if line in self._lines:
            return self._lines[line]
        forms, found = self._forms, self._forms.read(data, start)
        if found is None:
            return None
        index, match = found
        if index < len(forms.ranks):
            return self._plain_mark(match, forms.ranks[index])
        index -= len(forms.ranks)
        if index < len(forms.loose_ranks):
            mark = self.judge.keyworded(data, start, forms.loose_ranks[index])
        else:
            mark = self.judge.annex(data, start, forms.annexes[index - len(forms.loose_ranks)])
        if line and len(self._lines) < _KNOWN_LIMIT:
            self._lines[line] = mark
        return mark

    def _plain_mark(self, match: re.Match[bytes], rank: int) -> Mark | None:
        number = self.readers[rank].read(reading(match[1], self.profile.homoglyphs))
        mark = None if number is None else self.judge.mark(rank, number, number.odd)
        if mark is not None and len(self._known) < _KNOWN_LIMIT:
            self._known[match[0]] = mark
        return mark

    def blocks(self, data: bytes, place: Place, start: int, end: int) -> list[tuple[int, Block]]:
        """Lines in ``[start, end)`` that open an unnumbered block of that place. ``start`` is a line start."""
        found = self._block_pattern(place)
        if found is None or start >= end:
            return []
        blocks, pattern = found
        piece = b"\n" + data[start:end]
        return [(start + m.start(), blocks[(m.lastindex or 1) - 1]) for m in pattern.finditer(piece)]


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The text in blocks of whole lines, each with a line feed in front, and the byte at which each begins."""
    start = 0
    while start <= len(data):
        end = data.find(b"\n", start + _BLOCK_BYTES)
        end = len(data) if end < 0 else end
        yield start, b"\n" + data[start:end]
        start = end + 1
