"""MARK: a document becomes a backlog entry, once (design 1.5). DOT-991, READ COMMITTED.

Writes entry 1, history 1, and in ``iu`` snapshot 1, manifest 1 (each only where those bytes are not stored yet).
The same source under the same profile and reference is the same entry: the second MARK writes nothing.

A changed source of a document that was cut and proven becomes the proposal of a re-cut: the same rows, and a manifest
that names the cut it starts from. A source that changes nothing writes nothing: the entry of the living cut is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cutter_agent import segmenter
from cutter_agent.errors import GovernanceRefused, InputRefused, StaleApproval
from cutter_agent.idempotency import document_ref as one_line
from cutter_agent.idempotency import entry_id, entry_key, external_key
from cutter_agent.ledger import first_history, new_entry
from cutter_agent.manifest import SealedManifest, build, seal
from cutter_agent.model import EntryKind, EntryStatus, Manifest, OperationKind, RiskClass, Severity
from cutter_agent.phases import originals
from cutter_agent.phases.rematching import matched_again
from cutter_agent.phases.replay import converging
from cutter_agent.ports import Clock, CodeClaim, ExecDatabase, ExecStore
from cutter_agent.ports_living import LivingCut
from cutter_agent.rows import CutRequest, Entry, History, Snapshot, StoredManifest
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.state_machine import TERMINAL
from cutter_agent.undisturbed import undisturbed
from cutter_agent.validation import require_valid
from cutter_agent.vocabulary import Vocabulary
from sealing.digest import sha256_hex

DEFAULT_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Source:
    """The bytes to be cut and what is known of them. ``origin`` says how they came (a path, standard input).

    ``converted``: the file of another format that these bytes were made from.
    """

    data: bytes
    label: str
    origin: str
    media_type: str
    document_ref: str
    document_code: str
    title: str
    risk_class: RiskClass = RiskClass.STANDARD
    converted: originals.Converted | None = None

    def __repr__(self) -> str:
        return f"Source(label={self.label!r}, document_ref={self.document_ref!r}, byte_length={len(self.data)})"


@dataclass(frozen=True, kw_only=True)
class Marker:
    """Who marks, with which revision of this program, and how large a source may be."""

    identity: str
    tool_revision: str
    max_bytes: int = DEFAULT_MAX_BYTES


@dataclass(frozen=True, kw_only=True)
class MarkResult:
    """The entry, and whether this call wrote it.

    ``living``: the cut number under which the document already stands exactly so; there was nothing to mark.
    ``original_kept``: the text was known, the file that it was made from was not, and is kept now.
    """

    entry: Entry
    created: bool
    living: int | None = None
    original_kept: bool = False


@dataclass(frozen=True, kw_only=True)
class MarkPlan:
    """The rows of one MARK."""

    entry: Entry
    history: History
    snapshot: Snapshot
    manifest: StoredManifest
    original: originals.Rows | None = None


@undisturbed
def mark(
    database: ExecDatabase,
    *,
    source: Source,
    profile: Profile,
    marker: Marker,
    clock: Clock,
    words: Vocabulary | None = None,
) -> MarkResult:
    """Segment ``source`` with ``profile`` and record the proposal.

    Raises:
        InputRefused: the bytes cannot be taken (empty, too large, not UTF-8, NUL), with their place.
        GovernanceRefused: the code belongs to another document, or the document was cut before.
    """
    require_size(source, marker)
    key = key_of(source, profile.id, profile.version)
    existing, standing = _known(database, key, source)
    if existing is not None and standing is None:
        return MarkResult(entry=existing, created=False)
    if standing is not None:
        stands = _stands(database, standing, source, profile.id, profile.version)
        if stands is not None:
            return stands
    segmentation = segmenter.segment(source.data, profile=profile, document_code=source.document_code)
    manifest = build(
        segmentation,
        made=standing is None,
        document_ref=source.document_ref,
        title=source.title,
        tool_revision=marker.tool_revision,
        marked_by=marker.identity,
        risk_class=source.risk_class,
    )
    return propose(database, manifest, standing, key=key, source=source, words=words, clock=clock)


def decide(*, key: str, source: Source, sealed: SealedManifest, claims: list[CodeClaim], now: datetime) -> MarkPlan:
    """The rows of a new entry. Raises ``GovernanceRefused``."""
    header = sealed.manifest.header
    for claim in claims:
        _refuse_claim(source, claim, again=header.operation_kind is not OperationKind.FIRST_CUT)
    exceptions = sum(finding.severity is Severity.EXCEPTION for finding in sealed.manifest.findings)
    request = CutRequest(
        idempotency_key=key,
        document_ref=header.document_ref,
        document_code=header.document_code,
        title=header.title,
        label=source.label,
        snapshot_sha256=header.snapshot_sha256,
        manifest_digest=sealed.digest,
        profile_id=header.profile_id,
        profile_version=header.profile_version,
        operation_kind=header.operation_kind.value,
        risk_class=header.risk_class.value,
        marked_by=header.marked_by,
        tool_revision=header.tool_revision,
        unit_count=header.unit_count,
        exception_count=exceptions,
        notice_count=len(sealed.manifest.findings) - exceptions,
    )
    entry = new_entry(entry_id(key), EntryKind.CUT, request.as_json(), now)
    return MarkPlan(
        entry=entry,
        history=first_history(
            entry,
            changed_by=header.marked_by,
            rationale=f"marked {source.label}",
            diff={"manifest_digest": sealed.digest, "snapshot_sha256": header.snapshot_sha256},
        ),
        snapshot=Snapshot(
            sha256=header.snapshot_sha256,
            data=source.data,
            byte_length=len(source.data),
            media_type=source.media_type,
            label=source.label,
            origin=source.origin,
            captured_at=now,
            captured_by=header.marked_by,
        ),
        manifest=StoredManifest(
            digest=sealed.digest,
            canonical_json=sealed.canonical,
            snapshot_sha256=header.snapshot_sha256,
            document_ref=header.document_ref,
            profile_id=header.profile_id,
            profile_version=header.profile_version,
            unit_count=header.unit_count,
            proposed_at=now,
            proposed_by=header.marked_by,
        ),
        original=originals.rows(source.converted, source, header.snapshot_sha256, now=now, by=header.marked_by),
    )


def apply(store: ExecStore, plan: MarkPlan) -> None:
    """Write the plan. Raises ``UniqueConflict`` when somebody else marked the same thing meanwhile."""
    store.add_entry(plan.entry)
    store.add_history(plan.history)
    if not store.has_snapshot(plan.snapshot.sha256):
        store.add_snapshot(plan.snapshot)
    if not store.has_manifest(plan.manifest.digest):
        store.add_manifest(plan.manifest)
    if plan.original is not None:
        originals.store_rows(store, plan.original)


def record(
    database: ExecDatabase,
    *,
    key: str,
    source: Source,
    sealed: SealedManifest,
    words: Vocabulary | None,
    clock: Clock,
) -> MarkResult:
    """Write the proposal under ``key``, or find it there.

    Raises:
        ManifestInvalid: the validator's problems, all at once.
        GovernanceRefused: the code belongs to another document, or another entry of it is on its way.
        StaleApproval: the document was cut again since the base was read.
    """
    require_valid(sealed.manifest, source.data, words)

    def body(store: ExecStore) -> MarkResult:
        existing = store.find_entry(entry_id(key))
        if existing is not None:
            return MarkResult(entry=existing, created=False)
        claims = store.claims(document_ref=source.document_ref, document_code=source.document_code)
        _require_base(store, source, sealed.manifest)
        plan = decide(key=key, source=source, sealed=sealed, claims=claims, now=clock())
        apply(store, plan)
        return MarkResult(entry=plan.entry, created=True)

    return converging(lambda: database.read_committed("MARK", body))


def _known(database: ExecDatabase, key: str, source: Source) -> tuple[Entry | None, LivingCut | None]:
    """The entry of this as a first cut; and the document where it was cut and proven, and may be cut again."""
    existing = database.find_entry(entry_id(key))
    again = existing is None or existing.status in {EntryStatus.VERIFIED_COMPLETE, EntryStatus.ABANDONED}
    return existing, database.living_cut(source.document_ref) if again else None


def _stands(
    database: ExecDatabase, standing: LivingCut, source: Source, profile_id: str, profile_version: str
) -> MarkResult | None:
    """What is there already: the living cut is exactly this, or its re-cut was marked."""
    cut = standing.cut
    require_same(standing, source, profile_id)
    if (sha256_hex(source.data), profile_version) == (cut.snapshot_sha256, standing.profile_version):
        return _nothing_to_do(database, standing)
    marked = database.find_entry(entry_id(key_of(source, profile_id, profile_version, cut.change_set_id)))
    while marked is not None and (later := database.successor(marked.entry_id)) is not None:
        marked = later
    return MarkResult(entry=marked, created=False) if marked is not None else None


def require_same(standing: LivingCut, source: Source, profile_id: str) -> None:
    """A document keeps its profile and its code. Raises ``GovernanceRefused``."""
    document = standing.document
    if profile_id != document.profile_id:
        raise GovernanceRefused(
            f"{document.document_ref} was cut with profile {document.profile_id}, not with {profile_id}",
            remedy=f"Cut it again with --profile {document.profile_id}, or under a reference and code of its own.",
        )
    if source.document_code != document.document_code:
        raise GovernanceRefused(
            f"{document.document_ref} was cut under the code {document.document_code}, not {source.document_code}",
            remedy=f"Give --code {document.document_code}: the addresses of its units begin with it.",
        )


def _nothing_to_do(database: ExecDatabase, standing: LivingCut) -> MarkResult:
    entry = database.find_entry(standing.cut.entry_id)
    if entry is None:
        raise GovernanceRefused(
            f"entry {standing.cut.entry_id} of the living cut is not stored", remedy="Restore the ledger."
        )
    return MarkResult(entry=entry, created=False, living=standing.cut.cut_seq)


def propose(
    database: ExecDatabase,
    manifest: Manifest,
    standing: LivingCut | None,
    *,
    key: str,
    source: Source,
    words: Vocabulary | None,
    clock: Clock,
    spans: str | None = None,
) -> MarkResult:
    """Record a first cut as it is; match an edited source with what lives and record the re-cut.

    ``spans``: the digest of the units of a manifest that was made elsewhere, which is then part of the key.
    """
    if standing is None:
        sealed = seal(originals.named(manifest, source.converted))
        return record(database, key=key, source=source, sealed=sealed, words=words, clock=clock)
    again = matched_again(database.recut_ground(standing), manifest, source.data)
    if again is None:
        return _nothing_to_do(database, standing)
    sealed, header = seal(originals.named(again, source.converted)), manifest.header
    key = key_of(source, header.profile_id, header.profile_version, standing.cut.change_set_id)
    key = external_key(key, spans) if spans else key
    return record(database, key=key, source=source, sealed=sealed, words=words, clock=clock)


def _require_base(store: ExecStore, source: Source, manifest: Manifest) -> None:
    """The cut that was matched with is still the living one when the proposal is written."""
    base, proven = manifest.recut.base if manifest.recut else None, store.proven_cut(source.document_ref)
    if base is not None and (proven is None or proven.change_set_id != base.change_set_id):
        raise StaleApproval(
            f"{source.document_ref} was cut again while this was matched with cut {base.cut_seq}",
            remedy="Run the same command again: it will be matched with the newest cut.",
        )


def key_of(source: Source, profile_id: str, profile_version: str, base_change_set: str | None = None) -> str:
    return entry_key(
        snapshot_sha256=sha256_hex(source.data),
        profile_id=profile_id,
        profile_version=profile_version,
        document_ref=one_line(source.document_ref),
        operation_kind=OperationKind.RECUT if base_change_set else OperationKind.FIRST_CUT,
        base_change_set=base_change_set,
    )


def require_size(source: Source, marker: Marker) -> None:
    if not source.data:
        raise InputRefused(f"{source.label} is empty", remedy="Give a document with text in it.", path=source.label)
    if len(source.data) > marker.max_bytes:
        raise InputRefused(
            f"{source.label} has {len(source.data)} bytes, the limit is {marker.max_bytes}",
            remedy="Split the document, or raise DOT_CUTTER_MAX_INPUT_BYTES.",
            path=source.label,
        )


def _refuse_claim(source: Source, claim: CodeClaim, *, again: bool) -> None:
    if claim.document_ref != source.document_ref:
        if claim.status in TERMINAL - {EntryStatus.VERIFIED_COMPLETE}:
            return
        raise GovernanceRefused(
            f"document code {source.document_code} belongs to {claim.document_ref}"
            + (f" (entry {claim.entry_id}, {claim.status})" if claim.entry_id else ""),
            remedy="Give this document a code of its own with --code.",
        )
    if again and claim.entry_id is not None and claim.status not in TERMINAL:
        raise GovernanceRefused(
            f"entry {claim.entry_id} of {source.document_ref} is on its way ({claim.status})",
            remedy=f"Bring it to its end first (iu-cutter status {claim.entry_id}), or decide against it.",
        )
    if claim.entry_id is None and not again:
        raise GovernanceRefused(
            f"{source.document_ref} was cut before, and no verification passed: an edited source cannot be cut again "
            "(recut) from there",
            remedy="Verify the cut that is there, then cut the edited source again.",
        )
