"""Which of the candidates for one level are its headings: position and sequence together (design 4.4).

``through`` judges a level that counts through the whole document by the best chain of numbers; ``within`` judges one that starts
again in every parent, and knows lists that restart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cutter_agent.segmenter.numbers import STEP, follows


class Verdict(Enum):
    """What a candidate is."""

    HEADING = "heading"
    GAP = "gap"  # a heading, and numbers before it are missing
    DUPLICATE = "duplicate"  # a heading, and its number was there already
    RESTART = "restart"  # a heading with which the count begins again
    STRAY = "stray"  # no heading


def plain(keys: Sequence[int]) -> bool:
    """Whether the numbers run from one on without a fault: nearly every list of nearly every law."""
    previous = 0
    for key in keys:
        if not follows(previous, key):
            return False
        previous = key
    return True


@dataclass(frozen=True, slots=True)
class Claim:
    """A candidate's number and how much speaks for it. ``timid``: believed only right after its predecessor."""

    key: int
    weight: int
    timid: bool = False


def through(claims: Sequence[Claim]) -> list[Verdict]:
    """Verdicts by the heaviest strictly rising chain; a step to the very next number counts extra. O(n log n)."""
    if plain([c.key for c in claims]):
        return [Verdict.HEADING] * len(claims)
    chain = _heaviest_chain(claims)
    verdicts = [Verdict.STRAY] * len(claims)
    previous = 0
    for index, claim in enumerate(claims):
        if index in chain:
            if follows(previous, claim.key):
                verdicts[index] = Verdict.HEADING
            elif claim.timid:
                continue
            else:
                verdicts[index] = Verdict.GAP
            previous = claim.key
        elif claim.key == previous and not claim.timid and _is_last_of_number(claims, index, chain):
            verdicts[index] = Verdict.DUPLICATE
    return verdicts


def _is_last_of_number(claims: Sequence[Claim], index: int, chain: set[int]) -> bool:
    """A second heading of the same number counts as one when the next candidate goes on from it."""
    return index + 1 == len(claims) or follows(claims[index].key, claims[index + 1].key)


_SCALE = 4


def _heaviest_chain(claims: Sequence[Claim]) -> set[int]:
    ranks = sorted({c.key for c in claims})
    best = [0] * (len(ranks) + 1)  # Fenwick tree of maxima over keys
    holder = [-1] * (len(ranks) + 1)
    by_main: dict[int, tuple[int, int]] = {}  # main number -> (score, index) of the best chain that ends there
    previous = [-1] * len(claims)
    top, top_index = 0, -1
    for index, claim in enumerate(claims):
        rank = bisect_left(ranks, claim.key)
        score, back = 0, -1
        node = rank
        while node > 0:
            if best[node] > score:
                score, back = best[node], holder[node]
            node &= node - 1
        for main in (claim.key // STEP - 1, claim.key // STEP):
            near = by_main.get(main)
            if near is not None and near[0] + 1 > score and follows(claims[near[1]].key, claim.key):
                score, back = near[0] + 1, near[1]
        if back < 0 and follows(0, claim.key):
            score = 1
        score += claim.weight * _SCALE
        previous[index] = back
        here = by_main.get(claim.key // STEP)
        if here is None or score > here[0]:
            by_main[claim.key // STEP] = (score, index)
        node = rank + 1
        while node <= len(ranks):
            if score > best[node]:
                best[node], holder[node] = score, index
            node += node & -node
        if score > top:
            top, top_index = score, index
    chain = set()
    while top_index >= 0:
        chain.add(top_index)
        top_index = previous[top_index]
    return chain


def within(keys: Sequence[int]) -> list[Verdict]:
    """Verdicts for one parent's list. A count that begins again opens a list inside or behind the first. O(n log n)."""
    if plain(keys):
        return [Verdict.HEADING] * len(keys)
    places: dict[int, list[int]] = {}
    for index, key in enumerate(keys):
        places.setdefault(key, []).append(index)
    open_runs: list[int] = [0]
    verdicts = []
    for index, key in enumerate(keys):
        verdict = _one(index, key, open_runs, places)
        if verdict is Verdict.RESTART:
            open_runs.append(key)
        elif verdict is not Verdict.STRAY:
            open_runs[-1] = key
        verdicts.append(verdict)
    return verdicts


_NESTING = 4
_LARGEST_GAP = 6  # a leap over more numbers is a stray line, not a list with a hole


def _one(index: int, key: int, open_runs: list[int], places: dict[int, list[int]]) -> Verdict:
    if follows(open_runs[-1], key):
        return Verdict.HEADING
    for depth in range(len(open_runs) - 2, max(-1, len(open_runs) - 2 - _NESTING), -1):
        if follows(open_runs[depth], key):
            del open_runs[depth + 1 :]
            return Verdict.HEADING
    last = open_runs[-1]
    if key == STEP:
        return Verdict.RESTART
    if key == last:
        return Verdict.DUPLICATE
    if key < last:
        return Verdict.STRAY
    if key // STEP - last // STEP > (_LARGEST_GAP if last else 2):
        return Verdict.STRAY
    expected = places.get((last // STEP + 1) * STEP, ())
    return Verdict.STRAY if bisect_right(expected, index) < len(expected) else Verdict.GAP
