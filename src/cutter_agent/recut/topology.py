"""Splits and merges: one text that went on in several, several that went on in one (design 1.8, 4.4).

Seniority: where one of the pieces is clearly the unit itself (its label and place, or most of its text), that one is
the unit and the other pieces are new; the reviewer is asked. Only where there is no heir is it a split, or a merge.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cutter_agent.recut.judge import Judge, Place, alike
from cutter_agent.recut.links import FREE
from cutter_agent.recut.side import Side
from cutter_agent.recut.wander import triples

_PIECE_WORDS = 4
_INSIDE = 0.75
"""How much of a piece must stand in the whole."""
_TOGETHER = 0.75
"""How alike the pieces, one after the other, must be to the whole."""
_GAIN = 0.12
"""How much better they must be than the best piece alone."""
_HEIR = 0.6
"""A piece with more of the whole than this is the whole's heir."""
_HOLDERS = 16
_PIECES = 64


@dataclass(frozen=True, slots=True)
class Parting:
    """A whole on one side, its pieces in order on the other. ``heir``: the piece that the whole is linked with."""

    whole: int
    pieces: tuple[int, ...]
    heir: int
    likeness: float


def splits(judge: Judge) -> list[Parting]:
    """Old wholes, new pieces."""
    links = judge.links
    return _partings(judge.old, judge.new, links.to_new, links.to_old, (links.old_window, links.new_window))


def merges(judge: Judge) -> list[Parting]:
    """New wholes, old pieces."""
    links = judge.links
    return _partings(judge.new, judge.old, links.to_old, links.to_new, (links.new_window, links.old_window))


def keeps_heir(judge: Judge, parting: Parting, *, merged: bool) -> bool:
    """Whether the linked piece is the unit itself, by label and place or by most of the text."""
    i, j = (parting.heir, parting.whole) if merged else (parting.whole, parting.heir)
    if judge.place(i, j, judge.kin(i, j)) is Place.SAME:
        return True
    whole, piece = (judge.new, judge.old) if merged else (judge.old, judge.new)
    words, part = whole.read(parting.whole).words, piece.read(parting.heir).words
    return _common(words, part) > _HEIR * len(words)


def _partings(
    whole: Side, piece: Side, link: Sequence[int], back: Sequence[int], windows: tuple[range, range]
) -> list[Parting]:
    free = [k for k in windows[1] if back[k] == FREE and len(piece.read(k).words) >= _PIECE_WORDS]
    index: dict[str, list[int]] = defaultdict(list)
    for k in free:
        for triple in _grams(piece.read(k).words):
            index[triple].append(k)
    taken: set[int] = set()
    out = []
    for w in windows[0] if index else ():
        heir = link[w]
        if heir != FREE and whole.hashes[w] == piece.hashes[heir]:
            continue
        parting = _parting(w, heir, whole, piece, index, taken.__contains__)
        if parting is not None:
            taken.update(parting.pieces)
            out.append(parting)
    return out


def _parting(
    w: int, heir: int, whole: Side, piece: Side, index: dict[str, list[int]], taken: Callable[[int], bool]
) -> Parting | None:
    words = whole.read(w).words
    if len(words) < 2 * _PIECE_WORDS:
        return None
    votes: Counter[int] = Counter()
    for triple in _grams(words):
        holders = index.get(triple, ())
        if len(holders) <= _HOLDERS:
            votes.update(k for k in holders if not taken(k))
    likely = sorted(votes, key=lambda k: (-votes[k], k))[:_PIECES]
    pieces = [k for k in likely if _inside(piece.read(k).words, words)]
    if heir != FREE:
        pieces.append(heir)
    if len(pieces) < 2:
        return None
    pieces.sort()
    together = alike("".join(piece.read(k).words for k in pieces), words)
    alone = max(alike(piece.read(k).words, words) for k in pieces)
    if together < _TOGETHER or together < alone + _GAIN:
        return None
    return Parting(w, tuple(pieces), heir, together)


def _grams(words: str) -> set[str]:
    found = triples(words)
    return found or {words[k : k + 3] for k in range(len(words) - 2)}


def _inside(part: str, words: str) -> bool:
    return len(part) <= len(words) and _common(words, part) >= _INSIDE * len(part)


def _common(a: str, b: str) -> float:
    """Number of words that both have in the same order."""
    return alike(a, b) * (len(a) + len(b)) / 2
