"""The labels between two headings: clauses and the points inside them, judged list by list (design 4.4).

Called only where the numbers do not simply run on; ``placing`` handles the plain lists itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cutter_agent.segmenter.lines import AT_LINE, LineJudge
from cutter_agent.segmenter.marks import Mark
from cutter_agent.segmenter.noting import Notes
from cutter_agent.segmenter.numbers import STEP, after
from cutter_agent.segmenter.quotations import Quotations
from cutter_agent.segmenter.sequence import Verdict, within

Label = tuple[int, Mark]
_MOST_REPAIRED = 16


class Lists:
    """Judges the labels of one text, stretch by stretch."""

    def __init__(self, data: bytes, judge: LineJudge, quoted: Quotations, notes: Notes) -> None:
        self._data = data
        self._judge = judge
        self._quoted = quoted
        self._notes = notes

    def judge(self, labels: Sequence[Label], start: int, end: int) -> list[Label]:
        """The headings among ``labels``, in order; the stretch ``[start, end)`` begins with their parent's heading."""
        found: list[Label] = []
        self._nest(list(labels), start, end, found)
        return found

    def _nest(self, labels: list[Label], start: int, end: int, found: list[Label]) -> None:
        if not labels:
            return
        outer = min(mark.rank for _, mark in labels)
        own = self._one_list([label for label in labels if label[1].rank == outer], start)
        inner = [label for label in labels if label[1].rank != outer]
        if not inner:
            found.extend(own)
            return
        bounds = [start, *(at for at, _ in own), end]
        taken = 0
        for index, bound in enumerate(bounds[:-1]):
            if index:
                found.append(own[index - 1])
            upto = taken
            while upto < len(inner) and inner[upto][0] < bounds[index + 1]:
                upto += 1
            self._nest(inner[taken:upto], bound, bounds[index + 1], found)
            taken = upto

    def _one_list(self, own: list[Label], start: int) -> list[Label]:
        """One level's labels in one parent: verdicts, remarks, and the labels that only a gap gives away."""
        out: list[Label] = []
        last, searched = 0, start
        for (at, mark), verdict in zip(own, within([m.key for _, m in own]), strict=True):
            if verdict in (Verdict.GAP, Verdict.STRAY) and mark.key > after(last):
                found = self._missing(mark, last, searched, at, first=not last)
                searched = at
                for label in found:
                    self._notes.odd(*label)
                    last = label[1].key
                out += found
                if after(last) == mark.key:
                    verdict = Verdict.HEADING
            if verdict is Verdict.STRAY:
                self._notes.stray(at, mark)
                continue
            mark = self._remarked(at, mark, verdict, last)
            last = mark.key
            searched = at
            out.append((at, mark))
        return out

    def _remarked(self, at: int, mark: Mark, verdict: Verdict, last: int) -> Mark:
        if verdict is Verdict.MISREAD:
            number = self._judge.readers[mark.rank].at(after(last))
            if number is None:
                verdict = Verdict.DUPLICATE
            else:
                mark = self._judge.mark(
                    mark.rank, number, f"{mark.number!r} is written where {number.text!r} is due", misspelt=True
                )
        if verdict is Verdict.GAP:
            self._notes.gap(at, mark, last)
        elif verdict is Verdict.DUPLICATE:
            self._notes.duplicate(at, mark)
        elif verdict is Verdict.RESTART:
            self._notes.restart(at, mark)
        self._notes.odd(at, mark)
        return mark

    def _missing(self, mark: Mark, last: int, start: int, end: int, *, first: bool) -> list[Label]:
        """Labels for the numbers between ``last`` and ``mark``, in weaker forms, each behind the one before."""
        out: list[Label] = []
        for key in range(after(last), min(mark.key, after(last) + _MOST_REPAIRED * STEP), STEP):
            number = self._judge.readers[mark.rank].at(key)
            patterns = self._judge.weak_label(mark.rank, key, first and not out)
            if number is None or patterns is None:
                break
            hits = [(m.start(1), why) for p, why in patterns if (m := self._first(p, start, end)) is not None]
            if not hits:
                break
            at, why = min(hits)
            if why == AT_LINE:
                at = self._data.rfind(b"\n", 0, at) + 1
            out.append((at, self._judge.mark(mark.rank, number, why)))
            start = at + 1
        return out

    def _first(self, pattern: re.Pattern[bytes], start: int, end: int) -> re.Match[bytes] | None:
        for match in pattern.finditer(self._data, start, end):
            if self._judge.opens_with_capital(self._data, match.end()) and not self._quoted.holds(match.start(1)):
                return match
        return None
