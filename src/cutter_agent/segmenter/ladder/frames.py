"""What is open while a ladder is climbed, and what came of each line that has a label's form."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import msgspec

from cutter_agent.segmenter.grammar import Block, Rung
from cutter_agent.segmenter.ladder.labels import Label

FLUSH = -2
ROOT = -1


class Fit(Enum):
    """How a label fits the count of its level."""

    NEXT = "next"
    FREE = "free"  # not counted
    GAP = "gap"
    RESTART = "restart"
    DUPLICATE = "duplicate"
    BACK = "back"


RANKING = {Fit.NEXT: 5, Fit.FREE: 4, Fit.GAP: 3, Fit.DUPLICATE: 2, Fit.RESTART: 1, Fit.BACK: 0}
WHY = {
    Fit.NEXT: "it has the level's form and the number that is due",
    Fit.FREE: "it has the level's form; the level is not counted",
    Fit.GAP: "it has the level's form; numbers before it are missing",
    Fit.RESTART: "it has the level's form; the count begins again",
    Fit.DUPLICATE: "it has the level's form; its number was there already",
    Fit.BACK: "it has the level's form, which is enough; its number is lower than the one before",
}


class Frame(msgspec.Struct, gc=False):
    """What is kept of one open unit, or of the document, while it is open: see ``stack`` for where it stands.

    ``counts`` holds, by level, the last number under this address; ``dotted`` its own number, part by part.
    """

    address: str
    counts: dict[int | tuple[int, ...], int] | None = None
    flushes: int = 0
    dotted: tuple[int, ...] = ()


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a label would go: how many open units stay open, the one that gives address and count, and how it fits."""

    rank: int
    label: Label | None
    suffix: str
    keep: int
    scope: Frame
    fit: Fit
    last: int


@dataclass(frozen=True, slots=True)
class Told:
    """One line under explanation: the character it starts at, what it is or was nearly, and why."""

    at: int
    level: str | None
    number: str | None
    accepted: bool
    why: str


@dataclass(slots=True)
class Rungs:
    """Units in the making, column by column; ``starts`` are characters."""

    starts: list[int] = field(default_factory=list)
    levels: list[Rung | Block] = field(default_factory=list)
    numbers: list[str | None] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    parents: list[str | None] = field(default_factory=list)
    remarks: list[tuple[str, int, str, bool]] = field(default_factory=list)  # code, character, message, exception
    told: list[Told] = field(default_factory=list)
