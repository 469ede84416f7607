"""The end of a run: record, report, seal. Whatever breaks here, a record is written and says that the tool broke."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pg_dryrun import attestation, report
from pg_dryrun.errors import ToolFault
from pg_dryrun.evidence import REPORT
from pg_dryrun.outcome import EXIT_CODES, Blame, Check, RootCause, Status, Verdict
from pg_dryrun.record import FORMAT, FORMAT_VERSION, Record, redacted, spell
from pg_dryrun.runner import blame
from pg_dryrun.runner.draft import draft_record, first_failure
from pg_dryrun.runner.run import Run
from sealing.keys import SigningKey


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the caller of a rehearsal gets. ``record`` is None only where the tool could not even make one."""

    verdict: Verdict
    exit_code: int
    folder: Path
    summary: str
    checks: tuple[Check, ...]
    record: Record | None


def conclude(run: Run, key: SigningKey) -> Outcome:
    """Write the evidence and say the verdict. Never raises: the last resort is a record of few words."""
    try:
        _answer_the_silent(run)
        record = redacted(draft_record(run), run.vault.redact)
        _write(run, record, report.render(record), key)
        return _outcome(run, record)
    except BaseException as error:
        return _tool_failed(run, error, key)


def _answer_the_silent(run: Run) -> None:
    """A planned check without an answer, although nothing stopped the run, is the tool's own failure: it is named."""
    if first_failure(run.checks) is not None:
        return
    answered = {check.id for check in run.checks}
    for item in run.planned:
        if item.id not in answered:
            words = f"{item.id} was never asked, although nothing stopped the run"
            run.checks.append(
                Check(
                    id=item.id,
                    title=item.title,
                    step=item.step,
                    status=Status.FAILED,
                    detail=words,
                    blame=Blame.TOOL,
                    root_cause=RootCause(message=words, remedy="Report the tool's defect with the folder of this run."),
                )
            )


def _tool_failed(run: Run, error: BaseException, key: SigningKey) -> Outcome:
    """The report itself broke. What is known is written as far as it can be; no verdict on the product is left over."""
    fault = run.vault.redact(blame.spelled(error))
    with suppress(OSError):
        for name in (report.MARKDOWN, report.PAGE, report.JUNIT, attestation.ENVELOPE):
            run.folder.discard(name)
    try:
        record = redacted(draft_record(run, tool_fault=fault), run.vault.redact)
        _write(run, record, _what_can_be_rendered(record), key)
        return _outcome(run, record)
    except BaseException as second:
        return _last_words(run, f"{fault}\n{run.vault.redact(blame.spelled(second))}")


def _what_can_be_rendered(record: Record) -> Mapping[str, bytes]:
    """The record, and every other spelling that does not break."""
    found = {REPORT: report.render_json(record)}
    for name, spelling in (
        (report.MARKDOWN, report.markdown.render),
        (report.PAGE, report.page.render),
        (report.JUNIT, report.junit.render),
    ):
        with suppress(Exception, ToolFault):
            found[name] = spelling(record)
    return found


def _write(run: Run, record: Record, files: Mapping[str, bytes], key: SigningKey) -> None:
    """All files or a raised error; no file ever holds a secret."""
    secrets = run.vault.secrets()
    for name, data in files.items():
        for secret, value in secrets.items():
            if value.encode() in data:
                raise ToolFault(f"{name} would hold the secret {secret}")
    for name, data in files.items():
        run.folder.write(name, data)
    attestation.attest(
        run.folder,
        record,
        deterministic_sha256=spell(record)["deterministic_sha256"],
        key=key,
    )
    run.folder.publish()


def _outcome(run: Run, record: Record) -> Outcome:
    return Outcome(
        verdict=record.verdict,
        exit_code=record.exit_code,
        folder=run.folder.path,
        summary=record.summary,
        checks=record.checks,
        record=record,
    )


def _last_words(run: Run, fault: str) -> Outcome:
    """A record by hand: verdict, the checks as far as they are known, and what was committed on the copies."""
    verdict = Verdict.TOOL_FAIL
    summary = "The rehearsal tool itself failed while it wrote its report; nothing here is a verdict on the writer."
    words = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "verdict": verdict.value,
        "exit_code": EXIT_CODES[verdict],
        "summary": summary,
        "tool_fault": fault,
        "checks": [
            {"id": check.id, "status": check.status.value, "detail": run.vault.redact(check.detail)}
            for check in run.checks
        ],
        "applied": [f"{item.id}: {table}" for item in run.facts.scenarios for table in item.effects],
    }
    try:
        run.folder.write(REPORT, (json.dumps(words, ensure_ascii=False, indent=2) + "\n").encode())
    except OSError as error:
        sys.stderr.write(f"pg-dryrun: {run.folder.path} cannot be written to: {error}\n{summary}\n")
    return Outcome(
        verdict=verdict,
        exit_code=EXIT_CODES[verdict],
        folder=run.folder.path,
        summary=summary,
        checks=tuple(run.checks),
        record=None,
    )
