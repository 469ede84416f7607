"""``match``: old units and a new snapshot to what became of each (design 4.4). Pure.

Evidence in order of weight: equal bytes; what stands inside a frame; address and likeness between certain neighbours;
likeness anywhere. A unit keeps its identity only by evidence: another text at an old address is retired and inserted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from cutter_agent.model import Segmentation
from cutter_agent.recut import doubts, topology
from cutter_agent.recut.anchors import anchor, gather, gather_codes, gather_words, spread
from cutter_agent.recut.answers import NOTHING_SAID, Guide, GuidedJudge, GuidedLinks
from cutter_agent.recut.closing import Closing, present_spine
from cutter_agent.recut.judge import Judge
from cutter_agent.recut.kin import join_frames
from cutter_agent.recut.links import FREE
from cutter_agent.recut.matching import Change, Matching, Merge, Pair, Pairs, Question, Run, Split, gathered
from cutter_agent.recut.side import Lexicon, Side
from cutter_agent.recut.wander import follow

_ROUNDS = 2
_PROBED = 1000
_UNSAID = 0.1
"""A larger share of numbers than this that the text does not say: they count places."""


def match(
    old: Segmentation, old_bytes: bytes, new: Segmentation, new_bytes: bytes, *, said: Guide = NOTHING_SAID
) -> Matching:
    """What became of each unit of ``old`` in ``new``.

    ``old`` may hold living units: their addresses are those that were minted, whatever their place is now.
    ``said``: what a reviewer answered; it is kept to, and not asked again.
    Time grows linearly with the documents, but for sorting; comparisons of texts are drawn from a bounded budget.

    Raises:
        InputRefused: bytes are not those of their segmentation.
    """
    lexicon = Lexicon()
    before, after = Side(old, old_bytes, lexicon), Side(new, new_bytes, lexicon)
    links = GuidedLinks(len(before), len(after), said)
    by_place = counts_places(before) or counts_places(after)
    judge = GuidedJudge(before, after, links, positional=by_place)
    judge.said = said
    anchor(before, after, links, positional=by_place)
    questions: list[Question] = []
    parting = _Partings()
    if links.any_free():
        judge.look_around()
        closing = Closing(judge)
        gather_codes(before, after, links)
        for _ in range(_ROUNDS):
            join_frames(judge)
            closing.close()
            spread(before, after, links)
        join_frames(judge)
        gather(before, after, links)
        gather_words(before, after, links)
        unclear = follow(judge)
        judge.lenient = True
        closing.close()
        closing.close_places()
        join_frames(judge)
        parting = _part(judge, said)
        asked = [
            *doubts.identity(judge, links.window_pairs()),
            *doubts.take_overs(judge),
            *doubts.choices([case for case in unclear if links.to_old[case[0]] == FREE]),
            *parting.questions,
        ]
        asked += doubts.relabelled(closing.left_alike(), asked)
        questions = [question for question in asked if not said.settles(question)]
    return _told(judge, old, new, parting, questions)


def positional(segmentation: Segmentation, data: bytes) -> bool:
    """Whether the addresses of a cut count places (``markdown``) or spell labels (``vn-law``): see ``change_set``."""
    return counts_places(Side(segmentation, data, Lexicon()))


def counts_places(side: Side) -> bool:
    """Whether numbers are places (the third paragraph) and not labels that stand in the text (paragraph 3)."""
    numbered = [i for i, unit in enumerate(side.units) if unit.number is not None and unit.number.isdigit()]
    probe = numbered[:: max(1, len(numbered) // _PROBED)]
    return sum(_unsaid(side, i) for i in probe) > _UNSAID * len(probe)


def _unsaid(side: Side, i: int) -> bool:
    label = side.read(i).label.split()
    return not label or (label[-1].isdigit() and side.units[i].number not in label)


@dataclass
class _Partings:
    split: list[Split] = field(default_factory=list)
    merged: list[Merge] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def _part(judge: Judge, said: Guide) -> _Partings:
    out, links = _Partings(), judge.links
    for found in topology.splits(judge):
        if found.heir != FREE and (
            said.same.get(found.heir) == found.whole or topology.keeps_heir(judge, found, merged=False)
        ):
            out.questions.append(doubts.parted(found, merged=False))
            continue
        if found.heir != FREE:
            links.part(found.whole, found.heir)
        out.split.append(Split(old=found.whole, new=found.pieces))
    gone_old = {s.old for s in out.split}
    gone_new = {j for s in out.split for j in s.new}
    for found in topology.merges(judge):
        if found.whole in gone_new or gone_old.intersection(found.pieces):
            continue
        if found.heir != FREE and (
            said.same.get(found.whole) == found.heir or topology.keeps_heir(judge, found, merged=True)
        ):
            out.questions.append(doubts.parted(found, merged=True))
            continue
        if found.heir != FREE:
            links.part(found.heir, found.whole)
        out.merged.append(Merge(old=found.pieces, new=found.whole))
    return out


def _told(
    judge: Judge, old: Segmentation, new: Segmentation, parting: _Partings, questions: list[Question]
) -> Matching:
    links = judge.links
    gone_old = {s.old for s in parting.split} | {i for m in parting.merged for i in m.old}
    gone_new = {m.new for m in parting.merged} | {j for s in parting.split for j in s.new}
    return Matching(
        old=old,
        new=new,
        pairs=_pairs(judge),
        inserted=tuple(j for j in links.new_window if links.to_old[j] == FREE and j not in gone_new),
        retired=tuple(i for i in links.old_window if links.to_new[i] == FREE and i not in gone_old),
        split=tuple(parting.split),
        merged=tuple(parting.merged),
        questions=tuple(questions),
        positional=judge.positional,
    )


def _pairs(judge: Judge) -> Pairs:
    """Outside the windows everything is in order and has equal bytes: only its parent may be another one."""
    links, count = judge.links, len(judge.new)
    kept = set(present_spine(judge))
    inside = sorted(links.window_pairs(), key=lambda pair: pair[1])
    found = [_pair(judge, i, j, in_order=(i, j) in kept) for i, j in inside]
    low, top, shift = links.old_window.start, links.old_window.stop, links.new_window.stop - links.old_window.stop
    led = [FREE - 1 if j == FREE else j for j in links.to_new]
    led.append(FREE)  # where a parent is FREE
    runs = list[Run]()
    moved = list[Pair]()
    for start, end, by in ((0, low, 0), (top, count - shift, shift)):
        due = list(map(led.__getitem__, judge.old.parents[start:end]))
        has = judge.new.parents[start + by : end + by]
        apart = (
            []
            if due == has
            else [at for at, pair in enumerate(zip(due, has, strict=True), start) if pair[0] != pair[1]]
        )
        moved += [_pair(judge, at, at + by, in_order=True) for at in apart]
        for first, last in pairwise((start - 1, *apart, end)):
            if last - first > 1:
                runs.append(Run(old=first + 1, new=first + 1 + by, count=last - first - 1))
    told = gathered(found)
    return Pairs(
        sorted([*runs, *told.runs], key=lambda run: run.new), sorted([*moved, *told.others], key=lambda pair: pair.new)
    )


def _pair(judge: Judge, i: int, j: int, *, in_order: bool) -> Pair:
    same_bytes = judge.old.hashes[i] == judge.new.hashes[j]
    a, b = judge.old.parents[i], judge.new.parents[j]
    same_parent = judge.links.to_new[a] == b if a != FREE and b != FREE else a == b
    if not in_order or not same_parent:
        change = Change.MOVED
    elif same_bytes:
        change = Change.UNCHANGED
    elif judge.old.read(i).label != judge.new.read(j).label:
        change = Change.RENUMBERED
    else:
        change = Change.REVISED
    return Pair(old=i, new=j, change=change, likeness=1.0 if same_bytes else round(judge.likeness(i, j), 4))
