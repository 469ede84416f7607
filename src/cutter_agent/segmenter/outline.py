"""Candidates to headings: quoted provisions out, position and sequence judged, blocks put in (design 4.4)."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

from cutter_agent.segmenter import quotations
from cutter_agent.segmenter.grammar import Block, Place, Profile, Run
from cutter_agent.segmenter.marks import Mark, block_mark
from cutter_agent.segmenter.noting import Notes
from cutter_agent.segmenter.numbers import STEP, after, follows
from cutter_agent.segmenter.scan import Found, Scanner
from cutter_agent.segmenter.sequence import Claim, Verdict, plain, through

_WEIGHT_PLAIN, _WEIGHT_LOOSE, _WEIGHT_MISSPELT = 8, 6, 5
_MOST_REPAIRED = 64
_HEADING, _STRAY = Verdict.HEADING, Verdict.STRAY
_FEW_CHANGES = 64

Line = tuple[int, Mark]


@dataclass
class Outline:
    """Every heading with a keyword and every block, judged; labels still unjudged between them. Columns, in order."""

    starts: list[int]
    marks: list[Mark]
    quoted: quotations.Quotations


class Drafting:
    """Drafts the outline of one text."""

    def __init__(self, data: bytes, text: str, scanner: Scanner, notes: Notes) -> None:
        self._data = data
        self._text = text
        self._scanner = scanner
        self._profile: Profile = scanner.profile
        self._notes = notes

    def draft(self) -> Outline:
        found = self._scanner.find(self._data)
        quoted = quotations.find(self._data, self._text, self._profile.quotations)
        dropped = self._inside(found, quoted)
        added: list[Line] = []
        self._parts(found, dropped, added)
        starts, marks = _changed(found, dropped, added)
        return Outline(starts, marks, quoted)

    # ---- quotations

    def _inside(self, found: Found, quoted: quotations.Quotations) -> set[int]:
        """Lines inside quotations: not this document's own."""
        for at in quoted.unclosed:
            self._notes.unclosed(at)
        inside: set[int] = set()
        for start, end in zip(quoted.starts, quoted.ends, strict=True):
            self._notes.quoted(start, end)
            inside.update(range(bisect_left(found.starts, start + 1), bisect_left(found.starts, end)))
        return inside

    # ---- the parts of a document: front, body, tail, annexes

    def _parts(self, found: Found, dropped: set[int], added: list[Line]) -> None:
        keyed = [i for i in found.keyed if i not in dropped]
        annexes = self._annexes(found, keyed)
        dropped.update(i for i in keyed if found.marks[i].annex and i not in annexes)
        keyed = [i for i in keyed if not found.marks[i].annex]
        bounds = [0, *sorted(annexes), len(found.starts)]
        for number, (low, high) in enumerate(pairwise(bounds)):
            own = keyed[bisect_left(keyed, low) : bisect_left(keyed, high)]
            end = found.starts[high] if high < len(found.starts) else len(self._data)
            start = found.starts[low] if number else 0
            self._part(found, own, start, end, dropped, added, annex=bool(number), low=low + bool(number), high=high)

    def _annexes(self, found: Found, keyed: list[int]) -> set[int]:
        """Indices of the lines that open an annex: behind them the main count is over, or begins again at one."""
        marks, main = found.marks, self._main_level()
        if not any(marks[i].annex for i in keyed):
            return set()
        mains = [i for i in keyed if marks[i].rank == main and not marks[i].reference]
        verdicts = zip(mains, self._through([marks[i] for i in mains]), strict=True)
        goes_on = {i: v is not Verdict.STRAY for i, v in verdicts}
        out: set[int] = set()
        following: int | None = None
        for i in reversed(keyed):
            if marks[i].annex:
                if following is None or following == STEP:
                    out.add(i)
            elif i in goes_on and (goes_on[i] or marks[i].key == STEP):
                following = marks[i].key
        return out

    def _main_level(self) -> int | None:
        """The level that counts through the document and holds the text: the innermost keyworded one."""
        ranks = [r for r, level in enumerate(self._profile.levels) if level.keywords and level.run is Run.DOCUMENT]
        return ranks[-1] if ranks else None

    def _part(
        self, found: Found, own: list[int], start: int, end: int, dropped: set[int], added: list[Line],
        *, annex: bool, low: int, high: int,
    ) -> None:  # fmt: skip
        said, added_before = len(self._notes.findings), len(added)
        accepted = self._keyworded(found, own, start, dropped, added)
        main = self._main_level()
        mains = [at for at, mark in accepted if mark.rank == main]
        if annex and not (mains and any(mark.key == STEP for at, mark in accepted if at == mains[0])):
            dropped.update(range(low, high))  # an annex without articles of its own is kept whole
            del self._notes.findings[said:]
            del added[added_before:]
            return
        tail = self._once(self._scanner.blocks(self._data, Place.TAIL, mains[-1], end)) if mains else []
        if tail:
            tail_low = bisect_left(found.starts, tail[0][0], low, high)
            dropped.update(range(tail_low, high))
            added.extend(tail)
        first = accepted[0][0] if accepted else None
        if annex:
            return
        labels_only = first is None and self._has_labels(low, high, dropped)
        front_end = first if first is not None else found.starts[low] if labels_only else tail[0][0] if tail else end
        if first is not None:
            dropped.update(i for i in range(low, bisect_left(found.starts, first, low, high)))
        added.extend(self._front(front_end))

    @staticmethod
    def _has_labels(low: int, high: int, dropped: set[int]) -> bool:
        return any(i not in dropped for i in range(low, high))

    def _front(self, end: int) -> list[Line]:
        if end <= 0:
            return []
        lines = self._once(self._scanner.blocks(self._data, Place.FRONT, 0, end))
        if not lines or lines[0][0] > 0:
            lines.insert(0, (0, block_mark(self._profile.preamble)))
        return lines

    @staticmethod
    def _once(lines: Iterable[tuple[int, Block]]) -> list[Line]:
        """A block begins at its first line; a later line of the same block goes on with what is open."""
        seen: set[str] = set()
        out = []
        for at, block in lines:
            if block.name not in seen:
                seen.add(block.name)
                out.append((at, block_mark(block)))
        return out

    # ---- keyworded levels: parts, chapters, articles

    def _keyworded(self, found: Found, own: list[int], start: int, dropped: set[int], added: list[Line]) -> list[Line]:
        """Judges headings with a keyword over one count; gives the accepted ones in order."""
        starts, marks = found.starts, found.marks
        rulings = self._rulings(marks, own)
        counts = _Counts(self._profile)
        accepted: list[Line] = []
        main, last_main = self._main_level(), (0, start)
        for i in own:
            at, mark = starts[i], marks[i]
            verdict = _STRAY if mark.reference else rulings.get(i) or counts.verdict(mark)
            if verdict is _HEADING and mark.odd is None:
                pass
            elif verdict is _STRAY:
                self._notes.stray(at, mark)
                dropped.add(i)
                continue
            else:
                if verdict is Verdict.GAP and mark.rank == main:
                    inline = self._inline(mark, last_main, at)
                    added.extend(inline)
                    accepted.extend(inline)
                    verdict = self._after_inline(inline, mark, counts) or verdict
                self._remark(at, mark, verdict, counts.last(mark.rank))
            if mark.rank == main:
                last_main = (mark.key, at)
            counts.accept(mark)
            accepted.append((at, mark))
        return accepted

    def _rulings(self, marks: list[Mark], own: list[int]) -> dict[int, Verdict]:
        """Verdicts for the levels that count through the document."""
        rulings: dict[int, Verdict] = {}
        for rank, level in enumerate(self._profile.levels):
            if level.keywords and level.run is Run.DOCUMENT:
                claimed = [i for i in own if marks[i].rank == rank and not marks[i].reference]
                rulings.update(zip(claimed, self._through([marks[i] for i in claimed]), strict=True))
        return rulings

    @staticmethod
    def _through(marks: list[Mark]) -> list[Verdict]:
        if plain([mark.key for mark in marks]):
            return [Verdict.HEADING] * len(marks)
        return through([_claim(mark) for mark in marks])

    def _remark(self, at: int, mark: Mark, verdict: Verdict, last: int) -> None:
        if verdict is Verdict.GAP:
            self._notes.gap(at, mark, last)
        elif verdict is Verdict.DUPLICATE:
            self._notes.duplicate(at, mark)
        if mark.odd is not None:
            self._notes.odd(at, mark)

    def _inline(self, mark: Mark, last: tuple[int, int], end: int) -> list[Line]:
        """Headings for the missing numbers before ``mark`` that stand inside a line, behind the end of a sentence."""
        judge = self._scanner.judge
        out: list[Line] = []
        key, start = after(last[0]), last[1]
        while key < mark.key and len(out) < _MOST_REPAIRED:
            pattern, number = judge.inline_keyword(mark.rank, key), judge.readers[mark.rank].at(key)
            hits = pattern.finditer(self._data, start, end) if pattern else iter(())
            hit = next((m for m in hits if self._opens(m, start)), None)
            if hit is None or number is None:
                break
            found = (hit.start(1), judge.mark(mark.rank, number, "not at the start of a line"))
            self._notes.odd(*found)
            out.append(found)
            key, start = after(key), hit.end()
        return out

    def _opens(self, hit: re.Match[bytes], start: int) -> bool:
        """Whether a heading inside a line stands behind an end and opens with a capital."""
        judge = self._scanner.judge
        return judge.behind_an_end(self._data, start, hit.start(1)) and judge.opens_with_capital(self._data, hit.end())

    @staticmethod
    def _after_inline(inline: list[Line], mark: Mark, counts: _Counts) -> Verdict | None:
        for _, found in inline:
            counts.accept(found)
        return Verdict.HEADING if inline and follows(inline[-1][1].key, mark.key) else None


class _Counts:
    """Where each keyworded level's count stands, and how an outer heading sets the inner counts back."""

    def __init__(self, profile: Profile) -> None:
        self._last: dict[int, int] = {}
        self._fresh: set[int] = set()  # levels whose parent is new: they may begin at one again
        ranks = range(len(profile.levels))
        keyed = [rank for rank in ranks if profile.levels[rank].keywords]
        runs = {rank: profile.levels[rank].run for rank in keyed}
        self._starting = [[inner for inner in keyed if inner > rank and runs[inner] is Run.PARENT] for rank in ranks]
        self._freed = [[inner for inner in keyed if inner > rank and runs[inner] is Run.EITHER] for rank in ranks]

    def last(self, rank: int) -> int:
        return self._last.get(rank, 0)

    def verdict(self, mark: Mark) -> Verdict:
        """For a level that counts in its parent: greedy, because its heading form is strong and its list short."""
        last = self.last(mark.rank)
        if follows(last, mark.key) or (mark.rank in self._fresh and follows(0, mark.key)):
            return Verdict.HEADING
        if mark.key > last:
            return Verdict.GAP
        return Verdict.DUPLICATE if mark.key == last else Verdict.STRAY

    def accept(self, mark: Mark) -> None:
        rank = mark.rank
        self._last[rank] = mark.key
        if rank in self._fresh:
            self._fresh.remove(rank)
        for inner in self._starting[rank]:
            self._last.pop(inner, None)
        if self._freed[rank]:
            self._fresh.update(self._freed[rank])


def _changed(found: Found, dropped: set[int], added: list[Line]) -> tuple[list[int], list[Mark]]:
    """The found lines without those dropped and with those added, in order."""
    starts, marks = found.starts, found.marks
    if len(dropped) + len(added) <= _FEW_CHANGES:
        for index in sorted(dropped, reverse=True):
            del starts[index], marks[index]
        for at, mark in added:
            place = bisect_left(starts, at)
            starts.insert(place, at)
            marks.insert(place, mark)
        return starts, marks
    lines = [line for index, line in enumerate(zip(starts, marks, strict=True)) if index not in dropped]
    lines = sorted(lines + added, key=itemgetter(0))
    return [at for at, _ in lines], [mark for _, mark in lines]


def _claim(mark: Mark) -> Claim:
    if mark.misspelt:
        return Claim(mark.key, _WEIGHT_MISSPELT, timid=True)
    return Claim(mark.key, _WEIGHT_LOOSE if mark.odd else _WEIGHT_PLAIN)
