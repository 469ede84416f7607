"""The rows of a proposal: source left, unit right; of a re-cut each text word by word against what is in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from markupsafe import Markup

from cutter_agent.model import ManifestBlock, RecutEnd, UnitFate
from cutter_agent.web.reading import Read
from cutter_agent.web.rendering import differing, shortened, visible


@dataclass(frozen=True, kw_only=True)
class Row:
    """One unit, or one that ends. ``key``: its anchor on the page.

    ``fate``: what a re-cut makes of it, empty in a first cut; ``was``: kind and number in force, where they change;
    ``alias``: what the new text calls it, where that is not its address. ``depth`` counts its ancestors.
    """

    key: str
    address: str
    kind: str
    number: str
    was: str
    alias: str
    origins: Sequence[str]
    start_byte: int
    end_byte: int
    depth: int
    fate: str
    cases: Sequence[str]
    text: Markup = field(repr=False)


Place = tuple[str, int]
"""What stands at a place of the list: a unit (``u``) or one that ends (``x``), and its number in the manifest."""


def listed(read: Read, *, only_marked: bool) -> list[Place]:
    """What the page lists, in the order of the document. ``only_marked``: what changes, ends or is doubtful."""
    recut = read.manifest.recut
    if recut is None:
        places = range(len(read.manifest.units))
        return [("u", place) for place in places if not only_marked or place in read.cases_at]
    orders = [
        (Decimal(word.render_order), 1, "u", place)
        for place, word in enumerate(recut.units)
        if not only_marked or word.change != UnitFate.UNCHANGED or place in read.cases_at
    ]
    orders += [(Decimal(end.render_order), 0, "x", number) for number, end in enumerate(recut.ended)]
    return [(what, number) for _, _, what, number in sorted(orders)]


def rows(read: Read, places: Sequence[Place]) -> Iterator[Row]:
    """The rows of a page."""
    for what, number in places:
        if what == "u":
            yield _unit(read, number)
        elif read.manifest.recut is not None:
            yield _ended(read, number, read.manifest.recut.ended[number])


def _unit(read: Read, place: int) -> Row:
    unit = read.manifest.units[place]
    word = read.manifest.recut.units[place] if read.manifest.recut else None
    base = read.living.get(unit.address)
    text = read.text(unit)
    if word is None or word.change == UnitFate.UNCHANGED:
        shown = visible(shortened(text))
    else:
        shown = differing(read.text_before(base.start_byte, base.end_byte) if base else "", text)
    return Row(
        key=f"u{place}",
        address=unit.address,
        kind=unit.kind,
        number=unit.number or "",
        was=_was(base, unit) if word else "",
        alias=(word.alias or "") if word else "",
        origins=word.origins if word else (),
        start_byte=unit.start_byte,
        end_byte=unit.end_byte,
        depth=read.depths[unit.address],
        fate=word.change if word else "",
        cases=read.cases_at.get(place, ()),
        text=shown,
    )


def _ended(read: Read, number: int, end: RecutEnd) -> Row:
    base = read.living.get(end.address)
    return Row(
        key=f"x{number}",
        address=end.address,
        kind=base.kind if base else "",
        number=(base.number or "") if base else "",
        was="",
        alias="",
        origins=(),
        start_byte=end.start_byte,
        end_byte=end.end_byte,
        depth=0,
        fate=end.change,
        cases=(),
        text=differing(read.text_before(end.start_byte, end.end_byte), ""),
    )


def _was(base: ManifestBlock | None, unit: ManifestBlock) -> str:
    if base is None or (base.kind, base.number) == (unit.kind, unit.number):
        return ""
    return f"{base.kind} {base.number or ''}".strip()
