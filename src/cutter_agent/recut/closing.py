"""Gaps between certain neighbours: which of the few units left on both sides are one, in order, by the judge.

A gap is aligned whole while it is small. A large one is first divided at its best witnesses. All work is drawn from
one budget that grows linearly with the documents, so that no input makes it quadratic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cutter_agent.recut.judge import ALIKE_TO_ASK, TELLING_WORDS, Judge
from cutter_agent.recut.links import FREE, Gap, Links, gaps, spine

_CELLS = 10_000
_CELLS_PER_UNIT = 60
_LEAST_BUDGET = 200_000
_DEPTH = 6


class Closing:
    """Closes gaps under one budget of comparisons."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._links = judge.links
        self._budget = _LEAST_BUDGET + _CELLS_PER_UNIT * (len(judge.old) + len(judge.new))

    def close(self) -> None:
        """One round over all gaps of the present spine."""
        for gap in gaps(self._links, present_spine(self._judge)):
            self._close(gap.old, gap.new, _DEPTH)

    def close_places(self) -> None:
        """Free units at one place, whatever the order: another link may have crossed them. O(n)."""
        judge, links = self._judge, self._links
        at: dict[tuple[int | str, str, str], int] = {}
        for j in links.new_window:
            label = judge.new.read(j).label if links.to_old[j] == FREE else ""
            if label:
                at.setdefault((judge.new.family(j), judge.new.units[j].level, label), j)
        for i in links.old_window:
            if links.to_new[i] != FREE:
                continue
            family = judge.old.family(i)
            if isinstance(family, int) and family != FREE:
                family = links.to_new[family]
            beside = at.get((family, judge.old.units[i].level, judge.old.read(i).label), FREE)
            for j in (judge.namesake(i), beside):
                if j != FREE and links.free(i, j) and judge.bond(i, j).value > 0:
                    links.join(i, j)

    def left_alike(self) -> list[tuple[int, int, float]]:
        """Free units of one level in one small gap that are each other's likest, and alike enough to ask about."""
        found = []
        for gap in gaps(self._links, present_spine(self._judge)):
            cells = len(gap.old) * len(gap.new)
            if cells <= min(_CELLS, self._budget):
                self._budget -= cells
                found += self._mutual(gap)
        return found

    def _mutual(self, gap: Gap) -> list[tuple[int, int, float]]:
        judge = self._judge
        cases = [
            (judge.likeness(i, j, ALIKE_TO_ASK), i, j)
            for i in gap.old
            for j in gap.new
            if judge.old.units[i].level == judge.new.units[j].level
            and min(len(judge.old.read(i).words), len(judge.new.read(j).words)) >= TELLING_WORDS
        ]
        out, taken_old, taken_new = [], set[int](), set[int]()
        for likeness, i, j in sorted(cases, key=lambda case: (-case[0], case[1], case[2])):
            if likeness < ALIKE_TO_ASK:
                break
            if i not in taken_old and j not in taken_new:
                out.append((i, j, likeness))
            taken_old.add(i)
            taken_new.add(j)
        return out

    def _close(self, old: Sequence[int], new: Sequence[int], depth: int) -> None:
        if not old or not new:
            return
        cells = len(old) * len(new)
        if cells <= min(_CELLS, self._budget):
            self._budget -= cells
            for i, j in self._align(old, new):
                self._links.join(i, j)
            return
        witnesses = self._witnesses(old, new) if depth else []
        before_old = before_new = 0
        old_at, new_at = {i: k for k, i in enumerate(old)}, {j: k for k, j in enumerate(new)}
        for i, j in witnesses:
            self._links.join(i, j)
            self._close(old[before_old : old_at[i]], new[before_new : new_at[j]], depth - 1)
            before_old, before_new = old_at[i] + 1, new_at[j] + 1
        if witnesses:
            self._close(old[before_old:], new[before_new:], depth - 1)

    def _align(self, old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
        """The alignment in order with the greatest sum of bonds."""
        judge = self._judge
        bonds = [[judge.bond(i, j).value for j in new] for i in old]
        best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
        for x in range(len(old) - 1, -1, -1):
            row, below, values = best[x], best[x + 1], bonds[x]
            for y in range(len(new) - 1, -1, -1):
                value = values[y]
                both = value + below[y + 1] if value > 0 else 0.0
                row[y] = max(both, below[y], row[y + 1])
        chosen, x, y = [], 0, 0
        while x < len(old) and y < len(new):
            value = bonds[x][y]
            if value > 0 and best[x][y] == value + best[x + 1][y + 1]:
                chosen.append((old[x], new[y]))
                x, y = x + 1, y + 1
            elif best[x][y] == best[x + 1][y]:
                x += 1
            else:
                y += 1
        return chosen

    def _witnesses(self, old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs in order that divide a large gap: equal words that occur once, then likeness at equal addresses."""
        judge = self._judge
        left, right = judge.old, judge.new
        seen_old = Counter(left.read(i).words for i in old)
        seen_new = Counter(right.read(j).words for j in new)
        by_words = {right.read(j).words: j for j in new}
        by_address = {right.units[j].address: j for j in new}
        pairs, weights = [], []
        for i in old:
            words = left.read(i).words
            if len(words) > 2 and seen_old[words] == 1 == seen_new.get(words, 0):
                j, weight = by_words[words], 2 + len(words)
            else:
                j, weight = by_address.get(left.units[i].address, -1), 1
                if j < 0 or self._budget <= 0:
                    continue
                self._budget -= 1
            if left.units[i].level == right.units[j].level and (weight > 1 or judge.bond(i, j).value > 0):
                pairs.append((i, j))
                weights.append(weight)
        return _one_to_one([pairs[k] for k in spine(pairs, weights)])


def _one_to_one(chain: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for i, j in chain:
        if not out or (i > out[-1][0] and j > out[-1][1]):
            out.append((i, j))
    return out


def present_spine(judge: Judge) -> list[tuple[int, int]]:
    """The links inside the windows that keep the order, as heavy as can be: what is off it has moved.

    Those outside keep it with every other one.
    """
    links: Links = judge.links
    pairs = links.window_pairs()
    weights = [64 + judge.old.size(i) for i, _ in pairs]
    return [pairs[k] for k in spine(pairs, weights)]
