"""What both lanes do with entries, histories, stored bytes and signatures (``ports.BacklogStore``)."""

from __future__ import annotations

from cutter_agent.db_adapter.interface import Row, Statements
from cutter_agent.db_adapter.store import mapping
from cutter_agent.errors import IllegalTransition, Internal
from cutter_agent.model import EntryStatus
from cutter_agent.rows import Alias, Document, Entry, History, Snapshot, StoredManifest, UnitBlock
from cutter_agent.signing import SignatureRow


class BacklogTables:
    """One block's view of the tables that both lanes share."""

    def __init__(self, block: Statements) -> None:
        self._block = block

    def find_entry(self, entry_id: str) -> Entry | None:
        """The entry as it is."""
        row = self._block.fetch_one("find_entry", {"entry_id": entry_id})
        return mapping.entry(row) if row else None

    def lock_entry(self, entry_id: str) -> Entry | None:
        """The entry, locked until the phase ends."""
        row = self._block.fetch_one("lock_entry", {"entry_id": entry_id})
        return mapping.entry(row) if row else None

    def move_entry(self, entry_id: str, before: EntryStatus, after: EntryStatus) -> None:
        """Compare and set. Raises ``IllegalTransition`` when the entry is not ``before`` any more."""
        moved = self._block.execute("move_entry", {"entry_id": entry_id, "before": before.value, "after": after.value})
        if moved != 1:
            raise IllegalTransition(
                f"entry {entry_id} is not {before} any more: {moved} rows moved to {after}",
                remedy="Somebody else moved it. Look at `iu-cutter status` and run the command again.",
            )

    def add_entry(self, entry: Entry) -> None:
        """Write it."""
        self._insert("insert_entry", mapping.parameters(entry, json=("payload",)))

    def latest_version(self, entry_id: str) -> int:
        """How many history rows the entry has."""
        row = self._block.fetch_one("latest_version", {"entry_id": entry_id})
        return int(row["entry_version_after"]) if row else 0

    def add_history(self, row: History) -> None:
        """Append to the chain."""
        self._insert("insert_history", mapping.parameters(row, json=("change_diff",)))

    def manifest(self, digest: str) -> StoredManifest | None:
        """The stored canonical bytes."""
        row = self._block.fetch_one("find_manifest", {"digest": digest})
        return mapping.manifest(row) if row else None

    def manifest_bytes(self, digest: str) -> bytes | None:
        """The stored canonical bytes alone."""
        row = self._block.fetch_one("find_manifest_bytes", {"digest": digest})
        return row["canonical_json"] if row else None

    def snapshot(self, sha256: str) -> Snapshot | None:
        """The stored source bytes and where they came from."""
        row = self._block.fetch_one("find_snapshot", {"sha256": sha256})
        return mapping.snapshot(row) if row else None

    def blocks(self, envelope_id: str) -> list[UnitBlock]:
        """The approved blocks in order."""
        return self._block.fetch_as("find_blocks", {"envelope_id": envelope_id}, mapping.BLOCK, mapping.block)

    def chain(self, entry_id: str) -> list[History]:
        """The whole history of an entry, oldest first."""
        return [mapping.history(row) for row in self._block.fetch("find_history", {"entry_id": entry_id})]

    def aliases(self, document_ref: str) -> list[Alias]:
        """Every alias of a document's units, oldest first."""
        return [Alias(**row) for row in self._block.fetch("find_aliases", {"document_ref": document_ref})]

    def document(self, document_ref: str) -> Document | None:
        """The document's own row."""
        row = self._block.fetch_one("find_document", {"document_ref": document_ref})
        return mapping.document(row) if row else None

    def add_signature(self, row: SignatureRow) -> None:
        """Write it."""
        self._insert("insert_signature", mapping.parameters(row, json=("payload_envelope",)))

    def _insert(self, statement: str, values: Row) -> None:
        written = self._block.execute(statement, values)
        if written != 1:
            raise Internal(
                f"{statement} wrote {written} rows where one was meant",
                remedy="A trigger or a rule of the deployed schema swallows rows: `iu-cutter db check`.",
            )

    def _all(self, statement: str, written: int, meant: int) -> int:
        if written != meant:
            raise Internal(
                f"{statement} wrote {written} rows where {meant} were meant",
                remedy="A trigger or a rule of the deployed schema swallows rows: `iu-cutter db check`.",
            )
        return written
