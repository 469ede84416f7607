"""DOT-992's store and database (``ports.VerifyStore``, ``ports.VerifyDatabase``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cutter_agent.db_adapter.interface import DBAdapter
from cutter_agent.db_adapter.settings import Isolation
from cutter_agent.db_adapter.store import mapping
from cutter_agent.db_adapter.store.backlog import BacklogTables
from cutter_agent.originals import StoredRendering
from cutter_agent.ports import TouchedState, VerifyStore
from cutter_agent.rows import (
    AffectedRow,
    ChangeSet,
    Decision,
    Document,
    DocumentCut,
    Entry,
    Envelope,
    StoredUnit,
    VerifyResult,
    VersionCount,
)
from cutter_agent.signing import SignatureRow

T = TypeVar("T")


def _as_it_is(row: tuple[Any, ...]) -> TouchedState:
    unit_id, operation, before, after = row
    return unit_id, operation, before, after


class VerifierStore(BacklogTables):
    """One block of DOT-992."""

    def change_set_to_verify(self, entry_id: str) -> ChangeSet | None:
        """The newest change set of an entry."""
        row = self._block.fetch_one("find_change_set_of_entry", {"entry_id": entry_id})
        return mapping.change_set(row) if row else None

    def every_decision(self, entry_id: str, envelope_id: str) -> list[Decision]:
        """Decisions about an entry or on an envelope, oldest first, whatever they follow."""
        values = {"entry_id": entry_id, "envelope_id": envelope_id}
        return [mapping.decision(row) for row in self._block.fetch("find_every_decision", values)]

    def every_envelope(self, entry_id: str) -> list[Envelope]:
        """Envelopes of an entry, oldest first."""
        return [mapping.envelope(row) for row in self._block.fetch("find_every_envelope", {"entry_id": entry_id})]

    def cuts_of_document(self, document_ref: str) -> list[DocumentCut]:
        """Every cut of a document, oldest first."""
        rows = self._block.fetch("find_cuts_of_document", {"document_ref": document_ref})
        return [mapping.document_cut(row) for row in rows]

    def version_counts(self, document_ref: str) -> list[VersionCount]:
        """How many versions of a document each change set wrote, as the versions themselves say."""
        return [VersionCount(**row) for row in self._block.fetch("count_versions", {"document_ref": document_ref})]

    def renderings(self, snapshot_sha256: str) -> list[StoredRendering]:
        """Every file that a text was made from, with its map."""
        rows = self._block.fetch("find_renderings", {"snapshot_sha256": snapshot_sha256})
        return [mapping.rendering(row) for row in rows]

    def signature_ids(self, change_set_id: str) -> list[str]:
        """Every signature that names a change set."""
        rows = self._block.fetch("find_signatures_of_change_set", {"change_set_id": change_set_id})
        return [row["signature_id"] for row in rows]

    def foreign_columns(self, entry_id: str, change_set: ChangeSet) -> list[tuple[str, str]]:
        """(table, key) of rows that hold something in a column which no phase writes."""
        values = {
            "entry_id": entry_id,
            "envelope_id": change_set.manifest_id,
            "change_set_id": change_set.change_set_id,
            "document_ref": change_set.document_ref,
            "cut_seq": change_set.cut_seq,
        }
        return [(row["written"], row["row_key"]) for row in self._block.fetch("find_foreign_columns", values)]

    def documents(self, asked: str | None) -> list[Document]:
        """Documents by reference or code; every one for None."""
        return [mapping.document(row) for row in self._block.fetch("find_audited_documents", {"asked": asked})]

    def entries_without_document(self) -> list[Entry]:
        """Entries that were cut, and whose document is not stored."""
        return [mapping.entry(row) for row in self._block.fetch("find_entries_without_document", {})]

    def signature(self, signature_id: str) -> SignatureRow | None:
        """One signature."""
        row = self._block.fetch_one("find_signature", {"signature_id": signature_id})
        return mapping.signature(row) if row else None

    def affected_rows(self, change_set_id: str) -> list[AffectedRow]:
        """What a change set says it touched."""
        named = {"change_set_id": change_set_id}
        return self._block.fetch_as("find_affected_rows", named, mapping.AFFECTED, mapping.affected)

    def affected_states(self, change_set_id: str) -> list[TouchedState]:
        """What a change set says it touched: unit, operation, states before and after as the server spells them."""
        columns = ("target_row_id", "operation_kind", "before_state", "after_state")
        return self._block.fetch_as("find_affected_states", {"change_set_id": change_set_id}, columns, _as_it_is)

    def versions(self, document_ref: str) -> list[StoredUnit]:
        """Every version of every unit of a document by render order, unit and number."""
        named = {"document_ref": document_ref}
        return self._block.fetch_as("find_versions", named, mapping.VERSION, mapping.version)

    def unit_count(self, document_ref: str, cut_seq: int) -> int:
        """How many units the document has as of a cut, with a version or without."""
        row = self._block.fetch_one("count_units", {"document_ref": document_ref, "cut_seq": cut_seq})
        return int(row["units"]) if row else 0

    def verify_results(self, change_set_id: str) -> list[VerifyResult]:
        """Verifications of a change set, oldest first."""
        rows = self._block.fetch("find_verify_results", {"change_set_id": change_set_id})
        return [mapping.verify_result(row) for row in rows]

    def add_verify_result(self, row: VerifyResult) -> None:
        """Write it."""
        self._insert("insert_verify_result", mapping.parameters(row, json=("findings",)))

    def enact(self, document_ref: str, cut_seq: int) -> tuple[int, int]:
        """Turn draft units and the draft versions that hold as of the cut into enacted ones; says how many of each."""
        units = self._block.execute("enact_units", {"document_ref": document_ref})
        versions = self._block.execute("enact_versions", {"document_ref": document_ref, "cut_seq": cut_seq})
        return units, versions

    def retire(self, document_ref: str, cut_seq: int) -> tuple[int, int]:
        """Retire the units that end with the cut, and the versions that say so; says how many of each."""
        values = {"document_ref": document_ref, "cut_seq": cut_seq}
        units = self._block.execute("retire_units", values)
        return units, self._block.execute("retire_versions", values)


class VerifierDatabase:
    """Opens transactions as DOT-992."""

    def __init__(self, adapter: DBAdapter) -> None:
        self._adapter = adapter

    def serializable(self, phase: str, body: Callable[[VerifyStore], T]) -> T:
        """``body`` in the phase's one transaction, as if alone."""
        return self._adapter.run_phase(phase, Isolation.SERIALIZABLE, lambda block: body(VerifierStore(block)))

    def read_only(self, body: Callable[[VerifyStore], T]) -> T:
        """``body`` in a block that can write nothing and sees one state."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return body(VerifierStore(block))
