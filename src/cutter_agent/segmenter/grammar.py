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
    LADDER = "ladder"
    """Labels of any form, on a ladder of levels: read with indentation, paragraphs and counts."""
    XML = "xml"
    """Elements of an XML document."""


class NumberStyle(StrEnum):
    """How a heading's number is written."""

    ARABIC = "arabic"
    ROMAN = "roman"
    ORDINAL = "ordinal"
    LETTER = "letter"
    LETTERS = "letters"
    """One letter doubled or tripled: aa, bb, ccc."""
    DOTTED = "dotted"
    """A number that repeats those of the outer levels: 1.2.3."""
    CODE = "code"
    """Letters and digits that are not counted: L. 123-4."""
    WORDS = "words"
    """The heading's own words, where there is no number."""


PLAIN_STYLES = (NumberStyle.ARABIC, NumberStyle.ROMAN, NumberStyle.ORDINAL, NumberStyle.LETTER)
"""The styles that an outline knows; a ladder knows all."""


class Run(StrEnum):
    """Over which stretch a level counts on."""

    DOCUMENT = "document"
    """One count through the whole document."""
    PARENT = "parent"
    """A new count in every parent."""
    EITHER = "either"
    """A new parent may start at one or go on where the last one stopped: drafters do both."""
    FREE = "free"
    """Not counted."""


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
    """What speaks for this profile in a text: patterns of lines and suffixes of names.

    ``general``: the family of last resort, which every other beats that has a fair share of its points.
    """

    line_patterns: tuple[str, ...]
    media_suffixes: tuple[str, ...]
    rank: int
    general: bool


class Finest(StrEnum):
    """The smallest unit of a Markdown text; each also takes what the ones before it take."""

    HEADING = "heading"
    """A heading with all that stands under it up to the next."""
    PARAGRAPH = "paragraph"
    """Blocks: paragraphs, whole lists, whole tables, code, quotes."""
    LIST_ITEM = "list_item"
    """Items of lists, and each block inside one that follows its first."""
    TABLE_ROW = "table_row"
    """Rows of tables; the head of a table is a unit of its own kind above them."""


class Gaps(StrEnum):
    """What a missing number of a level is: consolidated laws drop repealed provisions without a trace."""

    EXCEPTION = "exception"
    NOTICE = "notice"


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One level of a ladder. The order in a profile is the rank, the outermost first.

    ``forms`` are regular expressions for how a unit of this level begins, behind the line's indentation, each with at
    most one group: the number. ``address_under`` names the levels whose address this one's goes on from; the count runs
    in the same place. ``inside`` names levels of which one must be open.
    """

    name: str
    kind: str
    token: str
    forms: tuple[str, ...]
    numbers: tuple[NumberStyle, ...]
    address_under: tuple[str, ...]
    inside: tuple[str, ...]
    chains: tuple[str, ...]
    run: Run
    gaps: Gaps
    sure: bool
    container: bool
    floats: bool
    opens_paragraph: bool
    hanging: bool
    lead: bool
    whole: bool
    restarts: bool


@dataclass(frozen=True, kw_only=True)
class LadderText:
    """How a ladder's text is laid out."""

    indented: bool
    front_matter: bool
    range_words: tuple[str, ...]
    suffix_words: tuple[str, ...]
    flush_after_blank: bool
    repeat_token: str
    drafts: Block | None


@dataclass(frozen=True, kw_only=True)
class Element:
    """One level of an XML document: the local names of its elements, and how its number is read."""

    name: str
    kind: str
    token: str
    elements: tuple[str, ...]
    numbers: tuple[NumberStyle, ...]
    address_under: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class XmlText:
    """Where an XML document keeps numbers and identities, and what in it is quoted."""

    number_elements: tuple[str, ...]
    number_words: tuple[str, ...]
    id_attributes: tuple[str, ...]
    quoted_elements: tuple[str, ...]
    range_words: tuple[str, ...]
    suffix_words: tuple[str, ...]
    repeat_token: str


@dataclass(frozen=True, kw_only=True)
class MarkdownText:
    """How fine a Markdown text is cut."""

    finest: Finest


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
    quoted: Block | None = None
    """What a quoted provision is called where it is opened as a document of its own; None: it stays text."""
    rungs: tuple[Rung, ...] = ()
    ladder: LadderText | None = None
    elements: tuple[Element, ...] = ()
    xml: XmlText | None = None
    markdown: MarkdownText | None = None

    @property
    def named(self) -> tuple[Level | Rung | Element, ...]:
        """The levels, whatever the engine."""
        return self.levels or self.rungs or self.elements
