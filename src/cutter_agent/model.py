"""The words of the domain (design 1.3, 1.4): lanes, states, kinds, and the unit of a cut. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

from cutter_agent.asking import Review
from cutter_agent.originals import Original
from cutter_agent.unit_id_forms import UnitIdForm

EntryId = NewType("EntryId", str)
UnitId = NewType("UnitId", str)
ChangeSetId = NewType("ChangeSetId", str)
DocumentRef = NewType("DocumentRef", str)


def text_id(value: UUID | str) -> str:
    """The one spelling of an id: lower-case hyphenated text. PostgreSQL hands back ``UUID``, memory holds ``str``."""
    return str(value if isinstance(value, UUID) else UUID(value))


class Lane(StrEnum):
    """The two machine identities. A process serves one lane and can read that lane's secret only."""

    EXEC = "cutter_exec"
    VERIFY = "cutter_verify"

    @property
    def dot_id(self) -> str:
        """The lane's registered number."""
        return "DOT-991" if self is Lane.EXEC else "DOT-992"


class EntryStatus(StrEnum):
    """States of a backlog entry (design 1.4). The legal moves are in ``state_machine`` and nowhere else."""

    MARKED = "marked"
    REVIEW_PENDING = "review_pending"
    REVIEWED_APPROVED = "reviewed_approved"
    REVIEWED_DEFERRED = "reviewed_deferred"
    REVIEWED_REJECTED = "reviewed_rejected"
    CUT_IN_PROGRESS = "cut_in_progress"
    CUT_APPLIED = "cut_applied"
    VERIFY_IN_PROGRESS = "verify_in_progress"
    VERIFIED_COMPLETE = "verified_complete"
    VERIFY_FAILED_ESCALATED = "verify_failed_escalated"
    ABANDONED = "abandoned"


class EntryKind(StrEnum):
    """What an entry asks for."""

    CUT = "cut"
    ESCALATION = "escalation"


class ChangeKind(StrEnum):
    """Words of ``decision_backlog_history.change_kind``."""

    MARK = "mark"
    SWEEP_PROMOTE = "sweep_promote"
    REVIEW_APPROVE = "review:approve"
    REVIEW_DEFER = "review:defer"
    REVIEW_REJECT = "review:reject"
    CUT = "cut"
    VERIFY_PASS = "verify:pass"  # noqa: S105 - a word of the ledger, not a secret
    VERIFY_FAIL = "verify:fail"
    ABANDON = "abandon"


class Verdict(StrEnum):
    """Words of ``review_decision.verdict``."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a secret
    FAIL = "FAIL"
    NEEDS_HUMAN = "NEEDS_HUMAN"


class OperationKind(StrEnum):
    """Words of ``manifest_envelope.operation_kind``."""

    FIRST_CUT = "first_cut"
    RECUT = "recut"
    SPLIT = "split"
    MERGE = "merge"
    RETIRE = "retire"
    RENUMBER = "renumber"
    REDIRECT = "redirect"
    NAME = "name"


TOPOLOGY = frozenset(
    {
        OperationKind.SPLIT,
        OperationKind.MERGE,
        OperationKind.RETIRE,
        OperationKind.RENUMBER,
        OperationKind.REDIRECT,
        OperationKind.NAME,
    }
)
"""What is done to existing units without a new source."""


class RiskClass(StrEnum):
    """How much a wrong cut would cost. Policy approves by itself up to ``standard``."""

    LOW = "low"
    STANDARD = "standard"
    HIGH = "high"


class Severity(StrEnum):
    """Weight of a finding: ``exception`` stops the policy and waits for a human, ``notice`` is shown and goes on."""

    NOTICE = "notice"
    EXCEPTION = "exception"


class BlockRole(StrEnum):
    """Words of ``manifest_unit_block.block_role``: what is there before a change, what is there after it."""

    ORIGIN = "origin"
    RESULT = "result"


class ReviewerKind(StrEnum):
    """Words of ``review_decision.reviewer_kind``."""

    HUMAN = "human"
    POLICY = "policy"


class LifecycleStatus(StrEnum):
    """Life of a unit and of a version. Retired is a state, never a deletion."""

    DRAFT = "draft"
    ENACTED = "enacted"
    RETIRED = "retired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something a reviewer may have to look at, with its place in the snapshot."""

    code: str
    severity: Severity
    start_byte: int
    message: str
    end_byte: int | None = None


class Unit(msgspec.Struct, frozen=True, gc=False):
    """One node of a cut. A struct and not a dataclass: a law has thousands, and a struct is made ten times as fast.
    For the same reason the segmenter gives the fields by position, in this order; everybody else names them.

    ``[start_byte, end_byte)`` is its own span in the snapshot; own spans tile the snapshot.

    ``level`` is the profile's level name (``dieu``, ``khoan``), ``kind`` the unit kind (``article``, ``clause``),
    ``number`` the number as a normalised text or None, ``parent`` the parent's address or None for a root,
    ``content_sha256`` the digest of exactly the own bytes.
    """

    start_byte: int
    end_byte: int
    level: str
    number: str | None
    address: str
    kind: str
    parent: str | None
    content_sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Segmentation:
    """What the segmenter says of a snapshot. ``units`` are in document order and tile it byte for byte."""

    snapshot_sha256: str
    byte_length: int
    profile_id: str
    profile_version: str
    document_code: str
    units: tuple[Unit, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestHeader:
    """What a proposal is about: which bytes, under which grammar, for which document, by whom."""

    snapshot_sha256: str
    byte_length: int
    unit_count: int
    profile_id: str
    profile_version: str
    document_ref: str
    document_code: str
    title: str
    tool_revision: str
    marked_by: str
    operation_kind: OperationKind
    risk_class: RiskClass
    unit_id_form: UnitIdForm


class ManifestBlock(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """One proposed unit: its span and its labels, never its body. ``unit_local_id`` is its place, from 0.

    A struct, like ``Unit``: a phase reads a law's blocks at once, strictly, and spells them at once.
    """

    unit_local_id: int
    start_byte: int
    end_byte: int
    address: str
    parent: str | None
    level: str
    kind: str
    number: str | None
    content_sha256: str
    role: BlockRole


class UnitFate(StrEnum):
    """What a re-cut makes of a unit: words of a manifest's ``recut`` part."""

    UNCHANGED = "unchanged"
    REVISED = "revised"
    RENUMBERED = "renumbered"
    MOVED = "moved"
    INSERTED = "inserted"
    RETIRED = "retired"
    SPLIT = "split"
    MERGED = "merged"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecutBase:
    """The cut that a re-cut starts from: it must still be the living one when it is applied."""

    change_set_id: str
    cut_seq: int
    manifest_digest: str
    snapshot_sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecutUnit:
    """What becomes of the unit of the block at the same place.

    ``render_order`` is a decimal as text. ``alias``: what the new snapshot calls it, where that is not its address.
    ``origins``: addresses of units that a split or a merge ended in it.
    """

    change: str
    target_unit_id: str
    render_order: str
    alias: str | None
    origins: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecutEnd:
    """A unit whose life ends. Span, order and digest are those of the base; ``change`` is retired, split or merged."""

    address: str
    target_unit_id: str
    change: str
    start_byte: int
    end_byte: int
    render_order: str
    content_sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecutRun:
    """``count`` units from ``place`` on are those of the base from ``base_place`` on, and hold
    ``[start_byte, end_byte)`` of the new snapshot: address, labels, parent, order, digest and length are the base's."""

    place: int
    base_place: int
    count: int
    start_byte: int
    end_byte: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Recut:
    """What a manifest that starts from a living cut says beyond the new one: one ``units`` row for each block.

    ``kept``: runs of units that are not spelt, because nothing but their place in the bytes changed. None where
    every unit is spelt.
    """

    base: RecutBase
    units: Sequence[RecutUnit]
    ended: tuple[RecutEnd, ...]
    kept: tuple[RecutRun, ...] | None = None


class AliasKind(StrEnum):
    """Words of ``canonical_address_alias.alias_kind``."""

    RENAME = "rename"
    REDIRECT = "redirect"
    EXTERNAL_REFERENCE = "external_reference"
    PREVIOUS_CANONICAL = "previous_canonical"


@dataclass(frozen=True, kw_only=True, slots=True)
class TopologyOrder:
    """What was ordered: ``words`` as it was said, the rest in canonical addresses.

    ``at_bytes`` are offsets in the own span of the unit to be split. ``to``: the address that a merger, a renumbering,
    a retirement or a redirect leads to; ``under``: the parent that the units under a retired one get.
    """

    words: tuple[str, ...]
    addresses: tuple[str, ...]
    at_bytes: tuple[int, ...]
    to: str | None
    under: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TopologyAlias:
    """A name that the change adds to the trail: ``text`` resolves to the unit of ``target``.

    ``because``: the row's rationale, where it is not that of the whole order (the provenance line of a codification).
    """

    text: str
    kind: str
    target: str
    target_unit_id: str
    because: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Topology:
    """What a manifest that changes units without a new source says beyond ``recut``: the order, why, and the trail."""

    order: TopologyOrder
    because: str
    aliases: tuple[TopologyAlias, ...]


class Standing(StrEnum):
    """How a governed unit stands otherwise than its profile would cut it."""

    PARTED = "parted"
    """It begins where a split put a boundary."""
    JOINED = "joined"
    """At ``at_byte`` of its own span the profile would begin a unit, and a merge or a retirement took that away.

    At 0 the unit still begins there, and what the profile would hang under it hangs elsewhere."""
    LABELLED = "labelled"
    """Its labels are a decision; the profile reads the number ``was``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Governed:
    """One decision about the tree that later cuts must honour.

    ``at_byte``: an offset in the own span of the unit at ``address`` (0 where it begins). ``under``: the address below
    which stands what the profile would hang under the unit that was taken away.
    """

    address: str
    standing: str
    at_byte: int
    under: str | None
    was: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """The proposal (design 1.3): a header, one block per unit in document order, and what a reviewer must look at.

    ``recut`` is there unless the operation kind is ``first_cut``, ``topology`` exactly when that is one of
    ``TOPOLOGY``. ``governed``: every decision about the tree that stands as of this cut.
    ``original`` is there where the text was made from a file of another format.
    """

    header: ManifestHeader
    units: Sequence[ManifestBlock]
    findings: tuple[Finding, ...]
    recut: Recut | None = None
    review: Review | None = None
    topology: Topology | None = None
    governed: tuple[Governed, ...] = ()
    original: Original | None = None
