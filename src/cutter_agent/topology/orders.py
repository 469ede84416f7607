"""What a person may order, as he says it, before anything is known of the document."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cutter_agent.errors import UsageError
from cutter_agent.model import OperationKind

_BYTES = re.compile(r"(?:byte:)?(\d{1,12})", re.ASCII)
_TEXT = "text:"
MAX_REASON_LENGTH = 2000


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Where to split: an offset in the unit's own text, in bytes, or the text that the next piece begins with."""

    at_byte: int | None = None
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order. ``names`` are addresses or aliases as they were typed; what else applies depends on the kind."""

    kind: OperationKind
    names: tuple[str, ...]
    because: str
    marks: tuple[Mark, ...] = ()
    to: str | None = None
    under: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The order in one spelling, without the reason: what makes the same command the same order."""
        marks = [f"text:{mark.text}" if mark.text is not None else f"byte:{mark.at_byte}" for mark in self.marks]
        named = [("--at", mark) for mark in marks]
        named += [(name, word) for name, word in (("--to", self.to), ("--under", self.under)) if word is not None]
        return (self.kind.value, *self.names, *(word for pair in named for word in pair))

    def __post_init__(self) -> None:
        reason = self.because
        if not reason.strip() or reason != reason.strip() or len(reason) > MAX_REASON_LENGTH:
            raise UsageError(
                f"the reason is empty, padded or over {MAX_REASON_LENGTH} characters",
                remedy="Say why, in a sentence: --because.",
            )
        if not reason.isprintable():
            raise UsageError("the reason holds a character that cannot be printed", remedy="Give one line of text.")


def mark_of(word: str) -> Mark:
    """``120`` and ``byte:120`` are an offset, ``text:2020`` and anything else is text.

    Raises:
        UsageError: there is nothing to look for.
    """
    found = _BYTES.fullmatch(word)
    if found is not None:
        return Mark(at_byte=int(found[1]))
    text = word.removeprefix(_TEXT)
    if not text:
        raise UsageError(
            "--at without a text", remedy="Give an offset in bytes, or the words the next piece begins with."
        )
    return Mark(text=text)
