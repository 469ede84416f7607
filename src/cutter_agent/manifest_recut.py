"""The part of a manifest that a re-cut adds (design 1.5, 4.4): spelt, read back strictly, and judged. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from cutter_agent.model import Manifest, OperationKind, Recut, RecutBase, RecutEnd, RecutUnit, UnitFate
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
LIVING = frozenset({UnitFate.UNCHANGED, UnitFate.REVISED, UnitFate.RENUMBERED, UnitFate.MOVED, UnitFate.INSERTED})
ENDED = frozenset({UnitFate.RETIRED, UnitFate.SPLIT, UnitFate.MERGED})
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,200})?", re.ASCII)


def as_json(recut: Recut) -> JsonValue:
    """The member ``recut`` of a manifest."""
    return {
        "base": {name: getattr(recut.base, name) for name in _BASE},
        "units": [
            {name: list(value) if name == "origins" else value for name, value in _members(unit, _UNIT)}
            for unit in recut.units
        ],
        "ended": [dict(_members(end, _END)) for end in recut.ended],
    }


def _members(row: RecutUnit | RecutEnd, fields: Mapping[str, _Types]) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(row, name)) for name in fields)


def read(value: Mapping[str, Any]) -> Recut:
    """From JSON that ``shape_problems`` finds nothing wrong with."""
    return Recut(
        base=RecutBase(**value["base"]),
        units=tuple(RecutUnit(**{**unit, "origins": tuple(unit["origins"])}) for unit in value["units"]),
        ended=tuple(RecutEnd(**end) for end in value["ended"]),
    )


def shape_problems(value: object) -> Iterator[str]:
    """What is not as ``read`` needs it."""
    if not isinstance(value, dict) or value.keys() != {"base", "units", "ended"}:
        yield "recut: an object with base, units and ended is required"
        return
    yield from _row_problems("recut.base", value["base"], _BASE)
    for name, fields in (("units", _UNIT), ("ended", _END)):
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
    for index, unit in enumerate(recut.units):
        if unit.change not in LIVING:
            yield index, f"change {unit.change[:80]!r} is none of {', '.join(sorted(LIVING))}"
        if _NUMBER.fullmatch(unit.render_order) is None:
            yield index, f"render order {unit.render_order[:80]!r} is not a plain decimal"
            return
    for index, (low, high) in enumerate(pairwise(Decimal(unit.render_order) for unit in recut.units), start=1):
        if low >= high:
            yield index, f"render order {high} after {low}: the document would be rebuilt in another order"
    yield from _end_problems(manifest, recut)


def _end_problems(manifest: Manifest, recut: Recut) -> Iterator[tuple[int | None, str]]:
    living = {unit.address for unit in manifest.units}
    seen: set[str] = set()
    for end in recut.ended:
        if end.change not in ENDED:
            yield None, f"{end.address}: change {end.change[:80]!r} is none of {', '.join(sorted(ENDED))}"
        if end.address in living or end.address in seen:
            yield None, f"{end.address} ends and is there again: an address belongs to one unit for ever"
        if not 0 <= end.start_byte < end.end_byte:
            yield None, f"{end.address}: [{end.start_byte}, {end.end_byte}) is no span of the base"
        seen.add(end.address)
