"""Only what lies between the common beginning and the common end is looked at, and the matching is the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recut_room import Edition, Row, edition, prose
from tests.unit.test_recut_properties import edits

from cutter_agent.recut import Matching, match
from cutter_agent.recut.answers import NOTHING_SAID, Guide
from cutter_agent.recut.links import Links


def told(old: Edition, new: Edition, said: Guide) -> tuple[object, ...]:
    found: Matching = match(old.cut, old.data, new.cut, new.data, said=said)
    return (
        tuple(found.pairs),
        found.inserted,
        found.retired,
        found.split,
        found.merged,
        found.questions,
        found.positional,
    )


@settings(max_examples=200, deadline=None)
@given(edits(), st.lists(st.integers(0, 17), max_size=2))
def test_a_matching_is_the_same_with_the_windows_and_without(
    case: tuple[list[Row], list[Row]], kept: list[int]
) -> None:
    old, new = edition(case[0]), edition(case[1])
    most = min(len(old.cut.units), len(new.cut.units))
    apart = frozenset((place, place) for place in kept if place < most)
    ends = frozenset((len(old.cut.units) - place, len(new.cut.units) - place) for place in kept if 0 < place <= most)
    for said in (NOTHING_SAID, Guide(same={}, other=apart | ends, named={})):
        inside = told(old, new, said)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Links, "close_in", lambda *_: None)
            assert told(old, new, said) == inside


def test_the_windows_hold_what_changed_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[range, range]] = []
    close_in = Links.close_in

    def noted(self: Links, low: int, back: int) -> None:
        close_in(self, low, back)
        seen.append((self.old_window, self.new_window))

    monkeypatch.setattr(Links, "close_in", noted)
    rows = [Row(0, str(number), prose(number)) for number in range(1, 40)]
    edited = [*rows[:20], Row(0, "20a", prose(77)), *rows[20:30], *rows[31:]]
    before, after = edition(rows), edition(edited)
    told(before, after, NOTHING_SAID)
    assert seen == [(range(20, 31), range(20, 31))]
