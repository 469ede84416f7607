"""Which old unit is which new one, so far; and the spine: the heaviest set of links that keeps the order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FREE = -1


class Links:
    """A one-to-one relation in the making. ``to_new[i]`` and ``to_old[j]`` are places or ``FREE``.

    ``old_window`` and ``new_window``: what lies between the common beginning and the common end (``close_in``). Outside
    of them every unit is joined with the one of equal bytes at its place from the beginning, or from the end, for good:
    whoever looks for something free, or for something that is not equal, looks inside.
    """

    def __init__(self, old_count: int, new_count: int) -> None:
        self.to_new = [FREE] * old_count
        self.to_old = [FREE] * new_count
        self.old_window, self.new_window = range(old_count), range(new_count)

    def close_in(self, low: int, back: int) -> None:
        """``low`` units at the beginning and ``back`` at the end are joined one by one, with equal bytes."""
        self.old_window = range(low, len(self.to_new) - back)
        self.new_window = range(low, len(self.to_old) - back)

    def join(self, old: int, new: int) -> None:
        """Both must be free: an identity is given once."""
        assert self.to_new[old] == FREE and self.to_old[new] == FREE  # noqa: S101, PT018 - one line, one invariant
        self.to_new[old] = new
        self.to_old[new] = old

    def join_run(self, old: int, new: int, count: int) -> bool:
        """Joins as many in a row, one by one where some of them are not free. Whether all of them are joined now."""
        free = [FREE] * count
        if self.to_new[old : old + count] != free or self.to_old[new : new + count] != free:
            raise ValueError("an identity is given once")
        self.to_new[old : old + count] = range(new, new + count)
        self.to_old[new : new + count] = range(old, old + count)
        return True

    def part(self, old: int, new: int) -> None:
        """Takes a link back."""
        assert self.to_new[old] == new and self.to_old[new] == old  # noqa: S101, PT018
        self.to_new[old] = self.to_old[new] = FREE

    def free(self, old: int, new: int) -> bool:
        """Whether both are still to be had."""
        return self.to_new[old] == FREE and self.to_old[new] == FREE

    def pairs(self) -> Iterator[tuple[int, int]]:
        """In the order of the old side."""
        return ((old, new) for old, new in enumerate(self.to_new) if new != FREE)

    def any_free(self) -> bool:
        """Whether anything is left on either side."""
        sides = ((self.to_new, self.old_window), (self.to_old, self.new_window))
        return any(linked[at] == FREE for linked, window in sides for at in window)

    def window_pairs(self) -> list[tuple[int, int]]:
        """Those inside the windows, in the order of the old side."""
        to_new = self.to_new
        return [(old, to_new[old]) for old in self.old_window if to_new[old] != FREE]


@dataclass(frozen=True, slots=True)
class Gap:
    """Units without a partner between two neighbours of the spine."""

    old: list[int]
    new: list[int]


def spine(pairs: Sequence[tuple[int, int]], weights: Sequence[int]) -> list[int]:
    """Indices of the heaviest chain that rises on both sides. ``pairs`` rise on the old side. O(n log n).

    Of equally heavy chains it is the one whose last pair, and then each before it, is the latest: the choice between
    two pairs does not depend on what stands before and behind both.
    """
    if all(pairs[k][1] < pairs[k + 1][1] for k in range(len(pairs) - 1)):
        return list(range(len(pairs)))
    ranks = sorted(new for _, new in pairs)
    best = [(0, -1)] * (len(pairs) + 1)  # a Fenwick tree of maxima over ranks: a chain's weight, the pair it ends with
    before = [-1] * len(pairs)
    for index, ((_, new), weight) in enumerate(zip(pairs, weights, strict=True)):
        rank = bisect_left(ranks, new)
        heaviest = (0, -1)
        at = rank
        while at > 0:
            heaviest = max(heaviest, best[at])
            at &= at - 1
        before[index] = heaviest[1]
        chain_here, at = (heaviest[0] + weight, index), rank + 1
        while at <= len(pairs):
            best[at] = max(best[at], chain_here)
            at += at & -at
    top, at = (0, -1), len(pairs)
    while at > 0:
        top, at = max(top, best[at]), at & (at - 1)
    chain = []
    index = top[1]
    while index >= 0:
        chain.append(index)
        index = before[index]
    return chain[::-1]


def gaps(links: Links, on_spine: Sequence[tuple[int, int]]) -> Iterator[Gap]:
    """The gaps that have free units on both sides. ``on_spine``: inside the windows, where all free units are."""
    old_at, new_at = links.old_window.start, links.new_window.start
    for old, new in (*on_spine, (links.old_window.stop, links.new_window.stop)):
        if old_at < old and new_at < new:
            free_old = [i for i in range(old_at, old) if links.to_new[i] == FREE]
            free_new = [j for j in range(new_at, new) if links.to_old[j] == FREE]
            if free_old and free_new:
                yield Gap(free_old, free_new)
        old_at, new_at = old + 1, new + 1
