"""Frames (a chapter, an article of clauses) are known by what stands in them: their own text is often one line."""

from __future__ import annotations

from collections import Counter, defaultdict

from cutter_agent.recut.judge import Judge, Place
from cutter_agent.recut.links import FREE

_LEAST_VOTES = 2


def join_frames(judge: Judge) -> int:
    """Joins free frames most of whose living children went to each other; innermost first. The number joined. O(n)."""
    joined = 0
    while found := _elected(judge):
        for i, j in found:
            judge.links.join(i, j)
        joined += len(found)
    return joined


def _elected(judge: Judge) -> list[tuple[int, int]]:
    old, new, links = judge.old, judge.new, judge.links
    votes: Counter[tuple[int, int]] = Counter()
    frames = {a for a in links.old_window if links.to_new[a] == FREE and old.children[a]}
    under = (i for i, a in enumerate(old.parents) if a in frames) if frames else ()
    for i, j in ((i, links.to_new[i]) for i in under if links.to_new[i] != FREE):
        a, b = old.parents[i], new.parents[j]
        if a != FREE and b != FREE and links.to_new[a] == FREE and links.free(a, b):
            votes[a, b] += 1
    rivals_old: dict[int, int] = defaultdict(int)
    rivals_new: dict[int, int] = defaultdict(int)
    for (a, b), count in votes.items():
        rivals_old[a] = max(rivals_old[a], count)
        rivals_new[b] = max(rivals_new[b], count)
    ties_old = Counter(a for (a, _), count in votes.items() if count == rivals_old[a])
    ties_new = Counter(b for (_, b), count in votes.items() if count == rivals_new[b])
    return [
        (a, b)
        for (a, b), count in votes.items()
        if count == rivals_old[a] == rivals_new[b]
        and ties_old[a] == 1 == ties_new[b]
        and _convinced(judge, a, b, count)
    ]


def _convinced(judge: Judge, a: int, b: int, votes: int) -> bool:
    old, new = judge.old, judge.new
    if old.units[a].level != new.units[b].level:
        return False
    most = votes * 2 > max(old.children[a], new.children[b])
    if most and votes >= _LEAST_VOTES:
        return True
    if judge.place(a, b, judge.kin(a, b)) is Place.SAME:
        return votes * 2 >= min(old.children[a], new.children[b])
    return most and judge.bond(a, b).value > 0
