"""A change without a new source, in words for a person and as data for a program. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from cutter_agent.model import Manifest, RecutUnit, UnitFate

_CHARACTERS = 90
_MARKS = {UnitFate.REVISED: "~", UnitFate.RENUMBERED: "#", UnitFate.MOVED: ">", UnitFate.INSERTED: "+"}
_BASE_ROWS = 13


class Placed(Protocol):
    """A unit of the living tree: of a stored manifest, or of the store."""

    @property
    def address(self) -> str: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def number(self) -> str | None: ...
    @property
    def start_byte(self) -> int: ...
    @property
    def end_byte(self) -> int: ...


def lines(manifest: Manifest, before: Sequence[Placed], data: bytes) -> Iterator[str]:
    """A summary, every change in document order, what ends and where it goes on, the new names.

    ``~`` other bytes, ``#`` another number, ``>`` another parent, ``+`` new, ``-`` ended, ``@`` a name.
    """
    recut, topology = manifest.recut, manifest.topology
    if recut is None or topology is None:
        return
    old = {unit.address: unit for unit in before}
    yield f"{' '.join(topology.order.words)}: {topology.because}"
    yield (
        f"{changed_count(manifest)} unit(s) change, {ledger_rows(manifest)} ledger rows, "
        f"{len(topology.aliases)} name(s); the bytes of cut {recut.base.cut_seq} stay as they are"
    )
    for block, word in zip(manifest.units, recut.units, strict=True):
        if word.change != UnitFate.UNCHANGED:
            yield _line(block, old.get(block.address), word, data)
    for end in recut.ended:
        yield f"- {end.address}  {end.change}  {_first(data, end.start_byte, end.end_byte)}"
    for alias in topology.aliases:
        yield f"@ {alias.text}  leads to  {alias.target}  ({alias.kind})"


def _line(unit: Placed, before: Placed | None, word: RecutUnit, data: bytes) -> str:
    said = f"{_MARKS[UnitFate(word.change)]} {unit.address}  {word.change}"
    if before is None or before.parent != unit.parent:
        said += f"  under {unit.parent or 'nothing'}"
    if before is not None and before.number != unit.number:
        said += f"  number {before.number} becomes {unit.number}"
    if before is None or (before.start_byte, before.end_byte) != (unit.start_byte, unit.end_byte):
        said += f"  {_first(data, unit.start_byte, unit.end_byte)}"
    return said


def _first(data: bytes, start: int, end: int) -> str:
    text = " ".join(data[start:end].decode(errors="replace").split())
    return f"[{start}, {end}) {text if len(text) <= _CHARACTERS else text[: _CHARACTERS - 1] + '…'}"


def changed_count(manifest: Manifest) -> int:
    """k: how many units get a new version."""
    if manifest.recut is None:
        return 0
    living = sum(word.change != UnitFate.UNCHANGED for word in manifest.recut.units)
    return living + len(manifest.recut.ended)


def ledger_rows(manifest: Manifest) -> int:
    """How many rows the whole way adds to the ledger, names apart (design 1.5): 13 + 2 k."""
    return _BASE_ROWS + 2 * changed_count(manifest)


def record_of(manifest: Manifest, before: Sequence[Placed]) -> dict[str, Any]:
    """The documented JSON shape of a planned change."""
    recut, topology = manifest.recut, manifest.topology
    if recut is None or topology is None:
        return {}
    old = {unit.address: unit for unit in before}
    changes = [
        {
            "address": block.address,
            "change": word.change,
            "before": _place(old.get(block.address)),
            "after": _place(block),
        }
        for block, word in zip(manifest.units, recut.units, strict=True)
        if word.change != UnitFate.UNCHANGED
    ]
    changes += [
        {"address": end.address, "change": end.change, "before": _place(old[end.address]), "after": None}
        for end in recut.ended
    ]
    return {
        "operation": manifest.header.operation_kind.value,
        "order": list(topology.order.words),
        "because": topology.because,
        "document_ref": manifest.header.document_ref,
        "document_code": manifest.header.document_code,
        "base_cut_seq": recut.base.cut_seq,
        "snapshot_sha256": manifest.header.snapshot_sha256,
        "changed_units": changed_count(manifest),
        "ledger_rows": ledger_rows(manifest),
        "changes": changes,
        "aliases": [{"alias": row.text, "kind": row.kind, "target": row.target} for row in topology.aliases],
    }


def _place(unit: Placed | None) -> dict[str, Any] | None:
    if unit is None:
        return None
    return {"span": [unit.start_byte, unit.end_byte], "parent": unit.parent, "number": unit.number}
