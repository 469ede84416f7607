"""MARK without a new source: split, merge, retire, renumber, redirect (design 1.5, 1.8). DOT-991, READ COMMITTED.

The same rows as any other MARK but the snapshot, which is stored already; SWEEP, REVIEW, CUT and VERIFY follow as
always. The same order on the same cut is the same entry; an order that the living cut fulfilled is done.
"""

from __future__ import annotations

from dataclasses import dataclass

from cutter_agent import topology
from cutter_agent.errors import GovernanceRefused, Internal, UsageError
from cutter_agent.idempotency import document_ref as one_line
from cutter_agent.idempotency import entry_id, entry_key
from cutter_agent.manifest import seal
from cutter_agent.model import Manifest, OperationKind, RiskClass
from cutter_agent.phases.mark import Marker, MarkResult, Source, record
from cutter_agent.ports import Clock, ExecDatabase
from cutter_agent.ports_living import LivingDocument
from cutter_agent.topology import Ground, Order
from cutter_agent.validation import require_valid
from cutter_agent.vocabulary import Vocabulary

_LABEL_CHARACTERS = 300


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """An order on its ground. ``manifest`` None: the living cut is what it led to; there is nothing to propose."""

    standing: LivingDocument
    ground: Ground
    manifest: Manifest | None


def plan(
    database: ExecDatabase,
    *,
    order: Order,
    marker: Marker,
    risk_class: RiskClass = RiskClass.STANDARD,
    words: Vocabulary | None = None,
) -> Ordered:
    """The proposal that ``order`` makes of the living document. Nothing is written.

    Raises:
        UsageError: a name, place or number that says nothing here.
        GovernanceRefused: a rule of the tree says no, or the document has no proven cut.
        ManifestInvalid: the proposal breaks a rule of the validator.
    """
    reference = _document_of(database, order)
    standing = database.living(reference)
    if standing is None:
        raise GovernanceRefused(
            f"{reference} has no proven cut", remedy=f"Verify it first: iu-cutter status {reference}."
        )
    ground = topology.ground(
        standing.document,
        standing.cut,
        standing.units,
        ever=standing.ever,
        aliases=standing.aliases,
        governed=standing.governed,
        profile_version=standing.profile_version,
    )
    done = standing.topology
    if done is not None and (done.order.words, done.because) == (order.words, order.because):
        return Ordered(standing=standing, ground=ground, manifest=None)
    manifest = topology.propose(
        ground, order, marked_by=marker.identity, tool_revision=marker.tool_revision, risk_class=risk_class
    )
    require_valid(manifest, ground.living.data, words)
    return Ordered(standing=standing, ground=ground, manifest=manifest)


def propose(database: ExecDatabase, ordered: Ordered, *, clock: Clock, words: Vocabulary | None = None) -> MarkResult:
    """Record what was planned.

    Raises:
        GovernanceRefused: another entry of the document is on its way.
        StaleApproval: the document was cut again since it was planned.
    """
    standing, manifest = ordered.standing, ordered.manifest
    cut = standing.cut
    if manifest is None or manifest.topology is None:
        entry = database.find_entry(cut.entry_id)
        if entry is None:
            raise GovernanceRefused(f"entry {cut.entry_id} is not stored", remedy="Restore the ledger.")
        return MarkResult(entry=entry, created=False, living=cut.cut_seq)
    header, kind = manifest.header, manifest.header.operation_kind
    key = entry_key(
        snapshot_sha256=header.snapshot_sha256,
        profile_id=header.profile_id,
        profile_version=header.profile_version,
        document_ref=one_line(header.document_ref),
        operation_kind=kind,
        base_change_set=cut.change_set_id,
        order_sha256=topology.order_sha256(kind, manifest.topology),
    )
    existing = database.find_entry(entry_id(key))
    if existing is not None:
        return MarkResult(entry=existing, created=False)
    label = f"{' '.join(manifest.topology.order.words)}: {manifest.topology.because}"
    source = Source(
        data=ordered.ground.living.data,
        label=label if len(label) <= _LABEL_CHARACTERS else label[: _LABEL_CHARACTERS - 1] + "…",
        origin="the living cut",
        media_type="text/plain",
        document_ref=header.document_ref,
        document_code=header.document_code,
        title=header.title,
        risk_class=header.risk_class,
    )
    return record(database, key=key, source=source, sealed=seal(manifest), words=words, clock=clock)


def _document_of(database: ExecDatabase, order: Order) -> str:
    """The one document that every name belongs to; the name that a redirect begins may be nobody's yet."""
    found: dict[str, str] = {}
    for name in (*order.names, *((order.under,) if order.under else ())):
        reference = database.document_of(name)
        if reference is not None:
            found[name] = reference
        elif order.kind is not OperationKind.REDIRECT or name == order.names[-1]:
            raise UsageError(f"no unit has the address {name}", remedy="iu-cutter tree DOC lists a document's.")
    if len(set(found.values())) > 1:
        said = ", ".join(f"{name} to {reference}" for name, reference in found.items())
        raise GovernanceRefused(
            f"the names belong to different documents: {said}", remedy="An order is about one document."
        )
    if not found:
        raise Internal("an order without a name", remedy="Report this.")
    return next(iter(found.values()))
