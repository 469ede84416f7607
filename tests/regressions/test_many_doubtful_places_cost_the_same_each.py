"""Each exception of a re-cut went through every unit of the law to find its block in the ledger: thousands of them in
ten thousand units kept a reviewer waiting for minutes."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs
from tests.counted import lines_executed
from tests.pipeline_room import Ledger, law

from cutter_agent.cases import cases
from cutter_agent.manifest import parse
from cutter_agent.model import Finding, Manifest, Recut, Severity, UnitFate

UNITS = 10_001


def re_cut(ledger: Ledger) -> tuple[Manifest, bytes]:
    """A re-cut of a large law that changes a unit near its beginning and one near its end."""
    first = law(2)
    ledger.verify(ledger.applied(first))
    second = first.replace("Quy định số 2".encode(), "Quy định khác".encode())
    proposal = ledger.executor.find_entry(ledger.mark(second).entry.entry_id)
    assert proposal is not None
    stored = {row[0]: bytes(row[1]) for row in ledger.admin("SELECT digest::text, canonical_json FROM iu.manifest")}
    return parse(stored[proposal.request.manifest_digest], stored.get), second


def enlarged(small: Manifest, changed: set[int]) -> Manifest:
    """The same manifest with as many units, of which those at ``changed`` are revised; one exception at each unit."""
    assert small.recut is not None
    unit, word = small.units[-1], small.recut.units[-1]
    units = tuple(structs.replace(unit, unit_local_id=n, start_byte=n, end_byte=n + 1) for n in range(UNITS))
    fate = {True: UnitFate.REVISED.value, False: UnitFate.UNCHANGED.value}
    recut = Recut(
        base=small.recut.base,
        units=tuple(replace(word, change=fate[n in changed]) for n in range(UNITS)),
        ended=(),
    )
    findings = tuple(
        Finding(code="numbering_gap", severity=Severity.EXCEPTION, start_byte=n, end_byte=None, message="m")
        for n in range(UNITS)
    )
    return replace(small, units=units, recut=recut, findings=findings)


def test_every_exception_finds_the_nearest_block_without_reading_the_law(ledger: Ledger) -> None:
    small, _ = re_cut(ledger)
    changed = {10, 20, 9_000}
    manifest, text = enlarged(small, changed), b"x" * UNITS
    assert lines_executed(lambda: cases(manifest, text, None, {})) < 500 * UNITS, "every unit for each: UNITS * UNITS"
    found = cases(manifest, text, None, {})
    nearest = [min(changed, key=lambda at: (abs(at - n), at)) for n in range(UNITS)]
    assert [case.place for case in found] == nearest
    none = cases(enlarged(small, set()), b"x" * UNITS, None, {})
    assert {case.place for case in none} == {UNITS}, "the block behind the last unit: that of an ended one"
