"""What became of each unit (design 4.4): the words and values of a matching. Units are named by their place, from 0."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import overload

from cutter_agent.model import Segmentation


class Change(StrEnum):
    """What happened to a unit that lives on. The first that holds: moved, renumbered, revised, unchanged."""

    UNCHANGED = "unchanged"
    """The same bytes, in the same order among the units that live on, under the same parent."""
    REVISED = "revised"
    """Other bytes, the same label."""
    RENUMBERED = "renumbered"
    """Another label; the rest of the text may be revised, too."""
    MOVED = "moved"
    """Another parent, or out of order; the text may be revised, too."""


class Doubt(StrEnum):
    """What a reviewer is asked."""

    IDENTITY = "identity"
    """Kept as one unit, but the texts differ so much that a new unit may have taken the place."""
    TAKE_OVER = "take_over"
    """Retired and inserted at one address, but the texts are somewhat alike."""
    CHOICE = "choice"
    """Several units are equally good claimants."""
    SPLIT = "split"
    """Text of one unit went on in several."""
    MERGE = "merge"
    """Text of several units went on in one."""
    ADDRESS = "address"
    """A new unit's address belongs, or belonged, to another (asked by the change set)."""


class Assumed(StrEnum):
    """What the matching holds until the reviewer answers."""

    SAME_UNIT = "same_unit"
    OTHER_UNIT = "other_unit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A unit that lives on. ``likeness`` is 0 to 1, of the words without the label; 1.0 where the bytes are equal."""

    old: int
    new: int
    change: Change
    likeness: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """``count`` unchanged units that follow each other on both sides."""

    old: int
    new: int
    count: int


class Pairs(Sequence[Pair]):
    """Every unit that lives on, in the order of the new snapshot: runs of unchanged ones, and the others.

    A pair of a run is made when somebody looks at it.
    """

    def __init__(self, runs: Sequence[Run], others: Sequence[Pair]) -> None:
        """Both in the order of the new snapshot."""
        self.runs, self.others = tuple(runs), tuple(others)
        parts: list[Run | Pair] = [*self.runs, *self.others]
        self._parts = sorted(parts, key=lambda part: part.new)
        self._ends = list(accumulate(part.count if isinstance(part, Run) else 1 for part in self._parts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, at: int) -> Pair: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Pair, ...]: ...

    def __getitem__(self, at: int | slice) -> Pair | tuple[Pair, ...]:
        if isinstance(at, slice):
            return tuple(map(self.__getitem__, range(*at.indices(len(self)))))
        at = range(len(self))[at]
        place = bisect_right(self._ends, at)
        part = self._parts[place]
        return _of(part, at - (self._ends[place - 1] if place else 0)) if isinstance(part, Run) else part

    def __iter__(self) -> Iterator[Pair]:
        for part in self._parts:
            if isinstance(part, Run):
                yield from (_of(part, step) for step in range(part.count))
            else:
                yield part

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def _of(run: Run, step: int) -> Pair:
    return Pair(old=run.old + step, new=run.new + step, change=Change.UNCHANGED, likeness=1.0)


def gathered(pairs: Sequence[Pair]) -> Pairs:
    """The same pairs as runs and others."""
    if isinstance(pairs, Pairs):
        return pairs
    runs, others = list[Run](), list[Pair]()
    for pair in pairs:
        if pair.change is not Change.UNCHANGED:
            others.append(pair)
        elif runs and (pair.old - runs[-1].old, pair.new - runs[-1].new) == (runs[-1].count, runs[-1].count):
            runs[-1] = Run(old=runs[-1].old, new=runs[-1].new, count=runs[-1].count + 1)
        else:
            runs.append(Run(old=pair.old, new=pair.new, count=1))
    return Pairs(runs, others)


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """A unit that ended in several new ones, none of which is its heir."""

    old: int
    new: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """Several units that ended in one new one, which is the heir of none."""

    old: tuple[int, ...]
    new: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A doubtful case: candidates on both sides and the evidence. The units stand in the matching as is assumed."""

    doubt: Doubt
    old: tuple[int, ...]
    new: tuple[int, ...]
    likeness: float
    same_place: bool
    assumed: Assumed
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """What became of every unit.

    Every old one stands in exactly one of pairs, retired, split, merged; every new one in exactly one of pairs,
    inserted, split, merged. Pairs and inserted are in the order of the new snapshot, retired in the order of the old.
    ``positional``: addresses count places.
    """

    old: Segmentation
    new: Segmentation
    pairs: Sequence[Pair]
    inserted: tuple[int, ...]
    retired: tuple[int, ...]
    split: tuple[Split, ...]
    merged: tuple[Merge, ...]
    questions: tuple[Question, ...]
    positional: bool = False

    def changed(self) -> Iterator[Pair]:
        """The pairs that are not unchanged."""
        return iter(gathered(self.pairs).others)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all happened."""
        return not (self.inserted or self.retired or self.split or self.merged or next(self.changed(), None))
