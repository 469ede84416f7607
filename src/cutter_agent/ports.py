"""What a phase may ask of the world: one Protocol per principal, and nothing of PostgreSQL (design 2.2, 5.2).

A ``…Database`` opens the phase's one transaction and hands its store to the phase's body. The body may run more than
once (whole-phase retry), so it decides from what it reads inside and keeps nothing outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from cutter_agent.model import ChangeKind, EntryStatus
from cutter_agent.originals import OriginalStore, RenderingStore
from cutter_agent.ports_living import LivingCut, LivingDocument, RecutGround
from cutter_agent.ports_review import ReviewStore
from cutter_agent.rows import (
    AffectedRow,
    Alias,
    ChangeSet,
    Decision,
    Document,
    DocumentCut,
    Entry,
    Envelope,
    History,
    NewUnit,
    ProvenCut,
    Snapshot,
    StoredDigests,
    StoredManifest,
    StoredUnit,
    SweepLog,
    UnitBlock,
    VerifyResult,
    VersionCount,
)
from cutter_agent.signing import SignatureRow

T = TypeVar("T")

TouchedState = tuple[str, str, str | None, str | None]
"""A unit's id, what a cut did to it, and its states before and after as JSON."""

Clock = Callable[[], datetime]
"""The time now, with its zone."""


@dataclass(frozen=True, kw_only=True)
class CodeClaim:
    """Who holds a document code: an entry on its way, or a document that was cut."""

    document_ref: str
    document_code: str
    entry_id: str | None
    status: EntryStatus | None


class BacklogStore(Protocol):
    """What both lanes may do with an entry and its history."""

    def find_entry(self, entry_id: str) -> Entry | None:
        """The entry as it is."""
        ...

    def lock_entry(self, entry_id: str) -> Entry | None:
        """The entry, locked until the phase ends, as it is after whoever held it before."""
        ...

    def move_entry(self, entry_id: str, before: EntryStatus, after: EntryStatus) -> None:
        """Compare and set. Raises ``IllegalTransition`` when the entry is not ``before`` any more."""
        ...

    def add_entry(self, entry: Entry) -> None:
        """Write it. Raises ``UniqueConflict`` when it is there already."""
        ...

    def latest_version(self, entry_id: str) -> int:
        """How many history rows the entry has."""
        ...

    def add_history(self, row: History) -> None:
        """Append to the chain."""
        ...

    def manifest(self, digest: str) -> StoredManifest | None:
        """The stored canonical bytes."""
        ...

    def manifest_bytes(self, digest: str) -> bytes | None:
        """The stored canonical bytes alone."""
        ...

    def snapshot(self, sha256: str) -> Snapshot | None:
        """The stored source bytes and where they came from."""
        ...

    def blocks(self, envelope_id: str) -> list[UnitBlock]:
        """The approved blocks in order."""
        ...

    def chain(self, entry_id: str) -> list[History]:
        """The whole history of an entry, oldest first."""
        ...

    def aliases(self, document_ref: str) -> list[Alias]:
        """Every alias of a document's units, oldest first."""
        ...

    def document(self, document_ref: str) -> Document | None:
        """The document's own row."""
        ...

    def add_signature(self, row: SignatureRow) -> None:
        """Write it."""
        ...


class ExecStore(BacklogStore, ReviewStore, OriginalStore, Protocol):
    """What DOT-991 may ask."""

    def claims(self, *, document_ref: str, document_code: str) -> list[CodeClaim]:
        """Documents that were cut under this reference or code, and entries on their way under this code."""
        ...

    def has_snapshot(self, sha256: str) -> bool:
        """Whether these bytes are stored."""
        ...

    def add_snapshot(self, row: Snapshot) -> None:
        """Store source bytes."""
        ...

    def has_manifest(self, digest: str) -> bool:
        """Whether this proposal is stored."""
        ...

    def add_manifest(self, row: StoredManifest) -> None:
        """Store a proposal."""
        ...

    def lock_waiting(self, *, due_at: datetime, limit: int) -> list[Entry]:
        """Marked entries and due deferred ones in key order, locked."""
        ...

    def latest_versions(self, entry_ids: Sequence[str]) -> dict[str, int]:
        """``latest_version`` of many entries at once."""
        ...

    def promote(self, entry_ids: Sequence[str]) -> int:
        """Move locked entries to ``review_pending``; says how many."""
        ...

    def add_histories(self, rows: Iterable[History]) -> int:
        """Append to many chains at once."""
        ...

    def add_sweep_log(self, row: SweepLog) -> None:
        """Write it."""
        ...

    def change_count(self, entry_id: str, change: ChangeKind) -> int:
        """How often the entry's history says ``change``."""
        ...

    def living(self, document_ref: str) -> LivingDocument | None:
        """The document as of its newest proven cut; None where there is none."""
        ...

    def living_cut(self, document_ref: str) -> LivingCut | None:
        """The document and its newest proven cut, without its units; None where there is none."""
        ...

    def recut_ground(self, standing: LivingCut) -> RecutGround:
        """What an edited source is matched with. Raises ``StaleApproval`` where stored bytes are not as they were."""
        ...

    def digests_as_of(self, document_ref: str, cut_seq: int) -> StoredDigests:
        """What the stored units give as of a cut, computed where they are."""
        ...

    def units_of(self, unit_ids: Sequence[str]) -> list[StoredUnit]:
        """These units with their newest versions, those whose life ended included; absent ones are left out."""
        ...

    def unit_count(self, document_ref: str) -> int:
        """How many units a document has, those whose life ended included."""
        ...

    def change_sets(self, envelope_id: str) -> list[ChangeSet]:
        """Change sets of an envelope, oldest first."""
        ...

    def document_cuts(self, document_ref: str) -> list[tuple[int, str]]:
        """(cut_seq, manifest digest) of every cut of a document, oldest first."""
        ...

    def add_document(self, row: Document) -> None:
        """Write it."""
        ...

    def current_units(self, document_ref: str) -> list[StoredUnit]:
        """Every unit of a document with its newest version, in order."""
        ...

    def units_ever(self, document_ref: str) -> list[StoredUnit]:
        """``current_units`` and those whose life ended."""
        ...

    def proven_cut(self, document_ref: str) -> ProvenCut | None:
        """The newest cut of a document that was verified."""
        ...

    def add_recut_versions(self, change_set: ChangeSet, units: Iterable[NewUnit]) -> int:
        """``add_versions`` with labels of their own, and with versions that end a life."""
        ...

    def add_aliases(self, rows: Iterable[Alias]) -> int:
        """Write them all at once."""
        ...

    def add_units(self, document_ref: str, units: Iterable[NewUnit]) -> int:
        """Write the units that are new, all at once."""
        ...

    def add_versions(self, change_set: ChangeSet, units: Iterable[NewUnit]) -> int:
        """Write one version of each of these units, all at once."""
        ...

    def add_change_set(self, row: ChangeSet) -> None:
        """Write it."""
        ...

    def add_affected_rows(self, rows: Iterable[AffectedRow]) -> int:
        """Write them all at once."""
        ...

    def count_written(self, change_set_id: str, document_ref: str) -> tuple[int, int]:
        """What the server counts: (versions of this change set, units of the document)."""
        ...


class VerifyStore(BacklogStore, RenderingStore, Protocol):
    """What DOT-992 may ask."""

    def change_set_to_verify(self, entry_id: str) -> ChangeSet | None:
        """The newest change set of an entry."""
        ...

    def every_decision(self, entry_id: str, envelope_id: str) -> list[Decision]:
        """Decisions about an entry or on an envelope, oldest first, whatever they follow."""
        ...

    def every_envelope(self, entry_id: str) -> list[Envelope]:
        """Envelopes of an entry, oldest first."""
        ...

    def cuts_of_document(self, document_ref: str) -> list[DocumentCut]:
        """Every cut of a document, oldest first."""
        ...

    def version_counts(self, document_ref: str) -> list[VersionCount]:
        """How many versions of a document each change set wrote, as the versions themselves say."""
        ...

    def signature_ids(self, change_set_id: str) -> list[str]:
        """Every signature that names a change set."""
        ...

    def foreign_columns(self, entry_id: str, change_set: ChangeSet) -> list[tuple[str, str]]:
        """(table, key) of rows that hold something in a column which no phase writes."""
        ...

    def documents(self, asked: str | None) -> list[Document]:
        """Documents by reference or code; every one for None."""
        ...

    def entries_without_document(self) -> list[Entry]:
        """Entries that were cut, and whose document is not stored."""
        ...

    def signature(self, signature_id: str) -> SignatureRow | None:
        """One signature."""
        ...

    def affected_rows(self, change_set_id: str) -> list[AffectedRow]:
        """What a change set says it touched."""
        ...

    def affected_states(self, change_set_id: str) -> list[TouchedState]:
        """What a change set says it touched: unit, operation, states before and after as the server spells them."""
        ...

    def versions(self, document_ref: str) -> list[StoredUnit]:
        """Every version of every unit of a document by render order, unit and number."""
        ...

    def unit_count(self, document_ref: str, cut_seq: int) -> int:
        """How many units the document has as of a cut, with a version or without."""
        ...

    def verify_results(self, change_set_id: str) -> list[VerifyResult]:
        """Verifications of a change set, oldest first."""
        ...

    def add_verify_result(self, row: VerifyResult) -> None:
        """Write it."""
        ...

    def enact(self, document_ref: str, cut_seq: int) -> tuple[int, int]:
        """Turn draft units and the draft versions that hold as of the cut into enacted ones; says how many of each."""
        ...

    def retire(self, document_ref: str, cut_seq: int) -> tuple[int, int]:
        """Retire the units that end with the cut, and the versions that say so; says how many of each. Before enact."""
        ...


class ExecDatabase(Protocol):
    """Opens transactions as DOT-991."""

    def find_entry(self, entry_id: str) -> Entry | None:
        """The entry as it is now, read in a short block of its own that is over before this returns."""
        ...

    def living(self, document_ref: str) -> LivingDocument | None:
        """The document as of its newest proven cut, read in a short block of one state; None where there is none."""
        ...

    def living_cut(self, document_ref: str) -> LivingCut | None:
        """The document and its newest proven cut, read in a short block; None where there is none."""
        ...

    def recut_ground(self, standing: LivingCut) -> RecutGround:
        """What an edited source is matched with, read in a short block of one state. Raises ``StaleApproval``."""
        ...

    def document_of(self, name: str) -> str | None:
        """The reference of the document in which a unit has this address, or an alias says it; None for nobody's."""
        ...

    def successor(self, entry_id: str) -> Entry | None:
        """The entry that took the place of this one, read in a short block."""
        ...

    def read_only(self, body: Callable[[ExecStore], T]) -> T:
        """``body`` in a block that can write nothing and sees one state."""
        ...

    def read_committed(self, phase: str, body: Callable[[ExecStore], T]) -> T:
        """``body`` in the phase's one transaction."""
        ...

    def serializable(self, phase: str, body: Callable[[ExecStore], T]) -> T:
        """``body`` in the phase's one transaction, as if alone."""
        ...


class VerifyDatabase(Protocol):
    """Opens transactions as DOT-992."""

    def serializable(self, phase: str, body: Callable[[VerifyStore], T]) -> T:
        """``body`` in the phase's one transaction, as if alone."""
        ...

    def read_only(self, body: Callable[[VerifyStore], T]) -> T:
        """``body`` in a block that can write nothing and sees one state."""
        ...
