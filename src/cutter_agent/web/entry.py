"""One entry: the doubtful places first, then source and units side by side, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from cutter_agent.cases import Case
from cutter_agent.errors import UsageError
from cutter_agent.model import EntryStatus
from cutter_agent.phases.answering import Given
from cutter_agent.phases.sweep import Trigger
from cutter_agent.report import EntryLine
from cutter_agent.web import reading
from cutter_agent.web.accounts import Role
from cutter_agent.web.cutting import standing
from cutter_agent.web.finding import found_place
from cutter_agent.web.mishaps import log
from cutter_agent.web.paging import UNITS_ON_A_PAGE, Paging
from cutter_agent.web.reading import Read
from cutter_agent.web.rows import Place, listed, rows
from cutter_agent.web.visit import Visit
from cutter_agent.web.way import way

MOST_NOTICES = 200
CASES_ON_A_PAGE = 50
OTHER = "?"
"""The answer of somebody who writes an address of his own in the field beside."""
ALL, MARKED = "all", "marked"
"""What the rows show: every unit, or what changes and what is doubtful."""

_CUT = frozenset({EntryStatus.CUT_APPLIED, EntryStatus.VERIFIED_COMPLETE, EntryStatus.VERIFY_FAILED_ESCALATED})


def entry(visit: Visit) -> Response:
    """GET /entries/{entry}. Raises as ``Report.proposal``."""
    line = visit.site.lane.report.entry(visit.place("entry"))
    if "manifest_digest" not in line.payload:
        detail = json.dumps(dict(line.payload), indent=1, ensure_ascii=False, default=str)
        return visit.page("escalation", entry=line, detail=detail)
    found = reading.read(visit.site.lane.report, visit.site.manifests, line.entry_id)
    manifest, cases, proposal = found.manifest, found.cases, found.proposal
    show = visit.query("show") if visit.query("show") in {ALL, MARKED} else _usual(found)
    places = listed(found, only_marked=show == MARKED)
    at = {place: number for number, place in enumerate(places)}
    asked = visit.query("find")[:200]
    wanted = _find(found, asked) if asked else None
    if wanted is not None:
        return visit.to(_where(visit, found, ("u", wanted), at, show))
    paging = Paging.at(visit.number("page", 1), len(places))
    notices, count = found.notices(MOST_NOTICES)
    more = "" if show == _usual(found) else f"&show={show}"
    draft = visit.draft()
    number_of = {case.id: number for number, case in enumerate(cases)}
    walk = Paging.at(1, len(cases), CASES_ON_A_PAGE)
    kept_on = walk.of(number_of[draft["case"]]) if draft.get("case") in number_of else 1
    walk = Paging.at(visit.number("cases", kept_on), len(cases), CASES_ON_A_PAGE)
    return visit.page(
        "entry",
        entry=proposal.entry,
        header=manifest.header,
        recut=manifest.recut,
        decisions=proposal.decisions,
        cases=cases[walk.first : walk.end],
        looked_at=sum(case.said is not None for case in cases),
        differing=[case.id for case in cases if case.differs],
        noted=visit.query("noted") if visit.query("noted") in number_of else "",
        walk=walk,
        walk_of={case: walk.of(number) for case, number in number_of.items()},
        links={case.id: _link(found, case, at, f"&cases={walk.page}{more}") for case in cases[walk.first : walk.end]},
        more=more,
        notices=[(f"page={place // UNITS_ON_A_PAGE + 1}&show={ALL}#u{place}", *said) for place, *said in notices],
        notice_count=count,
        rows=list(rows(found, places[paging.first : paging.end])),
        paging=paging,
        show=show,
        usual=_usual(found),
        asked=asked,
        draft=draft,
        may_decide=may_decide(visit, proposal.entry),
        was_cut=manifest.recut is not None or proposal.entry.status in _CUT,
        way=way(proposal.entry.status, proposal.entry.entry_id),
        successor=successor(visit, proposal.entry),
        standing=standing(visit, proposal.entry),
        other=OTHER,
    )


def _usual(found: Read) -> str:
    """A re-cut is read by what changes, a first cut from its beginning."""
    return MARKED if found.manifest.recut else ALL


def _find(found: Read, asked: str) -> int | None:
    units = found.manifest.units
    return found_place(asked, [unit.address for unit in units], lambda place: found.text(units[place]))


def _link(found: Read, case: Case, at: Mapping[Place, int], more: str) -> str:
    """Where the unit of a case stands in the rows: what follows the page's own path."""
    place = found.place(case.start_byte)
    return f"page={Paging.at(1, len(at)).of(at.get(('u', place), 0))}{more}#u{place}"


def _where(visit: Visit, found: Read, place: Place, at: Mapping[Place, int], show: str) -> str:
    """The address of the page that has a unit: in the rows as they are, or in all of them."""
    if place not in at:
        at, show = {each: number for number, each in enumerate(listed(found, only_marked=False))}, ALL
    page = Paging.at(1, len(at)).of(at[place])
    return f"{visit.path}?page={page}&show={show}#{place[0]}{place[1]}"


def source(visit: Visit) -> Response:
    """GET /entries/{entry}/source: the exact bytes that were proposed to be cut."""
    proposal = visit.site.lane.report.proposal(visit.place("entry"))
    return download(proposal.snapshot, f"{proposal.entry.payload['document_code']}-source.txt")


def answer(visit: Visit) -> Response:
    """POST /entries/{entry}/answers: one case; on to the next one that waits. Raises as ``phases.answering.answer``."""
    word = visit.form.get("answer", "")
    word = visit.form.get("other", "").strip().upper() if word == OTHER else word
    if not word:
        raise UsageError("no answer was chosen", remedy="Choose one of the answers of the case.")
    entry_id, case = visit.place("entry"), visit.form.get("case", "")
    given = Given(case=case, answer=word, comment=visit.form.get("comment", "").strip())
    visit.site.lane.answer(entry_id, [given], reviewer=visit.reviewer, seen_digest=visit.form.get("seen_digest", ""))
    visit.site.sessions.forget_draft(visit.token)
    log.info("%s answered %s of %s: %r", visit.reviewer, case, entry_id, word)
    cases = reading.read(visit.site.lane.report, visit.site.manifests, entry_id).cases
    place, target = _next(cases, case)
    walk = Paging.at(1, len(cases), CASES_ON_A_PAGE).of(place)
    where = f"&cases={walk}" if walk != 1 else ""
    return visit.to(f"/entries/{entry_id}?noted={case}{where}#{target}")


def _next(cases: Sequence[Case], answered: str) -> tuple[int, str]:
    """The next case that nobody answered, round about; the answered one where there is none."""
    own = next((number for number, case in enumerate(cases) if case.id == answered), 0)
    around = [*range(own + 1, len(cases)), *range(own)]
    place = next((number for number in around if cases[number].said is None), own)
    return place, cases[place].id


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


def successor(visit: Visit, line: EntryLine) -> str:
    """The entry that took the place of this one; empty where none did."""
    edges = visit.site.lane.report.dependencies(line.entry_id)
    later = [edge.from_entry_id for edge in edges if edge.to_entry_id == line.entry_id]
    kinds = {edge.from_entry_id: edge.dependency_kind for edge in edges}
    return next((each for each in reversed(later) if kinds[each] == "supersedes"), "")


def download(data: bytes, name: str) -> Response:
    """Bytes to be saved, never shown: a law with markup in it must not become a page of this site."""
    disposition = f'attachment; filename="{name}"'
    return Response(data, media_type="text/plain; charset=utf-8", headers={"Content-Disposition": disposition})
