"""Numbers of headings: how they are written, what they say, and how they are spelt in an address (design 1.8).

A number is a ``key``: main number times ``STEP`` plus a place for what was inserted behind it, so that 8 < 8a < 8b < 9
and d < đ < e are comparisons of integers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from cutter_agent.segmenter.grammar import Letters, NumberStyle
from cutter_agent.segmenter.shadow import FULL_WIDTH_DIGIT, characters, folded

STEP = 1 << 12
_INSERTED = STEP >> 6  # room for one inserted letter: 8a, 8b, ...
_SKIPPABLE = STEP >> 1
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_FORM = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_LETTER = rb"(?:[a-z]|\xc4\x91|\xc3\xb0)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """One read number: ``text`` as it is normalised, ``spelling`` for the address, ``key`` for the order."""

    text: str
    spelling: str
    key: int
    odd: str | None = None


def follows(previous: int, key: int) -> bool:
    """Whether ``key`` may stand right after ``previous``: the next main number, or an insertion behind this one."""
    if key // STEP == previous // STEP + 1:
        return key % STEP == 0
    return key // STEP == previous // STEP and key > previous


def after(key: int) -> int:
    """The next main number."""
    return (key // STEP + 1) * STEP


@dataclass(frozen=True, kw_only=True)
class NumberReader:
    """Reads the numbers of one level. ``pattern`` matches their spellings over bytes, without capturing."""

    styles: tuple[NumberStyle, ...]
    letters: Letters
    ordinals: Mapping[str, int]
    homoglyphs: Mapping[str, str]
    _letter_keys: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        keys = {letter: (index + 1) * STEP for index, letter in enumerate(self.letters.order)}
        required = [letter for letter in keys if letter.isascii()]
        for letter in self.letters.optional:
            before = [other for other in required if other < letter]
            keys[letter] = (keys[before[-1]] if before else 0) + _SKIPPABLE
        object.__setattr__(self, "_letter_keys", keys)

    @cached_property
    def pattern(self) -> bytes:
        parts = {
            NumberStyle.ARABIC: rb"(?:[0-9]|" + FULL_WIDTH_DIGIT + rb"){1,4}(?:" + _LETTER + rb"[0-9]?)?",
            NumberStyle.ROMAN: rb"[IVXLCl]{1,8}[a-z]?",
            NumberStyle.LETTER: _LETTER + rb"[0-9]{0,2}",
            NumberStyle.ORDINAL: _ordinals(tuple(self.ordinals), tuple(self.homoglyphs.items())),
        }
        return rb"|".join(parts[style] for style in self.styles)

    def read(self, text: str) -> Number | None:
        """The number that ``text`` (a normalised reading) spells, or None."""
        for style in self.styles:
            number = self._READERS[style](self, text.strip())
            if number is not None:
                return number
        return None

    def at(self, key: int) -> Number | None:
        """The plain number at that place of the count; None where the count has no such place."""
        main = key // STEP
        if self.styles[0] is not NumberStyle.LETTER:
            return Number(text=str(main), spelling=str(main), key=main * STEP)
        if not 1 <= main <= len(self.letters.order):
            return None
        return self._letter(self.letters.order[main - 1])

    def _arabic(self, text: str) -> Number | None:
        match = re.fullmatch(r"(\d{1,4})([a-zđ]?)(\d?)", text)
        if match is None:
            return None
        main, letter, digit = int(match[1]), match[2], match[3]
        key = main * STEP + self._inserted(letter) + int(digit or 0)
        return Number(text=f"{main}{letter}{digit}", spelling=f"{main}{self._spell(letter)}{digit}", key=key)

    def _roman(self, text: str) -> Number | None:
        match = re.fullmatch(r"([IVXLCDMl]+)([a-zđ]?)", text)
        if match is None:
            return None
        digits, letter = match[1].replace("l", "I"), match[2]
        if not _ROMAN_FORM.fullmatch(digits):
            return None
        values = [_ROMAN[c] for c in digits]
        main = sum(-v if v < max(values[i + 1 :], default=0) else v for i, v in enumerate(values))
        odd = "a small l stands for the Roman I" if "l" in match[1] else None
        key = main * STEP + self._inserted(letter)
        return Number(text=f"{main}{letter}", spelling=f"{main}{self._spell(letter)}", key=key, odd=odd)

    def _ordinal(self, text: str) -> Number | None:
        main = self.ordinals.get(" ".join(text.lower().split()))
        return None if main is None else Number(text=str(main), spelling=str(main), key=main * STEP)

    def _letter(self, text: str) -> Number | None:
        match = re.fullmatch(r"([a-zđ])(\d{0,2})", text)
        if match is None or match[1] not in self._letter_keys:
            return None
        letter, digits = match[1], match[2]
        key = self._letter_keys[letter] + int(digits or 0)
        return Number(text=letter + digits, spelling=self._spell(letter) + digits, key=key)

    def _inserted(self, letter: str) -> int:
        """Room behind a main number for a letter: a before b before c, whatever the alphabet skips."""
        return 0 if not letter else (self._letter_keys.get(letter, STEP) * _INSERTED) // STEP

    def _spell(self, letter: str) -> str:
        return self.letters.spelling.get(letter, folded(letter).upper())

    _READERS = {  # noqa: RUF012 - a constant table of methods
        NumberStyle.ARABIC: _arabic,
        NumberStyle.ROMAN: _roman,
        NumberStyle.ORDINAL: _ordinal,
        NumberStyle.LETTER: _letter,
    }


@lru_cache(maxsize=8)
def _ordinals(words: tuple[str, ...], homoglyphs: tuple[tuple[str, str], ...]) -> bytes:
    """A pattern for the ordinal words in any of the usual cases, the longest first; common beginnings are shared."""
    spellings = {w for word in words for w in (word, word.upper(), word.capitalize(), word.title())}
    tree: dict[bytes, Any] = {}
    for spelling in sorted(spellings, key=len, reverse=True):
        node = tree
        for character in characters(spelling, dict(homoglyphs)):
            node = node.setdefault(character, {})
        node[b""] = {}
    return _alternatives(tree) if tree else rb"(?!)"


def _alternatives(tree: dict[bytes, Any]) -> bytes:
    # A letter whose mark may stand apart goes before the bare one: it would match the half of it.
    nodes = sorted((node for node in tree if node), key=lambda node: not node.startswith(b"(?:"))
    parts = [node + _alternatives(tree[node]) for node in nodes]
    if not parts:
        return b""
    joined = parts[0] if len(parts) == 1 and b"" not in tree else b"(?:" + b"|".join(parts) + b")"
    return joined + b"?" if b"" in tree else joined
