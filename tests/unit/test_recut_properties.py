"""What holds for any two editions: nothing is lost, nothing doubled, and the changes lead to the new bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recut_room import Edition, Row, edition, law, matched, prose

from cutter_agent.recut import Act, Change, Matching, Standing, apply, change_set, rebuild
from cutter_agent.recut.orders import fill

_LABELS = st.sampled_from(["1", "2", "3", "3a", "4", "5"])
_TEXTS = st.one_of(
    st.integers(0, 12).map(prose),
    st.sampled_from(["", "as prescribed", "[Repealed]", "and", prose(1) + " " + prose(2)]),
    st.text(alphabet="aé đ(1)[].\t", max_size=20),
)
_ROWS = st.lists(st.builds(Row, st.integers(0, 1), _LABELS, _TEXTS), min_size=1, max_size=18)


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """A law and the law after a few edits."""
    rows = draw(_ROWS)
    edited = list(rows)
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, len(edited)))
        kind = draw(st.sampled_from(["insert", "delete", "revise", "swap", "relabel"]))
        if kind == "insert" or place == len(edited):
            edited.insert(place, draw(st.builds(Row, st.integers(0, 1), _LABELS, _TEXTS)))
        elif kind == "delete" and len(edited) > 1:
            del edited[place]
        elif kind == "revise":
            edited[place] = replace(edited[place], text=edited[place].text + " " + draw(_TEXTS))
        elif kind == "swap":
            other = draw(st.integers(0, len(edited) - 1))
            edited[place], edited[other] = edited[other], edited[place]
        else:
            edited[place] = replace(edited[place], label=draw(_LABELS))
    return rows, edited


def whole(matching: Matching) -> None:
    """Every unit of both sides stands in exactly one place."""
    old = Counter([p.old for p in matching.pairs])
    old.update([*matching.retired, *(s.old for s in matching.split), *(i for m in matching.merged for i in m.old)])
    new = Counter([p.new for p in matching.pairs])
    new.update([*matching.inserted, *(m.new for m in matching.merged), *(j for s in matching.split for j in s.new)])
    assert old == Counter(range(len(matching.old.units)))
    assert new == Counter(range(len(matching.new.units)))


def told_truly(old: Edition, new: Edition, matching: Matching) -> None:
    """Unchanged units have the same bytes and keep their order; questions name units that there are."""
    unchanged = [p for p in matching.pairs if p.change is Change.UNCHANGED]
    assert all(old.text(p.old) == new.text(p.new) for p in unchanged)
    assert all(a.old < b.old and a.new < b.new for a, b in pairwise(unchanged))
    for question in matching.questions:
        assert all(0 <= i < len(old.cut.units) for i in question.old)
        assert all(0 <= j < len(new.cut.units) for j in question.new)
        assert 0 <= question.likeness <= 1


def living(old: Edition) -> dict[str, Standing]:
    orders = fill([None] * len(old.cut.units))
    return {
        unit.address: Standing(render_order=order, body=old.data[unit.start_byte : unit.end_byte])
        for unit, order in zip(old.cut.units, orders, strict=True)
    }


@settings(max_examples=300, deadline=None)
@given(edits())
def test_any_edit(case: tuple[list[Row], list[Row]]) -> None:
    old, new = edition(case[0]), edition(case[1])
    matching = matched(old, new)
    whole(matching)
    told_truly(old, new, matching)
    changes = change_set(matching)
    before = living(old)
    after = apply(changes, before, matching, new.data)
    assert rebuild(after) == new.data
    touched = {change.address for change in changes.changes}
    assert all(after[address] == before[address] for address in before if address not in touched)
    assert len(touched) == len(changes.changes) <= len(old.cut.units) + len(new.cut.units)
    retired = {c.address for c in changes.changes if c.act is Act.RETIRE}
    minted = {c.address for c in changes.changes if c.act is Act.INSERT}
    assert not minted & set(before), "an address was given twice"
    assert not retired & set(after)


@settings(max_examples=100, deadline=None)
@given(_ROWS, _ROWS)
def test_any_two_laws(first: list[Row], second: list[Row]) -> None:
    old, new = edition(first), edition(second)
    matching = matched(old, new)
    whole(matching)
    told_truly(old, new, matching)
    assert rebuild(apply(change_set(matching), living(old), matching, new.data)) == new.data


@settings(max_examples=100, deadline=None)
@given(_ROWS)
def test_the_same_law_twice(rows: list[Row]) -> None:
    same = edition(rows)
    matching = matched(same, same)
    assert matching.is_empty
    assert change_set(matching).changes == ()
    assert change_set(matching).questions == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 23), st.integers(1, 6))
def test_a_deletion_is_an_insertion_seen_from_the_other_side(place: int, count: int) -> None:
    rows = law()
    shorter = rows[:place] + rows[place + count :]
    if not shorter or [r.depth for r in shorter][:1] != [0]:
        return
    long, short = edition(rows), edition(shorter)
    gone, come = matched(long, short), matched(short, long)
    assert {long.text(i) for i in gone.retired} == {long.text(j) for j in come.inserted}
    assert {(p.old, p.new) for p in gone.pairs} == {(p.new, p.old) for p in come.pairs}


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(6)))
def test_articles_in_another_order_have_moved(order: list[int]) -> None:
    rows = law()
    blocks = [rows[4 * k : 4 * k + 4] for k in range(6)]
    old, new = edition(rows), edition([row for k in order for row in blocks[k]])
    matching = matched(old, new)
    assert not matching.inserted
    assert not matching.retired
    assert all(p.change in {Change.UNCHANGED, Change.MOVED} for p in matching.pairs)
    assert all(old.text(p.old) == new.text(p.new) for p in matching.pairs)
    changes = change_set(matching)
    assert {c.act for c in changes.changes} <= {Act.MOVE}
    assert rebuild(apply(changes, living(old), matching, new.data)) == new.data
