"""Where a unit stands: its bytes in the snapshot and the headings above it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from cutter_agent.chain import Chain
from cutter_agent.report import ExportedUnit

_HEADING_CHARACTERS = 160
_LABEL = re.compile(r"(\S+\s+){0,2}([IVXLCDM]+|\d+\w?)[.:)]?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A unit with its own span ``[start_byte, end_byte)`` of the snapshot, and its ancestors, outermost first.

    ``path`` are their headings, ``ancestors`` their addresses.
    """

    unit: ExportedUnit
    heading: str
    path: tuple[str, ...]
    ancestors: tuple[str, ...]
    start_byte: int
    end_byte: int


def placed(units: Iterable[ExportedUnit], strays: Collection[str] = ()) -> Iterator[Placed]:
    """Own spans tile the snapshot (design 1.3), so a place is the sum of what came before. ``strays``: ``chain``."""
    way: Chain[str] = Chain(strays)
    start_byte = 0
    for unit in units:
        end_byte = start_byte + len(unit.text.encode("utf-8"))
        above = way.above(unit.parent)
        heading = heading_of(unit.text)
        way.down(above, unit.address, heading)
        yield Placed(
            unit=unit,
            heading=heading,
            path=tuple(heading for _, heading in above),
            ancestors=tuple(address for address, _ in above),
            start_byte=start_byte,
            end_byte=end_byte,
        )
        start_byte = end_byte


def heading_of(text: str) -> str:
    """The first line with something on it, white space as one; after a bare label (``Chapter I``) the next too."""
    lines = [" ".join(line.split()) for line in text.splitlines()[:20] if line.strip()]
    if not lines:
        return ""
    heading = lines[0]
    if len(lines) > 1 and _LABEL.fullmatch(heading):
        heading = f"{heading} {lines[1]}"
    return heading if len(heading) <= _HEADING_CHARACTERS else heading[: _HEADING_CHARACTERS - 1] + "…"
