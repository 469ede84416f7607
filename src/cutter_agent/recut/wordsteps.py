"""Two texts word by word: what stayed, what went, what came. Nothing is lost. Pure, and bounded for any length."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

from rapidfuzz.distance import Indel

MOST_WORDS = 4_000
"""Words on each side, without what both begin and end with, that are compared one by one (some 10 ms); beyond it the
part between is one change, which is right and coarse."""
_WORD = re.compile(r"\s+|(?:\w|[\u0300-\u036f])+|[^\w\s]")


class Fate(StrEnum):
    """What became of a run of text."""

    STAYED = "stayed"
    GONE = "gone"
    CAME = "came"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One run of text. The steps that stayed or went are the old text, those that stayed or came the new one."""

    fate: Fate
    text: str


def word_steps(before: str, after: str) -> list[Step]:
    """The steps from one text to the other. Neighbours differ in fate; of a change what went stands first.

    Words are runs of letters, digits and combining marks; every other character, and each run of white space, is a
    word of its own.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    head = _alike(old, new)
    rest_old, rest_new = old[head:], new[head:]
    tail = _alike(rest_old[::-1], rest_new[::-1])
    middle_old, middle_new = rest_old[: len(rest_old) - tail], rest_new[: len(rest_new) - tail]
    parts = [(Fate.STAYED, old[:head]), *_changes(middle_old, middle_new), (Fate.STAYED, rest_old[len(middle_old) :])]
    return list(_joined(parts))


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Fate, Sequence[str]]]:
    if len(old) > MOST_WORDS or len(new) > MOST_WORDS:
        yield Fate.GONE, old
        yield Fate.CAME, new
        return
    for step in Indel.opcodes(old, new):
        if step.tag == "equal":
            yield Fate.STAYED, old[step.src_start : step.src_end]
        else:
            yield Fate.GONE, old[step.src_start : step.src_end]
            yield Fate.CAME, new[step.dest_start : step.dest_end]


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many words both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _joined(parts: Sequence[tuple[Fate, Sequence[str]]]) -> Iterator[Step]:
    """Changes with nothing but white space between them are one change: a sentence that was rewritten reads as one
    that went and one that came."""
    stayed, gone, came, between = list[str](), list[str](), list[str](), list[str]()
    for fate, words in parts:
        if not words:
            continue
        if fate is not Fate.STAYED:
            gone += between
            came += between
            between = []
            (gone if fate is Fate.GONE else came).extend(words)
        elif not gone and not came:
            stayed += words
        elif not between and not "".join(words).strip():
            between = [*words]
        else:
            yield from _runs(stayed, gone, came)
            stayed, gone, came, between = [*between, *words], [], [], []
    yield from _runs(stayed, gone, came)
    yield from _runs(between, [], [])


def _runs(stayed: list[str], gone: list[str], came: list[str]) -> Iterator[Step]:
    for fate, words in ((Fate.STAYED, stayed), (Fate.GONE, gone), (Fate.CAME, came)):
        if words:
            yield Step(fate=fate, text="".join(words))
