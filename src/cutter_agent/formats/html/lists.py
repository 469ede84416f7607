"""Numbers of HTML lists: what a browser shows before an item (HTML 4.4.5: start, type, value, reversed)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cutter_agent.formats.counting import decimal, letters, roman

BULLET = "- "
_MOST = 10**9


@dataclass(kw_only=True)
class Numbering:
    """The counter of one open list; ``bullet`` lists count nothing."""

    bullet: bool
    style: str
    next_number: int
    step: int

    def label(self, attributes: Mapping[str, str | None]) -> str:
        """What stands before the next item."""
        if self.bullet:
            return BULLET
        value = _number(attributes.get("value"))
        number = self.next_number if value is None else value
        self.next_number = number + self.step
        return f"{_spelt(number, attributes.get('type') or self.style)}. "


def numbering(name: str, attributes: Mapping[str, str | None], items: int) -> Numbering:
    """The counter of a list that begins; ``items`` is how many it has, where it counts down."""
    backwards = "reversed" in attributes
    start = _number(attributes.get("start"))
    return Numbering(
        bullet=name != "ol",
        style=attributes.get("type") or "1",
        next_number=start if start is not None else items if backwards else 1,
        step=-1 if backwards else 1,
    )


def _number(text: str | None) -> int | None:
    try:
        return max(-_MOST, min(_MOST, int((text or "").strip()[:12])))
    except ValueError:
        return None


def _spelt(number: int, style: str) -> str:
    spelling = {"a": letters, "i": roman}.get(style.lower(), decimal)
    text = spelling(number)
    return text.upper() if style in {"A", "I"} else text
