"""One entry: the doubtful places first, then source and units side by side, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from starlette.responses import Response

from cutter_agent import manifest as manifests
from cutter_agent.cases import Case
from cutter_agent.errors import UsageError
from cutter_agent.model import EntryStatus, Manifest, ManifestBlock, Severity
from cutter_agent.phases.answering import Given
from cutter_agent.phases.sweep import Trigger
from cutter_agent.report import EntryLine
from cutter_agent.state_machine import NEXT_COMMAND
from cutter_agent.web.accounts import Role
from cutter_agent.web.mishaps import log
from cutter_agent.web.paging import Paging
from cutter_agent.web.visit import Visit

MOST_NOTICES = 200
CASES_ON_A_PAGE = 50
OTHER = "?"
"""The answer of somebody who writes an address of his own in the field beside."""


_CUT = frozenset({EntryStatus.CUT_APPLIED, EntryStatus.VERIFIED_COMPLETE, EntryStatus.VERIFY_FAILED_ESCALATED})


@dataclass(frozen=True, kw_only=True)
class UnitRow:
    """One unit with its text. ``depth`` counts its ancestors; ``fate``: what a re-cut makes of it; ``cases``: their
    ids."""

    place: int
    unit: ManifestBlock
    depth: int
    text: str = field(repr=False)
    fate: str
    cases: Sequence[str]


def entry(visit: Visit) -> Response:
    """GET /entries/{entry}. Raises as ``Report.proposal``."""
    line = visit.site.lane.report.entry(visit.place("entry"))
    if "manifest_digest" not in line.payload:
        detail = json.dumps(dict(line.payload), indent=1, ensure_ascii=False, default=str)
        return visit.page("escalation", entry=line, detail=detail)
    proposal, cases = visit.site.lane.cases(line.entry_id)
    manifest = manifests.parse(proposal.manifest)
    paging = Paging.at(visit.number("page", 1), len(manifest.units))
    draft = visit.draft()
    number_of = {case.id: number for number, case in enumerate(cases)}
    walk = Paging.at(1, len(cases), CASES_ON_A_PAGE)
    kept_on = walk.of(number_of[draft["case"]]) if draft.get("case") in number_of else 1
    walk = Paging.at(visit.number("cases", kept_on), len(cases), CASES_ON_A_PAGE)
    notices = [each for each in manifest.findings if each.severity is Severity.NOTICE]
    return visit.page(
        "entry",
        entry=proposal.entry,
        header=manifest.header,
        recut=manifest.recut,
        decisions=proposal.decisions,
        cases=cases[walk.first : walk.end],
        differing=[case.id for case in cases if case.differs],
        walk=walk,
        walk_of={case: walk.of(number) for case, number in number_of.items()},
        places={case.id: _place(manifest, case.start_byte) for case in cases},
        notices=[(each, _place(manifest, each.start_byte)) for each in notices[:MOST_NOTICES]],
        notice_count=len(notices),
        rows=list(_rows(manifest, proposal.snapshot, cases, paging)),
        paging=paging,
        draft=draft,
        may_decide=may_decide(visit, proposal.entry),
        was_cut=manifest.recut is not None or proposal.entry.status in _CUT,
        next_command=next_command(proposal.entry),
        other=OTHER,
    )


def source(visit: Visit) -> Response:
    """GET /entries/{entry}/source: the exact bytes that were proposed to be cut."""
    proposal = visit.site.lane.report.proposal(visit.place("entry"))
    return download(proposal.snapshot, f"{proposal.entry.payload['document_code']}-source.txt")


def answer(visit: Visit) -> Response:
    """POST /entries/{entry}/answers: one case. Raises as ``phases.answering.answer``."""
    word = visit.form.get("answer", "")
    word = visit.form.get("other", "").strip().upper() if word == OTHER else word
    if not word:
        raise UsageError("no answer was chosen", remedy="Choose one of the answers of the case.")
    entry_id, case = visit.place("entry"), visit.form.get("case", "")
    given = Given(case=case, answer=word, comment=visit.form.get("comment", "").strip())
    visit.site.lane.answer(entry_id, [given], reviewer=visit.reviewer, seen_digest=visit.form.get("seen_digest", ""))
    visit.site.sessions.forget_draft(visit.token)
    log.info("%s answered %s of %s: %r", visit.reviewer, case, entry_id, word)
    walk = visit.form.get("walk", "")
    where = f"?cases={walk}" if walk.isascii() and walk.isdigit() and walk != "1" else ""
    return visit.to(f"/entries/{entry_id}{where}#{case}")


def again(visit: Visit) -> Response:
    """POST /entries/{entry}/again: the proposal that the answers lead to. Raises as ``phases.proposing_again``."""
    lane, entry_id = visit.site.lane, visit.place("entry")
    proposed = lane.propose_again(entry_id, reviewer=visit.reviewer, seen_digest=visit.form.get("seen_digest", ""))
    later = proposed.entry.entry_id
    if proposed.created:
        while later not in (swept := lane.sweep(Trigger.PIPELINE)).promoted and swept.full:
            pass
    log.info("%s had %s proposed again as %s", visit.reviewer, entry_id, later)
    return visit.to(f"/entries/{later}")


def may_decide(visit: Visit, line: EntryLine) -> bool:
    """Whether the page offers forms. What is really allowed, the phase says."""
    return visit.may(Role.REVIEWER) and line.status == EntryStatus.REVIEW_PENDING


def next_command(line: EntryLine) -> str:
    """What an operator types next; empty where nothing follows, or where it is this page's own work."""
    status = EntryStatus(line.status)
    if status is EntryStatus.REVIEW_PENDING:
        return ""
    return NEXT_COMMAND.get(status, "").format(entry=line.entry_id)


def download(data: bytes, name: str) -> Response:
    """Bytes to be saved, never shown: a law with markup in it must not become a page of this site."""
    disposition = f'attachment; filename="{name}"'
    return Response(data, media_type="text/plain; charset=utf-8", headers={"Content-Disposition": disposition})


def _rows(manifest: Manifest, snapshot: bytes, cases: Sequence[Case], paging: Paging) -> Iterator[UnitRow]:
    depths = _depths(manifest.units)
    at: dict[int, list[str]] = {}
    for case in cases:
        at.setdefault(_place(manifest, case.start_byte), []).append(case.id)
    for place in range(paging.first, paging.end):
        unit = manifest.units[place]
        yield UnitRow(
            place=place,
            unit=unit,
            depth=depths[place],
            text=snapshot[unit.start_byte : unit.end_byte].decode(errors="replace"),
            fate=manifest.recut.units[place].change if manifest.recut else "",
            cases=at.get(place, ()),
        )


def _depths(units: Sequence[ManifestBlock]) -> list[int]:
    known: dict[str, int] = {}
    for unit in units:
        known[unit.address] = known.get(unit.parent, -1) + 1 if unit.parent else 0
    return [known[unit.address] for unit in units]


def _place(manifest: Manifest, start_byte: int) -> int:
    """The place of the unit that holds a byte."""
    low, high = 0, len(manifest.units)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if manifest.units[middle].start_byte <= start_byte else (low, middle)
    return max(low - 1, 0)
