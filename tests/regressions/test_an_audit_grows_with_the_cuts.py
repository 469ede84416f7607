"""An audit read every earlier cut again for each cut of a document: 40 cuts took 17 times as long as 10."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from tests.integration.test_phase_recut import FIRST, audited, proven
from tests.pipeline_room import Ledger
from tests.recut_room import prose

from cutter_agent.db_adapter.statements import Statement
from cutter_agent.db_adapter.transaction import Transaction


def test_each_further_cut_costs_as_much_as_the_one_before(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()
    declared = Transaction._declared

    def counted(self: Transaction, name: str) -> Statement:
        asked[name] += 1
        return declared(self, name)

    monkeypatch.setattr(Transaction, "_declared", counted)
    totals = []
    for edition in range(6):
        proven(ledger, FIRST.replace(prose(21, 16).encode(), (prose(21, 14) + f" edition {edition}").encode()))
        asked.clear()
        assert audited(ledger) == []
        totals.append(asked.total())
        assert asked["find_versions"] == 1, "read once, however many cuts there are"
    steps = [after - before for before, after in pairwise(totals[1:])]
    assert len(set(steps)) == 1, totals
