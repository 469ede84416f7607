"""Decide: approve, defer or reject one proposal, with a rationale, bound to the digest that the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.responses import Response

from cutter_agent.cases import Case
from cutter_agent.errors import IllegalTransition, InputRefused, StaleApproval
from cutter_agent.model import EntryStatus, ReviewerKind, Verdict
from cutter_agent.phases.review import Judgement
from cutter_agent.report import Proposal
from cutter_agent.web import reading
from cutter_agent.web.cutting import standing
from cutter_agent.web.entry import may_decide, successor
from cutter_agent.web.mishaps import log
from cutter_agent.web.visit import Visit
from cutter_agent.web.way import way

VERDICTS = {"approve": Verdict.PASS, "defer": Verdict.NEEDS_HUMAN, "reject": Verdict.FAIL}
MOST_RATIONALE_CHARACTERS = 10_000


def form(visit: Visit) -> Response:
    """GET /entries/{entry}/decide."""
    return _page(visit, wrong="", status=200)


def decide(visit: Visit) -> Response:
    """POST /entries/{entry}/decide: the ledger's row bears the name of the account. Raises as ``phases.review``."""
    entry_id = visit.place("entry")
    wrong = _wrong(visit)
    if wrong:
        return _page(visit, wrong=wrong, status=400)
    judgement = Judgement(
        verdict=VERDICTS[visit.form["verdict"]],
        reviewer=visit.reviewer,
        reviewer_kind=ReviewerKind.HUMAN,
        rationale=visit.form["rationale"].strip(),
        decided_by=visit.site.lane.settings.lane.value,
        seen_digest=visit.form["seen_digest"],
        due_at=_due(visit.form.get("due_at", "")) if visit.form["verdict"] == "defer" else None,
        accept_assumed=visit.form.get("accept_assumed") == "1",
    )
    try:
        result = visit.site.lane.review(entry_id, judgement)
    except (StaleApproval, IllegalTransition) as late:
        return _page(visit, wrong="decide.meanwhile", status=409, said=late.message)
    visit.site.sessions.forget_draft(visit.token)
    log.info("%s decided %s of %s", visit.reviewer, result.decision.verdict, entry_id)
    return visit.to(f"/entries/{entry_id}?decided=1")


def _wrong(visit: Visit) -> str:
    """What is missing in the form, as a key of the catalogue; empty where it is whole."""
    rationale = visit.form.get("rationale", "").strip()
    if visit.form.get("verdict") not in VERDICTS:
        return "decide.no_verdict"
    if not rationale:
        return "decide.no_rationale"
    if len(rationale) > MOST_RATIONALE_CHARACTERS:
        return "decide.long_rationale"
    if not visit.form.get("seen_digest"):
        return "decide.no_digest"
    if visit.form["verdict"] == "defer":
        try:
            _due(visit.form.get("due_at", ""))
        except ValueError:
            return "decide.no_date"
    return ""


def _due(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if text.strip() else None


def _page(visit: Visit, *, wrong: str, status: int, said: str = "") -> Response:
    proposal, cases, broken = _proposal(visit)
    given = visit.form or visit.draft()
    return visit.page(
        "decide",
        status=status,
        entry=proposal.entry,
        decisions=proposal.decisions,
        open_cases=[case.id for case in cases if case.is_open],
        differing=[case.id for case in cases if case.differs],
        exceptions=sum(not case.is_question for case in cases),
        broken=broken,
        wrong=wrong,
        said=said,
        case_count=len(cases),
        looked_at=sum(case.said is not None for case in cases),
        way=way(proposal.entry.status, proposal.entry.entry_id),
        successor=successor(visit, proposal.entry),
        standing=standing(visit, proposal.entry),
        given=given,
        was_kept=bool(given) and not visit.form,
        is_other_manifest=given.get("seen_digest", proposal.entry.payload["manifest_digest"])
        != proposal.entry.payload["manifest_digest"],
        may_decide=may_decide(visit, proposal.entry),
        is_waiting=proposal.entry.status == EntryStatus.REVIEW_PENDING,
        most=MOST_RATIONALE_CHARACTERS,
    )


def _proposal(visit: Visit) -> tuple[Proposal, Sequence[Case], str]:
    """The proposal and its cases; of one that does not hold in the store, why: it can be deferred or rejected."""
    report, entry_id = visit.site.lane.report, visit.place("entry")
    try:
        found = reading.read(report, visit.site.manifests, entry_id)
    except InputRefused as broken:
        return report.proposal(entry_id), (), broken.message
    return found.proposal, found.cases, ""
