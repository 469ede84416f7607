"""What a re-cut asks its reviewer and what he answered: the words of a manifest's part ``review``. Values only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One question of a re-cut, as its manifest asks it; the n-th one (from 1) is called ``Qn``.

    ``old``: addresses of units of the base. ``new``: places of proposed units. ``pairs``: which of them (address,
    place) are taken for one unit until somebody answers. ``answers``: the words that may be answered, the first one is
    assumed. ``likeness``: 0 to 1, a decimal as text.
    """

    doubt: str
    old: tuple[str, ...]
    new: tuple[int, ...]
    pairs: tuple[tuple[str, int], ...]
    answers: tuple[str, ...]
    likeness: str
    same_place: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a reviewer answered, as every later matching of the same snapshot must honour it.

    ``old``: addresses of units of the base; ``new``: where proposed units begin in the snapshot, in bytes. ``same``:
    the one pair of them that is one unit; no other pair is. ``address``: what the new unit is called.
    """

    doubt: str
    old: tuple[str, ...]
    new: tuple[int, ...]
    same: tuple[str, int] | None
    address: str | None
    answer: str
    reviewer: str
    comment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FreshLabels:
    """What the new snapshot itself calls the unit at ``place``, where the proposal calls it otherwise."""

    place: int
    address: str
    parent: str | None
    level: str
    kind: str
    number: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What a re-cut asks its reviewer, what was answered before it was proposed, and what it was made from."""

    questions: tuple[Asked, ...]
    answers: tuple[Answer, ...]
    fresh: tuple[FreshLabels, ...]
