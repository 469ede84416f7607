"""One pass over the bytes: the lines where a heading may stand (design 4.4: positions are tracked, never searched for).

One compiled pattern that begins with a line feed, so that the regular expression engine leaps from line to line. It
splits the text in front of every line that has a heading's form; what a form says is remembered, so that Python runs
only for forms not met before and for those that are unusual, and only these are decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, compress, count
from operator import add, attrgetter

from cutter_agent.segmenter.grammar import Block, Level, NumberStyle, Place, Profile
from cutter_agent.segmenter.lines import LineJudge
from cutter_agent.segmenter.marks import Mark
from cutter_agent.segmenter.numbers import NumberReader
from cutter_agent.segmenter.shadow import BLANK, FULL_WIDTH_DIGIT, folded, reading, variants

_KNOWN_LIMIT = 20_000
_BLOCK_BYTES = 1 << 19
_LINE_BYTES = 48
_KEYWORDED = attrgetter("keyworded")
_GROUP = re.compile(rb"(?<!\\)\((?!\?)")
_PLAIN_NUMBERS = {NumberStyle.ARABIC: b"[0-9]{1,2}", NumberStyle.LETTER: b"[a-z]|\xc4\x91"}


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
        labels = [rank for rank, level in enumerate(profile.levels) if not level.keywords]
        keyed = [rank for rank, level in enumerate(profile.levels) if level.keywords]
        self._annexes = [b for b in profile.blocks if b.place is Place.ANNEX]
        parts = [
            *(self._plain_label(profile.levels[rank]) for rank in labels),
            *(self._label(rank, profile.levels[rank]) for rank in labels),
            *(self._plain(rank, profile.levels[rank]) for rank in keyed),
            *(self._loose(rank, profile.levels[rank]) for rank in keyed),
            *(b"(" + self._starts(block.starts) + b")" for block in self._annexes),
        ]
        # The plain labels first and without the search for blanks: they are most of all headings.
        # Two spellings of one pattern: the pass only splits, and a head not met before is read with its groups.
        quick, rest = b"|".join(parts[: len(labels)]), b"|".join(parts[len(labels) :])
        grouped = (quick + b"|" if quick else b"") + BLANK + b"*(?:" + rest + b")"
        self._grouped = grouped
        self._pattern = re.compile(b"\n(?=(" + _GROUP.sub(b"(?:", grouped) + b"))")
        self._plain_ranks = [*labels, *labels, *keyed]
        self._known: dict[bytes, Mark] = {}
        self._lines: dict[bytes, Mark | None] = {}
        self._loose_ranks = keyed
        self._blocks = {place: self._block_pattern(place) for place in (Place.FRONT, Place.TAIL)}

    @cached_property
    def _reader(self) -> re.Pattern[bytes]:
        return re.compile(self._grouped)

    # ---- patterns

    def _ends(self, level: Level) -> bytes:
        return b"(?:" + b"|".join(re.escape(t.encode()) for t in level.terminators) + b")(?![0-9])"

    @staticmethod
    def _plain_label(level: Level) -> bytes:
        """The commonest spelling: a short ASCII number, the first terminator, one space."""
        number = _PLAIN_NUMBERS.get(level.numbers[0], b"(?!)")
        return b"(" + number + b")" + re.escape(level.terminators[0].encode()) + b"[ ](?![0-9])"

    def _label(self, rank: int, level: Level) -> bytes:
        return b"(" + self.readers[rank].pattern + b")" + BLANK + b"?" + self._ends(level)

    def _plain(self, rank: int, level: Level) -> bytes:
        if not level.terminators:
            return b"((?!))"
        words = b"|".join(variants(w, {}) for w in level.keywords)
        return b"(?:" + words + b")" + BLANK + b"+(" + self.readers[rank].pattern + b")" + self._ends(level)

    def _loose(self, rank: int, level: Level) -> bytes:
        words = b"|".join(variants(w, self.profile.homoglyphs) for w in level.keywords)
        exact = b"(?:" + words + b")" + BLANK + b"*(?:" + self.readers[rank].pattern + b")(?![A-Za-z0-9])"
        if not level.accepts_misspelt:
            return b"(" + exact + b")"
        firsts = {w[0] for w in level.keywords} | {folded(w[0]) for w in level.keywords}
        firsts |= {c.lower() for c in firsts} | {c.upper() for c in firsts}
        firsts |= {odd for odd, meant in self.profile.homoglyphs.items() if meant in firsts}
        first = b"|".join(sorted({re.escape(c.encode()) for c in firsts}))
        longest = b"%d" % (max(len(w.encode()) for w in level.keywords) * 2)
        digits = b"(?:[0-9]|" + FULL_WIDTH_DIGIT + b"){1,4}"
        misspelt = b"(?:" + first + b")[A-Za-z\x80-\xff]{1," + longest + b"}?" + BLANK + b"*" + digits
        return b"(" + exact + b"|" + misspelt + b")"

    def _starts(self, starts: Sequence[str]) -> bytes:
        return b"|".join(variants(s, self.profile.homoglyphs) for s in sorted(starts, key=len, reverse=True))

    def _block_pattern(self, place: Place) -> tuple[list[Block], re.Pattern[bytes]] | None:
        blocks = [b for b in self.profile.blocks if b.place is place]
        parts = b"|".join(b"(" + self._starts(b.starts) + b")" for b in blocks)
        return (blocks, re.compile(b"\n" + BLANK + b"*(?:" + parts + b")")) if blocks else None

    # ---- the pass

    def find(self, data: bytes) -> Found:
        """Every line that has the form of a heading or opens an annex, in order."""
        starts: list[int] = []
        marks: list[Mark | None] = []
        for at, block in _blocks(data):
            # Text, head, text, head, ..., text: each text ends with the line before the next head.
            pieces = self._pattern.split(block)
            starts += map(add, accumulate(map(len, pieces[:-1:2])), count(at))
            marks += map(self._known.get, pieces[1::2])
        found = self._all_read(data, starts, marks)
        return Found(starts, found, list(compress(count(), map(_KEYWORDED, found))))

    def _all_read(self, data: bytes, starts: list[int], marks: list[Mark | None]) -> list[Mark]:
        """The marks with those filled in that were not met before; lines that say nothing are taken out."""
        found: list[Mark] = [mark for mark in marks if mark]
        if len(found) == len(marks):
            return found
        read = [mark or self._read(data, start) for start, mark in zip(starts, marks, strict=True)]
        starts[:] = compress(starts, read)
        return [mark for mark in read if mark]

    def _read(self, data: bytes, start: int) -> Mark | None:
        """What the line at ``start`` says that was not met before. Plain forms are remembered by their bytes.

        Others are judged by their line, and remembered with it where it is short: nearly all are bare ``Chapter II``.
        """
        end = data.find(b"\n", start, start + _LINE_BYTES)
        line = data[start:end] if end >= 0 else b""
        if line in self._lines:
            return self._lines[line]
        match = self._reader.match(data, start)
        if match is None or match.lastindex is None:
            return None
        index = match.lastindex - len(self._plain_ranks) - 1
        if index < 0:
            return self._plain_mark(match, self._plain_ranks[match.lastindex - 1])
        if index < len(self._loose_ranks):
            mark = self.judge.keyworded(data, start, self._loose_ranks[index])
        else:
            mark = self.judge.annex(data, start, self._annexes[index - len(self._loose_ranks)])
        if line and len(self._lines) < _KNOWN_LIMIT:
            self._lines[line] = mark
        return mark

    def _plain_mark(self, match: re.Match[bytes], rank: int) -> Mark | None:
        number = self.readers[rank].read(reading(match[match.lastindex or 0], self.profile.homoglyphs))
        mark = None if number is None else self.judge.mark(rank, number, number.odd)
        if mark is not None and len(self._known) < _KNOWN_LIMIT:
            self._known[match[0]] = mark
        return mark

    def blocks(self, data: bytes, place: Place, start: int, end: int) -> list[tuple[int, Block]]:
        """Lines in ``[start, end)`` that open an unnumbered block of that place. ``start`` is a line start."""
        found = self._blocks[place]
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
