"""The record as JUnit XML, for whatever collects results. A tool's failure is an ``error``, never a ``failure``."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from pg_dryrun.outcome import Blame, Check, Status
from pg_dryrun.record import Record
from pg_dryrun.steps import STEPS


def render(record: Record) -> bytes:
    """One test suite per step, one test case per planned check, in UTF-8."""
    suites: list[str] = []
    for step, title in STEPS.items():
        checks = [check for check in record.checks if check.step == step]
        if checks:
            suites.append(_suite(f"{step} {title}", checks))
    counts = _counts(record.checks)
    body = "\n".join(suites)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="pg-dryrun {record.verdict.value}" {counts} '
        f'time="{record.run.duration_s:.3f}">\n{body}\n</testsuites>\n'
    ).encode()


def _suite(name: str, checks: Sequence[Check]) -> str:
    cases = "\n".join(_case(name, check) for check in checks)
    seconds = sum(check.duration_s for check in checks)
    return f'  <testsuite name={_attribute(name)} {_counts(checks)} time="{seconds:.3f}">\n{cases}\n  </testsuite>'


def _case(suite: str, check: Check) -> str:
    head = (
        f"    <testcase classname={_attribute(suite)} name={_attribute(f'{check.id} {check.title}')} "
        f'time="{check.duration_s:.3f}"'
    )
    match check.status:
        case Status.PASSED:
            return f"{head}/>"
        case Status.NOT_REACHED:
            return f"{head}>\n      <skipped message={_attribute(f'not reached: {check.detail}')}/>\n    </testcase>"
        case Status.COULD_NOT_RUN:
            return f'{head}>\n      <error message={_attribute(check.detail)} type="could not run"/>\n    </testcase>'
        case Status.FAILED:
            tag = "failure" if check.blame in {Blame.PRODUCT, Blame.PLAN} else "error"
            kind = check.blame.value if check.blame else "tool"
            opening = f'<{tag} message={_attribute(check.detail)} type="{kind}">'
            return f"{head}>\n      {opening}{_text(check)}</{tag}>\n    </testcase>"


def _text(check: Check) -> str:
    cause = check.root_cause
    if cause is None:
        return ""
    lines = [cause.message]
    for name, value in (
        ("SQLSTATE", cause.sqlstate),
        ("statement", cause.statement_text or cause.statement_name),
        ("connection", cause.connection_state),
        ("at", cause.call_site),
        ("remedy", cause.remedy),
    ):
        if value:
            lines.append(f"{name}: {value}")
    lines += [f"  {statement}" for statement in cause.last_statements]
    return escape(_printable("\n".join(lines)))


def _counts(checks: Sequence[Check]) -> str:
    failures = sum(c.status is Status.FAILED and c.blame in {Blame.PRODUCT, Blame.PLAN} for c in checks)
    skipped = sum(c.status is Status.NOT_REACHED for c in checks)
    passed = sum(c.status is Status.PASSED for c in checks)
    errors = len(checks) - failures - skipped - passed
    return f'tests="{len(checks)}" failures="{failures}" errors="{errors}" skipped="{skipped}"'


def _attribute(text: str) -> str:
    return quoteattr(_printable(text))


def _printable(text: str) -> str:
    """Without the control characters that XML 1.0 does not admit."""
    return "".join(c if c in "\t\n\r" or 0x20 <= ord(c) < 0xFFFE or ord(c) > 0xFFFF else "\ufffd" for c in text)
