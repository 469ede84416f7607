"""Axis 2, a re-cut: it starts from the living cut, changes what was approved and nothing else (design 1.5, 1.7, 1.8).

Every earlier proven cut must still give its snapshot back; a unit that was approved as unchanged must be untouched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter, is_
from typing import Any

from msgspec import structs

from cutter_agent.rows import StoredUnit, UnitBlock
from cutter_agent.verifier.blocks import columns, rebuilt
from cutter_agent.verifier.evidence import Defect, Evidence, PastCut
from cutter_agent.verifier.reading import Block, Run

Part = Mapping[str, Any]
_KEPT, _NEW = "unchanged", "inserted"
_WORDS = {"revised": "revise", "renumbered": "renumber", "moved": "move", _NEW: "insert"}


def defects(evidence: Evidence, header: Mapping[str, Any], blocks: Sequence[Block]) -> Iterator[Defect]:
    """Every defect of what a re-cut says; of a first cut, that it says nothing of the kind."""
    yield from _past(evidence)
    again = header.get("operation_kind") != "first_cut"
    envelope = next((row for row in evidence.envelopes if row.envelope_id == evidence.change_set.manifest_id), None)
    if envelope is not None and str(envelope.operation_kind) != header.get("operation_kind"):
        yield _defect("envelope", f"its operation is {envelope.operation_kind}, not {header.get('operation_kind')}")
    if not again:
        return
    told = evidence.told
    part: Part = told.document["recut"]
    kept = sum(run.count for run in told.kept)
    if len(told.words) + kept != len(blocks):
        yield _defect("recut_units", f"{len(told.words)} words and {kept} kept units for {len(blocks)} units")
        return
    ordered = sorted(blocks, key=attrgetter("unit_local_id"))
    base = _base(evidence, part["base"])
    yield from _base_defects(evidence, part["base"], base)
    yield from _blocks(evidence, header, ordered, part)
    if base is not None:
        yield from _fates(evidence, ordered, base)
        yield from _lost(evidence, part, base)
        yield from _kept(evidence, ordered, base)
    yield from _ends(evidence, part)


def _past(evidence: Evidence) -> Iterator[Defect]:
    for cut in evidence.past:
        digest, said = cut.rebuilt_sha256, cut.change_set.snapshot_sha256
        if digest != said:
            message = f"as of cut {cut.change_set.cut_seq} the stored units give {digest}, the snapshot was {said}"
            yield Defect(axis=1, code="past_cut", message=message)


def _base(evidence: Evidence, said: Part) -> PastCut | None:
    return next((cut for cut in evidence.past if cut.change_set.change_set_id == said["change_set_id"]), None)


def _base_defects(evidence: Evidence, said: Part, base: PastCut | None) -> Iterator[Defect]:
    if base is None:
        yield _defect("recut_base", f"change set {said['change_set_id']} is no earlier proven cut of this document")
        return
    if base is not evidence.past[-1]:
        yield _defect("recut_base", f"it starts from cut {base.change_set.cut_seq}, which was not the living one")
    for name in ("cut_seq", "manifest_digest", "snapshot_sha256"):
        found = getattr(base.change_set, name)
        if found != said[name]:
            yield _defect("recut_base", f"its {name} is {found}, approved was {said[name]}")


def _blocks(evidence: Evidence, header: Mapping[str, Any], blocks: Sequence[Block], part: Part) -> Iterator[Defect]:
    """The ledger's blocks are the k units that change: results as approved, origins for those that end."""
    living = {unit.canonical_address: unit for unit in evidence.units}
    due: dict[int, UnitBlock] = {}
    for at, word in evidence.told.words.items():
        block = blocks[at]
        if word["change"] != _KEPT:
            row = rebuilt(evidence, header, block, living.get(block["address"]))
            due[row.unit_local_id] = structs.replace(row, render_order=Decimal(word["render_order"]))
    for place, end in enumerate(part["ended"], start=len(blocks)):
        due[place] = _origin(evidence, header, place, end)
    for row in evidence.blocks:
        approved = due.pop(row.unit_local_id, None)
        if approved is None:
            message = f"block {row.unit_local_id} is no change of the manifest"
            yield _defect("block", message, row.proposed_canonical_address)
        else:
            yield from columns(row, approved)
    for missing in due.values():
        message = "approved in the manifest, and no block says so"
        yield _defect("block_missing", message, missing.proposed_canonical_address)


def _origin(evidence: Evidence, header: Mapping[str, Any], place: int, end: Part) -> UnitBlock:
    return UnitBlock(
        envelope_id=evidence.change_set.manifest_id,
        unit_local_id=place,
        block_role="origin",
        start_byte=end["start_byte"],
        end_byte=end["end_byte"],
        render_order=Decimal(end["render_order"]),
        target_unit_id=end["target_unit_id"],
        decision_backlog_ref=evidence.entry_id,
        proposed_canonical_address=end["address"],
        proposed_authority=header["document_ref"],
        candidate_edges=[],
        payload_summary={"change": end["change"], "byte_length": end["end_byte"] - end["start_byte"]},
        content_hash=end["content_sha256"],
    )


def _fates(evidence: Evidence, blocks: Sequence[Block], base: PastCut) -> Iterator[Defect]:
    """Identities: what lives on was there, what is new was not, and the unchanged was not touched."""
    before = base.stood
    now = {unit.unit_id: unit for unit in evidence.units}
    at_once = evidence.change_set.cut_seq == base.change_set.cut_seq + 1
    operations = {row.target_row_id: row.operation_kind for row in evidence.affected}
    for at, word in evidence.told.words.items():
        block = blocks[at]
        name, address, change = word["target_unit_id"], block["address"], word["change"]
        unit = now.get(name)
        if unit is None or unit.canonical_address != address:
            yield _defect("recut_identity", f"approved was unit {name}", address)
            continue
        if Decimal(unit.render_order) != Decimal(word["render_order"]):
            yield _defect("order", f"it stands at {unit.render_order}, approved was {word['render_order']}", address)
        if change == _NEW and any(name in cut.stood for cut in evidence.past):
            yield _defect("recut_identity", "approved as a new unit, and its address was another's before", address)
        if change != _NEW and name not in before:
            yield _defect("recut_identity", f"approved as {change}, and it did not live before", address)
        if change == _KEPT and at_once and name in before and not _same_version(before[name], unit):
            yield _defect("recut_untouched", "approved as unchanged, and this cut wrote it", address)
        if at_once and operations.get(name) != _WORDS.get(change):
            yield _defect("affected_operation", f"approved as {change}, written as {operations.get(name)}", address)


def _lost(evidence: Evidence, part: Part, base: PastCut) -> Iterator[Defect]:
    """Nothing is written that was not approved, nothing ends that was not, and what was to end has ended."""
    before, now = base.stood, {unit.unit_id for unit in evidence.units}
    at_once = evidence.change_set.cut_seq == base.change_set.cut_seq + 1
    operations = {row.target_row_id: row.operation_kind for row in evidence.affected}
    operated = operations.keys() - {word.target_unit_id for word in evidence.told.words.values()}
    for name in sorted(operated - {end["target_unit_id"] for end in part["ended"]} if at_once else ()):
        yield _defect("recut_untouched", f"unit {name} was approved as it was, and this cut wrote it")
    gone = before.keys() - now - {end["target_unit_id"] for end in part["ended"]}
    for name in sorted(gone):
        yield _defect("recut_lost", "it lived before, and nobody approved its end", before[name].canonical_address)
    for end in part["ended"]:
        if at_once and operations.get(end["target_unit_id"]) != "retire":
            yield _defect("affected_operation", "its end was approved and not written", end["address"])
        if end["target_unit_id"] not in before:
            yield _defect("recut_identity", "approved as ended, and it did not live before", end["address"])


def _kept(evidence: Evidence, blocks: Sequence[Block], base: PastCut) -> Iterator[Defect]:
    """Units of which the manifest says nothing stand as the base has them: the very same version, at its place."""
    told, now = evidence.told, {unit.canonical_address: unit for unit in evidence.units}
    at_once = evidence.change_set.cut_seq == base.change_set.cut_seq + 1
    for run in told.kept:
        if _all_kept(blocks, run, told.orders, now, base.stood):
            continue
        for at in range(run.place, run.place + run.count):
            address = blocks[at].address
            unit = now.get(address)
            before = base.stood.get(unit.unit_id) if unit else None
            if unit is not None and before is unit and unit.render_order == told.orders[at]:
                continue
            if unit is None or before is None or before.canonical_address != address:
                yield _defect("recut_identity", "approved as unchanged, and it did not live before", address)
                continue
            if Decimal(unit.render_order) != Decimal(told.orders[at]):
                yield _defect("order", f"it stands at {unit.render_order}, approved was {told.orders[at]}", address)
            if at_once and not _same_version(before, unit):
                yield _defect("recut_untouched", "approved as unchanged, and this cut wrote it", address)


def _all_kept(
    blocks: Sequence[Block],
    run: Run,
    orders: Sequence[str],
    now: Mapping[str, StoredUnit],
    before: Mapping[str, StoredUnit],
) -> bool:
    """Whether every unit of a run is the very version that stood in the base, at its place."""
    places = slice(run.place, run.place + run.count)
    units = [now.get(block.address) for block in blocks[places]]
    stood = [before.get(unit.unit_id) if unit is not None else None for unit in units]
    same = None not in units and all(map(is_, units, stood))
    return same and [unit.render_order for unit in units if unit is not None] == orders[places]


def _same_version(before: StoredUnit, now: StoredUnit) -> bool:
    return (before.version_seq, before.change_set_id) == (now.version_seq, now.change_set_id)


def _ends(evidence: Evidence, part: Part) -> Iterator[Defect]:
    ended = {unit.unit_id: unit for unit in evidence.ended}
    for end in part["ended"]:
        unit = ended.get(end["target_unit_id"])
        if unit is None or unit.canonical_address != end["address"]:
            yield _defect("recut_end", "its end was approved, and it is not ended", end["address"])
    for unit in evidence.ended:
        if unit.body or unit.content_hash != _NOTHING:
            yield _defect("recut_end", "the version that ends it still says something", unit.canonical_address)


_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of no bytes."""


def _defect(code: str, message: str, address: str | None = None) -> Defect:
    return Defect(axis=2, code=code, message=message, address=address)
