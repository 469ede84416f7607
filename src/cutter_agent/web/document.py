"""A document: its units as of any cut, one unit with its versions, its exact bytes, and its ledger as a timeline."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from cutter_agent.errors import UsageError
from cutter_agent.report import UnitLine
from cutter_agent.web.entry import download
from cutter_agent.web.finding import found_place
from cutter_agent.web.paging import Paging
from cutter_agent.web.visit import Visit


def document(visit: Visit) -> Response:
    """GET /documents/{document}?as_of=N: the tree. Raises as ``Report.units``."""
    report, asked = visit.site.lane.report, visit.place("document")
    line = report.document(asked)
    cuts = report.cuts(asked)
    newest = max((cut.cut_seq for cut in cuts), default=0)
    as_of = visit.number("as_of", newest)
    units = report.units(asked, as_of=as_of)
    wanted = visit.query("find")[:200]
    place = found_place(wanted, [unit.canonical_address for unit in units], lambda at: units[at].body)
    if place is not None:
        page = Paging.at(1, len(units)).of(place)
        return visit.to(f"{visit.path}?as_of={as_of}&page={page}#{units[place].canonical_address}")
    paging = Paging.at(visit.number("page", 1), len(units))
    depths = _depths(units)
    rows = [(units[place], depths[place]) for place in range(paging.first, paging.end)]
    return visit.page(
        "document", document=line, cuts=cuts, as_of=as_of, newest=newest, rows=rows, paging=paging, asked=wanted
    )


def rebuilt(visit: Visit) -> Response:
    """GET /documents/{document}/text?as_of=N: the bytes, proven equal to the snapshot. Raises as ``Report.rebuild``."""
    asked = visit.place("document")
    as_of = visit.number("as_of", 0) or None
    code = visit.site.lane.report.document(asked).document_code
    made = visit.site.lane.report.rebuild(asked, as_of=as_of)
    answer = download(made.data, f"{code}-cut{made.cut_seq}.txt")
    answer.headers["ETag"] = f'"{made.sha256}"'
    return answer


def unit(visit: Visit) -> Response:
    """GET /units/{address}?as_of=N: the permalink of a unit, and of what held as of a cut; an alias leads to the
    address. Raises as ``Report.unit``."""
    asked = visit.place("address")
    facts = visit.site.lane.report.unit(asked)
    if facts.canonical_address != asked:
        return visit.to(
            f"/units/{facts.canonical_address}" + (f"?{visit.request.url.query}" if visit.query("as_of") else "")
        )
    as_of = visit.number("as_of", 0)
    held = [each.version_seq for each in facts.versions if each.cut_seq <= as_of]
    return visit.page(
        "unit",
        unit=facts,
        cuts={cut.change_set_id: cut for cut in facts.cuts},
        as_of=as_of,
        held=max(held, default=0),
    )


def ledger(visit: Visit) -> Response:
    """GET /ledger/{asked}: every move of every entry of a document, or of one entry. Raises as ``Report.history``."""
    asked = visit.place("asked")
    report = visit.site.lane.report
    reviewers = {each.review_decision_id: each.reviewer_identity for each in report.decisions(asked)}
    moves = [
        (move, reviewers.get(str(move.change_diff.get("review_decision_id")), "")) for move in report.history(asked)
    ]
    return visit.page("ledger", asked=asked, moves=moves, code=_code(visit, asked))


def _code(visit: Visit, asked: str) -> str:
    """The document's code, where it was cut and is what was asked for; else empty."""
    try:
        return visit.site.lane.report.document(asked).document_code
    except UsageError:
        return ""


def _depths(units: Iterable[UnitLine]) -> list[int]:
    known: dict[str, int] = {}
    found = []
    for each in units:
        depth = known.get(each.parent, -1) + 1 if each.parent else 0
        known[each.canonical_address] = depth
        found.append(depth)
    return found
