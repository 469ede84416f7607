"""What a manifest that changes units without a new source must keep (design 1.8): part of the one validator. Pure.

Judged from the manifest alone: whether it fits the living cut is asked again when it is cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from cutter_agent.idempotency import unit_id
from cutter_agent.model import (
    TOPOLOGY,
    AliasKind,
    Manifest,
    ManifestBlock,
    OperationKind,
    Recut,
    RecutUnit,
    Standing,
    Topology,
    UnitFate,
)

_ADDRESS = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*", re.ASCII)
Found = tuple[int | None, str]
Changed = Mapping[str, tuple[int, ManifestBlock, RecutUnit]]
_TRAIL: Mapping[OperationKind, AliasKind] = {
    OperationKind.MERGE: AliasKind.PREVIOUS_CANONICAL,
    OperationKind.RETIRE: AliasKind.REDIRECT,
    OperationKind.RENUMBER: AliasKind.RENAME,
    OperationKind.REDIRECT: AliasKind.REDIRECT,
    OperationKind.NAME: AliasKind.EXTERNAL_REFERENCE,
}


def problems(manifest: Manifest) -> Iterator[Found]:
    """What is wrong with the parts ``topology`` and ``governed``, and at which block."""
    kind, topology, recut = manifest.header.operation_kind, manifest.topology, manifest.recut
    if (topology is not None) != (kind in TOPOLOGY):
        yield None, f"operation kind {kind} and the part topology do not belong together"
    yield from _governed(manifest)
    if topology is None or recut is None or len(recut.units) != len(manifest.units):
        return
    if recut.base.snapshot_sha256 != manifest.header.snapshot_sha256:
        yield None, f"a {kind} starts from snapshot {recut.base.snapshot_sha256} and proposes another one"
    if not topology.because.strip() or not topology.because.isprintable():
        yield None, "a change without a reason"
    yield from _trail(manifest, topology, recut)
    changed = {
        block.address: (index, block, word)
        for index, (block, word) in enumerate(zip(manifest.units, recut.units, strict=True))
        if word.change != UnitFate.UNCHANGED
    }
    shape = _SHAPES.get(kind)
    if shape is not None:
        yield from shape(topology, recut, changed)


def _governed(manifest: Manifest) -> Iterator[Found]:
    if not manifest.governed:
        return
    spans = {block.address: block.end_byte - block.start_byte for block in manifest.units}
    for each in manifest.governed:
        length = spans.get(each.address)
        if each.standing not in Standing.__members__.values():
            yield None, f"governed {each.address}: {each.standing[:80]!r} is none of {', '.join(Standing)}"
        if length is None:
            yield None, f"governed {each.address[:80]} is no unit of the document"
        elif not 0 <= each.at_byte < length or (each.at_byte and each.standing != Standing.JOINED):
            yield None, f"governed {each.address}: byte {each.at_byte} is no place for {each.standing}"
        if each.under is not None and each.under not in spans:
            yield None, f"governed {each.address}: {each.under[:80]} is no unit of the document"


def _trail(manifest: Manifest, topology: Topology, recut: Recut) -> Iterator[Found]:
    """Every address that ends leads on, every name to a unit that lives, and no living unit's name is taken away."""
    living = {block.address for block in manifest.units}
    due = _TRAIL.get(manifest.header.operation_kind)
    seen: set[str] = set()
    for alias in topology.aliases:
        if alias.kind != due:
            yield None, f"alias {alias.text[:80]} is a {alias.kind[:40]}, due is {due or 'none'}"
        if alias.target not in living:
            yield None, f"alias {alias.text[:80]} leads to {alias.target[:80]}, which does not live"
        elif alias.target_unit_id != unit_id(manifest.header.document_ref, alias.target, manifest.header.unit_id_form):
            yield None, f"alias {alias.text[:80]}: {alias.target_unit_id} is not the id of {alias.target}"
        if alias.text in living and alias.text != alias.target:
            yield None, f"alias {alias.text[:80]} is the address of a living unit"
        if alias.text in seen:
            yield None, f"alias {alias.text[:80]} is said twice"
        seen.add(alias.text)
    for end in recut.ended:
        if end.address not in seen:
            yield None, f"{end.address} ends, and no alias says where it goes on"


def _split(topology: Topology, recut: Recut, changed: Changed) -> Iterator[Found]:
    order = topology.order
    whole = changed.get(order.addresses[0]) if len(order.addresses) == 1 else None
    if recut.ended or topology.aliases or whole is None or whole[2].change != UnitFate.REVISED:
        yield None, "a split revises one unit and ends none"
        return
    place, unit, _ = whole
    reached = unit.end_byte
    for step, at_byte in enumerate(order.at_bytes, start=1):
        piece = next((each for each in changed.values() if each[0] == place + step), None)
        if piece is None or not _is_piece(unit, piece[1], piece[2]):
            yield place + step, f"block {place + step} is no piece of {unit.address}: its address extends that one's"
            return
        if not piece[1].start_byte == reached == unit.start_byte + at_byte:
            yield place + step, f"the piece begins at byte {piece[1].start_byte}, ordered was {at_byte} of its unit"
        reached = piece[1].end_byte
    if not order.at_bytes or len(changed) != 1 + len(order.at_bytes):
        yield None, f"a split at {len(order.at_bytes)} place(s) changes {len(changed)} units"


def _is_piece(unit: ManifestBlock, piece: ManifestBlock, word: RecutUnit) -> bool:
    return (
        word.change == UnitFate.INSERTED
        and word.origins == (unit.address,)
        and piece.parent == unit.address
        and piece.address.startswith(f"{unit.address}-")
    )


def _merge(topology: Topology, recut: Recut, changed: Changed) -> Iterator[Found]:
    made = changed.get(topology.order.to or "")
    gone = tuple(end.address for end in recut.ended)
    if made is None or made[2].change != UnitFate.INSERTED or made[2].origins != gone or len(gone) < 2:
        yield None, "a merger ends two or more units in one new one that names them all"
        return
    place, unit, _ = made
    reached = unit.start_byte
    for end in recut.ended:
        if end.change != UnitFate.MERGED or end.start_byte != reached:
            yield place, f"{end.address} does not stand where the merger needs it"
        reached = end.end_byte
    if reached != unit.end_byte or gone != topology.order.addresses:
        yield place, f"{unit.address} does not hold exactly the bytes of {', '.join(gone)}"
    for address, (at, block, word) in changed.items():
        if address != unit.address and (word.change != UnitFate.MOVED or block.parent != unit.address):
            yield at, f"{address} is {word.change} by a merger it has no part in"


def _retire(topology: Topology, recut: Recut, changed: Changed) -> Iterator[Found]:
    order = topology.order
    heir = changed.get(order.to or "")
    if len(recut.ended) != 1 or recut.ended[0].change != UnitFate.RETIRED or heir is None:
        yield None, "a retirement ends one unit, and another one holds its bytes"
        return
    end, (place, unit, word) = recut.ended[0], heir
    inside = unit.start_byte <= end.start_byte and end.end_byte <= unit.end_byte
    if not inside or (end.address,) != order.addresses or word.change not in {UnitFate.REVISED, UnitFate.MOVED}:
        yield place, f"{unit.address} does not hold the bytes of {end.address}"
    for address, (at, block, moved) in changed.items():
        if address != unit.address and (moved.change != UnitFate.MOVED or block.parent != order.under):
            yield at, f"{address} is {moved.change} by a retirement it has no part in"


def _renumber(topology: Topology, recut: Recut, changed: Changed) -> Iterator[Found]:
    order = topology.order
    words = {address: word.change for address, (_, _, word) in changed.items()}
    if recut.ended or words != dict.fromkeys(order.addresses, UnitFate.RENUMBERED.value) or len(words) != 1:
        yield None, "a renumbering changes what one unit is called and nothing else"
    if [(alias.text, alias.target) for alias in topology.aliases] != [(order.to, address) for address in words]:
        yield None, "a renumbering adds one name to the trail of its unit"


def _redirect(topology: Topology, recut: Recut, changed: Changed) -> Iterator[Found]:
    order = topology.order
    if recut.ended or changed:
        yield None, "a redirect changes no unit"
    if [(alias.text,) for alias in topology.aliases] != [order.addresses] or topology.aliases[0].target != order.to:
        yield None, "a redirect adds the one name that was ordered"


def _name(topology: Topology, recut: Recut, changed: Changed) -> Iterator[Found]:
    if recut.ended or changed or not topology.aliases:
        yield None, "names change no unit, and there is one at least"
    if tuple(alias.text for alias in topology.aliases) != topology.order.addresses:
        yield None, "the names are not those that were ordered"
    for alias in topology.aliases:
        if not (alias.because or "").strip() or not (alias.because or "").isprintable():
            yield None, f"name {alias.text[:80]}: nothing says where it comes from"
        if _ADDRESS.fullmatch(alias.text) or not alias.text.isprintable() or alias.text != alias.text.strip():
            yield None, f"name {alias.text[:80]!r} is an address, padded, or cannot be printed"


_SHAPES: Mapping[OperationKind, Callable[[Topology, Recut, Changed], Iterator[Found]]] = {
    OperationKind.SPLIT: _split,
    OperationKind.MERGE: _merge,
    OperationKind.RETIRE: _retire,
    OperationKind.RENUMBER: _renumber,
    OperationKind.REDIRECT: _redirect,
    OperationKind.NAME: _name,
}
