"""From an approved re-cut and what the store holds to the smallest set of rows that CUT writes. Pure.

The manifest says how the document must stand; what stands otherwise gets one more version. In a first attempt on the
living cut this is exactly the k units that were approved as changed. After a cut that failed or was given up it is
whatever leads from there to the approved state: nothing is deleted, and what no version can put right is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from cutter_agent.errors import GovernanceRefused, StaleApproval
from cutter_agent.idempotency import alias_id
from cutter_agent.manifest_base import orders_sha256
from cutter_agent.manifest_kept import Words, changed
from cutter_agent.model import EntryStatus, LifecycleStatus, Manifest, ManifestBlock, Recut, RecutUnit, UnitFate
from cutter_agent.phases.changes import UnitChange
from cutter_agent.phases.stored import StoredProposal
from cutter_agent.ports import CodeClaim
from cutter_agent.rows import Alias, NewUnit, ProvenCut, StoredDigests, StoredUnit
from sealing.digest import sha256_hex

_WORDS: Mapping[str, str] = {
    UnitFate.REVISED: "revise",
    UnitFate.RENUMBERED: "renumber",
    UnitFate.MOVED: "move",
    UnitFate.INSERTED: "insert",
}
_UNPROVEN = frozenset({EntryStatus.CUT_APPLIED, EntryStatus.VERIFY_FAILED_ESCALATED})
_NOTHING = sha256_hex(b"")


def require_base(proposal: StoredProposal, recut: Recut, proven: ProvenCut | None, claims: Sequence[CodeClaim]) -> None:
    """The base is still the living cut, and no other entry of the document stands between its cut and its proof.

    Raises:
        StaleApproval: another cut was proven since.
        GovernanceRefused: another cut waits for its verdict or its resolution.
    """
    base, reference = recut.base, proposal.request.document_ref
    found = proven and (proven.change_set_id, proven.cut_seq, proven.manifest_digest, proven.snapshot_sha256)
    if found != (base.change_set_id, base.cut_seq, base.manifest_digest, base.snapshot_sha256):
        raise StaleApproval(
            f"{reference}: approved was a change of cut {base.cut_seq}, the living cut is "
            f"{proven.cut_seq if proven else 'none'}",
            remedy="Give this entry up (iu-cutter resolve --way abandon), then cut the edited source again.",
        )
    for claim in claims:
        own = claim.entry_id in {None, proposal.entry.entry_id} or claim.document_ref != reference
        if not own and claim.status in _UNPROVEN:
            raise GovernanceRefused(
                f"entry {claim.entry_id} of {reference} was cut and is {claim.status}",
                remedy="Bring it to its end first: verify it, or resolve it.",
            )


def touched(proposal: StoredProposal, recut: Recut) -> list[str]:
    """The ids of the units that a re-cut changes, begins or ends: all that ``changes`` reads of a living cut."""
    ids = [word.target_unit_id for _, _, word in changed(proposal.sealed.manifest)]
    return ids + [end.target_unit_id for end in recut.ended]


def is_exact(recut: Recut, document_cuts: Sequence[tuple[int, str]]) -> bool:
    """Nothing was cut since the base: what is stored is the base, and the change must be the approved one."""
    return max((sequence for sequence, _ in document_cuts), default=0) == recut.base.cut_seq


def is_told(recut: Recut) -> bool:
    """Whether the manifest names its base's units: then a change of the living cut is told by what it touches."""
    return isinstance(recut.units, Words)


def require_beginning(proposal: StoredProposal, recut: Recut, stored: StoredDigests) -> None:
    """The stored units give the base's snapshot, in the base's orders. Raises ``StaleApproval``."""
    assert isinstance(recut.units, Words)  # noqa: S101 - see ``is_told``
    if stored != StoredDigests(bodies=recut.base.snapshot_sha256, orders=orders_sha256(recut.units.base.orders)):
        raise StaleApproval(
            f"entry {proposal.entry.entry_id}: the stored units are not those that were approved as the beginning of "
            "the change",
            remedy="iu-cutter audit says what was changed. Then cut the edited source again.",
        )


def changes(
    proposal: StoredProposal, recut: Recut, ever: Sequence[StoredUnit], *, exact: bool, few: bool = False
) -> list[UnitChange]:
    """What must be written. ``exact``: it must be what was approved, change by change.

    ``ever``: every unit of the document; with ``few`` those that the change touches, where nothing else changed.

    Raises:
        StaleApproval: the stored units are not those the approved change starts from.
        GovernanceRefused: a retired unit would live again, or a stored one is neither kept nor ended.
    """
    by_id = {unit.unit_id: unit for unit in ever}
    made = []
    whole = ((block, word) for block, word in zip(proposal.units, recut.units, strict=True))
    changing = ((block, word) for _, block, word in changed(proposal.sealed.manifest))
    for block, word in changing if few else whole:
        change = _change(proposal, block, word, by_id.pop(word.target_unit_id, None))
        if change is not None:
            made.append(change)
    ended = {end.target_unit_id for end in recut.ended}
    left = [unit for unit in by_id.values() if not unit.ends_life]
    for unit in left:
        if unit.unit_id not in ended and unit.unit_lifecycle is not LifecycleStatus.DRAFT:
            raise GovernanceRefused(
                f"stored unit {unit.canonical_address} is neither kept nor ended by the approved manifest",
                remedy="Give the entry up, then cut the edited source again.",
            )
    made += [UnitChange(unit=_end(unit), before=unit, word="retire") for unit in left]
    if exact:
        _require_exact(proposal, recut, made)
    return made


def _require_exact(proposal: StoredProposal, recut: Recut, made: Sequence[UnitChange]) -> None:
    told = changed(proposal.sealed.manifest)
    said = {word.target_unit_id: _WORDS[word.change] for _, _, word in told if word.change in _WORDS}
    said.update({end.target_unit_id: "retire" for end in recut.ended})
    found = {change.unit.unit_id: change.operation for change in made}
    if found != said:
        wrong = sorted(name for name in found.keys() | said.keys() if found.get(name) != said.get(name))
        raise StaleApproval(
            f"entry {proposal.entry.entry_id}: {len(wrong)} stored unit(s) are not those that were approved as the "
            f"beginning of the change: {', '.join(wrong[:3])}",
            remedy="iu-cutter audit says what was changed. Then cut the edited source again.",
        )


def _change(
    proposal: StoredProposal, block: ManifestBlock, word: RecutUnit, before: StoredUnit | None
) -> UnitChange | None:
    wanted = _unit(proposal, block, word, before)
    if before is None:
        return UnitChange(unit=wanted, before=None, word="insert")
    if before.unit_lifecycle is LifecycleStatus.RETIRED:
        raise GovernanceRefused(
            f"{block.address} is the address of a retired unit and cannot be used again",
            remedy="Give the entry up, then cut the edited source again.",
        )
    if not before.ends_life and _stands(before, wanted):
        return None
    inserted = word.change == UnitFate.INSERTED
    return UnitChange(unit=wanted, before=None if inserted else before, word=_WORDS.get(word.change, "revise"))


def _unit(proposal: StoredProposal, block: ManifestBlock, word: RecutUnit, before: StoredUnit | None) -> NewUnit:
    return NewUnit(
        unit_id=word.target_unit_id,
        canonical_address=block.address,
        unit_kind=block.kind,
        section_type=block.level,
        unit_number=block.number,
        parent_unit_id=proposal.unit_ids[block.parent] if block.parent else None,
        is_new=before is None,
        version_seq=before.version_seq + 1 if before else 1,
        content_hash=block.content_sha256,
        body=proposal.snapshot[block.start_byte : block.end_byte].decode("utf-8"),
        render_order=Decimal(word.render_order),
        relabelled=before is not None,
    )


def _end(unit: StoredUnit) -> NewUnit:
    """The version that ends a life: without a text, at the place where the unit stood."""
    return NewUnit(
        unit_id=unit.unit_id,
        canonical_address=unit.canonical_address,
        unit_kind=unit.unit_kind,
        section_type=unit.section_type,
        unit_number=unit.unit_number,
        parent_unit_id=unit.parent_unit_id,
        is_new=False,
        version_seq=unit.version_seq + 1,
        content_hash=_NOTHING,
        body="",
        render_order=Decimal(unit.render_order),
        ends_life=True,
    )


def _stands(before: StoredUnit, wanted: NewUnit) -> bool:
    return (
        sha256_hex(before.body.encode()),
        before.content_hash,
        Decimal(before.render_order),
        before.unit_kind,
        before.section_type,
        before.unit_number,
        before.parent_unit_id,
    ) == (
        wanted.content_hash,
        wanted.content_hash,
        wanted.render_order,
        wanted.unit_kind,
        wanted.section_type,
        wanted.unit_number,
        wanted.parent_unit_id,
    )


def aliases(
    envelope: str, manifest: Manifest, cut_seq: int, *, known: Sequence[Alias], created_by: str, now: datetime
) -> list[Alias]:
    """What the new snapshot calls units that keep their address; without a new one, the trail that was ordered.

    A later attempt finds its rows already there.
    """
    if manifest.recut is None:
        return []
    there = {row.alias_id for row in known}
    made = [
        Alias(
            alias_id=alias_id(envelope, word.target_unit_id, word.alias),
            target_unit_id=word.target_unit_id,
            alias_text=word.alias,
            alias_kind="redirect" if word.change == UnitFate.MOVED else "rename",
            valid_from=now,
            created_by=created_by,
            rationale=f"{word.change} by cut {cut_seq}",
        )
        for _, _, word in changed(manifest)
        if word.alias is not None
    ]
    if manifest.topology is not None:
        because = manifest.topology.because
        why = f"{manifest.header.operation_kind} by cut {cut_seq}, ordered by {manifest.header.marked_by}: {because}"
        made += [
            Alias(
                alias_id=alias_id(envelope, row.target_unit_id, row.text),
                target_unit_id=row.target_unit_id,
                alias_text=row.text,
                alias_kind=row.kind,
                valid_from=now,
                created_by=created_by,
                rationale=row.because or why,
            )
            for row in manifest.topology.aliases
        ]
    return [row for row in made if row.alias_id not in there]
