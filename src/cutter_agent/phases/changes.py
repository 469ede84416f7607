"""From an approved manifest and what the store holds to the smallest set of rows that CUT writes. Pure.

First cut: every unit with its first version. A later attempt at the same manifest: one more version of each unit whose
stored body or place differs, and units that are missing. What cannot be put right by writing is refused: addresses,
kinds and parents are immutable, and nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from cutter_agent.errors import GovernanceRefused
from cutter_agent.idempotency import affected_row_ids
from cutter_agent.model import ManifestBlock
from cutter_agent.phases.stored import StoredProposal
from cutter_agent.rows import AffectedRow, NewUnit, StoredUnit
from sealing.canonical import JsonValue
from sealing.digest import sha256_hex


class UnitChange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One unit to write, and how it stood before (None: it was not there)."""

    unit: NewUnit
    before: StoredUnit | None
    word: str | None = None

    @property
    def operation(self) -> str:
        """The ledger's word for it."""
        return self.word or ("insert" if self.before is None else "revise")


def changes(proposal: StoredProposal, stored: Sequence[StoredUnit]) -> list[UnitChange]:
    """What must be written so that the store says exactly what was approved.

    Raises:
        GovernanceRefused: the store holds something about this document that no new row can put right.
    """
    by_id = {unit.unit_id: unit for unit in stored}
    reference = proposal.request.document_ref
    found = []
    for block in proposal.units:
        before = by_id.pop(proposal.unit_ids[block.address], None)
        wanted = _unit(proposal, block, before)
        if before is None or _differs(before, wanted):
            found.append(UnitChange(unit=wanted, before=before))
    if by_id:
        addresses = ", ".join(sorted(unit.canonical_address for unit in by_id.values())[:5])
        raise GovernanceRefused(
            f"{len(by_id)} stored unit(s) of {reference} are not in the approved manifest: {addresses}",
            remedy="Nothing is deleted here: abandon the entry.",
        )
    return found


def affected_rows(change_set: str, made: Sequence[UnitChange]) -> list[AffectedRow]:
    """The ledger's rows for these changes."""
    names = affected_row_ids(change_set, [change.unit.unit_id for change in made])
    return [
        AffectedRow(
            affected_row_id=names[change.unit.unit_id],
            change_set_id=change_set,
            target_table="iu.information_unit" if change.unit.is_new else "iu.unit_version",
            target_row_id=change.unit.unit_id,
            operation_kind=change.operation,
            before_state_snapshot=_state_before(change.before) if change.before else None,
            after_state_snapshot=_state_after(change.unit),
        )
        for change in made
    ]


def _unit(proposal: StoredProposal, block: ManifestBlock, before: StoredUnit | None) -> NewUnit:
    return NewUnit(
        unit_id=proposal.unit_ids[block.address],
        canonical_address=block.address,
        unit_kind=block.kind,
        section_type=block.level,
        unit_number=block.number,
        parent_unit_id=proposal.unit_ids[block.parent] if block.parent else None,
        is_new=before is None,
        version_seq=before.version_seq + 1 if before else 1,
        content_hash=block.content_sha256,
        body=proposal.snapshot[block.start_byte : block.end_byte].decode("utf-8"),
        render_order=block.unit_local_id + 1,
    )


def _differs(before: StoredUnit, wanted: NewUnit) -> bool:
    for name, found, approved in (
        ("address", before.canonical_address, wanted.canonical_address),
        ("kind", before.unit_kind, wanted.unit_kind),
        ("level", before.section_type, wanted.section_type),
        ("number", before.unit_number, wanted.unit_number),
        ("parent", before.parent_unit_id, wanted.parent_unit_id),
    ):
        if found != approved:
            raise GovernanceRefused(
                f"stored unit {wanted.canonical_address}: its {name} is {found}, approved was {approved}",
                remedy="A unit's identity is immutable: abandon the entry.",
            )
    stored_hash = sha256_hex(before.body.encode())
    return (stored_hash, before.content_hash, before.render_order) != (
        wanted.content_hash,
        wanted.content_hash,
        str(wanted.render_order),
    )


def _state_after(unit: NewUnit) -> Mapping[str, JsonValue]:
    return {
        "canonical_address": unit.canonical_address,
        "content_hash": unit.content_hash,
        "version_seq": unit.version_seq,
        "render_order": format(unit.render_order, "f")
        if isinstance(unit.render_order, Decimal)
        else str(unit.render_order),
    }


def _state_before(unit: StoredUnit) -> Mapping[str, JsonValue]:
    return {
        "canonical_address": unit.canonical_address,
        "content_hash": unit.content_hash,
        "version_seq": unit.version_seq,
        "render_order": unit.render_order,
    }
