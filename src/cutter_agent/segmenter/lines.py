"""One line under judgement: what the scan could not settle by its form alone (design 4.4).

Here a line is decoded and normalised, and told apart: a heading, an oddly written heading, or a sentence that
happens to begin
with the name of a provision.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from cutter_agent.segmenter.grammar import Block, Profile
from cutter_agent.segmenter.marks import Mark
from cutter_agent.segmenter.numbers import Number, NumberReader
from cutter_agent.segmenter.shadow import BLANK, folded, reading, variants, within_one_edit

AT_LINE = "no terminator after the number"
INSIDE = "not at the start of a line"
_LINE_CAP_BYTES = 512
_TITLE_CAP_CHARACTERS = 160
_WORD_THEN_NUMBER = re.compile(r"(\D*?)(\s*)(\d.*)", re.DOTALL)
_UPPER = re.compile(r"[^\W\d_]")
_CAPITAL = b"(?:[A-Z]|" + b"|".join(c.encode() for c in map(chr, range(0xC0, 0x1F00)) if c.isupper()) + b")"
_MARK = rb"(?:\xcc[\x80-\xbf]|\xcd[\x80-\xaf])*"
_TWO_CAPITALS = _CAPITAL + _MARK + _CAPITAL + _MARK
"""The end of a word in capitals, its marks set apart (NFD) or not."""
_LOOK_BACK_BYTES = 64


@cache
def _an_end() -> re.Pattern[bytes]:
    return re.compile(b"(?:[;:./]|" + _TWO_CAPITALS + b")" + BLANK + rb"+\Z")


class LineJudge:
    """Judges single lines by a profile."""

    def __init__(self, profile: Profile, readers: Sequence[NumberReader]) -> None:
        self.profile = profile
        self.readers = readers
        words = "|".join(sorted((re.escape(w) for w in profile.ordinals), key=len, reverse=True)) or r"(?!)"
        self._number = re.compile(
            rf"\d{{1,4}}(?:[a-zđ]\d?)?(?!\w)|\d{{1,4}}|[IVXLCDMl]+[a-z]?(?!\w)|(?i:{words})(?!\w)|[a-zđ]\d?(?!\w)"
        )
        self._glyphs = tuple(glyph.encode() for glyph in profile.homoglyphs)
        self.weak_label = lru_cache(maxsize=4096)(self._weak_label)
        self.inline_keyword = lru_cache(maxsize=4096)(self._inline_keyword)

    def line(self, data: bytes, start: int) -> bytes:
        """The line at ``start`` without its end, at most as much of it as a heading can need."""
        end = data.find(b"\n", start, start + _LINE_CAP_BYTES)
        return data[start : end if end >= 0 else start + _LINE_CAP_BYTES]

    def mark(self, rank: int, number: Number, odd: str | None = None, *, misspelt: bool = False) -> Mark:
        """The mark of a heading of that level and number."""
        level = self.profile.levels[rank]
        return Mark(
            rank, number.key, number.text, f"-{level.token}{number.spelling}", level.name, level.kind,
            bool(level.keywords), odd, misspelt,
        )  # fmt: skip

    def keyworded(self, data: bytes, start: int, rank: int) -> Mark | None:
        """The mark of a line whose keyword, blank, number or end is unusual; None: not this level's."""
        line = self.line(data, start)
        text = reading(line, self.profile.homoglyphs).strip()
        level = self.profile.levels[rank]
        for keyword in level.keywords:
            if text.startswith(keyword):
                return self._after_keyword(rank, line, keyword, text[len(keyword) :])
        match = _WORD_THEN_NUMBER.match(text) if level.accepts_misspelt else None
        if match is None or not any(within_one_edit(folded(match[1]), folded(w)) for w in level.keywords):
            return None
        return self._misspelt(rank, match[1], text[len(match[1]) :])

    def _misspelt(self, rank: int, word: str, rest: str) -> Mark | None:
        level = self.profile.levels[rank]
        split = self._number_at_start(rank, rest.lstrip())
        if split is None:
            return None
        number, ending = split
        mark = self.mark(rank, number, f"{word!r} stands for {level.keywords[0]!r}", misspelt=True)
        mark.reference = not ending.startswith(level.terminators)
        return mark

    def _after_keyword(self, rank: int, line: bytes, keyword: str, rest: str) -> Mark | None:
        level = self.profile.levels[rank]
        split = self._number_at_start(rank, rest.lstrip())
        if split is None:
            return None
        number, ending = split
        odd = [number.odd] if number.odd else []
        reference = False
        if ending and not ending.startswith(level.terminators):
            reference = self._is_reference(ending)
            odd.append(f"no {level.terminators[0]!r} after the number")
        if not rest[:1].isspace():
            odd.insert(0, "no blank before the number")
        if any(glyph in line[: len(keyword.encode()) + 8] for glyph in self._glyphs):
            odd.insert(0, f"{keyword!r} is written with a look-alike letter")
        mark = self.mark(rank, number, "; ".join(odd) or None)
        mark.reference = reference
        return mark

    def _number_at_start(self, rank: int, text: str) -> tuple[Number, str] | None:
        match = self._number.match(text)
        number = self.readers[rank].read(match[0]) if match else None
        return None if match is None or number is None else (number, text[match.end() :])

    def _is_reference(self, ending: str) -> bool:
        """Whether what follows the number goes on with a sentence instead of opening a title."""
        rest = ending.lstrip()
        if not ending[:1].isspace():
            return ending[:1] in ",;)" or ending[:1].islower()
        if rest[:1] in '-–—:“"':
            return False
        word = re.match(r"\w+", rest)
        if word is None:
            return bool(rest)
        if len(word[0]) > 1 and word[0].isupper():
            return False  # a title in capitals, though it begins like a sentence: Chương I QUY ĐỊNH CHUNG
        return rest[:1].islower() or word[0].lower() in self.profile.reference_words

    def annex(self, data: bytes, start: int, block: Block) -> Mark | None:
        """The mark of a line that opens an annex: in upper case, or with nothing but a number behind the word."""
        text = reading(self.line(data, start), self.profile.homoglyphs).strip()
        word = next((s for s in sorted(block.starts, key=len, reverse=True) if text.startswith(s)), None)
        if word is None or len(text) > _TITLE_CAP_CHARACTERS:
            return None
        rest = text[len(word) :].strip()
        match = self._number.match(rest)
        number = next((n for r in self.readers if match and (n := r.read(match[0])) is not None), None)
        ending = rest[match.end() :].strip() if match and number else rest
        if not text.isupper() and ending and ending[0] not in ".:-–—(":
            return None
        spelling = number.spelling if number else ""
        return Mark(
            -1, number.key if number else 0, number.text if number else None, f"-{block.token}{spelling}",
            block.name, block.kind, keyworded=True, annex=True,
        )  # fmt: skip

    # ---- where a number is missing, weaker forms are believed

    def _weak_label(self, rank: int, key: int, first: bool) -> tuple[tuple[re.Pattern[bytes], str], ...] | None:
        """Patterns for the number ``key`` of a label level, and what is odd about such a label.

        At a line start without its terminator, and inside a line: behind a stop, or anywhere when it is the
        ``first`` of its list.
        """
        number = self.readers[rank].at(key)
        level = self.profile.levels[rank]
        if number is None or level.keywords:
            return None
        digits = variants(number.text, self.profile.homoglyphs)
        ends = b"|".join(re.escape(t.encode()) for t in level.terminators)
        begins = rb"(?=[^\s0-9])"
        at_line = b"\n" + BLANK + b"*(" + digits + b")" + BLANK + b"*[.,:;)]?" + BLANK + b"*" + begins
        before = BLANK if first else b"[;:.,]" + BLANK + b"+"
        inside = before + b"(" + digits + b")(?:" + ends + b")" + BLANK + b"+" + begins
        return (re.compile(at_line), AT_LINE), (re.compile(inside), INSIDE)

    def _inline_keyword(self, rank: int, key: int) -> re.Pattern[bytes] | None:
        """A pattern for a keyworded heading inside a line, with its terminator. It must stand behind the end of a
        sentence or of a title in capitals, as in ``Chương I QUY ĐỊNH CHUNG Điều 1. Phạm vi``: ask ``behind_an_end``."""
        number = self.readers[rank].at(key)
        level = self.profile.levels[rank]
        if number is None or not level.terminators:
            return None
        words = b"|".join(variants(w, self.profile.homoglyphs) for w in level.keywords)
        ends = b"|".join(re.escape(t.encode()) for t in level.terminators)
        digits = variants(number.text, {})
        return re.compile(b"((?:" + words + b")" + BLANK + b"*" + digits + b"(?:" + ends + b")" + BLANK + b"+)")

    def behind_an_end(self, data: bytes, start: int, at: int) -> bool:
        """Whether a sentence or a title in capitals, not before ``start``, ends in front of ``at``."""
        return _an_end().search(data[max(start, at - _LOOK_BACK_BYTES) : at]) is not None

    def opens_with_capital(self, data: bytes, at: int) -> bool:
        """Whether the first letter at or after ``at`` on this line is a capital: a title or a sentence begins here."""
        text = reading(data[at : at + 24], {}).lstrip(" “\"'(")
        match = _UPPER.match(text)
        return match is not None and match[0].isupper()
