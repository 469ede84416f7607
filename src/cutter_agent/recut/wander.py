"""Units that went elsewhere: what is free on both sides after all gaps, found through an index of rare word triples."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from cutter_agent.recut.judge import ALIKE_ANYWHERE, ELSEWHERE_WORDS, Judge
from cutter_agent.recut.links import FREE

_TRIPLE = 3
_COMMON = 16
"""A triple of words that stands in more units than this tells nothing."""
_TRIPLES_A_UNIT = 400
_CANDIDATES = 4
_MARGIN = 0.05
"""Closer rivals than this are a question."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An old unit that a new one may be."""

    likeness: float
    old: int
    new: int


def follow(judge: Judge) -> list[tuple[int, tuple[int, ...], float]]:
    """Joins the clear cases, the most alike first. Gives the unclear: a new unit, its old claimants, their likeness."""
    claims = _claims(judge)
    claims.sort(key=lambda c: (-c.likeness, c.old, c.new))
    by_new: dict[int, list[Claim]] = defaultdict(list)
    by_old: dict[int, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_new[claim.new].append(claim)
        by_old[claim.old].append(claim)
    unclear: dict[int, tuple[int, tuple[int, ...], float]] = {}
    for claim in claims:
        if not judge.links.free(claim.old, claim.new) or claim.new in unclear:
            continue
        rivals = [c for c in by_new[claim.new] if judge.links.to_new[c.old] == FREE]
        others = [c for c in by_old[claim.old] if judge.links.to_old[c.new] == FREE]
        near = [c for c in rivals if c.likeness > claim.likeness - _MARGIN]
        contested = len(near) > 1 or sum(c.likeness > claim.likeness - _MARGIN for c in others) > 1
        if contested:
            unclear[claim.new] = (claim.new, tuple(sorted(c.old for c in near)), claim.likeness)
        else:
            judge.links.join(claim.old, claim.new)
    return [case for _, case in sorted(unclear.items()) if judge.links.to_old[case[0]] == FREE]


def _claims(judge: Judge) -> list[Claim]:
    old, new, links = judge.old, judge.new, judge.links
    index: dict[str, list[int]] = defaultdict(list)
    for i in links.old_window:
        if links.to_new[i] == FREE:
            for triple in triples(old.read(i).words):
                index[triple].append(i)
    out = []
    for j in links.new_window if index else ():
        if links.to_old[j] != FREE:
            continue
        votes: Counter[int] = Counter()
        for triple in triples(new.read(j).words):
            holders = index.get(triple, ())
            if len(holders) <= _COMMON:
                votes.update(holders)
        for i, _ in sorted(votes.items(), key=lambda v: (-v[1], v[0]))[:_CANDIDATES]:
            if old.units[i].level == new.units[j].level and not judge.went_under(i, j):
                likeness = judge.likeness(i, j, ALIKE_ANYWHERE)
                if likeness >= ALIKE_ANYWHERE:
                    out.append(Claim(likeness, i, j))
    return out


def triples(words: str) -> set[str]:
    """Three words in a row, all of a short text, a sample chosen by the words themselves of a long one."""
    if len(words) < ELSEWHERE_WORDS:
        return set()
    found = {words[k : k + _TRIPLE] for k in range(len(words) - _TRIPLE + 1)}
    step = len(found) // _TRIPLES_A_UNIT + 1
    return found if step == 1 else {t for t in found if (ord(t[0]) * 31 + ord(t[1]) * 7 + ord(t[2])) % step == 0}
