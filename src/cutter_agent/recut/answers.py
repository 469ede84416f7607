"""Questions as the reviewer sees them, and his answers as the matching must honour them (design 4.4). Pure.

An answer says which pair is one unit and that the other pairs of its question are not. Answered pairs are joined before
any evidence is looked at; pairs that were denied are never joined, whatever the evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cutter_agent.asking import Answer, Asked
from cutter_agent.errors import StaleApproval
from cutter_agent.model import Segmentation, Unit
from cutter_agent.recut.judge import Bond, Judge
from cutter_agent.recut.links import Links
from cutter_agent.recut.matching import Assumed, Doubt, Pair, Question

SAME, NEW, ANY_ADDRESS = "same", "new", "ADDRESS"
"""Answers: it is the old unit; it is a new one; and, where an address is asked for, the place of one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guide:
    """Answers in places: ``same`` are old places by new ones, ``other`` are (old, new), ``named`` addresses by new."""

    same: Mapping[int, int]
    other: frozenset[tuple[int, int]]
    named: Mapping[int, str]

    def settles(self, question: Question) -> bool:
        """Whether nothing of it is left open."""
        if question.doubt is Doubt.ADDRESS:
            return all(j in self.named for j in question.new)
        pairs = [(i, j) for i in question.old for j in question.new]
        return any(self.same.get(j) == i for i, j in pairs) or self.other.issuperset(pairs)


NOTHING_SAID = Guide(same={}, other=frozenset(), named={})


def guide(answers: Iterable[Answer], old: Segmentation, new: Segmentation) -> Guide:
    """The answers in the places of these two segmentations.

    Raises:
        StaleApproval: an answer names a unit that is in neither, or two answers contradict each other.
    """
    at_old = {unit.address: place for place, unit in enumerate(old.units)}
    at_new = {unit.start_byte: place for place, unit in enumerate(new.units)}
    same: dict[int, int] = {}
    other: set[tuple[int, int]] = set()
    named: dict[int, str] = {}
    for answer in answers:
        if not (at_old.keys() >= set(answer.old) and at_new.keys() >= set(answer.new)):
            raise _stale(answer, "is about units that are not in the two editions")
        olds, news = [at_old[name] for name in answer.old], [at_new[start] for start in answer.new]
        one = None if answer.same is None else (at_old[answer.same[0]], at_new[answer.same[1]])
        other.update((i, j) for i in olds for j in news if (i, j) != one)
        if one is not None:
            if same.get(one[1], one[0]) != one[0] or (one[0] in same.values() and one[1] not in same):
                raise _stale(answer, "says that a unit is two")
            same[one[1]] = one[0]
        if answer.address is not None:
            named[news[0]] = answer.address
    for j, i in same.items():
        if (i, j) in other:
            raise StaleApproval(
                f"{old.units[i].address} was answered to be one unit with the text at byte {new.units[j].start_byte}, "
                "and not to be",
                remedy="Answer one of the two questions otherwise.",
            )
    return Guide(same=same, other=frozenset(other), named=named)


def _stale(answer: Answer, what: str) -> StaleApproval:
    return StaleApproval(
        f"the answer {answer.answer!r} ({answer.doubt}: {', '.join(answer.old)}) {what}",
        remedy="Look at the questions again: iu-cutter review ENTRY --questions.",
    )


class GuidedLinks(Links):
    """Links that begin with what was answered, and never join what was denied."""

    def __init__(self, old_count: int, new_count: int, said: Guide) -> None:
        super().__init__(old_count, new_count)
        self._other = said.other
        self._answered = bool(said.other or said.same)
        for j, i in said.same.items():
            super().join(i, j)

    def join(self, old: int, new: int) -> None:
        """Leaves alone what was answered otherwise: whoever joins by evidence need not know of answers."""
        if self.free(old, new):
            super().join(old, new)

    def join_run(self, old: int, new: int, count: int) -> bool:
        """Leaves out what was answered otherwise."""
        if not self._answered:
            return super().join_run(old, new, count)
        for step in range(count):
            self.join(old + step, new + step)
        return all(self.to_new[old + step] == new + step for step in range(count))

    def free(self, old: int, new: int) -> bool:
        """Whether both are still to be had, for each other."""
        return super().free(old, new) and (old, new) not in self._other


class GuidedJudge(Judge):
    """A judge to whom a denied pair is no case at all."""

    said = NOTHING_SAID

    def bond(self, i: int, j: int) -> Bond:
        """The case for a pair that is in order."""
        return Bond(0.0, 0.0) if (i, j) in self.said.other else super().bond(i, j)


def asked(question: Question, pairs: Sequence[Pair], old: Sequence[Unit], new: Sequence[Unit]) -> Asked:
    """A question as a manifest asks it. ``new``: the proposed units, with the addresses that they get."""
    inside = [p for p in pairs if p.old in question.old and p.new in question.new]
    same = question.assumed is Assumed.SAME_UNIT
    words: list[str] = [SAME, NEW] if same else [NEW]
    linked_old, linked_new = {p.old for p in inside}, {p.new for p in inside}
    if question.doubt is Doubt.ADDRESS:
        words.append(ANY_ADDRESS)
    elif question.doubt is Doubt.SPLIT:
        words += [new[j].address for j in question.new if j not in linked_new]
    elif len(question.old) > 1:
        words += [old[i].address for i in question.old if i not in linked_old]
    elif not same:
        words.append(SAME)
    return Asked(
        doubt=question.doubt.value,
        old=tuple(old[i].address for i in question.old),
        new=question.new,
        pairs=tuple((old[p.old].address, p.new) for p in inside) if same else (),
        answers=tuple(words),
        likeness=format(question.likeness, ".4f"),
        same_place=question.same_place,
        reason=question.reason,
    )


def question_of(asked: Asked, place_of: Mapping[str, int]) -> Question:
    """A question of a manifest as one of its matching. ``place_of``: places of the old units by address."""
    return Question(
        doubt=Doubt(asked.doubt),
        old=tuple(place_of[address] for address in asked.old),
        new=asked.new,
        likeness=float(asked.likeness),
        same_place=asked.same_place,
        assumed=Assumed.SAME_UNIT if asked.answers[0] == SAME else Assumed.OTHER_UNIT,
        reason=asked.reason,
    )


def answered(question: Asked, word: str, units: Sequence[Unit], *, reviewer: str, comment: str) -> Answer:
    """One of the answers that a question admits. ``units``: the proposed ones. ``word`` is admitted by the caller."""
    same: tuple[str, int] | None = None
    starts = [units[place].start_byte for place in question.new]
    address = None
    if question.doubt == Doubt.ADDRESS:
        address = units[question.new[0]].address if word == NEW else word
    elif word == SAME:
        name, place = question.pairs[0] if question.pairs else (question.old[0], question.new[0])
        same = name, units[place].start_byte
    elif word != NEW and question.doubt == Doubt.SPLIT:
        place = next(place for place in question.new if units[place].address == word)
        same = question.old[0], units[place].start_byte
    elif word != NEW:
        same = word, starts[0]
    return Answer(
        doubt=question.doubt,
        old=question.old,
        new=tuple(starts),
        same=same,
        address=address,
        answer=word,
        reviewer=reviewer,
        comment=comment,
    )
