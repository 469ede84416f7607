"""What a block of a Markdown text is, as a unit: level, kind and token of its address. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Block:
    """One way to be a unit. ``depth``: of a heading, 1 to 6. ``nesting``: how many list items it stands in; -1: it is
    the only one of its kind, without a number. ``in_table``: it stands under the unit that opened the table."""

    level: str
    kind: str
    token: str
    depth: int = 0
    nesting: int = 0
    in_table: bool = False


class Opening(NamedTuple):
    """A block and the byte its first line starts at.

    ``marker``: of a list item, the last character of its marker; of an entry of the front matter, its key.
    """

    start_byte: int
    block: Block
    marker: str = ""


FRONT_MATTER = Block("front_matter", "front_matter", "FM", nesting=-1)
HEADINGS = tuple(Block(f"h{depth}", "heading", "S", depth=depth) for depth in range(1, 7))
ENTRY = Block("metadata", "metadata", "M")
LIST = Block("list", "list", "L")
ROW = Block("table_row", "table_row", "TR", in_table=True)
PART = Block("table_part", "table_part", "TP", in_table=True)

_LEAVES = {
    "paragraph": ("paragraph", "P"),
    "code": ("code", "C"),
    "html": ("html", "X"),
    "rule": ("rule", "R"),
    "quote": ("quote", "Q"),
    "item": ("list_item", "I"),
    "table": ("table", "T"),
}


@cache
def leaf(level: str, nesting: int = 0) -> Block:
    """A block under a heading that stands in ``nesting`` list items."""
    kind, token = _LEAVES[level]
    return Block(level, kind, token, nesting=nesting)
