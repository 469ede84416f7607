"""A document: its units as of any cut, one unit with its versions, its exact bytes, and its ledger as a timeline."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from cutter_agent.errors import UsageError
from cutter_agent.report import UnitLine
from cutter_agent.web.entry import download
from cutter_agent.web.finding import found_place
from cutter_agent.web.paging import UNITS_ON_A_PAGE, Paging
from cutter_agent.web.visit import Visit

MOST_PAGES = 1_000_000
"""A page beyond is the last one: its place still fits the server's integers."""


def document(visit: Visit) -> Response:
    """GET /documents/{document}?as_of=N: the tree. Raises as ``Report.units``."""
    report, asked = visit.site.lane.report, visit.place("document")
    line = report.document(asked)
    cuts = report.cuts(asked)
    newest = max((cut.cut_seq for cut in cuts), default=0)
    as_of = visit.number("as_of", newest)
    wanted = visit.query("find")[:200]
    found = _found(report.units(asked, as_of=as_of), wanted) if wanted else None
    if found is not None:
        page, address = found
        return visit.to(f"{visit.path}?as_of={as_of}&page={page}#{address}")
    paging, rows = _page(visit, asked, as_of)
    return visit.page(
        "document", document=line, cuts=cuts, as_of=as_of, newest=newest, rows=rows, paging=paging, asked=wanted
    )


def _found(units: Sequence[UnitLine], wanted: str) -> tuple[int, str] | None:
    """The page and the address of the unit that somebody asks for."""
    place = found_place(wanted, [unit.canonical_address for unit in units], lambda at: units[at].body)
    return None if place is None else (Paging.at(1, len(units)).of(place), units[place].canonical_address)


def _page(visit: Visit, asked: str, as_of: int) -> tuple[Paging, list[tuple[UnitLine, int]]]:
    """The units of the page that was asked for, each with its depth; of the last one where there are not so many."""
    report, wanted = visit.site.lane.report, min(max(visit.number("page", 1), 1), MOST_PAGES)
    first = (wanted - 1) * UNITS_ON_A_PAGE
    count, rows = report.tree(asked, as_of=as_of, limit=UNITS_ON_A_PAGE, offset=first)
    paging = Paging.at(wanted, count)
    if paging.first != first:
        _, rows = report.tree(asked, as_of=as_of, limit=UNITS_ON_A_PAGE, offset=paging.first)
    return paging, rows


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
