"""DOT-991: the document as its newest proven cut left it: by its units, or by its manifest and its snapshot."""

from __future__ import annotations

from collections.abc import Sequence

from cutter_agent import manifest_base
from cutter_agent.db_adapter.store import mapping
from cutter_agent.db_adapter.store.dependency import DependencyTable
from cutter_agent.ports_living import LivingCut, LivingDocument, RecutGround
from cutter_agent.rows import Alias, ProvenCut, StoredDigests, StoredUnit

_NEWEST = 2**31 - 1


class LivingTables(DependencyTable):
    """Look-ups of DOT-991 about a document that was cut."""

    def current_units(self, document_ref: str) -> list[StoredUnit]:
        """Every unit of a document with its newest version, in order."""
        return [unit for unit in self.units_ever(document_ref) if not unit.ends_life]

    def units_ever(self, document_ref: str) -> list[StoredUnit]:
        """``current_units`` and those whose life ended."""
        return self.units_as_of(document_ref, _NEWEST)

    def units_as_of(self, document_ref: str, cut_seq: int) -> list[StoredUnit]:
        """Every unit with the version that holds as of a cut, in order, those whose life ended included."""
        rows = self._block.fetch("units_as_of", {"document_ref": document_ref, "cut_seq": cut_seq})
        return [mapping.unit(row) for row in rows]

    def proven_cut(self, document_ref: str) -> ProvenCut | None:
        """The newest cut of a document that was verified."""
        row = self._block.fetch_one("find_proven_cut", {"document_ref": document_ref})
        return ProvenCut(**row) if row else None

    def living(self, document_ref: str) -> LivingDocument | None:
        """The document as of its newest proven cut."""
        cut, document = self.proven_cut(document_ref), self.document(document_ref)
        manifest = self.manifest(cut.manifest_digest) if cut else None
        if cut is None or document is None or manifest is None:
            return None
        topology, governed = mapping.decided(manifest.canonical_json)
        return LivingDocument(
            document=document,
            cut=cut,
            profile_version=manifest.profile_version,
            units=[unit for unit in self.units_as_of(document_ref, cut.cut_seq) if not unit.ends_life],
            ever=self.units_ever(document_ref),
            aliases=[Alias(**row) for row in self._block.fetch("find_proven_aliases", {"document_ref": document_ref})],
            topology=topology,
            governed=governed,
        )

    def living_cut(self, document_ref: str) -> LivingCut | None:
        """The document and its newest proven cut, without its units."""
        cut, document = self.proven_cut(document_ref), self.document(document_ref)
        row = self._block.fetch_one("find_profile_version", {"digest": cut.manifest_digest}) if cut else None
        if cut is None or document is None or row is None:
            return None
        return LivingCut(document=document, cut=cut, profile_version=row["profile_version"])

    def recut_ground(self, standing: LivingCut) -> RecutGround:
        """The living cut as its manifest and its snapshot say it. Raises ``StaleApproval``."""
        cut, named = standing.cut, {"document_ref": standing.document.document_ref}
        snapshot = self.snapshot(cut.snapshot_sha256)
        return RecutGround(
            standing=standing,
            base=manifest_base.read(cut.manifest_digest, self.manifest_bytes),
            data=snapshot.data if snapshot else b"",
            stored=self.digests_as_of(standing.document.document_ref, cut.cut_seq),
            ended=frozenset(row["canonical_address"] for row in self._block.fetch("find_ended_addresses", named)),
            called={row["canonical_address"]: row["alias_text"] for row in self._block.fetch("find_called", named)},
        )

    def digests_as_of(self, document_ref: str, cut_seq: int) -> StoredDigests:
        """What the stored units give as of a cut, computed where they are."""
        row = self._block.fetch_one("digests_as_of", {"document_ref": document_ref, "cut_seq": cut_seq}) or {}
        return StoredDigests(bodies=row.get("bodies_sha256") or "", orders=row.get("orders_sha256") or "")

    def units_of(self, unit_ids: Sequence[str]) -> list[StoredUnit]:
        """These units with their newest versions, by key."""
        return [mapping.unit(row) for row in self._block.fetch("find_units", {"unit_ids": list(unit_ids)})]

    def unit_count(self, document_ref: str) -> int:
        """How many units a document has, those whose life ended included."""
        row = self._block.fetch_one("count_document_units", {"document_ref": document_ref})
        return int(row["units"]) if row else 0
