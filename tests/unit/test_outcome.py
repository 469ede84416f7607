"""The verdict follows from the planned and the answered checks, and from nothing else (design 3.5)."""

from __future__ import annotations

import pytest

from pg_dryrun.outcome import EXIT_CODES, EXIT_USAGE, Blame, Check, Status, Verdict, verdict_of


def check(name: str, status: Status = Status.PASSED, blame: Blame | None = None) -> Check:
    return Check(id=name, title=name, status=status, step="C-01", blame=blame)


def test_pass_needs_exactly_the_planned_checks() -> None:
    assert verdict_of(["a", "b"], [check("a"), check("b")]) is Verdict.PASS


@pytest.mark.parametrize(
    ("planned", "answered"),
    [
        ([], []),
        (["a", "b"], ["a"]),
        (["a"], ["a", "b"]),
        (["a", "b"], ["b", "a"]),
        (["a"], ["a", "a"]),
    ],
)
def test_silence_is_the_tools_failure_never_a_pass(planned: list[str], answered: list[str]) -> None:
    assert verdict_of(planned, [check(name) for name in answered]) is Verdict.TOOL_FAIL


@pytest.mark.parametrize(
    ("blame", "verdict"),
    [
        (Blame.PRODUCT, Verdict.PRODUCT_FAIL),
        (Blame.PLAN, Verdict.PLAN_FAIL),
        (Blame.TOOL, Verdict.TOOL_FAIL),
        (Blame.ENVIRONMENT, Verdict.INCOMPLETE),
        (None, Verdict.TOOL_FAIL),
    ],
)
def test_the_first_failure_gives_the_word(blame: Blame | None, verdict: Verdict) -> None:
    first, second = check("a", Status.FAILED, blame), check("b", Status.FAILED, Blame.PRODUCT)
    assert verdict_of(["a", "b"], [first, second]) is verdict


def test_a_failure_weighs_more_than_what_could_not_run_before_it() -> None:
    checks = [check("a", Status.COULD_NOT_RUN), check("b", Status.FAILED, Blame.PRODUCT)]
    assert verdict_of(["a", "b"], checks) is Verdict.PRODUCT_FAIL


@pytest.mark.parametrize("status", [Status.COULD_NOT_RUN, Status.NOT_REACHED])
def test_what_was_not_answered_is_incomplete(status: Status) -> None:
    assert verdict_of(["a", "b"], [check("a"), check("b", status)]) is Verdict.INCOMPLETE


def test_exit_codes_are_distinct_and_leave_two_to_usage() -> None:
    assert dict(EXIT_CODES) == {
        Verdict.PASS: 0,
        Verdict.PRODUCT_FAIL: 1,
        Verdict.PLAN_FAIL: 3,
        Verdict.TOOL_FAIL: 4,
        Verdict.INCOMPLETE: 5,
    }
    assert EXIT_USAGE not in EXIT_CODES.values()
