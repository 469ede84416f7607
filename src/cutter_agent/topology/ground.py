"""What an order stands on: the living units with their spans, every name ever given, what was decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cutter_agent.errors import GovernanceRefused, UsageError
from cutter_agent.model import Governed, LifecycleStatus, RecutBase, Segmentation, Unit
from cutter_agent.recut import Living, living
from cutter_agent.rows import Alias, Document, ProvenCut, StoredUnit
from cutter_agent.topology.trail import Named, Names


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A document as of its newest proven cut."""

    document: Document
    living: Living
    names: Names
    governed: tuple[Governed, ...]

    @property
    def units(self) -> tuple[Unit, ...]:
        """The living units in document order."""
        return self.living.cut.units

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Address to place."""
        return {unit.address: place for place, unit in enumerate(self.units)}

    def text(self, place: int) -> bytes:
        """The own text of one unit."""
        unit = self.units[place]
        return self.living.data[unit.start_byte : unit.end_byte]

    def find(self, name: str) -> int:
        """The place of a living unit, by its address or by a name that leads to it from outside the tree.

        Raises:
            UsageError: nobody ever had this name.
            GovernanceRefused: the unit's life has ended.
        """
        place = self.place_of.get(name)
        if place is not None:
            return place
        trail, own = self.names.follow(name), self.names.own(name)
        if own is not None and own.ended:
            on = f" It goes on in {trail.reached}." if trail.reached else ""
            raise GovernanceRefused(
                f"{name} is the address of a retired unit", remedy=f"Name a living unit: iu-cutter tree.{on}"
            )
        if trail.reached in self.place_of:
            return self.place_of[str(trail.reached)]
        raise UsageError(
            f"no living unit of {self.document.document_ref} has the address {name}",
            remedy=f"iu-cutter tree {self.document.document_code} lists them.",
        )


def ground(
    document: Document,
    cut: ProvenCut,
    units: Sequence[StoredUnit],
    *,
    ever: Sequence[StoredUnit],
    aliases: Sequence[Alias],
    governed: Sequence[Governed],
    profile_version: str,
) -> Ground:
    """From what is stored. Raises ``VerificationFailed`` where the units do not give the snapshot of their cut."""
    like = Segmentation(
        snapshot_sha256=cut.snapshot_sha256,
        byte_length=0,
        profile_id=document.profile_id,
        profile_version=profile_version,
        document_code=document.document_code,
        units=(),
        findings=(),
    )
    base = RecutBase(
        change_set_id=cut.change_set_id,
        cut_seq=cut.cut_seq,
        manifest_digest=cut.manifest_digest,
        snapshot_sha256=cut.snapshot_sha256,
    )
    return Ground(
        document=document,
        living=living(document.document_ref, base, units, ever=ever, aliases=aliases, like=like),
        names=names_of(ever, aliases),
        governed=tuple(governed),
    )


def names_of(ever: Sequence[StoredUnit], aliases: Sequence[Alias]) -> Names:
    """Every unit that was ever proven, and the aliases that lead to one."""
    proven = {
        unit.unit_id: Named(address=unit.canonical_address, ended=unit.unit_lifecycle is LifecycleStatus.RETIRED)
        for unit in ever
        if unit.unit_lifecycle is not LifecycleStatus.DRAFT
    }
    return Names(units=proven, aliases=[row for row in aliases if row.target_unit_id in proven])
