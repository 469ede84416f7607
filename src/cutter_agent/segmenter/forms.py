"""The forms of an outline's headings as patterns over bytes: one that finds them all, and one each that reads them.

The pattern that finds is compiled for every cut that starts a process, so it is small: words with a common beginning
share it, and a keyword's plain and loose spelling are one form. Those that read are compiled when a line needs them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cutter_agent.segmenter.grammar import Block, Level, NumberStyle, Place, Profile
from cutter_agent.segmenter.numbers import NumberReader
from cutter_agent.segmenter.shadow import BLANK, FULL_WIDTH_DIGIT, folded, variants

_PLAIN_NUMBERS = {NumberStyle.ARABIC: b"[0-9]{1,2}", NumberStyle.LETTER: b"[a-z]|\xc4\x91"}
_NO_WORD = b"(?![A-Za-z0-9])"


@dataclass
class _Form:
    """One form; ``guard`` matches wherever ``body`` may and is cheaper to compile; the body's group is the number."""

    body: bytes
    guard: bytes | None = None

    @cached_property
    def _guard(self) -> re.Pattern[bytes] | None:
        return None if self.guard is None else re.compile(self.guard)

    @cached_property
    def _body(self) -> re.Pattern[bytes]:
        return re.compile(self.body)

    def match(self, data: bytes, start: int) -> re.Match[bytes] | None:
        """The form at ``start``."""
        if self._guard is not None and self._guard.match(data, start) is None:
            return None
        return self._body.match(data, start)


class Forms:
    """The patterns of one profile.

    ``ranks`` names the level of each form by which a heading is known without doubt; ``loose_ranks`` those of the forms
    behind them that a line must be judged for; the last forms are those of ``annexes``.
    """

    def __init__(self, profile: Profile, readers: Sequence[NumberReader]) -> None:
        self._profile = profile
        self._readers = readers
        levels = profile.levels
        labels = [rank for rank, level in enumerate(levels) if not level.keywords]
        keyed = [rank for rank, level in enumerate(levels) if level.keywords]
        self.annexes = [block for block in profile.blocks if block.place is Place.ANNEX]
        self.ranks = [*labels, *labels, *keyed]
        self.loose_ranks = keyed
        blanks = BLANK + b"*"
        # The plain labels first and without the search for blanks: they are most of all headings.
        quick = [_plain_label(levels[rank], b"(") for rank in labels]
        self._forms = [
            *(_Form(form) for form in quick),
            *(_Form(blanks + self._label(rank, b"(")) for rank in labels),
            *(_Form(blanks + self._plain(rank), self._guard(rank)) for rank in keyed),
            *(_Form(blanks + self._loose(rank), None if levels[rank].accepts_misspelt else self._guard(rank))
              for rank in keyed),
            *(_Form(blanks + b"(?:" + self.opening(block) + b")") for block in self.annexes),
        ]  # fmt: skip
        rest = [
            *(self._label(rank, b"(?:") for rank in labels),
            *(self._either(rank) for rank in keyed),
            *(self.opening(block) for block in self.annexes),
        ]
        inner = [*(_plain_label(levels[rank], b"(?:") for rank in labels), blanks + b"(?:" + b"|".join(rest) + b")"]
        self.finder = re.compile(b"\n(?=(" + b"|".join(inner) + b"))")

    def read(self, data: bytes, start: int) -> tuple[int, re.Match[bytes]] | None:
        """The first form that stands at the line start ``start``."""
        for index, form in enumerate(self._forms):
            match = form.match(data, start)
            if match is not None:
                return index, match
        return None

    def opening(self, block: Block) -> bytes:
        """How a block's first line starts."""
        starts = sorted(block.starts, key=len, reverse=True)
        return b"|".join(variants(s, self._profile.homoglyphs) for s in starts)

    # ---- levels without a keyword

    def _label(self, rank: int, group: bytes) -> bytes:
        return group + self._readers[rank].pattern + b")" + BLANK + b"?" + _ends(self._profile.levels[rank])

    # ---- levels with one

    def _words(self, rank: int) -> bytes:
        words = (variants(w, self._profile.homoglyphs) for w in self._profile.levels[rank].keywords)
        return b"(?:" + b"|".join(words) + b")"

    def _guard(self, rank: int) -> bytes:
        return BLANK + b"*" + self._words(rank)

    def _plain(self, rank: int) -> bytes:
        level = self._profile.levels[rank]
        if not level.terminators:
            return b"((?!))"
        words = b"|".join(variants(w, {}) for w in level.keywords)
        return b"(?:" + words + b")" + BLANK + b"+(" + self._readers[rank].pattern + b")" + _ends(level)

    def _loose(self, rank: int) -> bytes:
        exact = self._words(rank) + BLANK + b"*(?:" + self._readers[rank].pattern + b")" + _NO_WORD
        return b"(?:" + exact + self._misspelt(rank) + b")"

    def _either(self, rank: int) -> bytes:
        """The plain form, else the loose one."""
        level = self._profile.levels[rank]
        ends = b"(?:" + _ends(level) + b"|" + _NO_WORD + b")" if level.terminators else _NO_WORD
        exact = self._words(rank) + BLANK + b"*(?:" + self._readers[rank].pattern + b")" + ends
        return exact + self._misspelt(rank)

    def _misspelt(self, rank: int) -> bytes:
        """One more alternative where a keyword that is nearly one is accepted: its first letter, then a number."""
        level = self._profile.levels[rank]
        if not level.accepts_misspelt:
            return b""
        firsts = {w[0] for w in level.keywords} | {folded(w[0]) for w in level.keywords}
        firsts |= {c.lower() for c in firsts} | {c.upper() for c in firsts}
        firsts |= {odd for odd, meant in self._profile.homoglyphs.items() if meant in firsts}
        first = b"|".join(sorted({re.escape(c.encode()) for c in firsts}))
        longest = b"%d" % (max(len(w.encode()) for w in level.keywords) * 2)
        digits = b"(?:[0-9]|" + FULL_WIDTH_DIGIT + b"){1,4}"
        return b"|(?:" + first + b")[A-Za-z\x80-\xff]{1," + longest + b"}?" + BLANK + b"*" + digits


def _ends(level: Level) -> bytes:
    return b"(?:" + b"|".join(re.escape(t.encode()) for t in level.terminators) + b")(?![0-9])"


def _plain_label(level: Level, group: bytes) -> bytes:
    """The commonest spelling: a short ASCII number, the first terminator, one space."""
    number = _PLAIN_NUMBERS.get(level.numbers[0], b"(?!)")
    return group + number + b")" + re.escape(level.terminators[0].encode()) + b"[ ](?![0-9])"
