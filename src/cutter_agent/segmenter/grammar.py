"""A profile in memory: the grammar of a document family (design 1.3, 4.4). Values only; ``profiles`` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Engine(StrEnum):
    """How a profile finds its headings."""

    OUTLINE = "outline"
    """Headings at line starts, by the levels of the profile."""
    COMMONMARK = "commonmark"
    """The block structure of CommonMark."""


class NumberStyle(StrEnum):
    """How a heading's number is written."""

    ARABIC = "arabic"
    ROMAN = "roman"
    ORDINAL = "ordinal"
    LETTER = "letter"


class Run(StrEnum):
    """Over which stretch a level counts on."""

    DOCUMENT = "document"
    """One count through the whole document."""
    PARENT = "parent"
    """A new count in every parent."""
    EITHER = "either"
    """A new parent may start at one or go on where the last one stopped: drafters do both."""


class Place(StrEnum):
    """Where an unnumbered block may stand."""

    FRONT = "front"
    """Before the first heading."""
    TAIL = "tail"
    """After the last heading of the body."""
    ANNEX = "annex"
    """After the last heading of the body; opens a numbering of its own."""


@dataclass(frozen=True, kw_only=True)
class Letters:
    """Lettered numbers: their order, the letters a drafter may skip, and how each is spelt in an address."""

    order: str
    optional: str
    spelling: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of the outline. The order of levels in a profile is their rank, the outermost first.

    ``keywords`` empty: a heading is its number and one of ``terminators``. ``address_under`` names the outer
    levels whose
    tokens enter this level's address; the others do not.
    """

    name: str
    kind: str
    token: str
    keywords: tuple[str, ...]
    numbers: tuple[NumberStyle, ...]
    terminators: tuple[str, ...]
    address_under: tuple[str, ...]
    run: Run
    accepts_misspelt: bool


@dataclass(frozen=True, kw_only=True)
class Block:
    """An unnumbered part (motto, legal bases, signatures, annex): known by how its first line starts."""

    name: str
    kind: str
    token: str
    place: Place
    starts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What speaks for this profile in a text: patterns of lines and the least number of hits."""

    line_patterns: tuple[str, ...]
    media_suffixes: tuple[str, ...]
    rank: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A whole grammar. ``version`` is the author's version and a digest of the grammar, so no change goes unseen."""

    id: str
    version: str
    title: str
    engine: Engine
    levels: tuple[Level, ...]
    blocks: tuple[Block, ...]
    preamble: Block
    letters: Letters
    ordinals: Mapping[str, int]
    homoglyphs: Mapping[str, str]
    quotations: tuple[tuple[str, str], ...]
    reference_words: tuple[str, ...]
    flush: Block | None
    detection: Detection
