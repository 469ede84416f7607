"""The record of a run from its state, at any moment: a draft while it lasts, the record when it is over."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from pg_dryrun.effects_record import VOLATILE_BESIDE_COMPANIONS
from pg_dryrun.ledger import TornDown
from pg_dryrun.outcome import EXIT_CODES, Blame, Check, Status, Verdict, verdict_of
from pg_dryrun.protected import ABSENT, ProtectedSnapshot
from pg_dryrun.record import (
    VOLATILE,
    CanaryRecord,
    NotReached,
    ProtectedRecord,
    Record,
    RevisionFacts,
    RunFacts,
    SubjectFacts,
    TeardownRecord,
)
from pg_dryrun.runner.run import Run
from pg_dryrun.version import VERSION


def draft_record(run: Run, *, tool_fault: str | None = None) -> Record:
    """Everything known now. ``tool_fault``: the tool itself broke; that is the verdict, whatever the checks say."""
    checks = complete(run)
    verdict = Verdict.TOOL_FAIL if tool_fault is not None else verdict_of([item.id for item in run.planned], checks)
    failed = first_failure(checks)
    facts = run.facts
    return Record(
        verdict=verdict,
        exit_code=EXIT_CODES[verdict],
        summary=summary(run, verdict, checks, tool_fault),
        run=_run_facts(run),
        plan=run.plan.spelling(),
        plan_sha256=run.plan.sha256(),
        planned=tuple(item.id for item in run.planned),
        checks=checks,
        root_cause=failed.root_cause if failed else None,
        failed_check=failed.id if failed else None,
        revision=_revision(run),
        subject=_subject(run),
        production=facts.production,
        environment=facts.environment,
        program=facts.program,
        scenarios=tuple(facts.scenarios),
        baselines={chain: dict(rows) for chain, rows in facts.baselines.items()},
        faults=facts.faults,
        probe=facts.probe,
        statements=tuple(
            sorted(facts.statements.values(), key=lambda item: (item.principal, item.name or "", item.text))
        ),
        forbidden_statements=tuple(
            sorted({" ".join(item.text.split())[:200] for item in facts.undeclared if item.forbidden})
        ),
        canaries=tuple(
            CanaryRecord(instrument=item.instrument, canary=item.planted, seen=item.seen, evidence=item.detail)
            for item in facts.canaries
        ),
        secrets=facts.secrets,
        teardown=tuple(_torn_down(item) for item in facts.teardown),
        protected=_protected(facts.protected_before, facts.protected_after),
        applied=tuple(_applied(run)),
        not_reached=tuple(
            NotReached(id=item.id, title=item.title, why=item.detail)
            for item in checks
            if item.status is Status.NOT_REACHED
        ),
        remediation=tuple(_remediation(checks, tool_fault)),
        next_gate=run.plan.next_gate if verdict is Verdict.PASS else "None before this is decided and rehearsed again.",
        tool_fault=tool_fault,
        volatile=VOLATILE + (VOLATILE_BESIDE_COMPANIONS if run.subject.companions else ()),
    )


def complete(run: Run) -> tuple[Check, ...]:
    """The checks in planned order, every unanswered one ``NotReached`` with its reason; unplanned ones at the end."""
    answered = {check.id: check for check in run.checks}
    stopped = first_failure(run.checks)
    why = f"the run stopped at {stopped.id}" if stopped else "the run ended before it"
    found = [answered.get(item.id) or _not_reached(item.id, item.title, item.step, why) for item in run.planned]
    planned = {item.id for item in run.planned}
    return (*found, *(check for check in run.checks if check.id not in planned))


def first_failure(checks: Iterable[Check]) -> Check | None:
    """The first check that failed, else the first that could not run."""
    found = list(checks)
    for status in (Status.FAILED, Status.COULD_NOT_RUN):
        for check in found:
            if check.status is status:
                return check
    return None


def summary(run: Run, verdict: Verdict, checks: Iterable[Check], tool_fault: str | None) -> str:
    """The outcome in one sentence."""
    checks = tuple(checks)
    passed = sum(check.status is Status.PASSED for check in checks)
    failed = first_failure(checks)
    name = run.subject.name
    if tool_fault is not None:
        return f"The rehearsal tool itself failed; nothing here is a verdict on {name}."
    match verdict:
        case Verdict.PASS:
            return f"{name} may write: all {passed} planned checks passed."
        case Verdict.INCOMPLETE:
            where = f" at {failed.id} ({failed.title})" if failed else ""
            return f"The rehearsal of {name} is incomplete{where}: {passed} of {len(checks)} checks passed, no verdict."
        case Verdict.PRODUCT_FAIL | Verdict.PLAN_FAIL | Verdict.TOOL_FAIL:
            words = {
                Verdict.PRODUCT_FAIL: f"{name} failed",
                Verdict.PLAN_FAIL: "The plan is wrong",
                Verdict.TOOL_FAIL: "The rehearsal tool itself failed",
            }
            where = f" at {failed.id} ({failed.title}): {_shortened(failed.detail)}" if failed else ""
            return f"{words[verdict]}{where}"


def _shortened(text: str, limit: int = 240) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= limit else f"{one_line[: limit - 1]}…"


def _not_reached(check_id: str, title: str, step: str, why: str) -> Check:
    return Check(id=check_id, title=title, step=step, status=Status.NOT_REACHED, detail=why)


def _run_facts(run: Run) -> RunFacts:
    ended = datetime.now(UTC)
    return RunFacts(
        id=run.id,
        started_at=_time(run.started),
        ended_at=_time(ended),
        duration_s=round((ended - run.started).total_seconds(), 3),
        folder=str(run.folder.path),
        tool_version=VERSION,
        python=platform.python_version(),
        platform=platform.platform(),
        interrupted_by=run.guard.interrupted_by,
    )


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _revision(run: Run) -> RevisionFacts | None:
    found = run.facts.revision
    if found is None:
        return None
    return RevisionFacts(
        commit=found.commit,
        clean=found.clean,
        dirty_paths=tuple(found.dirty_paths),
        authorised_commit=run.plan.authorised_commit or found.authorised_commit,
    )


def _subject(run: Run) -> SubjectFacts | None:
    if not run.facts.digests:
        return None
    return SubjectFacts(
        name=run.subject.name,
        principals=dict(run.subject.principals),
        tracked_tables=tuple(run.subject.tracked_tables),
        statements_declared=len(run.subject.statements),
        statements_sha256=run.facts.digests["statements"],
        scenarios_sha256=run.facts.digests["scenarios"],
        form=run.subject.form,
        companions={item.schema: f"{item.principal}: {item.why}" for item in run.subject.companions},
    )


def _torn_down(item: TornDown) -> TeardownRecord:
    return TeardownRecord(kind=item.entry.kind.value, name=item.entry.name, absent=item.absent, detail=item.detail)


def _protected(before: ProtectedSnapshot | None, after: ProtectedSnapshot | None) -> tuple[ProtectedRecord, ...]:
    if before is None:
        return ()
    later = {item.detail: item for item in after.protected} if after is not None else {}
    found: list[ProtectedRecord] = []
    for item in before.protected:
        now = later.get(item.detail) or next((a for a in (after.protected if after else ()) if a.id == item.id), None)
        then = msgspec.to_builtins(item)
        found.append(
            ProtectedRecord(
                name=f"{item.kind} {item.detail}" if item.kind == "server" else f"{item.kind} {item.id}",
                before=then,
                after=msgspec.to_builtins(now) if now is not None else {"id": ABSENT},
                unchanged=now is not None and (now.id, now.start_time) == (item.id, item.start_time),
            )
        )
    return tuple(found)


def _applied(run: Run) -> Iterable[str]:
    for item in run.facts.scenarios:
        rows = [
            f"{table} +{effect.inserted} ~{effect.updated} -{effect.deleted}"
            + (f" truncated {effect.truncated}" if effect.truncated else "")
            for table, effect in item.effects.items()
        ]
        if rows or item.dark_writes:
            yield f"{item.id}: {'; '.join([*rows, *item.dark_writes])}"


def _remediation(checks: Iterable[Check], tool_fault: str | None) -> Iterable[str]:
    if tool_fault is not None:
        yield "Report the tool's defect with the folder of this run."
    for check in checks:
        if check.status in {Status.FAILED, Status.COULD_NOT_RUN}:
            whose = check.blame.value if check.blame else Blame.ENVIRONMENT.value
            remedy = (
                check.root_cause.remedy if check.root_cause and check.root_cause.remedy else "correct what it found"
            )
            yield f"{check.id} ({whose}): {remedy}"
