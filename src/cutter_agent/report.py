"""REPORT: what the ledger and the unit store say, as values (design 1.5). Nothing here reads or writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cutter_agent.searching import Asked, Found
from cutter_agent.signing import SignatureRow


@dataclass(frozen=True, kw_only=True)
class EntryLine:
    """One backlog entry. ``payload`` is what MARK wrote, or what a failed verification left."""

    entry_id: str
    kind: str
    status: str
    emitted_at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class HistoryLine:
    """One move of one entry."""

    entry_id: str
    version: int
    change_kind: str
    change_diff: Mapping[str, Any]
    changed_by: str
    changed_at: datetime
    rationale: str


@dataclass(frozen=True, kw_only=True)
class DocumentLine:
    """One document of the unit store."""

    document_ref: str
    document_code: str
    profile_id: str
    title: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class CutLine:
    """One cut of a document, with the state of the entry that asked for it."""

    cut_seq: int
    change_set_id: str
    emitted_at: datetime
    emitted_by: str
    affected_unit_count: int
    manifest_digest: str
    snapshot_sha256: str
    executor_signature_id: str
    executor_tool_revision: str
    review_decision_id: str
    entry_id: str
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitLine:
    """One unit as of a cut. ``parent`` is an address."""

    unit_id: str
    canonical_address: str
    unit_kind: str
    section_type: str
    unit_number: str | None
    parent: str | None
    lifecycle_status: str
    version_seq: int
    content_hash: str
    body: str = field(repr=False)
    cut_seq: int
    version_status: str


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """One version of a unit."""

    version_seq: int
    content_hash: str
    body: str = field(repr=False)
    cut_seq: int
    change_set_id: str
    lifecycle_status: str
    ends_life: bool = False


@dataclass(frozen=True, kw_only=True)
class AliasLine:
    """Another name of a unit, since when and why."""

    alias_text: str
    alias_kind: str
    valid_from: datetime
    rationale: str


@dataclass(frozen=True, kw_only=True)
class NameLine:
    """One alias of a proven cut: what it says of which unit (``target``, its address), since when, by whom and why.

    ``cut_seq``, ``entry_id`` and ``ordered_by`` are those of the cut that wrote it, None where none did.
    """

    alias_text: str
    alias_kind: str
    target: str
    document_ref: str
    valid_from: datetime
    valid_until: datetime | None
    created_by: str
    rationale: str
    cut_seq: int | None
    entry_id: str | None
    ordered_by: str | None


@dataclass(frozen=True, kw_only=True)
class NameTrail:
    """Where a name leads: the aliases that were followed, and the address that lives (None: it breaks off).

    ``unit_status``: the life of the unit whose own address the name is; None where it is nobody's.
    """

    name: str
    document_ref: str
    unit_status: str | None
    steps: tuple[NameLine, ...]
    reached: str | None


@dataclass(frozen=True, kw_only=True)
class DecisionLine:
    """One review decision."""

    review_decision_id: str
    entry_id: str
    verdict: str
    status: str
    verdict_rationale: str
    reviewer_identity: str
    reviewer_kind: str
    decided_at: datetime
    manifest_digest: str
    snapshot_sha256: str


@dataclass(frozen=True, kw_only=True)
class UnitFacts:
    """One unit with its versions, and for each version the cut, the decision and the moves that stand behind it.

    ``leads_to``: the living unit that its address leads to; its own address while it lives, None where nothing goes on.
    """

    unit_id: str
    document_ref: str
    canonical_address: str
    unit_kind: str
    section_type: str
    unit_number: str | None
    parent: str | None
    lifecycle_status: str
    leads_to: str | None
    aliases: tuple[AliasLine, ...]
    versions: tuple[VersionLine, ...]
    cuts: tuple[CutLine, ...]
    decisions: tuple[DecisionLine, ...]
    history: tuple[HistoryLine, ...]


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What a reviewer looks at: the entry, the stored manifest's bytes, the source they speak of, earlier decisions.

    ``base``: of a re-cut, manifest and source of the cut it starts from. ``answers``: findings of the decisions on
    single blocks that hold. ``below``: manifests that these two cannot be read without, by digest.
    """

    entry: EntryLine
    manifest: bytes = field(repr=False)
    snapshot: bytes = field(repr=False)
    decisions: tuple[DecisionLine, ...]
    base: tuple[bytes, bytes] | None = field(default=None, repr=False)
    answers: tuple[Mapping[str, Any], ...] = ()
    below: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class OriginalLine:
    """A file of another format that a text was made from. ``approved``: the one that the cut's manifest names.

    ``map`` leads from every byte of the text back to its place in the file (``formats.SourceMap``).
    """

    sha256: str
    media_type: str
    byte_length: int
    reader: str
    map_sha256: str
    map: bytes = field(repr=False)
    label: str
    origin: str
    recorded_at: datetime
    recorded_by: str
    approved: bool


@dataclass(frozen=True, kw_only=True)
class UnitOrigin:
    """Where a unit stands in the text of a cut, and the files that this text was made from."""

    cut_seq: int
    start_byte: int
    end_byte: int
    originals: tuple[OriginalLine, ...]


@dataclass(frozen=True, kw_only=True)
class DependencyLine:
    """One edge between two entries: the first ``dependency_kind`` the second."""

    from_entry_id: str
    dependency_kind: str
    to_entry_id: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """A document as of a cut: its exact bytes, proven equal to the snapshot that was cut."""

    document_ref: str
    cut_seq: int
    sha256: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedUnit:
    """One unit on its way out. ``parent`` is an address; ``aliases`` are its addresses of former days and elsewhere."""

    address: str
    kind: str
    level: str
    number: str | None
    parent: str | None
    version: int
    cut_seq: int
    content_sha256: str
    text: str = field(repr=False)
    aliases: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ExportedDocument:
    """What is exported: which document, as of which cut."""

    document_ref: str
    document_code: str
    profile_id: str
    title: str
    cut_seq: int
    cut_at: datetime
    snapshot_sha256: str
    status: str


class Units(Protocol):
    """The units of a document as of a cut, streamed."""

    def __call__(self) -> Iterator[ExportedUnit]:
        """In order, from the start at each call. Raises ``VerificationFailed`` at the end when together they are not
        the bytes of the snapshot."""
        ...

    def strays(self) -> frozenset[str]:
        """Addresses of units that are a parent where they are not around any more (``export.chain``): mostly none."""
        ...


class Outline(Protocol):
    """The units of a document as of a cut, streamed, with what the store knows of them."""

    def __call__(self) -> Iterator[UnitLine]:
        """In order, from the start at each call."""
        ...

    def strays(self) -> frozenset[str]:
        """As those of ``Units``."""
        ...


class Report(Protocol):
    """What the doors may read. Each call is a short read-only block that sees one state."""

    def entries(self, *, status: str | None, limit: int) -> list[EntryLine]:
        """The newest entries first."""
        ...

    def entry(self, asked: str) -> EntryLine:
        """By id, document reference or code; of several the newest. Raises ``UsageError`` when there is none."""
        ...

    def history(self, asked: str) -> list[HistoryLine]:
        """Every move of every entry of a document, oldest first. Raises ``UsageError``."""
        ...

    def decisions(self, asked: str) -> list[DecisionLine]:
        """Every decision about a proposal of a document as a whole, oldest first. Raises ``UsageError``."""
        ...

    def proposal(self, asked: str) -> Proposal:
        """What is to be reviewed. Raises ``UsageError``."""
        ...

    def dependencies(self, entry_id: str) -> list[DependencyLine]:
        """Every edge from and to an entry, oldest first."""
        ...

    def documents(self, *, limit: int, offset: int) -> tuple[int, list[DocumentLine]]:
        """How many there are, and a part of them by their codes."""
        ...

    def document(self, asked: str) -> DocumentLine:
        """By reference or code. Raises ``UsageError`` when it was never cut."""
        ...

    def cuts(self, asked: str) -> list[CutLine]:
        """Every cut of a document, oldest first. Raises ``UsageError``."""
        ...

    def units(self, asked: str, *, as_of: int | None) -> list[UnitLine]:
        """The units of a document as of a cut (the newest one for None), in order. Raises ``UsageError``."""
        ...

    def tree(self, asked: str, as_of: int | None, limit: int, offset: int) -> tuple[int, list[tuple[UnitLine, int]]]:
        """How many ``units`` there are, and a part of them, each with how many lie above it. Raises ``UsageError``."""
        ...

    def outline(self, asked: str, *, as_of: int | None) -> AbstractContextManager[Outline]:
        """``units`` of one state, to be streamed inside the block. Raises ``UsageError``."""
        ...

    def unit(self, address: str) -> UnitFacts:
        """One unit, by its address or an alias. Raises ``UsageError`` when nothing has this name."""
        ...

    def search(self, words: Asked, *, document: str | None, limit: int, offset: int = 0) -> Found:
        """Living units with these words, the best first; of one document, or of all for None. Raises ``UsageError``."""
        ...

    def names(self, asked: str) -> list[NameLine]:
        """Every alias of a document, oldest first. Raises ``UsageError``."""
        ...

    def trail(self, name: str) -> NameTrail:
        """Where a name leads. Raises ``UsageError`` when nobody ever had it."""
        ...

    def rebuild(self, asked: str, *, as_of: int | None) -> Rebuilt:
        """The exact bytes. Raises ``UsageError``, ``VerificationFailed`` when they are not the snapshot's."""
        ...

    def originals(self, asked: str, *, as_of: int | None) -> list[OriginalLine]:
        """The files that a document's text was made from, the approved one first; none for a text. Raises
        ``UsageError``."""
        ...

    def original(self, sha256: str) -> bytes:
        """The bytes of such a file. Raises ``UsageError``, ``VerificationFailed`` when they are not what they were."""
        ...

    def unit_origin(self, address: str) -> UnitOrigin | None:
        """Where a unit stands in the newest text that it is in, if that was made from a file. Raises ``UsageError``."""
        ...

    def export(self, asked: str, *, as_of: int | None) -> AbstractContextManager[tuple[ExportedDocument, Units]]:
        """One state of a document, to be read as often as needed inside the block. Raises ``UsageError``."""
        ...

    def signatures_of(self, change_sets: Sequence[str], verify_results: Sequence[str]) -> list[SignatureRow]:
        """The signatures of these, oldest first."""
        ...

    def signatures(self) -> list[SignatureRow]:
        """Every signature, oldest first."""
        ...
