"""Axis 2, the approved blocks: each one is what the manifest says, column by column, rebuilt here (design 1.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import eq
from typing import Any

from cutter_agent.rows import StoredUnit, UnitBlock
from cutter_agent.verifier.evidence import Defect, Evidence
from cutter_agent.verifier.reading import Block


def defects(evidence: Evidence, header: Mapping[str, Any], blocks: Sequence[Block]) -> Iterator[Defect]:
    """Every defect of a first cut's blocks against the manifest's and the stored units; later ones are ``recut``'s."""
    if header.get("operation_kind") != "first_cut":
        return
    if len(evidence.blocks) != len(blocks):
        yield _defect("block_count", f"{len(evidence.blocks)} approved blocks, the manifest has {len(blocks)}")
    by_address = {unit.canonical_address: unit for unit in evidence.units}
    due = (rebuilt(evidence, header, each, by_address.get(each.address)) for each in blocks)
    if len(evidence.blocks) == len(blocks) and all(map(eq, evidence.blocks, due)):  # one at a time: a row is 1.5 KB
        return
    present = {row.unit_local_id for row in evidence.blocks}
    for block in blocks:
        if block.unit_local_id not in present:
            yield _defect("block_missing", "approved in the manifest, and no block says so", block.address)
    by_place = {block.unit_local_id: block for block in blocks}
    for row in evidence.blocks:
        approved = by_place.get(row.unit_local_id)
        if approved is None:
            yield _defect("block", f"block {row.unit_local_id} is not in the manifest", row.proposed_canonical_address)
        else:
            yield from columns(row, rebuilt(evidence, header, approved, by_address.get(approved.address)))


def rebuilt(evidence: Evidence, header: Mapping[str, Any], block: Block, unit: StoredUnit | None) -> UnitBlock:
    """The row as REVIEW must have written it."""
    return UnitBlock(
        envelope_id=evidence.change_set.manifest_id,
        unit_local_id=block.unit_local_id,
        block_role=block.role,
        start_byte=block.start_byte,
        end_byte=block.end_byte,
        render_order=block.unit_local_id + 1,
        target_unit_id=unit.unit_id if unit else "not stored",
        decision_backlog_ref=evidence.entry_id,
        proposed_canonical_address=block.address,
        proposed_authority=header["document_ref"],
        candidate_edges=[{"edge": "child_of", "address": block.parent}] if block.parent else [],
        payload_summary={
            "kind": block.kind,
            "level": block.level,
            "number": block.number,
            "byte_length": block.end_byte - block.start_byte,
        },
        content_hash=block.content_sha256,
    )


def columns(row: UnitBlock, approved: UnitBlock) -> Iterator[Defect]:
    """Every column of a stored block that is not as it was approved."""
    if row == approved:
        return
    for name in UnitBlock.__struct_fields__:
        found, said = getattr(row, name), getattr(approved, name)
        if found != said:
            message = f"block {row.unit_local_id}: its {name} is {found}, approved was {said}"
            yield _defect("block", message, approved.proposed_canonical_address)


def _defect(code: str, message: str, address: str | None = None) -> Defect:
    return Defect(axis=2, code=code, message=message, address=address)
