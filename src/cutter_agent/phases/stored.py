"""What REVIEW and CUT decide on: recomputed from the stored bytes, never from memory and never from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutter_agent import observing
from cutter_agent.errors import GovernanceRefused, StaleApproval, UsageError
from cutter_agent.idempotency import unit_id, unit_ids
from cutter_agent.manifest import SealedManifest, parse, seal
from cutter_agent.manifest_kept import named
from cutter_agent.model import EntryKind, Manifest, ManifestBlock
from cutter_agent.ports import ExecStore
from cutter_agent.rows import CutRequest, Entry, Snapshot, StoredManifest
from cutter_agent.unit_id_forms import UnitIdForm
from cutter_agent.validation import require_valid
from cutter_agent.vocabulary import Vocabulary
from sealing.digest import sha256_hex

_TAMPERED = "Do not approve or cut it. Find out who changed stored bytes; then mark the source again."


class UnitIds(dict[str, str]):
    """The ids of a document's units by address, each derived when it is first asked for."""

    def __init__(self, document_ref: str, form: UnitIdForm) -> None:
        super().__init__()
        self._document_ref, self._form = document_ref, form

    def __missing__(self, address: str) -> str:
        made = self[address] = unit_id(self._document_ref, address, self._form)
        return made


@dataclass(frozen=True, kw_only=True)
class StoredProposal:
    """One entry's manifest and snapshot; every digest was recomputed and every rule of the validator holds.

    ``unit_ids`` is the id of a unit by its address.
    """

    entry: Entry
    request: CutRequest
    sealed: SealedManifest
    unit_ids: UnitIds
    stored_snapshot: Snapshot
    stored_manifest: StoredManifest

    @property
    def snapshot(self) -> bytes:
        """The stored source bytes."""
        return self.stored_snapshot.data

    @property
    def units(self) -> Sequence[ManifestBlock]:
        """The proposed units in document order."""
        return self.sealed.manifest.units


def known_entry(entry: Entry | None, entry_id: str) -> Entry:
    """The entry of kind ``cut``.

    Raises:
        UsageError: there is none of this id.
        GovernanceRefused: it is an escalation.
    """
    if entry is None:
        raise UsageError(f"there is no entry {entry_id}", remedy="iu-cutter status lists the entries.")
    if entry.kind is not EntryKind.CUT:
        raise GovernanceRefused(
            f"entry {entry_id} is an {entry.kind}: nothing of its own can be reviewed or cut",
            remedy="Decide about the entry that it names: retry or abandon.",
        )
    observing.note(document=entry.payload.get("document_ref"))
    return entry


def _require_own_ids(entry: Entry, manifest: Manifest) -> None:
    """A re-cut names each unit by its id, too: it must be the id of its address."""
    for address, said in named(manifest):
        if unit_id(manifest.header.document_ref, address, manifest.header.unit_id_form) != said:
            raise StaleApproval(f"entry {entry.entry_id}: {said} is not the id of {address}", remedy=_TAMPERED)


def _ids(document_ref: str, manifest: Manifest) -> UnitIds:
    """Those of a first cut are all asked for; those of a re-cut are not."""
    form = manifest.header.unit_id_form
    ids = UnitIds(document_ref, form)
    if manifest.recut is None:
        ids.update(unit_ids(document_ref, [unit.address for unit in manifest.units], form))
    return ids


def load_proposal(store: ExecStore, entry: Entry, words: Vocabulary | None) -> StoredProposal:
    """Read and recompute.

    Raises:
        StaleApproval: a digest of stored bytes is not what the entry says.
        ManifestInvalid: the validator's problems, all at once.
    """
    request = entry.request
    stored, snapshot = store.manifest(request.manifest_digest), store.snapshot(request.snapshot_sha256)
    if stored is None or snapshot is None:
        raise StaleApproval(f"entry {entry.entry_id}: its manifest or snapshot is not stored", remedy=_TAMPERED)
    sealed = seal(parse(stored.canonical_json, store.manifest_bytes))
    header = sealed.manifest.header
    facts = (
        ("manifest bytes", sha256_hex(stored.canonical_json), request.manifest_digest),
        ("canonical spelling", sealed.digest, request.manifest_digest),
        ("snapshot bytes", sha256_hex(snapshot.data), request.snapshot_sha256),
        ("manifest's snapshot", header.snapshot_sha256, request.snapshot_sha256),
        ("manifest's document", header.document_ref, request.document_ref),
        ("manifest's code", header.document_code, request.document_code),
        ("manifest's operation", header.operation_kind.value, request.operation_kind),
    )
    for what, found, said in facts:
        if found != said:
            raise StaleApproval(f"entry {entry.entry_id}: {what} {found}, the entry says {said}", remedy=_TAMPERED)
    require_valid(sealed.manifest, snapshot.data, words)
    _require_own_ids(entry, sealed.manifest)
    return StoredProposal(
        entry=entry,
        request=request,
        sealed=sealed,
        stored_snapshot=snapshot,
        stored_manifest=stored,
        unit_ids=_ids(request.document_ref, sealed.manifest),
    )
