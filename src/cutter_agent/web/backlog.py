"""The backlog: what waits, what was decided, by state and by words; and who has an account."""

from __future__ import annotations

from starlette.responses import Response

from cutter_agent.model import EntryStatus
from cutter_agent.report import EntryLine
from cutter_agent.state_machine import TRANSACTION_ONLY
from cutter_agent.web.visit import Visit

MOST_ENTRIES = 500


def backlog(visit: Visit) -> Response:
    """GET /: the newest entries first, at most ``MOST_ENTRIES`` of a state; the page says so where there are more."""
    states = [state for state in EntryStatus if state not in TRANSACTION_ONLY]
    asked = visit.query("state")
    state = next((each for each in states if each == asked), None)
    found = visit.site.lane.report.entries(status=state, limit=MOST_ENTRIES + 1)
    words, doubtful = visit.query("q")[:200], visit.query("doubtful") == "1"
    shown = [line for line in found[:MOST_ENTRIES] if _has(line, words) and (not doubtful or _exceptions(line) > 0)]
    return visit.page(
        "backlog",
        states=states,
        state=state,
        words=words,
        doubtful=doubtful,
        entries=shown,
        is_filtered=bool(words or doubtful or state),
        more_than=MOST_ENTRIES if len(found) > MOST_ENTRIES else 0,
    )


def _has(line: EntryLine, words: str) -> bool:
    text = " ".join(str(line.payload.get(name, "")) for name in ("document_code", "document_ref", "title")).casefold()
    return all(word in text for word in words.casefold().split())


def _exceptions(line: EntryLine) -> int:
    count = line.payload.get("exception_count", 0)
    return count if isinstance(count, int) else 0


def accounts(visit: Visit) -> Response:
    """GET /accounts: names and roles, for an admin."""
    return visit.page("accounts", accounts=list(visit.site.accounts.all().values()))
