"""DOT-991's store and database (``ports.ExecStore``, ``ports.ExecDatabase``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from cutter_agent.db_adapter.interface import DBAdapter
from cutter_agent.db_adapter.settings import Isolation
from cutter_agent.db_adapter.store import long_rows, mapping, spelling
from cutter_agent.db_adapter.store.living import LivingTables
from cutter_agent.db_adapter.values import json_value
from cutter_agent.errors import IllegalTransition
from cutter_agent.model import ChangeKind, EntryStatus
from cutter_agent.originals import SourceOriginal, SourceRendering
from cutter_agent.ports import CodeClaim, ExecStore
from cutter_agent.ports_living import LivingCut, LivingDocument, RecutGround
from cutter_agent.rows import (
    AffectedRow,
    Alias,
    ChangeSet,
    Decision,
    Document,
    Entry,
    Envelope,
    History,
    NewUnit,
    Snapshot,
    StoredManifest,
    SweepLog,
    UnitBlock,
)

T = TypeVar("T")


class ExecutorStore(LivingTables):
    """One block of DOT-991."""

    def claims(self, *, document_ref: str, document_code: str) -> list[CodeClaim]:
        """Documents that were cut under this reference or code, and entries on their way under this code."""
        rows = self._block.fetch("find_claims", {"document_ref": document_ref, "document_code": document_code})
        return [
            CodeClaim(**{**row, "status": EntryStatus(row["status"]) if row["status"] is not None else None})
            for row in rows
        ]

    def has_snapshot(self, sha256: str) -> bool:
        """Whether these bytes are stored."""
        return self._block.fetch_one("has_snapshot", {"sha256": sha256}) is not None

    def add_snapshot(self, row: Snapshot) -> None:
        """Store source bytes."""
        columns = (
            long_rows.text(row.sha256),
            row.data,
            long_rows.bigint(len(row.data)),
            long_rows.text(row.media_type),
            long_rows.text(row.label),
            long_rows.text(row.origin),
            long_rows.timestamptz(row.captured_at),
            long_rows.text(row.captured_by),
        )
        self._one("copy_snapshot", columns)

    def has_original(self, sha256: str) -> bool:
        """Whether this file is kept."""
        return self._block.fetch_one("has_original", {"sha256": sha256}) is not None

    def add_original(self, row: SourceOriginal) -> None:
        """Keep the file that a text was made from."""
        columns = (
            long_rows.text(row.sha256),
            row.data,
            long_rows.bigint(row.byte_length),
            long_rows.text(row.media_type),
            long_rows.timestamptz(row.captured_at),
            long_rows.text(row.captured_by),
        )
        self._one("copy_original", columns)

    def has_rendering(self, snapshot_sha256: str, original_sha256: str, map_sha256: str) -> bool:
        """Whether it is known that this text was made from this file, with this map."""
        asked = {"snapshot_sha256": snapshot_sha256, "original_sha256": original_sha256, "map_sha256": map_sha256}
        return self._block.fetch_one("has_rendering", asked) is not None

    def add_rendering(self, row: SourceRendering) -> None:
        """Write how a text was made from a file."""
        self._insert("insert_rendering", mapping.parameters(row))

    def has_manifest(self, digest: str) -> bool:
        """Whether this proposal is stored."""
        return self._block.fetch_one("has_manifest", {"digest": digest}) is not None

    def add_manifest(self, row: StoredManifest) -> None:
        """Store a proposal."""
        columns = (
            long_rows.text(row.digest),
            row.canonical_json,
            long_rows.text(row.snapshot_sha256),
            long_rows.text(row.document_ref),
            long_rows.text(row.profile_id),
            long_rows.text(row.profile_version),
            long_rows.integer(row.unit_count),
            long_rows.timestamptz(row.proposed_at),
            long_rows.text(row.proposed_by),
        )
        self._one("copy_manifest", columns)

    def lock_waiting(self, *, due_at: datetime, limit: int) -> list[Entry]:
        """Marked entries and due deferred ones in key order, locked."""
        rows = self._block.fetch("lock_waiting_entries", {"due_at": due_at, "batch_limit": limit})
        return [mapping.entry(row) for row in rows]

    def latest_versions(self, entry_ids: Sequence[str]) -> dict[str, int]:
        """``latest_version`` of many entries at once."""
        rows = self._block.fetch("latest_versions", {"entry_ids": list(entry_ids)}) if entry_ids else []
        return {row["entry_id"]: int(row["entry_version"]) for row in rows}

    def promote(self, entry_ids: Sequence[str]) -> int:
        """Move locked entries to ``review_pending``; says how many."""
        return self._block.execute("promote_entries", {"entry_ids": list(entry_ids)})

    def add_histories(self, rows: Iterable[History]) -> int:
        """Append to many chains at once."""
        lines = [
            (
                row.history_id,
                row.entry_id,
                row.entry_version_before,
                row.entry_version_after,
                row.change_kind.value,
                json_value(row.change_diff),
                row.changed_by,
                row.changed_at,
                row.rationale,
            )
            for row in rows
        ]
        return self._all("copy_histories", self._block.copy_rows("copy_histories", lines), len(lines))

    def add_sweep_log(self, row: SweepLog) -> None:
        """Write it."""
        self._insert("insert_sweep_log", mapping.parameters(row))

    def change_count(self, entry_id: str, change: ChangeKind) -> int:
        """How often the entry's history says ``change``."""
        row = self._block.fetch_one("count_changes", {"entry_id": entry_id, "change_kind": change.value})
        return int(row["found"]) if row else 0

    def envelope(self, entry_id: str, manifest_digest: str) -> Envelope | None:
        """The envelope of one manifest of an entry."""
        row = self._block.fetch_one("find_envelope", {"entry_id": entry_id, "manifest_digest": manifest_digest})
        return mapping.envelope(row) if row else None

    def add_envelope(self, row: Envelope) -> None:
        """Write it."""
        self._insert("insert_envelope", mapping.parameters(row))

    def add_blocks(self, rows: Iterable[UnitBlock]) -> int:
        """Write all blocks of an envelope at once."""
        passed = spelling.Counted(rows)
        written = self._block.copy_spelt("copy_blocks", spelling.blocks(passed))
        return self._all("copy_blocks", written, passed.number)

    def decisions(self, envelope_id: str) -> list[Decision]:
        """Decisions on an envelope as a whole, oldest first."""
        return [mapping.decision(row) for row in self._block.fetch("find_decisions", {"envelope_id": envelope_id})]

    def block_decisions(self, envelope_id: str) -> list[Decision]:
        """Decisions on single blocks of an envelope, block by block, oldest first."""
        rows = self._block.fetch("find_block_decisions", {"envelope_id": envelope_id})
        return [mapping.decision(row) for row in rows]

    def add_decision(self, row: Decision) -> None:
        """Write it."""
        json = ("findings", "reviewer_independence_evidence")
        self._insert("insert_decision", mapping.parameters(row, json=json))

    def supersede(self, prior_id: str, successor_id: str) -> None:
        """Stamp a decision, once. Raises ``IllegalTransition`` when it is stamped already."""
        stamped = self._block.execute("supersede_decision", {"prior_id": prior_id, "successor_id": successor_id})
        if stamped != 1:
            raise IllegalTransition(
                f"decision {prior_id} is superseded already", remedy="Look at the entry again; another decision holds."
            )

    def escalations_of(self, entry_id: str) -> list[Entry]:
        """Open escalation entries that a failed verification of this entry made, locked."""
        entry = self.find_entry(entry_id)
        if entry is None:
            return []
        values = {"entry_id": entry_id, "document_ref": entry.request.document_ref}
        return [mapping.entry(row) for row in self._block.fetch("lock_escalations", values)]

    def change_sets(self, envelope_id: str) -> list[ChangeSet]:
        """Change sets of an envelope, oldest first."""
        return [mapping.change_set(row) for row in self._block.fetch("find_change_sets", {"envelope_id": envelope_id})]

    def document_cuts(self, document_ref: str) -> list[tuple[int, str]]:
        """(cut_seq, manifest digest) of every cut of a document, oldest first."""
        rows = self._block.fetch("find_document_cuts", {"document_ref": document_ref})
        return [(int(row["cut_seq"]), row["manifest_digest"]) for row in rows]

    def add_document(self, row: Document) -> None:
        """Write it."""
        self._insert("insert_document", mapping.parameters(row))

    def add_recut_versions(self, change_set: ChangeSet, units: Iterable[NewUnit]) -> int:
        """``add_versions`` with labels of their own, and with versions that end a life."""
        lines = (
            (
                unit.unit_id,
                unit.version_seq,
                unit.content_hash,
                unit.body,
                unit.render_order,
                change_set.cut_seq,
                change_set.change_set_id,
                change_set.document_ref,
                unit.ends_life,
                *(
                    (unit.unit_kind, unit.section_type, unit.unit_number, unit.parent_unit_id)
                    if unit.relabelled
                    else (None, None, None, None)
                ),
            )
            for unit in units
        )
        return self._block.copy_rows("copy_recut_versions", lines)

    def add_aliases(self, rows: Iterable[Alias]) -> int:
        """Write them all at once."""
        lines = [
            (
                row.alias_id,
                row.target_unit_id,
                row.alias_text,
                row.alias_kind,
                row.valid_from,
                row.created_by,
                row.rationale,
            )
            for row in rows
        ]
        return self._all("copy_aliases", self._block.copy_rows("copy_aliases", lines), len(lines))

    def add_units(self, document_ref: str, units: Iterable[NewUnit]) -> int:
        """Write the units that are new, all at once."""
        return self._block.copy_spelt("copy_units", spelling.units(document_ref, units))

    def add_versions(self, change_set: ChangeSet, units: Iterable[NewUnit]) -> int:
        """Write one version of each of these units, all at once."""
        return self._block.copy_spelt("copy_versions", spelling.versions(change_set, units))

    def add_change_set(self, row: ChangeSet) -> None:
        """Write it."""
        self._insert("insert_change_set", mapping.parameters(row, json=("payload_summary",)))

    def add_affected_rows(self, rows: Iterable[AffectedRow]) -> int:
        """Write them all at once."""
        found = list(rows)
        written = self._block.copy_spelt("copy_affected_rows", spelling.affected(found))
        return self._all("copy_affected_rows", written, len(found))

    def _one(self, statement: str, columns: Sequence[bytes]) -> None:
        self._all(statement, self._block.copy_spelt(statement, long_rows.one_row(columns)), 1)

    def count_written(self, change_set_id: str, document_ref: str) -> tuple[int, int]:
        """What the server counts: (versions of this change set, units of the document)."""
        row = self._block.fetch_one("count_written", {"change_set_id": change_set_id, "document_ref": document_ref})
        return (int(row["versions"]), int(row["units"])) if row else (0, 0)


class ExecutorDatabase:
    """Opens transactions as DOT-991."""

    def __init__(self, adapter: DBAdapter) -> None:
        self._adapter = adapter

    def successor(self, entry_id: str) -> Entry | None:
        """The entry that took the place of this one, read in a short block."""
        rows = self._adapter.find("find_successor", {"entry_id": entry_id})
        return mapping.entry(rows[0]) if rows else None

    def read_only(self, body: Callable[[ExecStore], T]) -> T:
        """``body`` in a block that can write nothing and sees one state."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return body(ExecutorStore(block))

    def find_entry(self, entry_id: str) -> Entry | None:
        """The entry as it is now, read in a short block of its own that is over before this returns."""
        rows = self._adapter.find("find_entry", {"entry_id": entry_id})
        return mapping.entry(rows[0]) if rows else None

    def living(self, document_ref: str) -> LivingDocument | None:
        """The document as of its newest proven cut, read in a short block of one state."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return ExecutorStore(block).living(document_ref)

    def living_cut(self, document_ref: str) -> LivingCut | None:
        """The document and its newest proven cut, read in a short block."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return ExecutorStore(block).living_cut(document_ref)

    def recut_ground(self, standing: LivingCut) -> RecutGround:
        """What an edited source is matched with, read in a short block of one state."""
        with self._adapter.read(Isolation.REPEATABLE_READ) as block:
            return ExecutorStore(block).recut_ground(standing)

    def document_of(self, name: str) -> str | None:
        """The reference of the document in which a unit has this address, or an alias says it; None for nobody's."""
        rows = self._adapter.find("find_document_of_name", {"name": name})
        return str(rows[0]["document_ref"]) if rows else None

    def read_committed(self, phase: str, body: Callable[[ExecStore], T]) -> T:
        """``body`` in the phase's one transaction."""
        return self._adapter.run_phase(phase, Isolation.READ_COMMITTED, lambda block: body(ExecutorStore(block)))

    def serializable(self, phase: str, body: Callable[[ExecStore], T]) -> T:
        """``body`` in the phase's one transaction, as if alone."""
        return self._adapter.run_phase(phase, Isolation.SERIALIZABLE, lambda block: body(ExecutorStore(block)))
