"""Axis 1: the stored units, in their order, are the snapshot (design 1.3, losslessness is measured, not declared)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from operator import lt
from typing import Any

from cutter_agent.rows import StoredUnit
from cutter_agent.verifier.evidence import Defect, Evidence
from cutter_agent.verifier.reading import Block


def sha256(data: bytes) -> str:
    """The verifier's own spelling of a digest."""
    return hashlib.sha256(data).hexdigest()


def defects(evidence: Evidence, header: Mapping[str, Any], blocks: Sequence[Block], rebuilt: str) -> Iterator[Defect]:
    """Every defect of axis 1."""
    said = evidence.change_set.snapshot_sha256
    snapshot = evidence.snapshot
    if snapshot is None:
        yield _defect("snapshot_missing", f"snapshot {said} is not stored")
        return
    if sha256(snapshot) != said:
        yield _defect("snapshot_digest", f"the stored snapshot has digest {sha256(snapshot)}, the change set {said}")
    if header.get("snapshot_sha256") != said:
        yield _defect("manifest_snapshot", f"the manifest speaks of snapshot {header.get('snapshot_sha256')}")
    if rebuilt != said:
        yield _defect("rebuilt_digest", f"the stored units give {rebuilt}, the snapshot is {said}")
    yield from _tiling(blocks, len(snapshot))
    yield from _bodies(evidence.units, blocks, snapshot)


def _tiling(blocks: Sequence[Block], length: int) -> Iterator[Defect]:
    """Spans laid end to end, each starting where the last one stopped, from 0 to the end."""
    starts, ends = [block.start_byte for block in blocks], [block.end_byte for block in blocks]
    if [*starts, length] == [0, *ends] and all(map(lt, starts, ends)):
        return
    expected = 0
    for block in blocks:
        start, end = int(block["start_byte"]), int(block["end_byte"])
        if start != expected or end <= start:
            yield _defect("tiling", f"a span [{start}, {end}) where one from {expected} was due", block["address"])
        expected = end
    if expected != length:
        yield _defect("tiling", f"the spans end at {expected}, the snapshot at {length}")


def _bodies(units: Sequence[StoredUnit], blocks: Sequence[Block], snapshot: bytes) -> Iterator[Defect]:
    if _all_given(units, blocks, snapshot):
        return
    order = [unit.canonical_address for unit in units]
    if order != [block["address"] for block in blocks] and sorted(order) == sorted(b["address"] for b in blocks):
        yield _defect("order", "the stored units stand in another order than the approved ones")
    stored = {unit.canonical_address: unit for unit in units}
    for block in blocks:
        unit = stored.get(block["address"])
        if unit is None:
            yield _defect("unit_missing", "approved and not stored", block["address"])
            continue
        body = unit.body.encode("utf-8")
        digest = sha256(body)
        if body != snapshot[int(block["start_byte"]) : int(block["end_byte"])]:
            yield _defect("body", "its body is not the bytes of its span", unit.canonical_address)
        if not digest == unit.content_hash == block["content_sha256"]:
            message = f"its body has {digest}, its row says {unit.content_hash}, approved was {block['content_sha256']}"
            yield _defect("content_hash", message, unit.canonical_address)


def _all_given(units: Sequence[StoredUnit], blocks: Sequence[Block], snapshot: bytes) -> bool:
    """Whether each unit, in order, is the approved one and its body the bytes of its span, hashed here once more."""
    approved, stored = [block.content_sha256 for block in blocks], [unit.content_hash for unit in units]
    if approved != stored or [block.address for block in blocks] != [unit.canonical_address for unit in units]:
        return False
    bodies = (unit.body.encode("utf-8") for unit in units)
    return all(
        body == snapshot[block.start_byte : block.end_byte] and hashlib.sha256(body).hexdigest() == block.content_sha256
        for body, block in zip(bodies, blocks, strict=True)
    )


def _defect(code: str, message: str, address: str | None = None) -> Defect:
    return Defect(axis=1, code=code, message=message, address=address)
