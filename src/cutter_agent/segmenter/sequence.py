"""Which of the candidates for one level are its headings: position and sequence together (design 4.4).

``through`` judges a level that counts through the whole document by the best chain of numbers. ``within``
judges one that
starts again in every parent: a short list, in which a number may be misread, doubled, left out, or begin again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cutter_agent.segmenter.numbers import STEP, after, follows


class Verdict(Enum):
    """What a candidate is."""

    HEADING = "heading"
    GAP = "gap"  # a heading, and numbers before it are missing
    DUPLICATE = "duplicate"  # a heading, and its number was there already
    RESTART = "restart"  # a heading with which the count begins again
    MISREAD = "misread"  # a heading whose number stands for the one expected here
    STRAY = "stray"  # no heading


@dataclass(frozen=True, slots=True)
class Claim:
    """A candidate's number and how much speaks for it. ``timid``: believed only right after its predecessor."""

    key: int
    weight: int
    timid: bool = False


def plain(keys: Sequence[int], previous: int = 0) -> bool:
    """Whether the numbers run on from ``previous`` without a fault: nearly every list of nearly every law."""
    for key in keys:
        if (key - previous != STEP or key % STEP) and not follows(previous, key):
            return False
        previous = key
    return True


# ---- a level that counts through the document


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
        elif claim.key == previous and not claim.timid and _goes_on(claims, index):
            verdicts[index] = Verdict.DUPLICATE
    return verdicts


def _goes_on(claims: Sequence[Claim], index: int) -> bool:
    """A second heading of the same number counts as one when the next candidate goes on from it."""
    return index + 1 == len(claims) or follows(claims[index].key, claims[index + 1].key)


_SCALE = 4  # one point of weight outweighs a step to the very next number


def _heaviest_chain(claims: Sequence[Claim]) -> set[int]:
    ranks = sorted({c.key for c in claims})
    best = [(0, -1)] * (len(ranks) + 1)  # Fenwick tree of maxima over keys: (score, claim)
    by_main: dict[int, tuple[int, int]] = {}  # main number -> the best chain that ends there
    back = [-1] * len(claims)
    top = (0, -1)
    for index, claim in enumerate(claims):
        rank = bisect_left(ranks, claim.key)
        came = _maximum(best, rank)
        main = claim.key // STEP
        for near in (by_main.get(main - 1), by_main.get(main)):
            if near is not None and near[0] + 1 > came[0] and follows(claims[near[1]].key, claim.key):
                came = (near[0] + 1, near[1])
        if came[1] < 0 and follows(0, claim.key):
            came = (1, -1)
        back[index] = came[1]
        here = (came[0] + claim.weight * _SCALE, index)
        if main not in by_main or here[0] > by_main[main][0]:
            by_main[main] = here
        _raise(best, rank + 1, here)
        if here[0] > top[0]:
            top = here
    chain = set()
    index = top[1]
    while index >= 0:
        chain.add(index)
        index = back[index]
    return chain


def _maximum(tree: list[tuple[int, int]], node: int) -> tuple[int, int]:
    found = (0, -1)
    while node > 0:
        if tree[node][0] > found[0]:
            found = tree[node]
        node &= node - 1
    return found


def _raise(tree: list[tuple[int, int]], node: int, value: tuple[int, int]) -> None:
    while node < len(tree):
        if value[0] > tree[node][0]:
            tree[node] = value
        node += node & -node


# ---- a level that counts in its parent

_NESTING = 4
_LARGEST_LONE_GAP = 3
_LARGEST_GAP = 8
_AHEAD = 8


def within(keys: Sequence[int]) -> list[Verdict]:
    """Verdicts for one parent's list, looking a few places ahead. Linear."""
    if plain(keys):
        return [Verdict.HEADING] * len(keys)
    open_runs = [0]  # last number of each list that is open here: a list may begin again inside another
    verdicts = []
    for index, key in enumerate(keys):
        verdict = _one(keys, index, open_runs)
        if verdict is Verdict.RESTART:
            open_runs.append(key)
        elif verdict is Verdict.MISREAD:
            open_runs[-1] = after(open_runs[-1])
        elif verdict is not Verdict.STRAY:
            open_runs[-1] = key
        verdicts.append(verdict)
    return verdicts


def _one(keys: Sequence[int], index: int, open_runs: list[int]) -> Verdict:
    key, last = keys[index], open_runs[-1]
    if follows(last, key):
        return Verdict.HEADING
    for depth in range(len(open_runs) - 2, max(-1, len(open_runs) - 2 - _NESTING), -1):
        if follows(open_runs[depth], key):
            del open_runs[depth + 1 :]
            return Verdict.HEADING
    ahead = keys[index + 1 : index + 1 + _AHEAD]
    goes_on, next_goes_on = _length(ahead, key), _length(ahead, last)
    if ahead and ahead[0] == after(after(last)) and _length(ahead, after(last)) >= goes_on + (key != last):
        return Verdict.MISREAD
    if key == STEP and last >= STEP:
        return Verdict.RESTART if goes_on >= next_goes_on else Verdict.STRAY
    if key == last:
        return Verdict.DUPLICATE
    if key < last or next_goes_on > goes_on:
        return Verdict.STRAY
    gap = key // STEP - last // STEP - 1
    return Verdict.GAP if gap <= (_LARGEST_GAP if goes_on else _LARGEST_LONE_GAP) else Verdict.STRAY


def _length(keys: Sequence[int], last: int) -> int:
    """How many of the next numbers go on from ``last``, one number left out at most at a time."""
    count = 0
    for key in keys:
        if follows(last, key) or follows(after(last), key):
            last = key
            count += 1
    return count
