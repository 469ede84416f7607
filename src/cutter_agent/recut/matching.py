"""What became of each unit (design 4.4): the words and values of a matching. Units are named by their place, from 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

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
    """

    old: Segmentation
    new: Segmentation
    pairs: tuple[Pair, ...]
    inserted: tuple[int, ...]
    retired: tuple[int, ...]
    split: tuple[Split, ...]
    merged: tuple[Merge, ...]
    questions: tuple[Question, ...]

    def changed(self) -> Iterator[Pair]:
        """The pairs that are not unchanged."""
        return (pair for pair in self.pairs if pair.change is not Change.UNCHANGED)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all happened."""
        return not (self.inserted or self.retired or self.split or self.merged or next(self.changed(), None))
