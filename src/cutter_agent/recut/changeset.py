"""A matching as the least that must be written (design 1.5, 1.7): k rows for k changed units, none for the others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from operator import ge

from cutter_agent.errors import InputRefused
from cutter_agent.recut.addresses import Register, led_back
from cutter_agent.recut.links import spine
from cutter_agent.recut.matching import Assumed, Change, Doubt, Matching, Pair, Question, Run, gathered
from cutter_agent.recut.orders import fill


class Act(StrEnum):
    """What is done to a unit."""

    REVISE = "revise"
    """A new version with another body; order, parent or label may change, too."""
    MOVE = "move"
    """A new version with the same body at another place."""
    INSERT = "insert"
    """A new unit."""
    RETIRE = "retire"
    """The unit's life ends. Its address stays its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitChange:
    """One changed unit. ``address`` and ``parent`` are the minted ones.

    ``old`` and ``new`` are places in the two segmentations, ``render_order`` and ``content_sha256`` are None for a
    retirement. ``alias``: what the new snapshot calls the unit, where that is not its address; ``alias_shadows``: it is
    another unit's address, which goes first. ``origins``: addresses of the units that a split or a merge ended.
    """

    act: Act
    address: str
    parent: str | None
    old: int | None
    new: int | None
    render_order: Decimal | None
    content_sha256: str | None
    alias: str | None = None
    alias_shadows: bool = False
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeSet:
    """The changes, retirements first, then in the order of the new snapshot; and what the reviewer is asked."""

    changes: tuple[UnitChange, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A living unit: where it stands and what it says."""

    render_order: Decimal
    body: bytes


def change_set(
    matching: Matching,
    *,
    orders: Sequence[Decimal] | None = None,
    taken: Iterable[str] = (),
    positional: bool = False,
    named: Mapping[int, str] | None = None,
) -> ChangeSet:
    """The least that leads from the old units to the new snapshot.

    ``orders``: the old units' render orders, rising; without them 1, 2, 3 and so on. ``taken``: addresses of retired
    units. ``positional``: addresses count places (``counts_places``), so no alias is due when a place changes.
    ``named``: addresses that a reviewer gave to new units, by place.

    Raises:
        InputRefused: ``orders`` are not one rising number for each old unit, or a given address is taken.
    """
    return _Building(matching, _checked(matching, orders), taken, positional=positional, named=named or {}).build()


def _checked(matching: Matching, orders: Sequence[Decimal] | None) -> Sequence[Decimal]:
    count = len(matching.old.units)
    if orders is None:
        return [Decimal(place + 1) for place in range(count)]
    if len(orders) != count or any(map(ge, orders, orders[1:])):
        raise InputRefused(
            f"the render orders are not {count} rising numbers",
            remedy="Give one for each old unit, in the order of the document.",
        )
    return orders


class _Building:
    def __init__(
        self,
        matching: Matching,
        orders: Sequence[Decimal],
        taken: Iterable[str],
        *,
        positional: bool,
        named: Mapping[int, str],
    ) -> None:
        self._matching = matching
        self._old, self._new = matching.old.units, matching.new.units
        self._positional = positional
        self._register = Register((*taken, *(u.address for u in self._old)), positional=positional)
        self._named = named
        for address in named.values():
            self._register.reserve(address)
        self._pairs = gathered(matching.pairs)
        self._other: dict[int, Pair] = {pair.new: pair for pair in self._pairs.others}
        self._origins = self._origins_of()
        self._orders = self._orders_of(orders)
        self._living: dict[str, str] = {}  # fresh address -> minted address, of those that no run keeps
        self._questions: list[Question] = []

    def build(self) -> ChangeSet:
        gone = {*self._matching.retired, *(s.old for s in self._matching.split)}
        gone.update(i for m in self._matching.merged for i in m.old)
        changes = [self._retired(i) for i in sorted(gone)]
        places = apart(self._pairs.runs, len(self._new))
        changes += [self._living_on(j, self._other[j]) if j in self._other else self._inserted(j) for j in places]
        return ChangeSet(changes=tuple(changes), questions=(*self._matching.questions, *self._questions))

    def _origins_of(self) -> Mapping[int, tuple[str, ...]]:
        out: dict[int, tuple[str, ...]] = {j: (self._old[s.old].address,) for s in self._matching.split for j in s.new}
        out.update({m.new: tuple(self._old[i].address for i in m.old) for m in self._matching.merged})
        return out

    def _orders_of(self, orders: Sequence[Decimal]) -> dict[int, Decimal]:
        """Orders of the new places between the run that both begin with and the one that both end with.

        What stands in those two keeps its order with every other pair, and their outermost numbers bound the rest.
        """
        runs, ends = self._pairs.runs, (len(self._old), len(self._new))
        head = runs[0].count if runs and (runs[0].old, runs[0].new) == (0, 0) else 0
        tail = runs[-1].count if runs and (runs[-1].old + runs[-1].count, runs[-1].new + runs[-1].count) == ends else 0
        first, last = max(head - 1, 0), min(len(self._new) - tail + 1, len(self._new))
        old_last = min(len(self._old) - tail + 1, len(self._old))
        pairs = sorted((pair.old, pair.new) for pair in self._pairs.others)
        pairs += [
            (run.old + step, run.new + step)
            for run in runs
            for step in range(max(first - run.old, 0), min(run.count, old_last - run.old))
        ]
        pairs.sort()
        weights = [64 + self._old[i].end_byte - self._old[i].start_byte for i, _ in pairs]
        moving, most = {pair.old for pair in self._pairs.others}, 1 + sum(weights)
        weights = [  # nothing is written for a unit of a run: its order stays, whatever else could stay instead
            weight if i in moving else weight + most for (i, _), weight in zip(pairs, weights, strict=True)
        ]
        fixed: list[Decimal | None] = [None] * (last - first)
        for k in spine(pairs, weights):
            fixed[pairs[k][1] - first] = orders[pairs[k][0]]
        return dict(enumerate(fill(fixed), start=first))

    def _retired(self, i: int) -> UnitChange:
        unit = self._old[i]
        return UnitChange(
            act=Act.RETIRE,
            address=unit.address,
            parent=unit.parent,
            old=i,
            new=None,
            render_order=None,
            content_sha256=None,
        )

    def _parent(self, j: int) -> tuple[str | None, str]:
        """The living parent's address, and this unit's fresh address led back to it."""
        unit = self._new[j]
        parent = None if unit.parent is None else self._living.get(unit.parent) or self._kept(unit.parent)
        return parent, led_back(unit.address, unit.parent, parent)

    def _kept(self, fresh: str) -> str:
        """The minted address of a unit in a run; a name that no unit has stays as it is."""
        j = self._places.get(fresh, -1)
        at = bisect_right(self._pairs.runs, j, key=lambda run: run.new) - 1
        run = self._pairs.runs[at] if at >= 0 else None
        inside = run is not None and j < run.new + run.count
        return self._old[run.old + j - run.new].address if inside and run is not None else fresh

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {unit.address: j for j, unit in enumerate(self._new)}

    def _living_on(self, j: int, pair: Pair) -> UnitChange:
        before, after = self._old[pair.old], self._new[j]
        parent, called = self._parent(j)
        self._living[after.address] = before.address
        due = pair.change is not Change.REVISED and not self._positional and called != before.address
        return UnitChange(
            act=Act.MOVE if before.content_sha256 == after.content_sha256 else Act.REVISE,
            address=before.address,
            parent=parent,
            old=pair.old,
            new=j,
            render_order=self._orders[j],
            content_sha256=after.content_sha256,
            alias=called if due else None,
            alias_shadows=due and self._register.is_taken(called),
        )

    def _inserted(self, j: int) -> UnitChange:
        after = self._new[j]
        parent, wanted = self._parent(j)
        given = self._named.get(j)
        address, plain = (given, True) if given is not None else self._register.mint(wanted)
        self._living[after.address] = address
        if not plain:
            self._questions.append(_collision(j, wanted, address))
        return UnitChange(
            act=Act.INSERT,
            address=address,
            parent=parent,
            old=None,
            new=j,
            render_order=self._orders[j],
            content_sha256=after.content_sha256,
            origins=self._origins.get(j, ()),
        )


def apart(runs: Sequence[Run], count: int) -> Iterator[int]:
    """The places of the new snapshot that no run holds."""
    reached = 0
    for run in runs:
        yield from range(reached, run.new)
        reached = run.new + run.count
    yield from range(reached, count)


def _collision(j: int, wanted: str, address: str) -> Question:
    return Question(
        doubt=Doubt.ADDRESS,
        old=(),
        new=(j,),
        likeness=0.0,
        same_place=True,
        assumed=Assumed.OTHER_UNIT,
        reason=f"{wanted} is or was another unit's address; {address} is proposed",
    )


def apply(
    changes: ChangeSet, living: Mapping[str, Standing], matching: Matching, new_bytes: bytes
) -> dict[str, Standing]:
    """The living units after the changes, by address. ``KeyError`` for a change of a unit that does not live."""
    out = dict(living)
    for change in changes.changes:
        if change.new is None or change.render_order is None:
            del out[change.address]
            continue
        unit = matching.new.units[change.new]
        body = new_bytes[unit.start_byte : unit.end_byte] if change.act is not Act.MOVE else out[change.address].body
        out[change.address] = Standing(render_order=change.render_order, body=body)
    return out


def rebuild(living: Mapping[str, Standing]) -> bytes:
    """The document: bodies by render order."""
    return b"".join(s.body for s in sorted(living.values(), key=lambda s: s.render_order))
