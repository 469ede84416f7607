"""What a form could not say of a document: counted by name, told with the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

REPLACED = "characters that XML does not allow, each replaced by U+FFFD"
BLANK_LINES = "blank lines between the paragraphs of a unit"
NESTING = "units whose parent is not around them in the text, put on the top level"


class Losses:
    """Counts, by what was lost."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, what: str, count: int = 1) -> None:
        """Count ``count`` more. Nothing is told of a count of 0."""
        if count:
            self._counts[what] += count

    @property
    def counts(self) -> Mapping[str, int]:
        """How much of each, in the order of their names."""
        return dict(sorted(self._counts.items()))
