"""The living units that a new snapshot is matched with: read from the store, or as their manifest and snapshot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal

from cutter_agent.errors import VerificationFailed
from cutter_agent.idempotency import unit_id_form
from cutter_agent.manifest_base import Base, orders_sha256
from cutter_agent.model import AliasKind, LifecycleStatus, RecutBase, Segmentation, Unit
from cutter_agent.rows import Alias, StoredDigests, StoredUnit
from cutter_agent.unit_id_forms import UnitIdForm
from sealing.digest import sha256_hex


@dataclass(frozen=True, kw_only=True)
class Living:
    """A document as of its newest proven cut: its units in order, and every address that a proven unit ever had.

    ``form``: how its units got their ids, and new ones will. ``told``: the manifest of that cut, where it was read from
    there: a re-cut then names runs of it.
    """

    document_ref: str
    base: RecutBase
    cut: Segmentation
    data: bytes
    orders: tuple[Decimal, ...]
    taken: frozenset[str]
    called: Mapping[str, str]
    form: UnitIdForm
    told: Base | None = None


def plain(order: Decimal) -> str:
    """A render order without exponent, as the server prints it."""
    return format(order, "f")


def living(
    document_ref: str,
    base: RecutBase,
    units: Sequence[StoredUnit],
    *,
    ever: Sequence[StoredUnit],
    aliases: Sequence[Alias],
    like: Segmentation,
) -> Living:
    """What a new snapshot is matched with. ``like``: the new cut, whose profile and code the document has.

    Raises:
        VerificationFailed: the stored units do not give the snapshot of their cut.
    """
    bodies = [unit.body.encode() for unit in units]
    data = b"".join(bodies)
    if sha256_hex(data) != base.snapshot_sha256:
        raise _changed(document_ref, base, f"its units give {sha256_hex(data)}")
    try:
        (form,) = {unit_id_form(unit.unit_id) for unit in units}
    except ValueError as error:
        raise _changed(document_ref, base, "its units have ids of no form, or of two") from error
    address_of = {unit.unit_id: unit.canonical_address for unit in ever}
    cut, place = [], 0
    for unit, body in zip(units, bodies, strict=True):
        cut.append(_unit(unit, body, place, address_of))
        place += len(body)
    return Living(
        document_ref=document_ref,
        base=base,
        cut=_like(like, base.snapshot_sha256, place, cut),
        data=data,
        orders=tuple(Decimal(unit.render_order) for unit in units),
        taken=frozenset(u.canonical_address for u in ever if u.unit_lifecycle is not LifecycleStatus.DRAFT),
        called={
            address_of[row.target_unit_id]: row.alias_text
            for row in aliases
            # What others call a unit is not what its own text calls it.
            if row.target_unit_id in address_of and row.alias_kind != AliasKind.EXTERNAL_REFERENCE
        },
        form=form,
    )


def living_of(
    document_ref: str,
    base: RecutBase,
    told: Base,
    data: bytes,
    *,
    stored: StoredDigests,
    ended: Set[str],
    called: Mapping[str, str],
    like: Segmentation,
) -> Living:
    """``living``, from the manifest (``told``) and the snapshot (``data``) of the cut.

    ``stored``: what the stored units give. ``ended``: addresses of units whose life ended. ``called``: the name
    that an approved cut last gave a unit besides its address.

    Raises:
        VerificationFailed: the stored units, or the stored snapshot, are not those of the cut.
    """
    for what, found in (("its units give", stored.bodies), ("its stored snapshot has", sha256_hex(data))):
        if found != base.snapshot_sha256:
            raise _changed(document_ref, base, f"{what} {found}")
    if stored.orders != orders_sha256(told.orders):
        raise _changed(document_ref, base, "its units stand in other orders than its manifest says")
    return Living(
        document_ref=document_ref,
        base=base,
        cut=_like(like, base.snapshot_sha256, len(data), told.units),
        data=data,
        orders=tuple(map(Decimal, told.orders)),
        taken=frozenset(unit.address for unit in told.units) | ended,
        called=called,
        form=told.unit_id_form,
        told=told,
    )


def _changed(reference: str, base: RecutBase, found: str) -> VerificationFailed:
    return VerificationFailed(
        f"{reference} as of cut {base.cut_seq}: {found}, the snapshot was {base.snapshot_sha256}",
        remedy="Stored units were changed after the cut: iu-cutter audit says which. Restore the database.",
    )


def _like(like: Segmentation, sha256: str, byte_length: int, units: Sequence[Unit]) -> Segmentation:
    """A cut of the same document under the same profile."""
    return replace(like, snapshot_sha256=sha256, byte_length=byte_length, units=tuple(units), findings=())


def _unit(unit: StoredUnit, body: bytes, place: int, address_of: Mapping[str, str]) -> Unit:
    return Unit(
        start_byte=place,
        end_byte=place + len(body),
        level=unit.section_type,
        number=unit.unit_number,
        address=unit.canonical_address,
        kind=unit.unit_kind,
        parent=address_of[unit.parent_unit_id] if unit.parent_unit_id else None,
        content_sha256=unit.content_hash,
    )
