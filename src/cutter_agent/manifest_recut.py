"""The part of a manifest that a re-cut adds (design 1.5, 4.4): spelt, read back strictly, and judged. Pure.

``kept`` is there in the second form only (``iu-manifest/2``): runs of units that stay as the base has them. Then
``units``, here and beside the part, holds the others, and the size of a manifest follows what changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from operator import ge
from typing import Any

from cutter_agent.errors import ManifestInvalid, Problem
from cutter_agent.manifest_base import Base, Stored, spelt_out
from cutter_agent.manifest_base import read as read_base
from cutter_agent.manifest_kept import Blocks, Words, units_of
from cutter_agent.model import (
    BlockRole,
    Manifest,
    ManifestBlock,
    ManifestHeader,
    OperationKind,
    Recut,
    RecutBase,
    RecutEnd,
    RecutRun,
    RecutUnit,
    UnitFate,
)
from sealing.canonical import JsonValue

_Types = tuple[type, ...]
_BASE: Mapping[str, _Types] = {
    "change_set_id": (str,),
    "cut_seq": (int,),
    "manifest_digest": (str,),
    "snapshot_sha256": (str,),
}
_UNIT: Mapping[str, _Types] = {
    "change": (str,),
    "target_unit_id": (str,),
    "render_order": (str,),
    "alias": (str, type(None)),
    "origins": (list,),
}
_END: Mapping[str, _Types] = {
    "address": (str,),
    "target_unit_id": (str,),
    "change": (str,),
    "start_byte": (int,),
    "end_byte": (int,),
    "render_order": (str,),
    "content_sha256": (str,),
}
_RUN: Mapping[str, _Types] = dict.fromkeys(("place", "base_place", "count", "start_byte", "end_byte"), (int,))
LIVING = frozenset({UnitFate.UNCHANGED, UnitFate.REVISED, UnitFate.RENUMBERED, UnitFate.MOVED, UnitFate.INSERTED})
ENDED = frozenset({UnitFate.RETIRED, UnitFate.SPLIT, UnitFate.MERGED})
_AGAIN = "Mark the edited source again: the program proposes it."
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,200})?", re.ASCII)


def as_json(recut: Recut) -> JsonValue:
    """The member ``recut`` of a manifest."""
    spelt = (
        recut.units if recut.kept is None else (recut.units[at] for at in spelt_places(recut.kept, len(recut.units)))
    )
    kept = {} if recut.kept is None else {"kept": [dict(_members(run, _RUN)) for run in recut.kept]}
    return {
        **kept,
        "base": {name: getattr(recut.base, name) for name in _BASE},
        "units": [
            {name: list(value) if name == "origins" else value for name, value in _members(unit, _UNIT)}
            for unit in spelt
        ],
        "ended": [dict(_members(end, _END)) for end in recut.ended],
    }


def spelt_places(kept: Iterable[RecutRun], unit_count: int) -> Iterator[int]:
    """The places that no run keeps."""
    reached = 0
    for run in kept:
        yield from range(reached, run.place)
        reached = run.place + run.count
    yield from range(reached, unit_count)


def _members(row: RecutUnit | RecutEnd | RecutRun, fields: Mapping[str, _Types]) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(row, name)) for name in fields)


def read(value: Mapping[str, Any]) -> Recut:
    """From JSON that ``shape_problems`` finds nothing wrong with."""
    return Recut(
        base=RecutBase(**value["base"]),
        units=tuple(RecutUnit(**{**unit, "origins": tuple(unit["origins"])}) for unit in value["units"]),
        ended=tuple(RecutEnd(**end) for end in value["ended"]),
        kept=tuple(RecutRun(**run) for run in value["kept"]) if "kept" in value else None,
    )


def resolved(
    recut: Recut, blocks: Sequence[ManifestBlock], header: ManifestHeader, stored: Stored
) -> tuple[Blocks, Recut]:
    """Blocks and words of every unit: those that are spelt, and between them what the base has.

    Raises:
        ManifestInvalid: the runs do not fit, or a spelt block does not stand where they leave room.
        StaleApproval: a manifest below is not stored as it was.
    """
    base = read_base(recut.base.manifest_digest, stored)
    if base.unit_id_form is not header.unit_id_form:
        said = f"unit_id_form {header.unit_id_form}, and the units of the base have {base.unit_id_form}"
        raise ManifestInvalid([Problem(code="recut", message=said, remedy=_AGAIN)])
    units = units_of(blocks)
    orders = [word.render_order for word in recut.units]
    whole, all_orders = spelt_out(
        base.units, base.orders, recut.kept or (), units, orders, unit_count=header.unit_count
    )
    told = dict(zip(spelt_places(recut.kept or (), header.unit_count), recut.units, strict=True))
    for place, block in zip(told, blocks, strict=True):
        if block.unit_local_id != place or block.role is not BlockRole.RESULT:
            said = f"unit_local_id {block.unit_local_id}, {block.role}, at place {place}"
            raise ManifestInvalid([Problem(code="recut", message=said, remedy=_AGAIN, block_index=place)])
    words_made = Words(
        document_ref=header.document_ref,
        form=header.unit_id_form,
        base=base,
        units=whole,
        orders=all_orders,
        changed=told,
    )
    return Blocks(whole), replace(recut, units=words_made)


def shape_problems(value: object) -> Iterator[str]:
    """What is not as ``read`` needs it."""
    if not isinstance(value, dict) or value.keys() - {"kept"} != {"base", "units", "ended"}:
        yield "recut: an object with base, units and ended is required"
        return
    yield from _row_problems("recut.base", value["base"], _BASE)
    for name, fields in (("units", _UNIT), ("ended", _END), ("kept", _RUN)):
        if name not in value:
            continue
        rows = value[name]
        if not isinstance(rows, list):
            yield f"recut.{name}: a list is required"
            continue
        for index, row in enumerate(rows):
            yield from _row_problems(f"recut.{name} {index}", row, fields)


def _row_problems(where: str, row: object, fields: Mapping[str, _Types]) -> Iterator[str]:
    if not isinstance(row, dict) or row.keys() != fields.keys():
        yield f"{where}: an object with exactly {', '.join(fields)} is required"
        return
    for name, types in fields.items():
        if type(row[name]) not in types:
            yield f"{where}: {name} is a {type(row[name]).__name__}"
    if isinstance(row.get("origins"), list) and not all(isinstance(origin, str) for origin in row["origins"]):
        yield f"{where}: origins are addresses"


def problems(manifest: Manifest) -> Iterator[tuple[int | None, str]]:
    """What is wrong with the part, and at which block: it must say one word of each unit, and its orders must rise."""
    recut = manifest.recut
    if (recut is None) != (manifest.header.operation_kind is OperationKind.FIRST_CUT):
        yield None, f"operation kind {manifest.header.operation_kind} and the part recut do not belong together"
    if recut is None:
        return
    if len(recut.units) != len(manifest.units):
        yield None, f"recut says {len(recut.units)} units, the manifest {len(manifest.units)}"
        return
    words = recut.units
    told = sorted(words.changed.items()) if isinstance(words, Words) else enumerate(words)
    for index, unit in told:
        if unit.change not in LIVING:
            yield index, f"change {unit.change[:80]!r} is none of {', '.join(sorted(LIVING))}"
        if _NUMBER.fullmatch(unit.render_order) is None:
            yield index, f"render order {unit.render_order[:80]!r} is not a plain decimal"
            return
    orders = list(map(Decimal, words.orders if isinstance(words, Words) else (unit.render_order for unit in words)))
    if any(map(ge, orders, orders[1:])):
        for index, (low, high) in enumerate(pairwise(orders), start=1):
            if low >= high:
                yield index, f"render order {high} after {low}: the document would be rebuilt in another order"
    yield from _end_problems(manifest, recut)


def _end_problems(manifest: Manifest, recut: Recut) -> Iterator[tuple[int | None, str]]:
    blocks = manifest.units
    living = {unit.address for unit in (blocks.units if isinstance(blocks, Blocks) else blocks)}
    seen: set[str] = set()
    if isinstance(recut.units, Words):
        yield from _left_out(recut.units.base, living, {end.address for end in recut.ended})
    for end in recut.ended:
        if end.change not in ENDED:
            yield None, f"{end.address}: change {end.change[:80]!r} is none of {', '.join(sorted(ENDED))}"
        if end.address in living or end.address in seen:
            yield None, f"{end.address} ends and is there again: an address belongs to one unit for ever"
        if not 0 <= end.start_byte < end.end_byte:
            yield None, f"{end.address}: [{end.start_byte}, {end.end_byte}) is no span of the base"
        seen.add(end.address)


def _left_out(base: Base, living: Set[str], ended: Set[str]) -> Iterator[tuple[int | None, str]]:
    """Whoever was there lives on or ends: a unit that no run keeps and nobody names would vanish."""
    for address in sorted({unit.address for unit in base.units} - living - ended):
        yield None, f"{address} of the base is neither kept nor changed nor ended"
