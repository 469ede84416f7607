"""Cut now: what was approved becomes units, by the lane that this process holds. VERIFY stays with the other identity.

The page adds no judgement of its own: CUT recomputes everything from what is stored and applies what the decision
binds (``phases.cut``), so a second press, a second reviewer and the way back find the change set that is there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from cutter_agent import errors
from cutter_agent.model import EntryStatus
from cutter_agent.report import EntryLine
from cutter_agent.web.mishaps import refusal
from cutter_agent.web.visit import Refusal, Visit
from sealing.errors import KeyUnusable

log = logging.getLogger("cutter_agent.web")

COMMAND = "iu-cutter cut-approved {entry}"
_KINDS: tuple[tuple[type[Exception], str, int], ...] = (
    (errors.IllegalTransition, "cut_not_now", 409),
    (errors.StaleApproval, "cut_not_as_approved", 409),
    (errors.PhantomSuccess, "cut_not_as_approved", 409),
    (errors.GovernanceRefused, "cut_refused", 409),
    (errors.RetriesExhausted, "cut_busy", 503),
    (errors.DeadlinePassed, "cut_long", 503),
    (KeyUnusable, "cut_no_key", 500),
)
"""What a cut that is refused is called on its page. Everything else is as for other forms."""
_MOVES_ON = frozenset({EntryStatus.MARKED, EntryStatus.REVIEWED_APPROVED, EntryStatus.CUT_APPLIED})
"""States that somebody else, or another process, may end at any moment: the page looks by itself."""


def cut(visit: Visit) -> Response:
    """POST /entries/{entry}/cut. Raises ``Refusal`` with what happened and what to do, and as ``phases.cut.cut``."""
    entry_id = visit.place("entry")
    line = visit.site.lane.report.entry(entry_id)
    least = visit.site.cut_by
    if least is None:
        raise Refusal("cut_elsewhere", 403, command=COMMAND.format(entry=line.entry_id))
    if not visit.may(least):
        raise Refusal("role", 403, role=least.value, own=visit.account.role.value if visit.account else "")
    if visit.form.get("seen_digest", "") != line.payload.get("manifest_digest"):
        raise Refusal("cut_other", 409)
    try:
        result = visit.site.lane.cut(line.entry_id)
    except (errors.CutterError, KeyUnusable) as error:
        found = refusal(error, _KINDS, command=COMMAND.format(entry=line.entry_id))
        if found is None:
            raise
        raise found from error
    log.info("%s had %s cut%s", visit.reviewer, line.entry_id, "" if result.applied else " (it was cut already)")
    word = "done" if result.applied else "before"
    return visit.to(f"/entries/{line.entry_id}?cut={word}")


def state(visit: Visit) -> Response:
    """GET /entries/{entry}/state: how the entry stands, for a page that waits. It does not keep a session alive."""
    line = visit.site.lane.report.entry(visit.place("entry"))
    return JSONResponse({"entry_id": line.entry_id, "status": line.status})


def standing(visit: Visit, line: EntryLine) -> Mapping[str, object]:
    """What the way of an entry offers to whoever looks: the form of the cut, and whether the page looks by itself."""
    status, least = EntryStatus(line.status), visit.site.cut_by
    may_cut = status is EntryStatus.REVIEWED_APPROVED and least is not None and visit.may(least)
    return {
        "path": f"/entries/{line.entry_id}",
        "digest": line.payload.get("manifest_digest", ""),
        "may_cut": may_cut,
        "moves_on": status in _MOVES_ON,
        "is_loaded_anew": visit.query("moved") == "1",
        "cut": visit.query("cut") if visit.query("cut") in {"done", "before"} else "",
    }
