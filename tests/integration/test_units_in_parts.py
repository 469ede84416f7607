"""A part of a document's units is what the whole list has at that place, with its depth, as of any cut."""

from __future__ import annotations

from tests.pipeline_room import Ledger, law

from cutter_agent.db_adapter.reading import LedgerReport
from cutter_agent.report import UnitLine


def depths(units: list[UnitLine]) -> list[int]:
    """How many units lie above each, by the addresses of parents."""
    parents = {unit.canonical_address: unit.parent for unit in units}

    def above(address: str | None) -> int:
        return 0 if address is None else 1 + above(parents[address])

    return [above(unit.parent) for unit in units]


def test_parts_are_the_whole_and_say_how_many_there_are(ledger: Ledger) -> None:
    text = law(3, clauses=3)
    ledger.verify(ledger.applied(text))
    edited = text.replace("3. Nội dung khoản 3 của điều 2.\n".encode(), b"").replace(b"1. N", b"1. Moi n")
    ledger.verify(ledger.applied(edited))
    report = LedgerReport(ledger.exec_adapter)
    for as_of in (1, 2, None):
        whole = report.units("L1", as_of=as_of)
        expected = list(zip(whole, depths(whole), strict=True))
        for limit, offset in ((100, 0), (4, 0), (4, 4), (1, len(whole) - 1)):
            part = report.tree("L1", as_of=as_of, limit=limit, offset=offset)
            assert part == (len(whole), expected[offset : offset + limit])
        assert report.tree("L1", as_of=as_of, limit=5, offset=10_000) == (len(whole), [])
    assert {depth for _, depth in expected} == {0, 1}
    assert len(report.units("L1", as_of=1)) == len(whole) + 1
