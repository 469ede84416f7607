"""What a label says: its number as text, its spelling in an address, and its place in the count.

Insertions of every drafting tradition are read alike: ``9.1``, ``14a``, ``I bis``, ``1395w-4``; so are ranges
(``9 to 14``, ``61 bis 63``), which stand for all their numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cutter_agent.segmenter.grammar import NumberStyle
from cutter_agent.segmenter.shadow import ascii_words

_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_FORM = re.compile(
    r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?![IVXLCDM])", re.IGNORECASE
)
_ORDINAL_ENDING = re.compile(r"^[ ]?(?:er|re|ER|RE|ère|º|ª|°)(?![A-Za-z])")  # Livre Ier, 1° bis
_LIGATURES = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "Æ": "AE", "Œ": "OE", "Ø": "O"})
_LONGEST_TEXT = 200
_BRACKETS = str.maketrans("", "", "()")
_MOST_WORDS, _MOST_CHARACTERS = 10, 64
_DECIMALS = 8
_PLACE_OF_LETTER = 100_000_000
STEP = 1_000_000_000_000
"""One main number: room behind it for letters and for eight decimal places."""
_LAST_PLACE = STEP - 1


def follows(previous: int, key: int) -> bool:
    """Whether ``key`` may stand right after ``previous``: the next main number, or an insertion behind this one."""
    if key // STEP == previous // STEP + 1:
        return key % STEP == 0
    return key // STEP == previous // STEP and key > previous


@dataclass(frozen=True, slots=True)
class Label:
    """``first`` and ``last`` are places in the count, equal but for a range; None: not counted."""

    text: str
    spelling: str
    first: int | None
    last: int | None
    outer: tuple[int, ...] = ()
    plain: bool = field(init=False)  # a main number, nothing inserted behind it

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain", self.first is not None and self.first % STEP == 0)


class LabelReader:
    """Reads the labels of one level."""

    def __init__(
        self,
        styles: Sequence[NumberStyle],
        ordinals: Mapping[str, int],
        range_words: Sequence[str],
        suffix_words: Sequence[str],
    ) -> None:
        self._styles = styles
        self._ordinals = {word.lower(): value for word, value in ordinals.items()}
        self._suffixes = {word.lower(): place + 1 for place, word in enumerate(suffix_words)}
        words = "|".join(re.escape(w) for w in sorted(suffix_words, key=len, reverse=True)) or "(?!)"
        self._insertions = re.compile(rf"[ .]?\b(?i:{words})\b|[.\-–]\d+|[A-Za-z]{{1,3}}")
        between = "|".join(re.escape(w) for w in sorted(range_words, key=len, reverse=True))
        self._range = re.compile(rf"\s*(?<!\w)(?:{between})(?!\w)\s*") if between else None

    def read(self, text: str) -> Label | None:
        """What ``text`` says as a label of this level, by the first style that fits, or None."""
        return next(iter(self.readings(text)), None)

    def readings(self, text: str) -> list[Label]:
        """Everything ``text`` may say as a label of this level; its bare words only where it says nothing else."""
        text = " ".join(unicodedata.normalize("NFC", text).translate(_BRACKETS).split())
        if not text.isprintable():
            text = "".join(c for c in text if c.isprintable()).strip()
        found: list[Label] = []
        if not text:
            return found
        for style in self._styles:
            if found and style in (NumberStyle.WORDS, NumberStyle.CODE):
                break
            label = self._READERS[style](self, text) or self._a_range(style, text)
            if label is not None and all(label.first != other.first for other in found):
                found.append(label)
        return found

    def _a_range(self, style: NumberStyle, text: str) -> Label | None:
        parts = self._range.split(text) if self._range and style not in (NumberStyle.WORDS, NumberStyle.CODE) else []
        if len(parts) < 2:
            return None
        read = [self._READERS[style](self, part) for part in parts]
        first, last = read[0], read[-1]
        if first is None or last is None or first.first is None or last.last is None or last.last < first.first:
            return None
        return Label(text, f"{first.spelling}-{last.spelling}", first.first, last.last)

    # ---- styles

    def _arabic(self, text: str) -> Label | None:
        match = re.match(r"[0-9]{1,9}", text)
        return self._inserted(match[0], int(match[0]), text[match.end() :]) if match else None

    def _roman(self, text: str) -> Label | None:
        match = _ROMAN_FORM.match(text)
        if match is None:
            return None
        values = [_ROMAN[c] for c in match[0].upper()]
        main = sum(-v if v < max(values[i + 1 :], default=0) else v for i, v in enumerate(values))
        return self._inserted(str(main), main, text[match.end() :])

    def _ordinal(self, text: str) -> Label | None:
        main = self._ordinals.get(text.lower())
        return None if main is None else Label(str(main), str(main), main * STEP, main * STEP)

    def _letter(self, text: str) -> Label | None:
        match = re.match(r"[A-Za-z](?![A-Za-z])", text)
        return self._inserted(match[0], ord(match[0].lower()) - 96, text[1:]) if match else None

    def _letters(self, text: str) -> Label | None:
        match = re.match(r"([A-Za-z])\1{1,3}(?![A-Za-z])", text)
        if match is None:
            return None
        rounds = len(match[0]) - 1 if NumberStyle.LETTER in self._styles else 0
        return self._inserted(match[0], ord(match[1].lower()) - 96 + 26 * rounds, text[match.end() :])

    def _dotted(self, text: str) -> Label | None:
        if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})*", text):
            return None
        *outer, own = (int(part) for part in text.split("."))
        return Label(text, "-".join(map(str, (*outer, own))), own * STEP, own * STEP, tuple(outer))

    def _code(self, text: str) -> Label | None:
        words = ascii_words(text.translate(_LIGATURES))
        if not words or not any(c.isdigit() for c in words[-1] + words[0] + text):
            return None
        if len(words) > 1 and words[0].isalpha():  # L. 123-4
            words[:2] = [words[0] + words[1]]
        return Label(text[:_LONGEST_TEXT], "-".join(words), None, None)

    def _words(self, text: str) -> Label | None:
        words = ascii_words(text[:400].translate(_LIGATURES))[:_MOST_WORDS]
        spelling = "-".join(words)[:_MOST_CHARACTERS].rstrip("-")
        return (
            Label(text[:_LONGEST_TEXT], "-" + spelling, None, None)
            if spelling
            else Label(text[:_LONGEST_TEXT], "", None, None)
        )

    # ---- insertions

    def _inserted(self, written: str, main: int, rest: str) -> Label | None:
        """The label whose main number is followed by ``rest``: nothing, or a chain of insertions."""
        rest = _ORDINAL_ENDING.sub("", rest)
        key, spelling, at, weight = main * STEP, written.upper(), 0, 1
        while at < len(rest):
            match = self._insertions.match(rest, at)
            if match is None:
                return None
            part = match[0].strip(" .-–")
            key += self._place(match[0], part) // weight
            spelling += f"-{part}" if part.isdigit() else part.upper()
            at, weight = match.end(), weight * 10_000
        key = min(key, main * STEP + _LAST_PLACE)
        return Label(written + rest, spelling, key, key)

    def _place(self, written: str, part: str) -> int:
        """A place behind the main number: .1 before .11 before .2; a before b; bis before ter."""
        if part.lower() in self._suffixes:
            return min(self._suffixes[part.lower()] * _PLACE_OF_LETTER, _LAST_PLACE)
        if part.isdigit():
            return int(part[:_DECIMALS].ljust(_DECIMALS, "0")) if written[0] == "." else min(int(part), _LAST_PLACE)
        return min((ord(part[0].lower()) - 96 + 26 * (len(part) - 1)) * _PLACE_OF_LETTER, _LAST_PLACE)

    _READERS = {  # noqa: RUF012 - a constant table of methods
        NumberStyle.ARABIC: _arabic,
        NumberStyle.ROMAN: _roman,
        NumberStyle.ORDINAL: _ordinal,
        NumberStyle.LETTER: _letter,
        NumberStyle.LETTERS: _letters,
        NumberStyle.DOTTED: _dotted,
        NumberStyle.CODE: _code,
        NumberStyle.WORDS: _words,
    }
