"""What VERIFY and AUDIT look at, read once for each document: later cuts rest on what earlier ones left."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from cutter_agent.ports import VerifyStore
from cutter_agent.rows import Alias, ChangeSet, DocumentCut, Entry, StoredManifest, StoredUnit, VersionCount
from cutter_agent.verifier.evidence import EarlierCut, Evidence, PastCut
from cutter_agent.verifier.reading import base_of
from sealing.keys import PublicKey

_FIRST = 1


class Gathering:
    """The evidence about the cuts of one document, inside one block.

    A cut is read with a constant number of statements, whatever the number of units, and two more for each earlier cut
    of which units still hold. Versions are read once: what held as of any cut is found among them. What was read for
    one cut is not read again for the next, so that an audit of n cuts asks O(n) statements.
    """

    def __init__(self, store: VerifyStore, document_ref: str, executor_key: PublicKey) -> None:
        self._store = store
        self._document_ref = document_ref
        self._executor_key = executor_key
        self._past: dict[str, PastCut] = {}
        self._earlier: dict[str, EarlierCut] = {}
        self._alias_orders: dict[str, bytes] | None = None
        self._manifests: dict[str, bytes] = {}

    @cached_property
    def cuts(self) -> list[DocumentCut]:
        """Every cut of the document, oldest first."""
        return self._store.cuts_of_document(self._document_ref)

    @cached_property
    def _aliases(self) -> list[Alias]:
        return self._store.aliases(self._document_ref)

    @cached_property
    def _version_counts(self) -> list[VersionCount]:
        return self._store.version_counts(self._document_ref)

    @cached_property
    def _versions(self) -> list[StoredUnit]:
        return self._store.versions(self._document_ref)

    def of(self, entry: Entry, change_set: ChangeSet) -> Evidence:
        """Everything stored about one cut."""
        store, cut_seq = self._store, change_set.cut_seq
        held = self._held(cut_seq)
        manifest = store.manifest(change_set.manifest_digest)
        writers = {unit.change_set_id for unit in held}
        before = [cut for cut in self.cuts if cut.change_set.cut_seq < cut_seq]
        return Evidence(
            entry=entry,
            document=store.document(change_set.document_ref),
            change_set=change_set,
            envelopes=store.every_envelope(entry.entry_id),
            decisions=store.every_decision(entry.entry_id, change_set.manifest_id),
            signature=store.signature(change_set.executor_signature_id),
            signature_ids=store.signature_ids(change_set.change_set_id),
            executor_key=self._executor_key,
            stored_manifest=manifest,
            stored_snapshot=store.snapshot(change_set.snapshot_sha256),
            renderings=store.renderings(change_set.snapshot_sha256),
            blocks=store.blocks(change_set.manifest_id),
            affected=store.affected_rows(change_set.change_set_id),
            units=[unit for unit in held if not unit.ends_life],
            ended=[unit for unit in held if unit.ends_life],
            past=[self._past_cut(cut) for cut in before if cut.passed],
            aliases=self._aliases,
            alias_orders=self._orders(change_set, manifest),
            base_manifest=(base := self._base_manifest(before)),
            below=self._below(manifest.canonical_json if manifest else None, base),
            document_unit_count=store.unit_count(change_set.document_ref, cut_seq),
            document_cuts=self.cuts,
            version_counts=self._version_counts,
            chain=store.chain(entry.entry_id),
            results=store.verify_results(change_set.change_set_id),
            foreign_columns=store.foreign_columns(entry.entry_id, change_set),
            earlier=[
                self._earlier_cut(cut)
                for cut in self.cuts
                if cut.change_set.change_set_id in writers - {change_set.change_set_id}
            ],
        )

    def _base_manifest(self, before: Sequence[DocumentCut]) -> bytes | None:
        """What the newest proven one of these cuts was made from."""
        proven = [cut.change_set.manifest_digest for cut in before if cut.passed]
        return self._manifest(proven[-1]) if proven else None

    def _manifest(self, digest: str) -> bytes | None:
        if digest not in self._manifests:
            data = self._store.manifest_bytes(digest)
            if data is None:
                return None
            self._manifests[digest] = data
        return self._manifests[digest]

    def _below(self, *tops: bytes | None) -> dict[str, bytes]:
        """The manifests that these rest on, by the digests under which they are named."""
        passed, waiting = set[str](), [base_of(data) for data in tops]
        while waiting:
            digest = waiting.pop()
            if digest is not None and digest not in passed:
                passed.add(digest)
                waiting.append(base_of(self._manifest(digest)))
        return self._manifests

    def _past_cut(self, cut: DocumentCut) -> PastCut:
        change_set = cut.change_set
        if change_set.change_set_id not in self._past:
            living = [unit for unit in self._held(change_set.cut_seq) if not unit.ends_life]
            self._past[change_set.change_set_id] = PastCut.of(change_set, living)
        return self._past[change_set.change_set_id]

    def _held(self, cut_seq: int) -> list[StoredUnit]:
        """Each unit with the version that holds as of a cut, in order."""
        here = [unit for unit in self._versions if unit.cut_seq <= cut_seq]
        several = {unit.unit_id for unit in here if unit.version_seq != _FIRST}
        if not several:  # and no unit has two versions of one number: that is their key
            return here
        newest: dict[str, StoredUnit] = {}
        for unit in here:
            if unit.unit_id in several:
                other = newest.get(unit.unit_id)
                if other is None or other.version_seq < unit.version_seq:
                    newest[unit.unit_id] = unit
        return [unit for unit in here if unit.unit_id not in several or newest[unit.unit_id] is unit]

    def _orders(self, change_set: ChangeSet, manifest: StoredManifest | None) -> dict[str, bytes]:
        """The manifests of the cuts that wrote aliases, and of this one."""
        if self._alias_orders is None:
            moments = {row.valid_from for row in self._aliases}
            found = {
                cut.change_set.change_set_id: self._store.manifest(cut.change_set.manifest_digest)
                for cut in self.cuts
                if cut.change_set.emitted_at in moments
            }
            self._alias_orders = {name: row.canonical_json for name, row in found.items() if row is not None}
        own = {} if manifest is None else {change_set.change_set_id: manifest.canonical_json}
        return self._alias_orders | own

    def _earlier_cut(self, cut: DocumentCut) -> EarlierCut:
        change_set = cut.change_set
        name = change_set.change_set_id
        if name not in self._earlier:
            self._earlier[name] = EarlierCut(
                change_set=change_set,
                signature=self._store.signature(change_set.executor_signature_id),
                touched=self._store.affected_states(name),
            )
        return self._earlier[name]
