"""The answers: each reads the report once and says it in a shape. Raises as ``Report`` does."""

from __future__ import annotations

from typing import Any

from cutter_agent import searching
from cutter_agent.errors import UsageError
from cutter_agent.report import UnitFacts, VersionLine
from cutter_agent.web.api import records
from cutter_agent.web.api.asking import Answer, Call, Elsewhere, Exactly
from cutter_agent.web.api.problem import Problem


def documents(call: Call) -> Answer:
    """``Documents``."""
    count, found = call.report.documents(limit=call.number("limit"), offset=call.number("offset"))
    return _page(call, [records.document(line) for line in found], count)


def document(call: Call) -> Answer:
    """``DocumentWithCuts``."""
    line = call.report.document(call.text("code"))
    if line.document_code != call.text("code"):
        return Elsewhere(url=records.document_url(line.document_code))
    cuts = call.report.cuts(line.document_ref)
    return records.document(line) | {"cuts": [records.cut(cut, line.document_code) for cut in cuts]}


def units(call: Call) -> Answer:
    """``Units``."""
    count, found = call.report.tree(
        call.text("code"),
        as_of=call.number_or_none("as_of"),
        limit=call.number("limit"),
        offset=call.number("offset"),
    )
    return _page(call, [records.unit(unit) for unit, _ in found], count)


def ledger(call: Call) -> Answer:
    """``Ledger``."""
    code = call.report.document(call.text("code")).document_code
    reviewers = {each.review_decision_id: each.reviewer_identity for each in call.report.decisions(code)}
    moves = call.report.history(code)
    return _page(
        call,
        [
            records.move(each, reviewers.get(str(each.change_diff.get("review_decision_id"))))
            for each in _part(call, moves)
        ],
        len(moves),
    )


def unit(call: Call) -> Answer:
    """``UnitFacts``."""
    found = call.report.unit(call.text("address"))
    if found.canonical_address != call.text("address"):
        return Elsewhere(url=records.unit_url(found.canonical_address))
    return records.facts(found, call.report.document(found.document_ref).document_code)


def versions(call: Call) -> Answer:
    """``Versions``."""
    found = call.report.unit(call.text("address"))
    if found.canonical_address != call.text("address"):
        return Elsewhere(url=f"{records.unit_url(found.canonical_address)}/versions")
    lines = [records.version(each, found.canonical_address) for each in _part(call, found.versions)]
    return _page(call, lines, len(found.versions))


def version(call: Call) -> Answer:
    """``VersionWithText``."""
    found = call.report.unit(call.text("address"))
    line = _version(found, call.number("version"))
    if found.canonical_address != call.text("address"):
        return Elsewhere(url=f"{records.unit_url(found.canonical_address)}/versions/{line.version_seq}")
    return records.version(line, found.canonical_address) | {"address": found.canonical_address, "text": line.body}


def text(call: Call) -> Answer:
    """The exact text of a version."""
    found = call.report.unit(call.text("address"))
    line = _version(found, call.number("version"))
    if found.canonical_address != call.text("address"):
        return Elsewhere(url=f"{records.unit_url(found.canonical_address)}/versions/{line.version_seq}/text")
    return Exactly(text=line.body, sha256=line.content_hash)


def search(call: Call) -> Answer:
    """``Hits``."""
    try:
        asked = searching.asked(call.text("q"))
    except UsageError:  # no word in it: nothing has none
        return _page(call, [], 0) | {"has_more": False}
    document_asked = call.text("document") if "document" in call.values else None
    limit, offset = call.number("limit"), call.number("offset")
    found = call.report.search(asked, document=document_asked, limit=limit, offset=offset)
    return _page(call, [records.hit(each) for each in found.units], found.count) | {"has_more": found.has_more}


def _version(found: UnitFacts, number: int) -> VersionLine:
    for line in found.versions:
        if line.version_seq == number:
            return line
    raise Problem(404, "not_found", f"{found.canonical_address} has no version {number}")


def _part(call: Call, items: Any) -> Any:
    return items[call.number("offset") : call.number("offset") + call.number("limit")]


def _page(call: Call, items: list[records.Record], count: int) -> dict[str, Any]:
    return {"items": items, "count": count, "next": call.next_page(count)}
