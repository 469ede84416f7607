"""One document from where it stands to where it can get: MARK → SWEEP → REVIEW by policy → CUT → VERIFY (design 4.2).

The way on is read from the entry's stored state before every step, so a run that was killed is continued by the same
call, and a document that is done is left alone. VERIFY belongs to the other identity: it is handed in as a function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from cutter_agent.errors import AwaitingReview, GovernanceRefused, Internal, VerificationFailed
from cutter_agent.model import EntryStatus
from cutter_agent.phases import mark, sweep
from cutter_agent.report import EntryLine
from cutter_agent.segmenter import Profile
from cutter_agent.wiring import ExecLane


class Step(StrEnum):
    """Names of the phases as a person sees them."""

    MARK = "mark"
    SWEEP = "sweep"
    REVIEW = "review"
    CUT = "cut"
    VERIFY = "verify"


class ReviewerPolicy(StrEnum):
    """Who may approve: the policy where it finds no exception, or a person always."""

    AUTO = "auto"
    HUMAN = "human"


Verify = Callable[[str], object]
"""VERIFY of an entry by the other identity. Raises when the cut does not hold or cannot be verified."""

Watch = Callable[[Step], None]
"""Told before each step."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for one document."""

    source: mark.Source
    profile: Profile
    marker: mark.Marker
    policy: ReviewerPolicy


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Where the document stands now, and which steps wrote something in this call. No step: there was nothing to do.

    ``original_kept``: the text was known, and the file that it was made from this time is kept as another original.
    """

    entry_id: str
    status: EntryStatus
    steps: tuple[Step, ...]
    unit_count: int
    exception_count: int
    original_kept: bool = False


def advance(lane: ExecLane, order: Order, *, verify: Verify | None, watch: Watch) -> Outcome:
    """Bring one document as far as it can get.

    ``verify`` None: stop when it is cut.

    Raises:
        InputRefused: the bytes, profile or manifest cannot be taken.
        AwaitingReview: a person must decide; the entry waits.
        GovernanceRefused: the code belongs to another document, or a person rejected or abandoned this.
        VerificationFailed: the second identity found a defect.
    """
    watch(Step.MARK)
    marked = lane.mark(order.source, order.profile, order.marker)
    return carry_on(lane, marked, order.policy, verify=verify, watch=watch)


def carry_on(
    lane: ExecLane, marked: mark.MarkResult, policy: ReviewerPolicy, *, verify: Verify | None, watch: Watch
) -> Outcome:
    """``advance`` from a marked entry. Raises as ``advance``."""
    entry_id, request = marked.entry.entry_id, marked.entry.request
    done: list[Step] = [Step.MARK] if marked.created else []
    status = EntryStatus(marked.entry.status)
    while (step := _next_step(status)) is not None:
        if step is Step.VERIFY and verify is None:
            break
        watch(step)
        _take(step, lane, entry_id, policy, verify)
        done.append(step)
        before, status = status, EntryStatus(lane.report.entry(entry_id).status)
        if status is before:
            raise Internal(f"{step} left entry {entry_id} at {status}", remedy="Run the same command again.")
    _require_a_good_end(lane.report.entry(entry_id), status)
    return Outcome(
        entry_id=entry_id,
        status=status,
        steps=tuple(done),
        unit_count=request.unit_count,
        exception_count=request.exception_count,
        original_kept=marked.original_kept,
    )


def _next_step(status: EntryStatus) -> Step | None:
    return {
        EntryStatus.MARKED: Step.SWEEP,
        EntryStatus.REVIEW_PENDING: Step.REVIEW,
        EntryStatus.REVIEWED_APPROVED: Step.CUT,
        EntryStatus.CUT_APPLIED: Step.VERIFY,
    }.get(status)


def _take(step: Step, lane: ExecLane, entry_id: str, policy: ReviewerPolicy, verify: Verify | None) -> None:
    if step is Step.SWEEP:
        _sweep_until(lane, entry_id)
    elif step is Step.REVIEW:
        if policy is ReviewerPolicy.HUMAN:
            _wait_for_a_person(entry_id, "a person was asked for (--reviewer-policy human)")
        lane.review_by_policy(entry_id)
    elif step is Step.CUT:
        lane.cut(entry_id)
    elif verify is not None:
        verify(entry_id)


def _sweep_until(lane: ExecLane, entry_id: str) -> None:
    """Sweeps go in key order and take a batch: others may come first."""
    while True:
        swept = lane.sweep(sweep.Trigger.PIPELINE)
        if entry_id in swept.promoted or not swept.full:
            return


def _require_a_good_end(entry: EntryLine, status: EntryStatus) -> None:
    if status in {EntryStatus.VERIFIED_COMPLETE, EntryStatus.CUT_APPLIED}:
        return
    if status is EntryStatus.REVIEWED_DEFERRED:
        raise AwaitingReview(
            f"entry {entry.entry_id} was deferred", remedy="iu-cutter sweep brings it back to review when it is due."
        )
    if status is EntryStatus.VERIFY_FAILED_ESCALATED:
        raise VerificationFailed(
            f"entry {entry.entry_id}: the second identity found a defect earlier",
            remedy=f"iu-cutter history {entry.entry_id} shows the findings; iu-cutter resolve decides what follows.",
        )
    raise GovernanceRefused(
        f"entry {entry.entry_id} is {status}",
        remedy="That is final for this text, profile and reference: iu-cutter history says who decided and why.",
    )


def _wait_for_a_person(entry_id: str, why: str) -> NoReturn:
    raise AwaitingReview.of(entry_id, why)
