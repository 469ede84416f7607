"""The five orders, each drawn over the living tree, or refused with what, where and what to do. Pure.

The own spans tile the snapshot before and after: a split divides one, a merger joins neighbours, a retirement gives the
bytes to the unit before. Names only ever come to the trail; none is taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise

import msgspec

from cutter_agent.errors import GovernanceRefused, UsageError
from cutter_agent.model import (
    AliasKind,
    OperationKind,
    Standing,
    TopologyOrder,
    Unit,
    UnitFate,
)
from cutter_agent.topology import minting
from cutter_agent.topology.drawing import Drawing, Row
from cutter_agent.topology.ground import Ground
from cutter_agent.topology.orders import Mark, Order


def draw(ground: Ground, order: Order) -> tuple[Drawing, TopologyOrder]:
    """The new tree, and the order in canonical addresses.

    Raises:
        UsageError: a name, place or number that says nothing here.
        GovernanceRefused: a rule of the tree says no.
    """
    drawing = Drawing.of(ground)
    return drawing, _ACTS[order.kind](drawing, order)


def _split(drawing: Drawing, order: Order) -> TopologyOrder:
    """The unit keeps its beginning, its address and what stands under it; the other pieces stand under it, first."""
    ground = drawing.ground
    place = ground.find(order.names[0])
    unit, text = ground.units[place], ground.text(place)
    cuts = sorted(_place_in(text, mark, unit) for mark in order.marks)
    if len(set(cuts)) != len(cuts):
        raise UsageError(f"two places to split {unit.address} at are the same byte", remedy="Name each place once.")
    bounds = [0, *cuts, len(text)]
    for start, end in pairwise(bounds):
        if not text[start:end].strip():
            raise GovernanceRefused(
                f"{unit.address}: the piece from byte {start} to {end} would be white space alone",
                remedy="Split where a piece with words begins.",
            )
    named = minting.pieces(ground, unit.address, len(cuts))
    rows = [
        replace(
            drawing.rows[place],
            unit=drawing.spanned(unit, unit.start_byte, unit.start_byte + cuts[0]),
            fate=UnitFate.REVISED,
        )
    ]
    for (address, number), start, end in zip(named, bounds[1:], bounds[2:], strict=False):
        piece = drawing.spanned(unit, unit.start_byte + start, unit.start_byte + end)
        made = msgspec.structs.replace(piece, address=address, parent=unit.address, number=number)
        rows.append(Row(unit=made, fate=UnitFate.INSERTED, order=None, origins=(unit.address,)))
    drawing.put(place, place, rows)
    drawing.divide(unit.address, [(unit.address, 0), *zip((name for name, _ in named), cuts, strict=True)])
    for address, _ in named:
        drawing.decide(address, Standing.PARTED)
    return TopologyOrder(words=order.words, addresses=(unit.address,), at_bytes=tuple(cuts), to=None, under=None)


def _place_in(text: bytes, mark: Mark, unit: Unit) -> int:
    """The offset in the own text, between two characters and inside."""
    if mark.at_byte is not None:
        at = mark.at_byte
    else:
        sought = (mark.text or "").encode()
        at, count = text.find(sought), text.count(sought)
        if count != 1:
            said = "does not stand in it" if count == 0 else f"stands in it {count} times"
            raise UsageError(
                f"{unit.address}: {mark.text!r} {said}",
                remedy="Give words of its own text that stand there once, or --at byte:N. iu-cutter show prints it.",
            )
    if not 0 < at < len(text):
        raise UsageError(
            f"{unit.address}: byte {at} is no place inside its own text of {len(text)} bytes",
            remedy="A split needs something before and after: an offset from 1 to the last byte.",
        )
    if text[at] & 0xC0 == 0x80:
        raise UsageError(
            f"{unit.address}: byte {at} (byte {unit.start_byte + at} of the document) is inside a character",
            remedy="Give the offset of a character's first byte, or the words the piece begins with.",
        )
    return at


def _merge(drawing: Drawing, order: Order) -> TopologyOrder:
    """Neighbours in document order become one new unit; what stood under them stands under it."""
    ground = drawing.ground
    places = sorted({ground.find(name) for name in order.names})
    if len(places) < 2:
        raise UsageError("a merger of one unit", remedy="Name two or more units that stand one after another.")
    units = [ground.units[place] for place in places]
    for before, after in pairwise(places):
        if after != before + 1:
            between = ground.units[before + 1].address
            raise GovernanceRefused(
                f"{ground.units[before].address} and {ground.units[after].address} are not adjacent: "
                f"{between} stands between them",
                remedy="Name every unit from the first to the last, what stands under them included.",
            )
    first = units[0]
    address, number = minting.wanted(ground, first, order.to) if order.to else minting.merged(ground, first)
    minting.require_free(ground, address)
    whole = drawing.spanned(first, first.start_byte, units[-1].end_byte)
    made = msgspec.structs.replace(whole, address=address, number=number)
    gone = [unit.address for unit in units]
    drawing.put(places[0], places[-1], [Row(unit=made, fate=UnitFate.INSERTED, order=None, origins=tuple(gone))])
    drawing.hang(gone, address)
    drawing.label(made, first)
    for unit in units:
        offset = unit.start_byte - first.start_byte
        governed = drawing.is_parted(unit.address)
        if offset == 0 and governed:
            drawing.decide(address, Standing.PARTED)
        elif offset > 0 and not governed:
            drawing.decide(address, Standing.JOINED, offset, under=address)
        drawing.rehome(unit.address, address, offset)
        drawing.end(unit, UnitFate.MERGED)
        drawing.lead(unit.address, AliasKind.PREVIOUS_CANONICAL, address)
    return TopologyOrder(words=order.words, addresses=tuple(gone), at_bytes=(), to=address, under=None)


def _retire(drawing: Drawing, order: Order) -> TopologyOrder:
    """The unit is none any more: its bytes belong to the unit before it (the first one's to the next)."""
    ground = drawing.ground
    place = ground.find(order.names[0])
    unit = ground.units[place]
    if len(ground.units) == 1:
        raise GovernanceRefused(
            f"{unit.address} is the only unit: nothing could hold its bytes", remedy="A document has one unit at least."
        )
    under = _new_parent(ground, unit, place, order.under)
    at = place - 1 if place else 1
    heir = ground.units[at]
    first, last = (heir, unit) if place else (unit, heir)
    grown = drawing.spanned(heir, first.start_byte, last.end_byte)
    drawing.put(min(place, at), max(place, at), [replace(drawing.rows[at], unit=grown, fate=UnitFate.REVISED)])
    drawing.hang([unit.address], under)
    length = first.end_byte - first.start_byte
    governed = drawing.is_parted(last.address)
    if heir is last:
        drawing.label(heir, unit)
    drawing.rehome(last.address, heir.address, length)
    drawing.rehome(first.address, heir.address, 0)
    drawing.unpart(last.address)
    if not governed:
        drawing.decide(heir.address, Standing.JOINED, length, under=heir.address if heir is last else under)
    if heir is last:
        drawing.decide(heir.address, Standing.JOINED, 0, under=under)
    drawing.end(unit, UnitFate.RETIRED)
    drawing.lead(unit.address, AliasKind.REDIRECT, heir.address)
    return TopologyOrder(words=order.words, addresses=(unit.address,), at_bytes=(), to=heir.address, under=under)


def _new_parent(ground: Ground, unit: Unit, place: int, wanted: str | None) -> str | None:
    """What the units under a retired one will stand under: its own parent, or the one that is named."""
    if wanted is None:
        return unit.parent
    at = ground.find(wanted)
    chosen = ground.units[at]
    first_child = next((k for k, each in enumerate(ground.units) if each.parent == unit.address), None)
    if first_child is None:
        raise UsageError(f"nothing stands under {unit.address}", remedy="Leave --under out.")
    if at == place or at >= first_child:
        raise GovernanceRefused(
            f"{chosen.address} does not stand before what stands under {unit.address}",
            remedy="A parent stands before its children: name a living unit further up.",
        )
    return chosen.address


def _renumber(drawing: Drawing, order: Order) -> TopologyOrder:
    """The unit keeps its address; what it is called from now on is its number and an alias."""
    ground = drawing.ground
    place = ground.find(order.names[0])
    unit = ground.units[place]
    address, number = minting.wanted(ground, unit, order.to or "")
    called = ground.living.called.get(unit.address, unit.address)
    if number == unit.number and address == called:
        raise GovernanceRefused(
            f"{unit.address} is called {address} already", remedy="There is nothing to do: nothing was written."
        )
    if address != unit.address:
        minting.require_free(ground, address, apart=unit.address)
    drawing.put(
        place,
        place,
        [
            replace(
                drawing.rows[place],
                unit=msgspec.structs.replace(unit, number=number),
                fate=UnitFate.RENUMBERED,
            )
        ],
    )
    drawing.label(msgspec.structs.replace(unit, number=number), unit)
    drawing.lead(address, AliasKind.RENAME, unit.address)
    return TopologyOrder(words=order.words, addresses=(unit.address,), at_bytes=(), to=address, under=None)


def _redirect(drawing: Drawing, order: Order) -> TopologyOrder:
    """A name that lives no more, or never did, leads to a living unit. No unit changes."""
    ground = drawing.ground
    old, new = order.names
    if old in ground.place_of:
        raise GovernanceRefused(
            f"{old} is a living unit: its address leads to itself",
            remedy="Retire or merge it first; that leaves a redirect by itself.",
        )
    code = ground.document.document_code
    if not old.startswith(f"{code}-") or minting.ADDRESS.fullmatch(old) is None:
        raise UsageError(f"{old[:80]!r} is not an address under {code}", remedy=f"Give an address that begins {code}-.")
    if len(old) > minting.MAX_ADDRESS_LENGTH:
        raise UsageError(f"{old[:80]}… is too long", remedy=f"At most {minting.MAX_ADDRESS_LENGTH} characters.")
    trail = ground.names.follow(new)
    if new == old or any(
        old in {step.alias_text, ground.names.units[step.target_unit_id].address} for step in trail.steps
    ):
        raise GovernanceRefused(
            f"{new} leads through {old}: a redirect would go in a circle", remedy="Name a unit that lives."
        )
    target = trail.reached
    if target not in ground.place_of:
        raise UsageError(
            f"{new} leads to no living unit of {ground.document.document_ref}",
            remedy=f"Name a living unit: iu-cutter tree {code}.",
        )
    if ground.names.follow(old).reached == target:
        raise GovernanceRefused(
            f"{old} leads to {target} already", remedy="There is nothing to do: nothing was written."
        )
    drawing.lead(old, AliasKind.REDIRECT, str(target))
    return TopologyOrder(words=order.words, addresses=(old,), at_bytes=(), to=target, under=None)


_ACTS: Mapping[OperationKind, Callable[[Drawing, Order], TopologyOrder]] = {
    OperationKind.SPLIT: _split,
    OperationKind.MERGE: _merge,
    OperationKind.RETIRE: _retire,
    OperationKind.RENUMBER: _renumber,
    OperationKind.REDIRECT: _redirect,
}
