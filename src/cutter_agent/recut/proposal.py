"""From living units and a new snapshot to the manifest of a re-cut, and back to a matching a person can read.

The manifest covers the whole new snapshot. Units that live on keep id and address; a new unit whose address belongs,
or belonged, to another gets one of its own and the reviewer is asked (design 1.8). Every question is an exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec

from cutter_agent.asking import Answer, FreshLabels, Review
from cutter_agent.errors import Internal
from cutter_agent.idempotency import unit_id
from cutter_agent.manifest_base import MOST_BASES, Base, spelt_out
from cutter_agent.manifest_kept import Words, changed, units_of
from cutter_agent.model import (
    Finding,
    Manifest,
    OperationKind,
    Recut,
    RecutEnd,
    RecutRun,
    RecutUnit,
    Segmentation,
    Severity,
    Unit,
    UnitFate,
)
from cutter_agent.recut.answers import asked, guide, question_of
from cutter_agent.recut.changeset import ChangeSet, UnitChange, apart, change_set
from cutter_agent.recut.living_cut import Living, plain
from cutter_agent.recut.matcher import match
from cutter_agent.recut.matching import Change, Doubt, Matching, Merge, Pair, Pairs, Question, Run, Split, gathered
from cutter_agent.unit_id_forms import UnitIdForm

ASKED = "recut_"
"""What the code of a finding begins with that asks a question."""


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """The new cut with living addresses, what becomes of each unit, and what the reviewer is asked."""

    cut: Segmentation
    recut: Recut
    form: UnitIdForm
    review: Review | None = None


def propose(old: Living, fresh: Segmentation, data: bytes, answers: Sequence[Answer] = ()) -> Proposed | None:
    """The least change that leads from the living units to ``fresh``; None where nothing changes at all.

    Raises:
        StaleApproval: an answer is about other editions.
        InputRefused: an answer gives a new unit an address that is taken.
    """
    said = guide(answers, old.cut, fresh)
    matching = match(old.cut, old.data, fresh, data, said=said)
    found = change_set(matching, orders=old.orders, taken=old.taken, positional=matching.positional, named=said.named)
    if not found.changes:
        return None
    part, units = _living_on(old, matching, found)
    cut = replace(
        fresh,
        units=units,
        findings=(*fresh.findings, *(_finding(question, old.cut.units, units) for question in found.questions)),
    )
    review = Review(
        questions=tuple(asked(question, matching.pairs, old.cut.units, units) for question in found.questions),
        answers=tuple(answers),
        fresh=tuple(_fresh_labels(fresh.units, units)) if found.questions or answers else (),
    )
    return Proposed(cut=cut, recut=part, form=old.form, review=review if review.questions or review.answers else None)


def _fresh_labels(fresh: Sequence[Unit], proposed: Sequence[Unit]) -> Iterator[FreshLabels]:
    for place, (unit, named) in enumerate(zip(fresh, proposed, strict=True)):
        if unit != named:
            yield FreshLabels(
                place=place,
                address=unit.address,
                parent=unit.parent,
                level=unit.level,
                kind=unit.kind,
                number=unit.number,
            )


def fresh_of(manifest: Manifest) -> Segmentation:
    """The fresh cut that a re-cut was proposed from, without what the re-cut asked."""
    cut, review = cut_of(manifest), manifest.review
    units = list(cut.units)
    for labels in review.fresh if review else ():
        units[labels.place] = msgspec.structs.replace(
            units[labels.place],
            address=labels.address,
            parent=labels.parent,
            level=labels.level,
            kind=labels.kind,
            number=labels.number,
        )
    asked_here = {f"{ASKED}{doubt}" for doubt in Doubt}
    return replace(cut, units=tuple(units), findings=tuple(f for f in cut.findings if f.code not in asked_here))


def _living_on(old: Living, matching: Matching, found: ChangeSet) -> tuple[Recut, tuple[Unit, ...]]:
    """The part ``recut`` and every unit: those of the runs as they were, the others as they will be."""
    changed = {change.new: change for change in found.changes if change.new is not None}
    pairs = gathered(matching.pairs)
    fates = {pair.new: UnitFate(pair.change.value) for pair in pairs.others}
    fresh = matching.new.units
    units, words = list[Unit](), dict[int, RecutUnit]()
    for place in apart(pairs.runs, len(fresh)):
        change = changed.get(place)
        if change is None or change.render_order is None:
            raise Internal(f"unit {place} is neither kept nor written", remedy="Report this with both editions.")
        units.append(msgspec.structs.replace(fresh[place], address=change.address, parent=change.parent))
        words[place] = _word(old, fates.get(place, UnitFate.INSERTED), change)
    kept = tuple(
        RecutRun(
            place=run.new,
            base_place=run.old,
            count=run.count,
            start_byte=fresh[run.new].start_byte,
            end_byte=fresh[run.new + run.count - 1].end_byte,
        )
        for run in pairs.runs
    )
    orders = [word.render_order for word in words.values()]
    before = old.told or _as_told(old)
    whole, all_orders = spelt_out(before.units, before.orders, kept, units, orders, unit_count=len(fresh))
    told = Words(
        document_ref=old.document_ref, form=old.form, base=before, units=whole, orders=all_orders, changed=words
    )
    ended = tuple(_ended(old, matching))
    if old.told is None or old.told.depth >= MOST_BASES:
        return Recut(base=old.base, units=tuple(told), ended=ended), tuple(whole)
    return Recut(base=old.base, units=told, ended=ended, kept=kept), tuple(whole)


def _as_told(old: Living) -> Base:
    """What a manifest would say of units that were read from the store."""
    return Base(
        digest=old.base.manifest_digest,
        snapshot_sha256=old.base.snapshot_sha256,
        byte_length=len(old.data),
        unit_id_form=old.form,
        units=old.cut.units,
        orders=tuple(map(plain, old.orders)),
        depth=0,
        topology=None,
        governed=(),
    )


def _word(old: Living, fate: UnitFate, change: UnitChange) -> RecutUnit:
    return RecutUnit(
        change=fate.value,
        target_unit_id=unit_id(old.document_ref, change.address, old.form),
        render_order=plain(change.render_order or Decimal(0)),
        alias=change.alias if change.alias != old.called.get(change.address) else None,
        origins=change.origins,
    )


def _ended(old: Living, matching: Matching) -> list[RecutEnd]:
    words = dict.fromkeys(matching.retired, UnitFate.RETIRED)
    words.update({split.old: UnitFate.SPLIT for split in matching.split})
    words.update({place: UnitFate.MERGED for merge in matching.merged for place in merge.old})
    return [
        RecutEnd(
            address=unit.address,
            target_unit_id=unit_id(old.document_ref, unit.address, old.form),
            change=words[place].value,
            start_byte=unit.start_byte,
            end_byte=unit.end_byte,
            render_order=plain(old.orders[place]),
            content_sha256=unit.content_sha256,
        )
        for place, unit in ((place, old.cut.units[place]) for place in sorted(words))
    ]


def _finding(question: Question, old: Sequence[Unit], new: Sequence[Unit]) -> Finding:
    before = ", ".join(old[place].address for place in question.old) or "(none)"
    after = ", ".join(new[place].address for place in question.new) or "(none)"
    at = new[question.new[0]] if question.new else None
    return Finding(
        code=f"{ASKED}{question.doubt.value}",
        severity=Severity.EXCEPTION,
        start_byte=at.start_byte if at else 0,
        end_byte=at.end_byte if at else None,
        message=f"{before} before, {after} after: {question.reason} (assumed: {question.assumed.value})",
    )


def as_recut(manifest: Manifest, proposed: Proposed) -> Manifest:
    """``manifest`` (made from ``proposed.cut``) as the proposal of a re-cut."""
    header = replace(manifest.header, operation_kind=OperationKind.RECUT, unit_id_form=proposed.form)
    return replace(manifest, header=header, recut=proposed.recut, review=proposed.review)


def cut_of(manifest: Manifest) -> Segmentation:
    """The cut that a manifest proposes."""
    header = manifest.header
    return Segmentation(
        snapshot_sha256=header.snapshot_sha256,
        byte_length=header.byte_length,
        profile_id=header.profile_id,
        profile_version=header.profile_version,
        document_code=header.document_code,
        units=tuple(units_of(manifest.units)),
        findings=manifest.findings,
    )


def matching_of(before: Manifest, after: Manifest) -> Matching:
    """What an approved or proposed re-cut says became of each unit, for ``lines``.

    A unit that the new snapshot calls otherwise stands there under that name.

    Raises:
        Internal: ``after`` is no re-cut of ``before``.
    """
    recut, old, new = after.recut, cut_of(before), cut_of(after)
    if recut is None:
        raise Internal("a manifest without the part recut has no matching", remedy="Show it as a first cut.")
    place = {unit.address: index for index, unit in enumerate(old.units)}
    runs = [Run(old=run.base_place, new=run.place, count=run.count) for run in recut.kept or ()]
    pairs, inserted, pieces, merges = [], [], dict[str, list[int]](), list[Merge]()
    ends = {end.address: end.change for end in recut.ended}
    for index in apart(runs, len(new.units)):
        unit, word = new.units[index], recut.units[index]
        if word.change != UnitFate.INSERTED:
            pairs.append(Pair(old=place[unit.address], new=index, change=Change(word.change), likeness=1.0))
        elif not word.origins:
            inserted.append(index)
        elif all(ends.get(origin) == UnitFate.MERGED for origin in word.origins):
            merges.append(Merge(old=tuple(place[origin] for origin in word.origins), new=index))
        else:
            for origin in word.origins:
                pieces.setdefault(origin, []).append(index)
    called = {block.address: word.alias for _, block, word in changed(after) if word.alias}
    named = (
        new.units
        if not called
        else tuple(
            msgspec.structs.replace(
                unit,
                address=called.get(unit.address, unit.address),
                parent=None if unit.parent is None else called.get(unit.parent, unit.parent),
            )
            for unit in new.units
        )
    )
    return Matching(
        old=old,
        new=replace(new, units=named),
        pairs=Pairs(runs, pairs) if runs else tuple(pairs),
        inserted=tuple(inserted),
        retired=tuple(place[end.address] for end in recut.ended if end.change == UnitFate.RETIRED),
        split=tuple(Split(old=place[origin], new=tuple(found)) for origin, found in pieces.items()),
        merged=tuple(merges),
        questions=tuple(question_of(asked, place) for asked in (after.review.questions if after.review else ())),
    )
