"""What is open while a ladder is climbed, outermost first, and what a label of each level would leave open.

Where a unit stands is a ``Shape``; shapes are shared: a law opens the same few stacks of levels thousands of times, and
what a label does to a stack is worked out once for each shape of it.
"""

from __future__ import annotations

from typing import NamedTuple

from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.ladder.frames import FLUSH, ROOT, Frame

_MOST_DEEP = 40
_MOST_SHAPES = 20_000

Standing = tuple[int, int | None, int | None, int, bool, bool]


class Move(NamedTuple):
    """What a label does: how many units stay open, where its scope stands and the flush text behind it (0: none)."""

    keep: int
    scope_at: int
    flush_at: int
    refusal: str | None  # why it may not stand here


class Shape:
    """A stack of open units as far as labels care: the innermost one, and the shape of the rest by ``children``."""

    __slots__ = ("chained", "children", "content", "depth", "indent", "moves", "rank", "wholes")

    def __init__(self, standing: Standing, wholes: int) -> None:
        # indent None: indentation says nothing of it; content: where its text must stand at least, None: anywhere;
        # depth: number signs of a Markdown heading; chained: it stands behind another label on the same line.
        self.rank, self.indent, self.content, self.depth, self.chained, whole = standing
        self.wholes = wholes + whole  # how many open units are kept whole
        self.moves: dict[int, Move] = {}
        self.children: dict[Standing, Shape] = {}


class Stack:
    """Open units: ``frames`` and, in the same places, ``shapes``."""

    def __init__(self, profile: Profile, code: str, *, indented: bool) -> None:
        rungs = self._rungs = profile.rungs
        names = [rung.name for rung in rungs]
        self._under = [frozenset(map(names.index, rung.address_under)) for rung in rungs]
        self._inside = [frozenset(map(names.index, rung.inside)) for rung in rungs]
        # By level: which open levels it closes; the last two are flush text and the document.
        self._closes = [
            [at == rank or (at > rank and not other.floats) for at, other in enumerate(rungs)] + [False, False]
            for rank in range(len(rungs))
        ]
        self._indented = indented
        self._many = len(rungs) + 1
        self._made = 0
        self.frames = [Frame(code)]
        self.shapes = [Shape((ROOT, None, None, 0, False, False), 0)]

    def push(self, frame: Frame, standing: Standing) -> None:
        """Opens a unit under the innermost open one."""
        above = self.shapes[-1]
        shape = above.children.get(standing)
        if shape is None:
            shape = self._grown(above, standing)
        self.frames.append(frame)
        self.shapes.append(shape)

    def _grown(self, above: Shape, standing: Standing) -> Shape:
        shape = Shape(standing, above.wholes)
        self._made += 1
        if self._made > _MOST_SHAPES:  # a text that never stands the same way twice: forget what will not come again
            self._made = 0
            for known in self.shapes:
                known.children = {}
        above.children[standing] = shape
        return shape

    def close(self, keep: int) -> None:
        """Closes all but the ``keep`` outermost."""
        del self.frames[keep:], self.shapes[keep:]

    def move(self, rank: int, indent: int, depth: int, *, chained: bool) -> Move:
        """What a label of the level would do that is indented so, and that so many number signs stand before."""
        if self._rungs[rank].container:
            key = rank + self._many * depth
        elif self._indented and not chained:
            key = rank + self._many * (indent + 1)
        else:
            key = rank
        moves = self.shapes[-1].moves
        found = moves.get(key)
        if found is None:
            if len(moves) > _MOST_SHAPES:
                moves.clear()
            found = moves[key] = self._worked_out(rank, indent, depth, chained=chained)
        return found

    def _worked_out(self, rank: int, indent: int, depth: int, *, chained: bool) -> Move:
        rung, shapes = self._rungs[rank], self.shapes
        keep = self._kept(rank, indent, depth, chained=chained)
        if keep < 0:
            return Move(-1, 0, 0, "its indentation puts it deeper than this level")
        if shapes[keep - 1].wholes:
            return Move(keep, 0, 0, "it stands in a unit that is kept whole")
        if self._inside[rank] and self._inside[rank].isdisjoint([shape.rank for shape in shapes[:keep]]):
            return Move(keep, 0, 0, f"no {' or '.join(rung.inside)} is open")
        if keep > _MOST_DEEP:
            return Move(keep, 0, 0, "it is nested too deeply")
        scope_at = self._scope_at(rank, keep)
        flush_at = max((at for at in range(scope_at + 1, keep) if shapes[at].rank == FLUSH), default=0)
        return Move(keep, scope_at, flush_at, None)

    def _kept(self, rank: int, indent: int, depth: int, *, chained: bool) -> int:
        """How many open units stay open; -1 where indentation forbids what the rank demands."""
        shapes, rung = self.shapes, self._rungs[rank]
        if not self._indented and not rung.container:
            row = self._closes[rank]
            return next((at for at, shape in enumerate(shapes) if row[shape.rank]), len(shapes))
        by_indent = self._indented and not rung.container and not chained
        for at in range(1, len(shapes)):
            shape = shapes[at]
            if self._closed_by(rank, shape, depth):
                outdented = by_indent and shape.indent is not None and shape.indent < indent and not shape.chained
                return -1 if outdented else at
            if by_indent and shape.indent is not None and shape.indent >= indent:
                return at
        return len(shapes)

    def _closed_by(self, rank: int, shape: Shape, depth: int) -> bool:
        rung = self._rungs[rank]
        if shape.rank == FLUSH:
            return rung.container
        if shape.rank == rank:
            return True
        other = self._rungs[shape.rank]
        if shape.rank < rank or other.floats or (rung.floats and other.container):
            return False
        # A heading deeper than the article's, in a text that has both, stands inside the article.
        return not (rung.container and depth and not other.container and 0 < shape.depth < depth)

    def _scope_at(self, rank: int, keep: int) -> int:
        under, restarts = self._under[rank], self._rungs[rank].restarts
        for at in range(keep - 1, 0, -1):
            other = self.shapes[at].rank
            if other in under or (other >= 0 and self._rungs[other].restarts and not restarts):
                return at
        return 0

    def counts_under(self, rank: int, other: int) -> bool:
        """Whether units of the level ``other`` are counted under those of ``rank``."""
        return rank in self._under[other]

    def owner(self, indent: int) -> int:
        """How many open units a plain line of that indentation leaves open."""
        shapes = self.shapes
        keep = len(shapes)
        if self._indented:
            while keep > 1 and (found := shapes[keep - 1].indent) is not None and found > indent:
                keep -= 1
            return keep
        while keep > 1 and (content := shapes[keep - 1].content) is not None and indent < content:
            keep -= 1
        return keep
