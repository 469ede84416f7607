"""Headings to addresses and parents (design 1.8): document code first, tokens by the profile, parents before children.

Lists of labels whose numbers run on without a fault are placed here, in one tight loop, because nearly all
are; every other list
goes through ``lists``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress, count
from operator import attrgetter

from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.lists import Lists
from cutter_agent.segmenter.marks import Mark, block_mark
from cutter_agent.segmenter.noting import Notes
from cutter_agent.segmenter.numbers import STEP

DUPLICATE = "TRUNG"
_NEVER = -1
_KEYWORDED = attrgetter("keyworded")


class Minting:
    """Mints each address once. A second claim on one gets an explicit ``-TRUNG2``, which the reviewer is told of."""

    def __init__(self, notes: Notes, repeat_token: str = DUPLICATE) -> None:
        self._notes = notes
        self._token = repeat_token
        self.taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def mint(self, wanted: str, start_byte: int) -> str:
        if wanted not in self.taken:
            self.taken.add(wanted)
            return wanted
        count = self._counts.get(wanted, 1)
        address = wanted
        while address in self.taken:
            count += 1
            address = f"{wanted}-{self._token}{count}"
        self._counts[wanted] = count
        self.taken.add(address)
        self._notes.collision(start_byte, wanted, address)
        return address


@dataclass
class Placed:
    """Units in the making, column by column."""

    starts: list[int] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    parents: list[str | None] = field(default_factory=list)


class Placing:
    """Places the headings of one text under one document code."""

    def __init__(
        self, profile: Profile, document_code: str, lists: Lists, notes: Notes, *, trusting: bool = True
    ) -> None:
        levels = profile.levels
        names = [level.name for level in levels]
        self._count = len(levels)
        self._under = [tuple(names.index(n) for n in level.address_under) for level in levels]
        self._is_label = [not level.keywords for level in levels]
        # What each level expects when it is opened; the last is for blocks, which have no level and are never due.
        self._fresh = [STEP if label else _NEVER for label in self._is_label] + [_NEVER]
        self._inner = [tuple(range(rank + 1, self._count)) for rank in range(self._count)]
        # Entering a level changes the base of an inner one in the plain way when the inner one counts under it.
        self._direct = [tuple(i for i in inner if r in self._under[i]) for r, inner in enumerate(self._inner)]
        self._indirect = [tuple(i for i in inner if r not in self._under[i]) for r, inner in enumerate(self._inner)]
        self._code = document_code
        self._preamble = block_mark(profile.preamble)
        self._lists = lists
        self._minting = Minting(notes)
        # The tight loop sets the base of inner labels without looking: right only where each counts under the outer.
        labels = [rank for rank in range(self._count) if self._is_label[rank]]
        self._trusting = trusting and not any(set(self._indirect[rank]) & set(labels) for rank in labels)
        self.out = Placed()
        self._reset(document_code, None)

    def _reset(self, scope: str, parent: str | None) -> None:
        self._scope = scope
        self._above = parent
        self._open: list[str | None] = [None] * self._count
        self._base = [scope] * self._count
        self._parent = [parent] * self._count
        self._expect = list(self._fresh)

    def place(self, starts: Sequence[int], marks: Sequence[Mark], end: int) -> None:
        """Places headings in order; ``end`` is where the last one's text ends."""
        at, last = 0, len(starts)
        for stop in (*compress(count(), map(_KEYWORDED, marks)), last):
            if at < stop:
                self._labels(starts[at:stop], marks[at:stop], starts[stop] if stop < last else end)
            if stop < last:
                mark = marks[stop]
                (self._heading if mark.rank >= 0 else self._block)(starts[stop], mark)
            at = stop + 1
        if not self.out.starts or self.out.starts[0] > 0:
            self._open_with_preamble()

    def _open_with_preamble(self) -> None:
        """What stands before the first heading is a unit, too."""
        out, block = self.out, self._preamble
        address = self._minting.mint(self._code + block.suffix, 0)
        out.starts.insert(0, 0)
        out.marks.insert(0, block)
        out.addresses.insert(0, address)
        out.parents.insert(0, None)

    def _block(self, start: int, mark: Mark) -> None:
        address = self._minting.mint(self._code + mark.suffix, start)
        self._put(start, mark, address, None)
        self._reset(address if mark.annex else self._code, address if mark.annex else None)

    def _heading(self, start: int, mark: Mark) -> None:
        rank = mark.rank
        address, taken, out = self._base[rank] + mark.suffix, self._minting.taken, self.out
        if address in taken:
            address = self._minting.mint(address, start)
        else:
            taken.add(address)
        out.starts.append(start)
        out.marks.append(mark)
        out.addresses.append(address)
        out.parents.append(self._parent[rank])
        self._enter(rank, address)

    def _enter(self, rank: int, address: str) -> None:
        opened, base, parent, expect, fresh = self._open, self._base, self._parent, self._expect, self._fresh
        opened[rank] = address
        for inner in self._direct[rank]:
            opened[inner] = None
            parent[inner] = base[inner] = address
            expect[inner] = fresh[inner]
        for inner in self._indirect[rank]:
            opened[inner] = None
            parent[inner] = address
            outer = [a for u in self._under[inner] if u < rank and (a := opened[u]) is not None]
            base[inner] = outer[-1] if outer else address if self._is_label[inner] else self._scope

    def _put(self, start: int, mark: Mark, address: str, parent: str | None) -> None:
        out = self.out
        out.starts.append(start)
        out.marks.append(mark)
        out.addresses.append(address)
        out.parents.append(parent)

    def _labels(self, starts: Sequence[int], marks: Sequence[Mark], end: int) -> None:
        """Places the labels between two other headings, of which the second stands at ``end``."""
        out = self.out
        before = len(out.addresses)
        if self._trusting and self._run(marks):
            out.starts += starts
            out.marks += marks
            return
        del out.addresses[before:], out.parents[before:]
        self._restart_labels()
        judged = self._lists.judge(list(zip(starts, marks, strict=True)), out.starts[-1] if out.starts else 0, end)
        for start, mark in judged:
            self._heading(start, mark)

    def _run(self, marks: Sequence[Mark]) -> bool:
        """Addresses and parents of labels of which each is the one that is due; False where one is not.

        A label of the innermost level opens nothing, so a run of them shares base and parent.
        """
        put_address, put_parent = self.out.addresses.append, self.out.parents.append
        expect, base, parent, inner_of = self._expect, self._base, self._parent, self._inner
        innermost = self._count - 1
        stem, over, due = base[innermost], parent[innermost], expect[innermost]
        for mark in marks:
            rank = mark.rank
            if rank == innermost:
                if mark.key != due:
                    return False
                put_address(stem + mark.suffix)
                put_parent(over)
                due = mark.due
            elif mark.key == expect[rank]:
                address = base[rank] + mark.suffix
                put_address(address)
                put_parent(parent[rank])
                expect[rank] = mark.due
                for inner in inner_of[rank]:
                    expect[inner] = STEP
                    base[inner] = parent[inner] = address
                stem = over = address
                due = STEP
            else:
                return False
        expect[innermost] = due
        return True

    def _restart_labels(self) -> None:
        """Forgets what the tight loop had entered: labels stand under the innermost open heading again."""
        for rank in range(self._count - 1, -1, -1):
            address = self._open[rank]
            if address is not None and not self._is_label[rank]:
                self._enter(rank, address)
                return
        labels = [rank for rank in range(self._count) if self._is_label[rank]]
        for rank in labels:
            self._open[rank] = None
            self._expect[rank] = STEP
            self._base[rank] = self._scope
            self._parent[rank] = self._above
