"""A manifest that names a document's units otherwise than they are named never becomes rows, however it is spelt.

One that names runs of its base is refused as soon as it is read (``tests/unit/test_manifest_kept.py``); an order's
spells every unit, and only CUT has the stored ones before it.
"""

from __future__ import annotations

import pytest
from tests.pipeline_room import Ledger, law
from tests.topology_room import marked, order, proven

from cutter_agent.errors import GovernanceRefused
from cutter_agent.recut import living_cut
from cutter_agent.unit_id_forms import UnitIdForm


@pytest.mark.parametrize("kind", ["retire", "renumber"])
def test_an_order_under_other_ids_is_refused_by_cut_and_nothing_is_written(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    proven(ledger, law(3))
    monkeypatch.setattr(living_cut, "unit_id_form", lambda _unit: UnitIdForm.BY_ADDRESS)  # the defect to be caught
    how = {} if kind == "retire" else {"to": "9"}
    entry_id = marked(ledger, order(kind, "L1-DIEU2", **how)).entry.entry_id
    ledger.sweep()
    ledger.judge(entry_id)
    before = ledger.everything()
    with pytest.raises(GovernanceRefused, match="neither kept nor ended by the approved manifest"):
        ledger.cut(entry_id)
    assert ledger.everything() == before


def test_the_same_order_under_the_ids_that_they_have_is_cut(ledger: Ledger) -> None:
    proven(ledger, law(3))
    entry_id = marked(ledger, order("retire", "L1-DIEU2")).entry.entry_id
    ledger.sweep()
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    assert ledger.verify(entry_id).passed
