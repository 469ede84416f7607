"""DOT-992's store and database (``ports.VerifyStore``, ``ports.VerifyDatabase``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cutter_agent.db_adapter.interface import DBAdapter
from cutter_agent.db_adapter.settings import Isolation
from cutter_agent.db_adapter.store import mapping
from cutter_agent.db_adapter.store.backlog import BacklogTables
from cutter_agent.ports import VerifyStore
from cutter_agent.rows import AffectedRow, ChangeSet, Decision, Document, History, StoredUnit, VerifyResult
from cutter_agent.signing import SignatureRow

T = TypeVar("T")


class VerifierStore(BacklogTables):
    """One block of DOT-992."""

    def change_set_to_verify(self, entry_id: str) -> ChangeSet | None:
        """The newest change set of an entry."""
        row = self._block.fetch_one("find_change_set_of_entry", {"entry_id": entry_id})
        return mapping.change_set(row) if row else None

    def decision(self, decision_id: str) -> Decision | None:
        """One decision."""
        row = self._block.fetch_one("find_decision", {"review_decision_id": decision_id})
        return mapping.decision(row) if row else None

    def signature(self, signature_id: str) -> SignatureRow | None:
        """One signature."""
        row = self._block.fetch_one("find_signature", {"signature_id": signature_id})
        return mapping.signature(row) if row else None

    def affected_rows(self, change_set_id: str) -> list[AffectedRow]:
        """What a change set says it touched."""
        rows = self._block.fetch("find_affected_rows", {"change_set_id": change_set_id})
        return [mapping.affected(row) for row in rows]

    def document(self, document_ref: str) -> Document | None:
        """The document's own row."""
        row = self._block.fetch_one("find_document", {"document_ref": document_ref})
        return mapping.document(row) if row else None

    def units_as_of(self, document_ref: str, cut_seq: int) -> list[StoredUnit]:
        """Every unit with the version that holds as of a cut, in order; retired ones are not in it."""
        rows = self._block.fetch("units_as_of", {"document_ref": document_ref, "cut_seq": cut_seq})
        return [mapping.unit(row) for row in rows]

    def unit_count(self, document_ref: str) -> int:
        """How many units the document has, with a version or without."""
        row = self._block.fetch_one("count_units", {"document_ref": document_ref})
        return int(row["units"]) if row else 0

    def chain(self, entry_id: str) -> list[History]:
        """The whole history of an entry, oldest first."""
        return [mapping.history(row) for row in self._block.fetch("find_history", {"entry_id": entry_id})]

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


class VerifierDatabase:
    """Opens transactions as DOT-992."""

    def __init__(self, adapter: DBAdapter) -> None:
        self._adapter = adapter

    def serializable(self, phase: str, body: Callable[[VerifyStore], T]) -> T:
        """``body`` in the phase's one transaction, as if alone."""
        return self._adapter.run_phase(phase, Isolation.SERIALIZABLE, lambda block: body(VerifierStore(block)))
