"""What a heading line says, apart from where it stands. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field

from cutter_agent.segmenter.grammar import Block
from cutter_agent.segmenter.numbers import STEP


@dataclass(slots=True, eq=False)
class Mark:
    """A heading's level and number, or an unnumbered block. One instance serves every line that says the same.

    ``rank`` is the level's place in the profile, outermost first, or -1 for a block. ``key`` orders numbers (see
    ``numbers``). ``suffix`` is what the heading adds to an address (``-DIEU14A``).
    """

    rank: int
    key: int
    number: str | None
    suffix: str
    level: str
    kind: str
    keyworded: bool
    odd: str | None = None  # how the spelling departs from the rule
    misspelt: bool = False  # even the keyword does
    reference: bool = False  # has the form of a heading and speaks of another provision
    annex: bool = False  # a block that opens a numbering of its own
    due: int = field(init=False)  # the key that plainly follows

    def __post_init__(self) -> None:
        self.due = self.key + STEP


def block_mark(block: Block) -> Mark:
    """The mark of an unnumbered block."""
    return Mark(-1, 0, None, f"-{block.token}", block.name, block.kind, keyworded=True)
