"""``iu-cutter review``: see a proposal with its doubtful places first, and approve, defer or reject it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cutter_agent import manifest as manifests
from cutter_agent import recut, topology
from cutter_agent.cases import Case
from cutter_agent.cli import cases, options, orders, output
from cutter_agent.cli.segment import finding_record
from cutter_agent.errors import AwaitingReview, UsageError
from cutter_agent.model import EntryStatus, Manifest, OperationKind, ReviewerKind, Severity, Verdict
from cutter_agent.phases.review import Judgement, ReviewResult
from cutter_agent.report import Proposal
from cutter_agent.wiring import exec_lane

_VERDICTS = {"approve": Verdict.PASS, "defer": Verdict.NEEDS_HUMAN, "reject": Verdict.FAIL}

Approve = Annotated[bool, typer.Option("--approve", help="PASS: cut exactly this.")]
Defer = Annotated[bool, typer.Option("--defer", help="NEEDS_HUMAN: not now.")]
Reject = Annotated[bool, typer.Option("--reject", help="FAIL: never this.")]
Rationale = Annotated[str | None, typer.Option("--rationale", help="Why, in a sentence. Needed for a decision.")]
Reviewer = Annotated[str | None, typer.Option("--reviewer", help="Who decides; not the marker. Default: you.")]
Digest = Annotated[
    str | None,
    typer.Option("--digest", help="The manifest digest that you looked at: anything else is refused as stale."),
]
Questions = Annotated[bool, typer.Option("--questions", help="List the cases one by one, with both texts.")]
AnswerTo = Annotated[
    list[str] | None,
    typer.Option("--answer", metavar="CASE=ANSWER", help="Answer one case, Q3=same or E1=accepted. Repeatable."),
]
AnswerFile = Annotated[str | None, typer.Option("--answers", metavar="FILE", help="Answers as JSON.")]
Comment = Annotated[str, typer.Option("--comment", help="Why, for the answers of this call.")]
Again = Annotated[
    bool, typer.Option("--propose-again", help="With answers on record that differ from what is proposed.")
]
Assumed = Annotated[
    bool, typer.Option("--accept-all-assumed", help="With --approve: questions left open are taken as assumed.")
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="With --defer: when it is due again, UTC."),
]


def review(
    entry: options.Entry,
    approve: Approve = False,
    defer: Defer = False,
    reject: Reject = False,
    rationale: Rationale = None,
    reviewer: Reviewer = None,
    digest: Digest = None,
    until: Until = None,
    questions: Questions = False,
    answer: AnswerTo = None,
    answers: AnswerFile = None,
    comment: Comment = "",
    propose_again: Again = False,
    accept_all_assumed: Assumed = False,
    as_json: options.Json = False,
) -> None:
    """Show a proposal, answer its questions, and approve, defer or reject it.

    Without a decision it is shown, doubtful places first; on a terminal you are then asked. The decision binds the
    digests of exactly what was shown. Answers are stored; where one differs from what is assumed, the re-cut is
    proposed again with the answers, as an entry of its own.

    Examples:
      iu-cutter review HP2013 # show it, doubtful places first
      iu-cutter review HP2013 --approve --rationale "read against the gazette"
      iu-cutter review HP2013 --questions
      iu-cutter review HP2013 --answer Q1=same
      iu-cutter review HP2013 --defer --until 2026-12-01 --rationale "the ministry was asked"
    """
    chosen = _chosen(approve=approve, defer=defer, reject=reject)
    answering = bool(answer or answers or propose_again)
    if until is not None and chosen != "defer":
        raise UsageError("--until belongs to --defer", remedy="Give --defer, or leave --until out.")
    if accept_all_assumed and chosen != "approve":
        raise UsageError("--accept-all-assumed belongs to --approve", remedy="Give --approve, or leave it out.")
    if (answering or questions) and chosen is not None:
        raise UsageError(f"answers and --{chosen} at once", remedy="Answer first, look at what follows, then decide.")
    with exec_lane(os.environ) as lane:
        if answering:
            given = cases.given(answer or (), answers, comment)
            entry = cases.answer(
                lane,
                lane.report.proposal(entry),
                given,
                reviewer=reviewer or orders.person(),
                digest=digest,
                again=propose_again and not given,
            )
        if answering or questions:
            cases.show(*lane.cases(entry), as_json=as_json)
            return
        proposal = lane.report.proposal(entry)
        entry_id, shown = proposal.entry.entry_id, str(proposal.entry.payload["manifest_digest"])
        if chosen is None:
            _show(proposal, as_json=as_json)
            chosen, rationale = _ask(proposal, rationale, as_json=as_json)
            accept_all_assumed = chosen == "approve" and _assumed(lane.cases(entry_id)[1])
        if not rationale:
            raise UsageError("a decision without a rationale", remedy="Say why: --rationale.")
        judgement = Judgement(
            verdict=_VERDICTS[chosen],
            reviewer=reviewer or orders.person(),
            reviewer_kind=ReviewerKind.HUMAN,
            rationale=rationale,
            decided_by=lane.settings.lane.value,
            seen_digest=digest or shown,
            due_at=until.replace(tzinfo=UTC) if until else None,
            accept_assumed=accept_all_assumed,
        )
        result = lane.review(entry_id, judgement)
    if as_json:
        output.print_json(_decision_record(result))
        return
    said = "" if result.created else " (decided before: nothing was written)"
    output.print_line(f"{entry_id}: {result.status}{said}")
    if result.status is EntryStatus.REVIEWED_APPROVED:
        output.note(
            f"next: iu-cutter cut-approved {entry_id}, then iu-cutter verify {entry_id}; {_or_at_once(proposal)}"
        )


def _or_at_once(proposal: Proposal) -> str:
    """What does both at once. An order has no file that could be cut again."""
    kind = manifests.parse(proposal.manifest, proposal.below.get).header.operation_kind
    has_file = kind in {OperationKind.FIRST_CUT, OperationKind.RECUT}
    return "or cut the file again." if has_file else "or give the same order again."


def _chosen(**wanted: bool) -> str | None:
    names = [name for name, given in wanted.items() if given]
    if len(names) > 1:
        raise UsageError(f"--{' and --'.join(names)} at once", remedy="Decide for one.")
    return names[0] if names else None


def _show(proposal: Proposal, *, as_json: bool) -> None:
    manifest = manifests.parse(proposal.manifest, proposal.below.get)
    if as_json:
        output.print_json(_proposal_record(proposal, manifest))
        return
    header, payload = manifest.header, proposal.entry.payload
    output.print_line(f"{proposal.entry.entry_id}  {proposal.entry.status}  {header.document_code}  {header.title}")
    output.print_line(
        f"{header.unit_count} units of {header.byte_length} bytes by {header.profile_id}, risk {header.risk_class}"
    )
    output.print_line(f"marked by {header.marked_by}")
    output.print_line(f"manifest {payload['manifest_digest']}")
    output.print_line(f"snapshot {payload['snapshot_sha256']}")
    _show_changes(proposal, manifest)
    doubtful = sorted(
        manifest.findings, key=lambda finding: (finding.severity is not Severity.EXCEPTION, finding.start_byte)
    )
    for finding in doubtful:
        line = proposal.snapshot.count(b"\n", 0, finding.start_byte) + 1
        output.print_line()
        output.print_line(
            f"{finding.severity} {finding.code}, byte {finding.start_byte}, line {line}: {finding.message}"
        )
        output.print_line(f"  | {_line_at(proposal.snapshot, finding.start_byte)}")
    output.print_line()
    if manifest.review is not None and manifest.review.questions:
        output.note(f"one by one: iu-cutter review {proposal.entry.entry_id} --questions")
    for earlier in proposal.decisions:
        output.print_line(f"earlier: {earlier.verdict} by {earlier.reviewer_identity}: {earlier.verdict_rationale}")


def _show_changes(proposal: Proposal, manifest: Manifest) -> None:
    """What a re-cut changes, unit by unit."""
    if manifest.recut is None:
        return
    base = manifest.recut.base
    what = "re-cut" if manifest.topology is None else manifest.header.operation_kind.value
    output.print_line(f"{what} of cut {base.cut_seq}, snapshot {base.snapshot_sha256}")
    output.print_line()
    for line in _change_lines(proposal, manifest):
        output.print_line(line)


def _change_lines(proposal: Proposal, manifest: Manifest) -> list[str]:
    if manifest.recut is None or proposal.base is None:
        return []
    before, source = proposal.base
    if manifest.topology is not None:
        return list(topology.lines(manifest, manifests.parse(before, proposal.below.get).units, proposal.snapshot))
    found = recut.matching_of(manifests.parse(before, proposal.below.get), manifest)
    return list(recut.lines(found, source, proposal.snapshot, ask=False))


def _line_at(snapshot: bytes, start_byte: int) -> str:
    begin = snapshot.rfind(b"\n", 0, start_byte) + 1
    end = snapshot.find(b"\n", start_byte)
    return snapshot[begin : end if end >= 0 else len(snapshot)].decode(errors="replace").strip()[:200]


def _proposal_record(proposal: Proposal, manifest: Manifest) -> dict[str, Any]:
    payload = proposal.entry.payload
    return {
        "entry_id": proposal.entry.entry_id,
        "status": proposal.entry.status,
        "manifest_digest": payload["manifest_digest"],
        "snapshot_sha256": payload["snapshot_sha256"],
        "marked_by": manifest.header.marked_by,
        "manifest": manifests.as_json(manifest),
        "findings": [finding_record(finding) for finding in manifest.findings],
        "changes": _change_lines(proposal, manifest),
    }


def _ask(proposal: Proposal, rationale: str | None, *, as_json: bool) -> tuple[str, str]:
    entry_id = proposal.entry.entry_id
    if proposal.entry.status != EntryStatus.REVIEW_PENDING:
        raise typer.Exit
    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        if as_json:
            raise typer.Exit
        raise AwaitingReview.of(entry_id, "nothing was decided")
    while True:
        answer = typer.prompt("approve, defer, reject or quit").strip().lower()
        if answer in {"q", "quit"}:
            raise typer.Exit
        named = [name for name in _VERDICTS if answer and name.startswith(answer)]
        if named:
            return named[0], rationale or typer.prompt("why")


def _assumed(found: Sequence[Case]) -> bool:
    """On a terminal: whether what nobody answered is taken as it is assumed."""
    left = [case.id for case in found if case.is_open]
    return bool(left) and typer.confirm(f"{len(left)} question(s) are open ({', '.join(left)}): take what is assumed?")


def _decision_record(result: ReviewResult) -> dict[str, Any]:
    decision = result.decision
    return {
        "review_decision_id": decision.review_decision_id,
        "entry_id": decision.entry_id,
        "verdict": decision.verdict,
        "status": result.status,
        "created": result.created,
        "reviewer": decision.reviewer_identity,
        "manifest_digest": decision.manifest_digest,
        "snapshot_sha256": decision.snapshot_sha256,
    }
