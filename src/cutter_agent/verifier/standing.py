"""Axis 2, where things stand: which cut wrote what, how many versions there are, what is draft and what is enacted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cutter_agent.model import LifecycleStatus
from cutter_agent.rows import StoredUnit
from cutter_agent.verifier.evidence import Defect, Evidence

_FIRST = 1


def defects(evidence: Evidence) -> Iterator[Defect]:
    """Every defect of cuts, versions and lives of the document."""
    yield from _versions(evidence)
    passed = [cut.change_set.cut_seq for cut in evidence.document_cuts if cut.passed]
    newest = all(cut.change_set.cut_seq <= evidence.change_set.cut_seq for cut in evidence.document_cuts)
    numbers = {cut.change_set.change_set_id: cut.change_set.cut_seq for cut in evidence.document_cuts}
    for unit in _doubtful(evidence, numbers, passed, newest=newest):
        if numbers.get(unit.change_set_id) != unit.cut_seq:
            message = f"its version says cut {unit.cut_seq} of {unit.change_set_id}, which is no cut of this document"
            yield _defect("version_cut", message, unit.canonical_address)
        yield from _life(unit, evidence, passed, newest=newest)


def _doubtful(
    evidence: Evidence, numbers: Mapping[str, int], passed: list[int], *, newest: bool
) -> Iterator[StoredUnit]:
    """Units that may not stand as they should. Those of one cut in one state stand alike: one of them is looked at.

    Where nothing of their cut was proven, each has a past of its own.
    """
    alike = dict[tuple[object, ...], bool]()
    for unit in evidence.held:
        state = (unit.change_set_id, unit.cut_seq, unit.version_lifecycle, unit.unit_lifecycle, unit.ends_life)
        good = alike.get(state)
        if good is None:
            proven = any(cut >= unit.cut_seq for cut in passed)
            stands = numbers.get(unit.change_set_id) == unit.cut_seq
            good = proven and stands and not any(True for _ in _life(unit, evidence, passed, newest=newest))
            alike[state] = good
        if not good:
            yield unit


def _versions(evidence: Evidence) -> Iterator[Defect]:
    """Every version belongs to a cut; each cut has those that its change set counts, this one those that hold."""
    here = evidence.change_set.change_set_id
    cuts = {cut.change_set.change_set_id: cut.change_set for cut in evidence.document_cuts}
    counted: dict[str, int] = {}
    for row in evidence.version_counts:
        cut = cuts.get(row.change_set_id)
        if cut is None or cut.cut_seq != row.cut_seq:
            yield _defect("version_stray", f"{row.versions} version(s) of cut {row.cut_seq} of {row.change_set_id}")
        counted[row.change_set_id] = counted.get(row.change_set_id, 0) + row.versions
    held = sum(unit.change_set_id == here for unit in evidence.held)
    if counted.get(here, 0) != held:
        yield _defect("version_count", f"this cut wrote {counted.get(here, 0)} version(s), {held} of them hold")
    for name, cut in cuts.items():
        found, meant = counted.get(name, 0), cut.affected_unit_count
        if found > meant or (cut.cut_seq == _FIRST and found != meant):
            yield _defect("version_count", f"cut {cut.cut_seq} wrote {found} version(s), its change set counts {meant}")


def _life(unit: StoredUnit, evidence: Evidence, passed: list[int], *, newest: bool) -> Iterator[Defect]:
    """Draft until a verification passed, then enacted; what ends a life is then retired, and so is its unit.

    A unit says how it is now: it may be retired by a cut after this one, or not yet by this one.
    """
    retired = set() if newest else {LifecycleStatus.RETIRED}
    proven = any(cut >= unit.cut_seq for cut in passed)
    after = LifecycleStatus.RETIRED if unit.ends_life else LifecycleStatus.ENACTED
    meant = after if proven else LifecycleStatus.DRAFT
    if unit.version_lifecycle is not meant:
        yield _defect("version_life", f"its version is {unit.version_lifecycle}, not {meant}", unit.canonical_address)
    if not proven and any(unit.unit_id in cut.stood for cut in evidence.past):
        meant = LifecycleStatus.ENACTED
    if unit.unit_lifecycle not in {meant} | retired:
        yield _defect("unit_life", f"it is {unit.unit_lifecycle}, not {meant}", unit.canonical_address)


def _defect(code: str, message: str, address: str | None = None) -> Defect:
    return Defect(axis=2, code=code, message=message, address=address)
