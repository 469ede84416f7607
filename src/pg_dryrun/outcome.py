"""What a check may say, what a run may say, and how the second follows from the first (design 3.5). Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """The four words of a check."""

    PASSED = "Passed"
    FAILED = "Failed"
    NOT_REACHED = "NotReached"
    COULD_NOT_RUN = "CouldNotRun"


class Blame(StrEnum):
    """Whose failure it is. The words differ so that a tool's defect never reads as the product's."""

    PRODUCT = "product"
    PLAN = "plan"
    TOOL = "tool"
    ENVIRONMENT = "environment"


class Verdict(StrEnum):
    """The words of a run."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a secret
    PRODUCT_FAIL = "PRODUCT_FAIL"
    PLAN_FAIL = "PLAN_FAIL"
    TOOL_FAIL = "TOOL_FAIL"
    INCOMPLETE = "INCOMPLETE"


EXIT_CODES: Mapping[Verdict, int] = {
    Verdict.PASS: 0,
    Verdict.PRODUCT_FAIL: 1,
    Verdict.PLAN_FAIL: 3,
    Verdict.TOOL_FAIL: 4,
    Verdict.INCOMPLETE: 5,
}
EXIT_USAGE = 2


@dataclass(frozen=True, kw_only=True)
class RootCause:
    """Why the first failure happened: all that was known at that moment."""

    message: str
    error_type: str | None = None
    sqlstate: str | None = None
    statement_name: str | None = None
    statement_text: str | None = None
    connection_state: str | None = None
    call_site: str | None = None
    last_statements: tuple[str, ...] = ()
    remedy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Check:
    """One answered question. ``id`` is a gate (``G-10``) or a scenario (``S4``); ``observed`` is its own evidence.

    ``observed`` holds canonical-JSON values only. A ``FAILED`` check names whom it blames and why.
    """

    id: str
    title: str
    status: Status
    step: str
    detail: str = ""
    blame: Blame | None = None
    root_cause: RootCause | None = None
    observed: Mapping[str, object] = field(default_factory=dict)
    duration_s: float = 0.0


def verdict_of(planned: Sequence[str], checks: Sequence[Check]) -> Verdict:
    """PASS only if the passed checks are exactly the planned ones and not none; else the first failure's word.

    An unplanned, doubled or missing check is the tool's own failure: no room can say PASS by keeping silent.
    """
    for check in checks:
        if check.status is Status.FAILED:
            match check.blame:
                case Blame.PRODUCT:
                    return Verdict.PRODUCT_FAIL
                case Blame.PLAN:
                    return Verdict.PLAN_FAIL
                case Blame.ENVIRONMENT:
                    return Verdict.INCOMPLETE
                case Blame.TOOL | None:
                    return Verdict.TOOL_FAIL
    if any(check.status is Status.COULD_NOT_RUN for check in checks):
        return Verdict.INCOMPLETE
    if not planned or [check.id for check in checks] != list(planned):
        return Verdict.TOOL_FAIL
    if any(check.status is Status.NOT_REACHED for check in checks):
        return Verdict.INCOMPLETE
    return Verdict.PASS
