"""Three short provisions, two of one number, of which two change places: which of the two has moved is a tie. The
change set settled it by itself, and not as the matching had: the unit that was told unchanged had to move, the other
one was written, and the law rebuilt from the units was not the new one. A proof would have refused it."""

from __future__ import annotations

import itertools

from tests.recut_room import Row, edition, matched, prose
from tests.unit.test_recut_properties import living

from cutter_agent.recut import apply, change_set, rebuild
from cutter_agent.recut.links import spine


def test_every_small_edit_leads_to_the_new_bytes() -> None:
    rows = [Row(0, label, text) for label in "12" for text in ("", prose(0))]
    laws = [list(law) for count in (2, 3) for law in itertools.product(rows, repeat=count)]
    wrong = []
    for before, after in itertools.product(laws, laws):
        old, new = edition(before), edition(after)
        matching = matched(old, new)
        if rebuild(apply(change_set(matching), living(old), matching, new.data)) != new.data:
            wrong.append((before, after))
    assert wrong == []


def test_a_tie_does_not_depend_on_what_stands_before_and_behind() -> None:
    tie = [(0, 1), (1, 0)]
    for before, behind in itertools.product(range(6), range(6)):
        head = [(k, k) for k in range(before)]
        tail = [(before + 2 + k, before + 2 + k) for k in range(behind)]
        pairs = [*head, *((old + before, new + before) for old, new in tie), *tail]
        chain = spine(pairs, [64] * len(pairs))
        assert [k - before for k in chain if before <= k < before + 2] == [1], (before, behind)
