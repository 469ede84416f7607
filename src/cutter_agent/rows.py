"""Rows as the phases see them: one frozen record per table (design 1.6, 1.7), ids as text, times with their zone.

A record's fields are the columns that a phase writes or reads; JSON is a plain value that canonical JSON admits. What
there is one of for each unit is a struct of msgspec: made ten times as fast as a dataclass, and nothing to collect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from cutter_agent.model import (
    ChangeKind,
    EntryKind,
    EntryStatus,
    LifecycleStatus,
    OperationKind,
    ReviewerKind,
    RiskClass,
    Verdict,
)
from sealing.canonical import JsonValue


@dataclass(frozen=True, kw_only=True)
class CutRequest:
    """The payload of an entry of kind ``cut``: what was proposed, by whom, and under which digests."""

    idempotency_key: str
    document_ref: str
    document_code: str
    title: str
    label: str
    snapshot_sha256: str
    manifest_digest: str
    profile_id: str
    profile_version: str
    operation_kind: str
    risk_class: str
    marked_by: str
    tool_revision: str
    unit_count: int
    exception_count: int
    notice_count: int

    def as_json(self) -> dict[str, JsonValue]:
        """The payload column."""
        return asdict(self)

    @classmethod
    def from_json(cls, payload: Mapping[str, JsonValue]) -> CutRequest:
        """From the payload column."""
        return cls(**{name: payload[name] for name in cls.__dataclass_fields__})  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """``decision_backlog_entry``."""

    entry_id: str
    kind: EntryKind
    status: EntryStatus
    payload: Mapping[str, JsonValue]
    emitted_at: datetime
    scenario_ref: str | None

    @property
    def request(self) -> CutRequest:
        """The payload of an entry of kind ``cut``."""
        return CutRequest.from_json(self.payload)


@dataclass(frozen=True, kw_only=True)
class History:
    """``decision_backlog_history``."""

    history_id: str
    entry_id: str
    entry_version_before: int | None
    entry_version_after: int
    change_kind: ChangeKind
    change_diff: Mapping[str, JsonValue]
    changed_by: str
    changed_at: datetime
    rationale: str


@dataclass(frozen=True, kw_only=True)
class SweepLog:
    """``decision_backlog_sweep_log``."""

    sweep_id: str
    swept_by: str
    trigger_kind: str
    started_at: datetime
    finished_at: datetime
    batch_limit: int
    scanned_count: int
    promoted_count: int
    cursor_after: str | None
    scenario_ref: str | None


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """``manifest_envelope``, as it is written with the first decision on a manifest."""

    envelope_id: str
    operation_kind: OperationKind
    status: str
    source_doc_ref: str
    manifest_digest: str
    created_by: str
    created_at: datetime
    reviewer: str
    reviewed_at: datetime
    rationale: str


class UnitBlock(msgspec.Struct, frozen=True, gc=False):
    """``manifest_unit_block``."""

    envelope_id: str
    unit_local_id: int
    block_role: str
    start_byte: int
    end_byte: int
    render_order: int | Decimal
    target_unit_id: str
    decision_backlog_ref: str
    proposed_canonical_address: str
    proposed_authority: str
    candidate_edges: JsonValue
    payload_summary: JsonValue
    content_hash: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """``review_decision``."""

    review_decision_id: str
    manifest_id: str
    verdict: Verdict
    status: str
    prior_review_decision_id: str | None
    superseded_by_review_decision_id: str | None
    escalation_ref: str | None
    findings: Sequence[Mapping[str, JsonValue]]
    verdict_rationale: str
    reviewer_identity: str
    reviewer_kind: ReviewerKind
    reviewer_independence_evidence: Mapping[str, JsonValue]
    risk_class: RiskClass
    decided_by: str
    decided_at: datetime
    entry_id: str
    manifest_digest: str
    snapshot_sha256: str
    manifest_unit_local_id: int | None = None
    """The block it is about; None: the manifest as a whole."""


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """``decision_backlog_dependency``: ``from_entry_id`` blocks, supersedes … ``to_entry_id``."""

    dependency_id: str
    from_entry_id: str
    to_entry_id: str
    dependency_kind: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class ChangeSet:
    """``cut_change_set``."""

    change_set_id: str
    rollback_key: str
    idempotency_key: str
    manifest_id: str
    manifest_version: int
    review_decision_id: str
    executor_signature_id: str
    executor_tool_revision: str
    verifier_tool_revision: str
    state: str
    affected_unit_count: int
    emitted_by: str
    emitted_at: datetime
    payload_summary: Mapping[str, JsonValue]
    document_ref: str
    cut_seq: int
    manifest_digest: str
    snapshot_sha256: str


class AffectedRow(msgspec.Struct, frozen=True, gc=False):
    """``cut_change_set_affected_row``."""

    affected_row_id: str
    change_set_id: str
    target_table: str
    target_row_id: str
    operation_kind: str
    before_state_snapshot: JsonValue
    after_state_snapshot: JsonValue


@dataclass(frozen=True, kw_only=True)
class DocumentCut:
    """One cut of a document: its change set, the entry that asked for it, and whether a verification passed."""

    change_set: ChangeSet
    entry_id: str | None
    passed: bool


@dataclass(frozen=True, kw_only=True)
class VersionCount:
    """How many stored versions of a document say that they were written by this change set with this cut number."""

    change_set_id: str
    cut_seq: int
    versions: int


@dataclass(frozen=True, kw_only=True)
class VerifyResult:
    """``verify_result``."""

    verify_result_id: str
    change_set_id: str
    manifest_id: str
    manifest_version: int
    review_decision_id: str
    executor_signature_id: str
    verifier_signature_id: str
    executor_tool_revision: str
    verifier_tool_revision: str
    tool_revision_match: bool
    verify_kind: str
    axis_1_status: str
    axis_2_status: str
    verdict: str
    state: str
    canonicalization_rule_used: str
    findings: Sequence[Mapping[str, JsonValue]]
    rebuilt_sha256: str
    prior_verify_result_id: str | None
    escalation_ref: str | None
    verified_by: str
    verified_at: datetime


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """``iu.source_snapshot``. ``bytes`` never shows in a ``repr``."""

    sha256: str
    data: bytes
    byte_length: int
    media_type: str
    label: str
    origin: str
    captured_at: datetime
    captured_by: str

    def __repr__(self) -> str:
        return f"Snapshot(sha256={self.sha256!r}, byte_length={self.byte_length})"


@dataclass(frozen=True, kw_only=True)
class StoredManifest:
    """``iu.manifest``: exactly the bytes that were digested."""

    digest: str
    canonical_json: bytes
    snapshot_sha256: str
    document_ref: str
    profile_id: str
    profile_version: str
    unit_count: int
    proposed_at: datetime
    proposed_by: str

    def __repr__(self) -> str:
        return f"StoredManifest(digest={self.digest!r}, unit_count={self.unit_count})"


@dataclass(frozen=True, kw_only=True)
class Document:
    """``iu.document``."""

    document_ref: str
    document_code: str
    profile_id: str
    title: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, kw_only=True)
class Alias:
    """``canonical_address_alias``: what else a unit is, or was, called."""

    alias_id: str
    target_unit_id: str
    alias_text: str
    alias_kind: str
    valid_from: datetime
    created_by: str
    rationale: str
    valid_until: datetime | None = None
    scenario_ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoredDigests:
    """What the units of a document give as of a cut, in order: SHA-256 of their bodies, one after another, and of
    their render orders with a space between each two. Empty where there is no unit."""

    bodies: str
    orders: str


@dataclass(frozen=True, kw_only=True)
class ProvenCut:
    """The newest cut of a document that a verification passed, and the entry that asked for it."""

    change_set_id: str
    cut_seq: int
    manifest_digest: str
    snapshot_sha256: str
    entry_id: str


class NewUnit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """``iu.information_unit`` with its first ``iu.unit_version``, or (``is_new`` False) one more version only.

    ``relabelled``: the version carries labels and parent of its own. ``ends_life``: the unit is retired by it.
    """

    unit_id: str
    canonical_address: str
    unit_kind: str
    section_type: str
    unit_number: str | None
    parent_unit_id: str | None
    is_new: bool
    version_seq: int
    content_hash: str
    body: str
    render_order: int | Decimal
    ends_life: bool = False
    relabelled: bool = False


class StoredUnit(msgspec.Struct, frozen=True, gc=False):
    """A unit as it stands as of a cut: its immutable row and the version that holds. ``body`` as text.

    Labels and parent are the version's where it has its own. ``ends_life``: the unit is retired as of this cut.
    """

    unit_id: str
    document_ref: str
    canonical_address: str
    unit_kind: str
    section_type: str
    unit_number: str | None
    parent_unit_id: str | None
    unit_lifecycle: LifecycleStatus
    version_seq: int
    content_hash: str
    body: str
    render_order: str
    cut_seq: int
    change_set_id: str
    version_lifecycle: LifecycleStatus
    version_document_ref: str
    ends_life: bool
