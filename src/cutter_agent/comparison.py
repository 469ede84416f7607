"""Two cuts of one document side by side: by the units' own ids, so that nothing has to be guessed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cutter_agent.recut.links import spine
from cutter_agent.recut.wording import first_words, word_diff
from cutter_agent.report import UnitLine


class Difference(StrEnum):
    """What became of a unit from one cut to another."""

    INSERTED = "inserted"
    RETIRED = "retired"
    REVISED = "revised"
    RENUMBERED = "renumbered"
    MOVED = "moved"


_MARKS = {
    Difference.INSERTED: "+",
    Difference.RETIRED: "-",
    Difference.REVISED: "~",
    Difference.RENUMBERED: "#",
    Difference.MOVED: ">",
}
LEGEND = "~ revised  # renumbered  > moved  + inserted  - retired   [-gone-] {+new+}"


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One unit that is not as it was. ``differences`` is never empty; ``before`` None: it was not there."""

    differences: tuple[Difference, ...]
    before: UnitLine | None
    after: UnitLine | None

    @property
    def address(self) -> str:
        """The unit's address, which never changes."""
        found = self.after or self.before
        return found.canonical_address if found is not None else ""


def compare(before: Sequence[UnitLine], after: Sequence[UnitLine]) -> list[Changed]:
    """Every unit that differs: in the order of ``after``, then what is gone in the order of ``before``.

    ``before`` and ``after`` are the units as of two cuts, in document order. Moved is who stands under another parent,
    or out of order among those that stayed; as few as can be.
    """
    old = {unit.unit_id: unit for unit in before}
    living = {unit.unit_id for unit in after}
    in_order = _in_order(before, after)
    found: list[Changed] = []
    for unit in after:
        was = old.get(unit.unit_id)
        if was is None:
            found.append(Changed(differences=(Difference.INSERTED,), before=None, after=unit))
        elif differences := tuple(_differences(was, unit, stayed=unit.unit_id in in_order)):
            found.append(Changed(differences=differences, before=was, after=unit))
    gone = [unit for unit in before if unit.unit_id not in living]
    return found + [Changed(differences=(Difference.RETIRED,), before=unit, after=None) for unit in gone]


def lines(changes: Sequence[Changed]) -> Iterator[str]:
    """For a person: a summary, the legend, a line or two for each change."""
    counts = {word: sum(word in change.differences for change in changes) for word in Difference}
    said = [f"{number} {word}" for word, number in counts.items() if number]
    yield ", ".join(said) if said else "no difference"
    if not said:
        return
    yield LEGEND
    for change in changes:
        yield from _shown(change)


def _differences(was: UnitLine, now: UnitLine, *, stayed: bool) -> Iterator[Difference]:
    if was.content_hash != now.content_hash:
        yield Difference.REVISED
    if (was.unit_kind, was.unit_number) != (now.unit_kind, now.unit_number):
        yield Difference.RENUMBERED
    if was.parent != now.parent or not stayed:
        yield Difference.MOVED


def _shown(change: Changed) -> Iterator[str]:
    marks = "".join(_MARKS[word] for word in change.differences)
    was, now = change.before, change.after
    if was is None or now is None:
        unit = now or was
        yield f"{marks} {change.address}  {first_words(unit.body) if unit is not None else ''}"
        return
    notes = []
    if Difference.RENUMBERED in change.differences:
        notes.append(f"{was.unit_kind} {was.unit_number or '–'} is now {now.unit_kind} {now.unit_number or '–'}")
    if Difference.MOVED in change.differences:
        notes.append(
            f"was under {was.parent or 'nothing'}" if was.parent != now.parent else "stands elsewhere in order"
        )
    yield f"{marks} {change.address}" + (f"  ({'; '.join(notes)})" if notes else "")
    if Difference.REVISED in change.differences:
        yield "    " + word_diff(was.body, now.body)


def _in_order(before: Sequence[UnitLine], after: Sequence[UnitLine]) -> set[str]:
    """The longest row of units that kept their order."""
    place = {unit.unit_id: number for number, unit in enumerate(after)}
    common = [(number, place[unit.unit_id]) for number, unit in enumerate(before) if unit.unit_id in place]
    return {before[common[index][0]].unit_id for index in spine(common, [1] * len(common))}
