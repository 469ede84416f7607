"""Random orders one after another, on values: coverage, addresses, names and decisions keep their promises (1.8)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline_room import START
from tests.recut_room import Edition, edition, law

from cutter_agent.errors import CutterError, GovernanceRefused, UsageError
from cutter_agent.model import Governed, Manifest, OperationKind, RecutBase, UnitFate
from cutter_agent.recut import Living, cut_of
from cutter_agent.rows import Alias, Document
from cutter_agent.topology import Ground, Named, Names, Order, conform, governed_of, mark_of, propose, stands_of
from cutter_agent.topology.runs import Runs
from cutter_agent.unit_id_forms import UnitIdForm
from cutter_agent.validation import validate

DOCUMENT = Document(
    document_ref="law/X", document_code="X", profile_id="test", title="X", created_at=START, created_by="test"
)
KINDS = (OperationKind.SPLIT, OperationKind.MERGE, OperationKind.RETIRE, OperationKind.RENUMBER, OperationKind.REDIRECT)


@dataclass
class World:
    """A document as a chain of proven cuts would leave it."""

    ground: Ground
    first: Edition
    ever: dict[str, str] = field(default_factory=dict)
    """Every address that was ever minted: its unit's id."""

    @classmethod
    def of(cls, first: Edition) -> World:
        units = first.cut.units
        ids = {unit.address: f"id of {unit.address}" for unit in units}
        ground = Ground(
            document=DOCUMENT,
            living=Living(
                document_ref="law/X",
                base=RecutBase(
                    change_set_id="c", cut_seq=1, manifest_digest="m", snapshot_sha256=first.cut.snapshot_sha256
                ),
                cut=first.cut,
                data=first.data,
                orders=tuple(Decimal(place + 1) for place in range(len(units))),
                taken=frozenset(ids),
                called={},
                form=UnitIdForm.BY_DOCUMENT,
            ),
            names=Names(units={name: Named(address=a, ended=False) for a, name in ids.items()}, aliases=[]),
            governed=(),
        )
        return cls(ground, first, ids)

    def take(self, manifest: Manifest) -> None:
        """What CUT and VERIFY make of a manifest."""
        old, recut, topology = self.ground, manifest.recut, manifest.topology
        assert recut is not None
        assert topology is not None
        by_id = dict(old.names.units)
        for block, word in zip(manifest.units, recut.units, strict=True):
            if word.change == UnitFate.INSERTED:
                assert block.address not in self.ever, "an address is minted once"
                self.ever[block.address] = word.target_unit_id
                by_id[word.target_unit_id] = Named(address=block.address, ended=False)
        for end in recut.ended:
            by_id[self.ever[end.address]] = Named(address=end.address, ended=True)
        names = [
            Alias(
                alias_id=f"{len(old.names.aliases)}-{alias.text}",
                target_unit_id=self.ever[alias.target],
                alias_text=alias.text,
                alias_kind=alias.kind,
                valid_from=START,
                created_by="test",
                rationale="test",
            )
            for alias in topology.aliases
        ]
        cut = replace(
            old.living.cut,
            units=cut_of(manifest).units,
        )
        called = old.living.called | {a.target: a.text for a in topology.aliases if a.kind == "rename"}
        living = replace(
            old.living,
            cut=cut,
            orders=tuple(Decimal(word.render_order) for word in recut.units),
            taken=frozenset(self.ever),
            called=called,
        )
        self.ground = Ground(
            document=DOCUMENT,
            living=living,
            names=Names(units=by_id, aliases=[*old.names.aliases, *names]),
            governed=manifest.governed,
        )


def ordered(dice: Random, world: World) -> Order:
    """An order that may or may not make sense."""
    units, ever = world.ground.units, sorted(world.ever)
    kind = dice.choice(KINDS)
    at = dice.randrange(len(units))
    address = dice.choice(ever) if dice.random() < 0.1 else units[at].address
    if kind is OperationKind.SPLIT:
        length = units[at].end_byte - units[at].start_byte
        places = sorted({dice.randrange(length + 2) for _ in range(dice.randint(1, 3))})
        return Order(kind=kind, names=(address,), because="x", marks=tuple(mark_of(str(p)) for p in places))
    if kind is OperationKind.MERGE:
        last = min(len(units), at + dice.randint(2, 4))
        return Order(kind=kind, names=tuple(unit.address for unit in units[at:last]), because="x")
    if kind is OperationKind.RETIRE:
        under = units[dice.randrange(len(units))].address if dice.random() < 0.3 else None
        return Order(kind=kind, names=(address,), because="x", under=under)
    if kind is OperationKind.RENUMBER:
        return Order(kind=kind, names=(address,), because="x", to=str(dice.randrange(30)))
    old = dice.choice([*ever, f"X-A{dice.randrange(90)}"])
    return Order(kind=kind, names=(old, dice.choice(ever)), because="x")


def walked(seed: int, steps: int = 14) -> tuple[World, int]:
    """A world after some orders, and how many of them were taken."""
    dice = Random(seed)  # noqa: S311 - repeatable, not secret
    world, done = World.of(edition(law(articles=4, clauses=3))), 0
    for _ in range(steps):
        try:
            manifest = propose(world.ground, ordered(dice, world), marked_by="a", tool_revision="t")
        except (UsageError, GovernanceRefused) as refused:
            assert refused.remedy  # noqa: PT017 - most orders are refused, and each says what to do
            continue
        assert validate(manifest, world.first.data) == []
        world.take(manifest)
        done += 1
        check(world)
    return world, done


def check(world: World) -> None:
    ground, data = world.ground, world.first.data
    reached = 0
    for unit in ground.units:
        assert unit.start_byte == reached < unit.end_byte, "own spans tile"
        reached = unit.end_byte
        data[unit.start_byte : unit.end_byte].decode()
    assert reached == len(data)
    assert list(ground.living.orders) == sorted(set(ground.living.orders))
    place = {unit.address: k for k, unit in enumerate(ground.units)}
    assert len(place) == len(ground.units)
    for unit in ground.units:
        assert unit.parent is None or place[unit.parent] < place[unit.address], "a parent stands before its children"
        assert ground.names.follow(unit.address).reached == unit.address
    for address in world.ever:
        trail = ground.names.follow(address)
        assert not trail.circle
        assert trail.reached in place, "every address that ever was leads to a living unit"


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_orders_keep_coverage_addresses_and_names(seed: int) -> None:
    walked(seed)


def test_most_of_the_orders_are_really_taken() -> None:
    taken = [walked(seed)[1] for seed in range(12)]
    assert sum(taken) > 12 * 5


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_recut_of_the_same_text_gives_the_decided_tree_back(seed: int) -> None:
    """The fresh cut of the same bytes, redrawn by the decisions, is the living tree: spans, parents, labels."""
    world, _ = walked(seed, steps=8)
    ground, first = world.ground, world.first
    kept = conform(ground.living, ground.governed, first.cut, first.data)
    assert kept.cut.findings == ()
    living = [(u.start_byte, u.end_byte, u.kind, u.level) for u in ground.units]
    assert [(u.start_byte, u.end_byte, u.kind, u.level) for u in kept.cut.units] == living
    start = {unit.address: unit.start_byte for unit in kept.cut.units}
    above = {u.start_byte: start.get(u.parent) if u.parent else None for u in kept.cut.units}
    was = {unit.address: unit.start_byte for unit in ground.units}
    assert above == {u.start_byte: was[u.parent] if u.parent else None for u in ground.units}
    assert [u.number for u in kept.cut.units] == [u.number for u in ground.units]
    assert governed_of(kept.stands, ground.units) == ground.governed


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), at=st.integers(0, 10**6), word=st.sampled_from(["", "x", "Article 9. New words.\n"]))
def test_an_edit_anywhere_leaves_a_valid_cut(seed: int, at: int, word: str) -> None:
    """Whatever an edit hits, the redrawn cut tiles the new bytes and what stands is said of units that are there."""
    world, _ = walked(seed, steps=6)
    rows = law(articles=4, clauses=3)
    place = at % len(rows)
    rows[place] = replace(rows[place], text=rows[place].text[:20] + word + rows[place].text[25:])
    if at % 3 == 0:
        del rows[place]
    edited = edition(rows)
    kept = conform(world.ground.living, world.ground.governed, edited.cut, edited.data)
    reached, seen = 0, set()
    for unit in kept.cut.units:
        assert unit.start_byte == reached < unit.end_byte
        assert unit.parent is None or unit.parent in seen
        seen.add(unit.address)
        reached = unit.end_byte
    assert reached == len(edited.data)
    assert len(seen) == len(kept.cut.units)
    for each in governed_of(kept.stands, kept.cut.units):
        assert each.address in seen
        assert isinstance(each, Governed)


@settings(max_examples=100, deadline=None)
@given(old=st.text(alphabet="ab\nđ", max_size=60), new=st.text(alphabet="ab\nđ", max_size=60))
def test_runs_hold_equal_bytes_in_order(old: str, new: str) -> None:
    a, b = old.encode(), new.encode()
    runs = Runs(a, b)
    last = -1
    for place in range(len(a)):
        now = runs.start(place)
        if now is not None:
            assert a[place] == b[now]
            assert now > last
            last = now
    if a == b:
        assert runs.untouched(0, len(a)) or not a


def test_a_decision_survives_its_manifest() -> None:
    world, _ = walked(7)
    manifest = propose(
        world.ground,
        Order(kind=OperationKind.REDIRECT, names=("X-A77", world.ground.units[0].address), because="x"),
        marked_by="a",
        tool_revision="t",
    )
    assert world.ground.governed
    assert governed_of(stands_of(manifest), manifest.units) == manifest.governed == world.ground.governed


@pytest.mark.parametrize("word", ["", "text:"])
def test_a_mark_without_a_text_is_refused(word: str) -> None:
    with pytest.raises(CutterError, match="--at without a text"):
        mark_of(word)
