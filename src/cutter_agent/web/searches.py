"""Search: living units by their words, with and without marks; an address or another name leads to its unit."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from starlette.responses import Response

from cutter_agent import searching
from cutter_agent.errors import UsageError
from cutter_agent.searching import Found
from cutter_agent.web.paging import Paging
from cutter_agent.web.visit import Visit

UNITS_ON_A_PAGE = 20
_ADDRESS = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)+")


def search(visit: Visit) -> Response:
    """GET /search?q=…&document=…&page=N."""
    typed, document = visit.query("q")[: searching.MOST_ASKED_CHARACTERS + 1], visit.query("document")[:400]
    found, wrong = _found(visit, typed, document)
    paging = Paging.at(visit.number("page", 1), found.count if found else 0, UNITS_ON_A_PAGE)
    if found and paging.page > 1:
        found, wrong = _found(visit, typed, document, offset=paging.first)
    return visit.page(
        "search",
        status=400 if wrong == "search.no_words" else 200,
        typed=typed,
        document=document,
        found=found,
        wrong=wrong,
        paging=paging,
        unit=_unit(visit, typed),
        more="&" + urlencode({"q": typed, "document": document}),
        most=searching.MOST_RANKED,
    )


def _found(visit: Visit, typed: str, document: str, *, offset: int = 0) -> tuple[Found | None, str]:
    """What was found, and what is wrong with the question as a key of the catalogue."""
    if not typed:
        return None, ""
    try:
        asked = searching.asked(typed)
    except UsageError:
        return None, "search.no_words"
    try:
        found = visit.site.lane.report.search(asked, document=document or None, limit=UNITS_ON_A_PAGE, offset=offset)
    except UsageError:
        return None, "search.no_document"
    return found, ""


def _unit(visit: Visit, typed: str) -> str:
    """The unit whose address or other name was typed; empty where it is none."""
    name = typed.strip()
    if _ADDRESS.fullmatch(name.upper()) is not None:
        name = name.upper()
    elif not any(each.isdigit() for each in name):
        return ""
    try:
        return visit.site.lane.report.unit(name).canonical_address
    except UsageError:
        return ""
