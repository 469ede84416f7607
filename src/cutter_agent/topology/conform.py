"""What was decided about the tree, honoured by a re-cut: the fresh cut is redrawn, then matched (design 4.4). Pure.

A fresh cut knows the profile and nothing else: it would undo every split, merger and retirement. So each decision is
looked up in the edited text by the bytes around it. Where they are still there it stands. Where the text of the unit
was edited the reviewer is asked, and told what is assumed; what cannot be found again is cut as the profile says.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from cutter_agent.model import Finding, Governed, Manifest, ManifestBlock, Segmentation, Severity, Standing, Unit
from cutter_agent.recut import Living
from cutter_agent.topology.runs import Runs
from sealing.digest import sha256_hex

ASKED = "governed_touched"
_DONE = {
    Standing.PARTED: "was parted from the text before it",
    Standing.JOINED: "was joined from several units",
    Standing.LABELLED: "was given its label",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stand:
    """A decision that stands in the edited text, about the living unit at ``address``.

    ``start_byte`` and ``under_byte`` say where its units begin there.
    """

    address: str
    start_byte: int
    standing: str
    at_byte: int
    under_byte: int | None
    was: str | None


@dataclass(frozen=True, kw_only=True)
class Conformed:
    """The fresh cut as the decisions want it (its findings ask about those that were touched), and what stands."""

    cut: Segmentation
    stands: tuple[Stand, ...]


def conform(old: Living, governed: Sequence[Governed], fresh: Segmentation, data: bytes) -> Conformed:
    """``fresh`` is the cut of ``data`` as the profile makes it. Without decisions it is left as it is."""
    if not governed:
        return Conformed(cut=fresh, stands=())
    return _Conforming(old, fresh, data).run(governed)


def governed_of(stands: Sequence[Stand], blocks: Sequence[ManifestBlock] | Sequence[Unit]) -> tuple[Governed, ...]:
    """The decisions in the addresses of a proposed cut of the same text; none about a unit that was replaced."""
    address = {block.start_byte: block.address for block in blocks}
    found = [
        Governed(
            address=stand.address,
            standing=stand.standing,
            at_byte=stand.at_byte,
            under=address.get(stand.under_byte) if stand.under_byte is not None else None,
            was=stand.was,
        )
        for stand in stands
        if address.get(stand.start_byte) == stand.address
    ]
    return tuple(sorted(found, key=lambda each: (each.address, each.standing, each.at_byte)))


def stands_of(manifest: Manifest) -> tuple[Stand, ...]:
    """The decisions that a proposed re-cut carries, said of places in its text."""
    start = {block.address: block.start_byte for block in manifest.units}
    return tuple(
        Stand(
            address=each.address,
            start_byte=start[each.address],
            standing=each.standing,
            at_byte=each.at_byte,
            under_byte=start.get(each.under) if each.under is not None else None,
            was=each.was,
        )
        for each in manifest.governed
        if each.address in start
    )


def _labels(unit: Unit) -> tuple[str | None, str, str]:
    return unit.number, unit.kind, unit.level


class _Conforming:
    def __init__(self, old: Living, fresh: Segmentation, data: bytes) -> None:
        self._old = {unit.address: unit for unit in old.cut.units}
        self._before = {unit.address: before for before, unit in zip(old.cut.units, old.cut.units[1:], strict=False)}
        self._fresh, self._data = fresh, data
        self._units = list(fresh.units)
        self._given = {unit.address for unit in fresh.units}
        self._moved: dict[str, str | None] = {}
        self._known: set[int] = set()
        self._elsewhere: list[tuple[str, str | None]] = []
        self._runs = Runs(old.data, data)
        self._stands: list[Stand] = []
        self._asked: list[Finding] = []

    def run(self, governed: Sequence[Governed]) -> Conformed:
        order = (Standing.PARTED, Standing.JOINED, Standing.LABELLED)
        acts = {Standing.PARTED: self._part, Standing.JOINED: self._join, Standing.LABELLED: self._label}
        living = [each for each in governed if each.address in self._old]
        beginning = [each for each in living if each.standing == Standing.JOINED and each.at_byte == 0]
        for each in beginning:
            self._free(each, self._old[each.address])
        inside = [each for each in living if each not in beginning]
        for each in sorted(inside, key=lambda e: (order.index(Standing(e.standing)), self._place(e))):
            acts[Standing(each.standing)](each, self._old[each.address])
        self._moved.update({name: self._home(under) for name, under in self._elsewhere})
        units = tuple(self._finished(unit) for unit in self._units)
        findings = (*self._fresh.findings, *self._asked)
        return Conformed(cut=replace(self._fresh, units=units, findings=findings), stands=tuple(self._settled()))

    def _place(self, each: Governed) -> int:
        return self._old[each.address].start_byte + each.at_byte

    def _finished(self, unit: Unit) -> Unit:
        digest, parent = sha256_hex(self._data[unit.start_byte : unit.end_byte]), self._parent(unit.parent)
        if (digest, parent) == (unit.content_sha256, unit.parent):
            return unit
        return msgspec.structs.replace(unit, content_sha256=digest, parent=parent)

    def _free(self, each: Governed, unit: Unit) -> None:
        """The unit keeps its beginning and its text; what the profile hangs under that text hangs elsewhere."""
        at = self._runs.start(unit.start_byte)
        place = None if at is None else self._holder(at)
        if place is None or at is None or self._units[place].start_byte != at:
            return  # the profile begins no unit there any more
        fresh = self._units[place]
        self._units[place] = msgspec.structs.replace(fresh, address=self._unused(f"{fresh.address}X"))
        self._elsewhere.append((fresh.address, each.under))
        self._stand(each, at, at)

    def _part(self, each: Governed, unit: Unit) -> None:
        """The boundary that a split put is put again."""
        at = self._runs.boundary(unit.start_byte)
        before = self._before.get(unit.address)
        start = before.start_byte if before else unit.start_byte
        self._ask(each, at, untouched=self._runs.untouched(start, unit.end_byte))
        if at is None:
            return
        place = self._holder(at)
        whole = self._units[place]
        parent = (self._home(unit.parent) or whole.address) if unit.parent else None
        if whole.start_byte == at:
            self._relabel(place, unit, whole.parent if parent == whole.address else parent)
        else:
            piece = msgspec.structs.replace(
                unit, start_byte=at, end_byte=whole.end_byte, parent=parent, address=self._name(unit, parent)
            )
            self._units[place : place + 1] = [msgspec.structs.replace(whole, end_byte=at), piece]
            self._known.add(at)
        self._stand(each, at, at)

    def _join(self, each: Governed, unit: Unit) -> None:
        """The boundary that the profile would put is taken away again."""
        at = self._runs.boundary(unit.start_byte + each.at_byte)
        self._ask(each, at, untouched=self._runs.untouched(unit.start_byte, unit.end_byte))
        if at is None:
            return
        place = self._holder(at)
        taken = self._units[place]
        if taken.start_byte == at and place > 0:
            heir = msgspec.structs.replace(self._units[place - 1], end_byte=taken.end_byte)
            if heir.parent == taken.address:
                heir = msgspec.structs.replace(heir, parent=taken.parent)
            self._units[place - 1 : place + 1] = [heir]
            under = heir.address if each.under == unit.address else self._home(each.under)
            self._moved[taken.address] = under
            place -= 1
        heir = self._units[place]
        if heir.start_byte == self._runs.start(unit.start_byte):
            self._relabel(place, unit, heir.parent)
        self._stand(each, self._units[place].start_byte, at)

    def _label(self, each: Governed, unit: Unit) -> None:
        """The number that was decided, as long as the source says what it said then."""
        at = self._runs.start(unit.start_byte)
        place = None if at is None else self._holder(at)
        found = self._units[place] if place is not None and self._units[place].start_byte == at else None
        known = at in self._known  # its labels are its own already
        if found is not None and _labels(found) == _labels(unit) and not known:
            return  # the source itself says it now
        stands = found is not None and (known or found.number == each.was)
        self._ask(each, at if stands else None, untouched=self._runs.untouched(unit.start_byte, unit.end_byte))
        if stands and found is not None and place is not None and at is not None:
            self._units[place] = msgspec.structs.replace(found, number=unit.number, kind=unit.kind, level=unit.level)
            self._stand(each, at, at)

    def _holder(self, at: int) -> int:
        """The place of the unit that holds this byte."""
        return bisect_right(self._units, at, key=lambda unit: unit.start_byte) - 1

    def _home(self, address: str | None) -> str | None:
        """What a living unit is called in the fresh cut, found by where it begins."""
        unit = self._old.get(address) if address else None
        at = self._runs.start(unit.start_byte) if unit else None
        found = self._units[self._holder(at)] if at is not None else None
        return found.address if found is not None and found.start_byte == at else None

    def _name(self, unit: Unit, parent: str | None) -> str:
        """An address in the fresh cut's own words: below the fresh parent, given once."""
        below = parent is not None and unit.address.startswith(f"{unit.parent}-")
        name = f"{parent}{unit.address[len(unit.parent or '') :]}" if below else unit.address
        return self._unused(name)

    def _unused(self, name: str) -> str:
        while name in self._given:
            name += "X"
        self._given.add(name)
        return name

    def _relabel(self, place: int, unit: Unit, parent: str | None) -> None:
        """Kind, level and number of the living unit; its address, too, where no other fresh unit has it."""
        fresh = self._units[place]
        self._known.add(fresh.start_byte)
        address = fresh.address if unit.address in self._given else unit.address
        self._units[place] = msgspec.structs.replace(
            fresh, address=address, parent=parent, kind=unit.kind, level=unit.level, number=unit.number
        )
        if address != fresh.address:
            self._given.add(address)
            self._moved[fresh.address] = address

    def _parent(self, address: str | None) -> str | None:
        """Where the units under a fresh address stand now. A name of the fresh cut is never another unit's."""
        while address in self._moved:
            address = self._moved[address]
        return address

    def _stand(self, each: Governed, start: int, at: int) -> None:
        under = self._old.get(each.under) if each.under else None
        self._stands.append(
            Stand(
                address=each.address,
                start_byte=start,
                standing=each.standing,
                at_byte=at - start,
                under_byte=self._runs.start(under.start_byte) if under else None,
                was=each.was,
            )
        )

    def _settled(self) -> list[Stand]:
        """Units were joined after some decisions were placed: each one is said of the unit that holds it now."""
        out = []
        for stand in self._stands:
            start = self._units[self._holder(stand.start_byte)].start_byte
            if stand.standing != Standing.JOINED and start != stand.start_byte:
                continue
            out.append(replace(stand, start_byte=start, at_byte=stand.start_byte + stand.at_byte - start))
        return out

    def _ask(self, each: Governed, at: int | None, *, untouched: bool) -> None:
        if untouched and at is not None:
            return
        stands = "it stands" if at is not None else "it is cut as the profile says"
        self._asked.append(
            Finding(
                code=ASKED,
                severity=Severity.EXCEPTION,
                start_byte=at or 0,
                message=f"{each.address} {_DONE[Standing(each.standing)]} by decision, and its text was edited "
                f"(assumed: {stands})",
            )
        )
