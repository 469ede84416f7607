"""What the reviewer is asked: cases that texts alone leave open (design 4.4: doubtful cases are exceptions)."""

from __future__ import annotations

from collections.abc import Sequence

from cutter_agent.recut.judge import Judge, Place
from cutter_agent.recut.labels import is_code
from cutter_agent.recut.links import FREE
from cutter_agent.recut.matching import Assumed, Doubt, Question
from cutter_agent.recut.topology import Parting

CERTAIN = 0.9
"""Above this likeness nobody is asked whether a text at its old place is the old unit."""
CERTAIN_BESIDE_KEPT = 0.5
"""The same, where a text beside it is word for word as it was: amendments that replace units replace them whole."""
_SOMEWHAT = 0.35
_TABLE = "table"


def identity(judge: Judge, pairs: Sequence[tuple[int, int]]) -> list[Question]:
    """Pairs whose texts differ much: a new provision may have taken the place."""
    out = []
    for i, j in pairs:
        if judge.old.hashes[i] == judge.new.hashes[j]:  # first: most are, and need not be read
            continue
        a, b = judge.old.read(i), judge.new.read(j)
        if b.stub is not None or b.bare or not a.words or not b.words:
            continue
        if a.label == b.label and (a.entry or is_code(a.label)):  # its key says what it is
            continue
        if judge.old.units[i].level == _TABLE and judge.old.children[i] and judge.new.children[j]:  # its rows say it
            continue
        likeness = judge.likeness(i, j)
        place = judge.place(i, j, judge.kin(i, j))
        if likeness < (CERTAIN_BESIDE_KEPT if place is not Place.OTHER and judge.beside_kept(i) else CERTAIN):
            same = place is Place.SAME
            where = "the same place" if same else "another place"
            reason = f"kept as one unit at {where}, though only {likeness:.0%} alike: revised, or replaced?"
            out.append(_question(Doubt.IDENTITY, (i,), (j,), likeness, same, Assumed.SAME_UNIT, reason))
    return out


def take_overs(judge: Judge) -> list[Question]:
    """A retired unit and a new one at its place that are somewhat alike."""
    out = []
    for i in judge.links.old_window:
        if judge.links.to_new[i] != FREE:
            continue
        j = _successor(judge, i)
        if j == FREE:
            continue
        likeness = judge.likeness(i, j)
        if likeness >= _SOMEWHAT:
            reason = f"another text at the place of a retired unit, {likeness:.0%} alike: replaced, or revised?"
            out.append(_question(Doubt.TAKE_OVER, (i,), (j,), likeness, True, Assumed.OTHER_UNIT, reason))
    return out


def relabelled(cases: Sequence[tuple[int, int, float]], asked: Sequence[Question]) -> list[Question]:
    """A retired unit and a new one under another label, in order, somewhat alike."""
    known = {(i, j) for question in asked for i in question.old for j in question.new}
    return [
        _question(
            Doubt.IDENTITY,
            (i,),
            (j,),
            likeness,
            False,
            Assumed.OTHER_UNIT,
            f"a retired and a new unit under another label, {likeness:.0%} alike: replaced, or renumbered?",
        )
        for i, j, likeness in cases
        if (i, j) not in known
    ]


def _successor(judge: Judge, i: int) -> int:
    """The free new unit at the same address, if it is at the same place."""
    j = judge.new.place_of.get(judge.old.units[i].address, FREE)
    if j == FREE or judge.links.to_old[j] != FREE:
        return FREE
    return j if judge.place(i, j, judge.kin(i, j)) is not Place.OTHER else FREE


def choices(cases: Sequence[tuple[int, tuple[int, ...], float]]) -> list[Question]:
    """New units that several retired ones, or that several new ones of one retired, equally claim to be."""
    reason = "taken as new: more than one claim is equally good. Which unit is it?"
    return [
        _question(Doubt.CHOICE, claimants, (j,), likeness, False, Assumed.OTHER_UNIT, reason)
        for j, claimants, likeness in cases
    ]


def parted(parting: Parting, *, merged: bool) -> Question:
    """A split or a merge in which one unit is taken as the heir."""
    doubt = Doubt.MERGE if merged else Doubt.SPLIT
    old, new = (parting.pieces, (parting.whole,)) if merged else ((parting.whole,), parting.pieces)
    reason = (
        f"{parting.likeness:.0%} of the text {'comes from several units' if merged else 'went on in several units'}"
    )
    return _question(doubt, old, new, parting.likeness, False, Assumed.SAME_UNIT, f"{reason}; one is taken as the heir")


def _question(
    doubt: Doubt,
    old: tuple[int, ...],
    new: tuple[int, ...],
    likeness: float,
    same_place: bool,
    assumed: Assumed,
    reason: str,
) -> Question:
    return Question(
        doubt=doubt,
        old=old,
        new=new,
        likeness=round(likeness, 4),
        same_place=same_place,
        assumed=assumed,
        reason=reason,
    )
