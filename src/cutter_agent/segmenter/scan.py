"""One pass over the bytes: the places where a heading may stand (design 4.4: positions are tracked, never searched for)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cutter_agent.segmenter.grammar import Block, Level, Place, Profile
from cutter_agent.segmenter.numbers import Number, NumberReader
from cutter_agent.segmenter.shadow import BLANK, FULL_WIDTH_DIGIT, folded, reading, variants, within_one_edit

_LINE_CAP_BYTES = 512
_HEADING_WORDS = re.compile(r"\s*(\D*?)(\s*)(\d.*|)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line that may be a heading of ``level`` (rank in the profile). ``odd`` says how its spelling departs from the rule."""

    start_byte: int
    level: int
    number: Number
    odd: str | None = None
    misspelt: bool = False
    reference: bool = False


@dataclass(frozen=True)
class Scanner:
    """A profile's patterns, compiled. One instance serves any number of texts."""

    profile: Profile

    @cached_property
    def readers(self) -> tuple[NumberReader, ...]:
        p = self.profile
        return tuple(
            NumberReader(styles=level.numbers, letters=p.letters, ordinals=p.ordinals, homoglyphs=p.homoglyphs)
            for level in p.levels
        )

    @cached_property
    def _forms(self) -> tuple[tuple[int, bool], ...]:
        """For each capturing group of ``_pattern``: the level it speaks for, and whether the form is the plain one."""
        label = [(rank, True) for rank, level in enumerate(self.profile.levels) if not level.keywords]
        plain = [(rank, True) for rank, level in enumerate(self.profile.levels) if level.keywords]
        loose = [(rank, False) for rank, level in enumerate(self.profile.levels) if level.keywords]
        return (*label, *plain, *loose)

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        parts = []
        loose_seen = 0
        for rank, is_plain in self._forms:
            level, number = self.profile.levels[rank], self.readers[rank].pattern
            ends = b"|".join(re.escape(t.encode()) for t in level.terminators)
            if not level.keywords:
                parts.append(b"(" + number + b")(?:" + ends + b")(?![0-9])")
            elif is_plain:
                words = b"|".join(variants(w, {}) for w in level.keywords)
                parts.append(b"(?:" + words + b")" + BLANK + b"+(" + number + b")(?:" + ends + b")(?![0-9])")
            else:
                loose_seen += 1
                parts.append(b"(" + self._loose(level, number) + b")")
        return re.compile(b"\n" + BLANK + b"*(?:" + b"|".join(parts) + b")")

    def _loose(self, level: Level, number: bytes) -> bytes:
        words = b"|".join(variants(w, self.profile.homoglyphs) for w in level.keywords)
        exact = b"(?:" + words + b")" + BLANK + b"*(?:" + number + b")(?![A-Za-z0-9])"
        if not level.accepts_misspelt:
            return exact
        firsts = {w[0] for w in level.keywords} | {folded(w[0]) for w in level.keywords}
        firsts |= {c.lower() for c in firsts} | {c.upper() for c in firsts}
        firsts |= {odd for odd, meant in self.profile.homoglyphs.items() if meant in firsts}
        first = b"|".join(sorted({re.escape(c.encode()) for c in firsts}))
        longest = max(len(w.encode()) for w in level.keywords) * 2
        digits = rb"(?:[0-9]|" + FULL_WIDTH_DIGIT + rb")"
        return exact + b"|(?:" + first + rb")[A-Za-z\x80-\xff]{1,%d}?" % longest + BLANK + b"*" + digits + b"{1,4}"

    def candidates(self, data: bytes) -> Iterator[Candidate]:
        """Every line that has the form of a heading, in order; ``reference`` marks those that speak of another provision."""
        forms, levels, glyphs = self._forms, self.profile.levels, self.profile.homoglyphs
        read: dict[tuple[int, bytes], Number | None] = {}
        for match in self._pattern.finditer(b"\n" + data):
            group = match.lastindex or 0
            rank, is_plain = forms[group - 1]
            piece = match[group]
            if not is_plain:
                found = self._judge(data, match.start(), rank)
                if found is not None:
                    yield found
                continue
            key = (rank, piece)
            if key not in read:
                read[key] = self.readers[rank].read(reading(piece, glyphs))
            number = read[key]
            if number is not None:
                odd = number.odd if levels[rank].keywords else None
                yield Candidate(match.start(), rank, number, odd)

    def _judge(self, data: bytes, start: int, rank: int) -> Candidate | None:
        """Reads a line whose keyword, blank, number or end departs from the plain form."""
        end = data.find(b"\n", start, start + _LINE_CAP_BYTES)
        line = data[start : end if end >= 0 else start + _LINE_CAP_BYTES]
        text = reading(line, self.profile.homoglyphs).strip()
        level = self.profile.levels[rank]
        for keyword in level.keywords:
            if text.startswith(keyword):
                return self._judge_rest(start, rank, line, keyword, text[len(keyword) :], misspelt=None)
        if not level.accepts_misspelt:
            return None
        match = _HEADING_WORDS.match(text)
        if match is None or not any(within_one_edit(folded(match[1]), folded(w)) for w in level.keywords):
            return None
        return self._judge_rest(start, rank, line, match[1], text[len(match[1]) :], misspelt=level.keywords[0])

    def _judge_rest(
        self, start: int, rank: int, line: bytes, keyword: str, rest: str, *, misspelt: str | None
    ) -> Candidate | None:
        level, reader = self.profile.levels[rank], self.readers[rank]
        split = self._number_at_start(rest.lstrip(), reader)
        if split is None:
            return None
        number, after = split
        if not after:
            is_reference, end_odd = False, None
        elif after.startswith(level.terminators):
            is_reference, end_odd = False, None
        else:
            is_reference, end_odd = self._is_reference(after), f"no {level.terminators[0]!r} after the number"
        odd = [o for o in (number.odd, end_odd if not is_reference else None) if o]
        if misspelt is not None:
            odd.insert(0, f"{keyword!r} stands for {misspelt!r}")
            is_reference = is_reference or not after.startswith(level.terminators)
        elif not rest[:1].isspace():
            odd.insert(0, "no blank before the number")
        if misspelt is None and any(g.encode() in line[: len(keyword.encode()) + 8] for g in self.profile.homoglyphs):
            odd.insert(0, f"{keyword!r} is written with a look-alike letter")
        return Candidate(start, rank, number, "; ".join(odd) or None, misspelt is not None, is_reference)

    def _number_at_start(self, text: str, reader: NumberReader) -> tuple[Number, str] | None:
        match = self._number_texts[reader.styles].match(text)
        if match is None:
            return None
        number = reader.read(match[0])
        return None if number is None else (number, text[match.end() :])

    @cached_property
    def _number_texts(self) -> dict[tuple[object, ...], re.Pattern[str]]:
        words = "|".join(sorted((re.escape(w) for w in self.profile.ordinals), key=len, reverse=True)) or r"(?!)"
        form = re.compile(rf"\d{{1,4}}(?:[a-zđ]\d?)?(?!\w)|\d{{1,4}}|[IVXLCDMl]+[a-z]?(?!\w)|(?i:{words})(?!\w)")
        return {reader.styles: form for reader in self.readers}

    def _is_reference(self, after: str) -> bool:
        """Whether what follows the number goes on with a sentence instead of opening a title."""
        rest = after.lstrip()
        if not after[:1].isspace():
            return after[:1] in ",;)" or after[:1].islower()
        if rest[:1] in "-–—:":
            return False
        word = re.match(r"\w+", rest)
        if word is None:
            return rest[:1] in ",;)(."
        return rest[:1].islower() or word[0].lower() in self.profile.reference_words

    @cached_property
    def _block_patterns(self) -> dict[Place, re.Pattern[bytes]]:
        out = {}
        for place in Place:
            blocks = [b for b in self.profile.blocks if b.place is place]
            if blocks:
                parts = [
                    b"(" + b"|".join(variants(s, self.profile.homoglyphs) for s in b.starts) + b")" for b in blocks
                ]
                out[place] = re.compile(b"\n" + BLANK + b"*(?:" + b"|".join(parts) + b")")
        return out

    def blocks(self, data: bytes, place: Place, start: int, end: int) -> list[tuple[int, Block]]:
        """Lines in ``[start, end)`` that open an unnumbered block of that place. ``start`` is a line start."""
        pattern = self._block_patterns.get(place)
        if pattern is None or start >= end:
            return []
        blocks = [b for b in self.profile.blocks if b.place is place]
        piece = b"\n" + data[start:end]
        return [(start + m.start(), blocks[(m.lastindex or 1) - 1]) for m in pattern.finditer(piece)]
