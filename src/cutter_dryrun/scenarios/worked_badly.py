"""What must be refused or survived, by workers: S10, S11, S14, S16, S17, S19. The others stay as they are.

S8, S9, S12 (raw SQL), S13 (a pool from within) and S18 (a person decides) have no other meaning with workers; S15 and
S20 are pairs of boundary and fault of the phases themselves (``breakable``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cutter_agent.model import EntryStatus
from cutter_dryrun.law import one_unit_document
from cutter_dryrun.matrix import TRACKED_TABLES, Phase, totals_after, updates_in
from cutter_dryrun.scenarios import decisions, refusals
from cutter_dryrun.scenarios.happy import cut_approved, entry_of, verify_cut
from cutter_dryrun.scenarios.refusals import CHECK_VIOLATION, EXISTING_ENTRY
from cutter_dryrun.scenarios.sessions import LOCK_ENTRY, bring_to_approved, held
from cutter_dryrun.scenarios.stage import Act, Stage, play
from cutter_dryrun.scenarios.worked import status_of, with_new_crew
from cutter_dryrun.workers.crew import Crew
from cutter_dryrun.workers.workforce import Workforce
from pg_dryrun.observer import connect
from pg_dryrun.subject import Kind, Scenario, ScenarioResult

_CHAIN = "one-unit"
_DARK = ("transactions: *",)
"""Rows locked by the one that came second, or by the session that holds them both."""
_S11_SCHEMA = (f"schema: *{refusals.S11_NAME}*",)
_DENIALS = "SELECT message FROM cutter_queue.job_note ORDER BY note_id DESC LIMIT 1"


def instead(scenarios: Sequence[Scenario], force: Workforce) -> tuple[Scenario, ...]:
    """``scenarios`` with those replaced that workers play, and S14 added where faults are played at all."""
    played = {item.id: item for item in _played(force)}
    found = [_by_workers(item, played[item.id]) if item.id in played else item for item in scenarios]
    if any(item.kind is Kind.FAULT for item in scenarios):
        found.append(_killed_backends(force))
    return tuple(found)


def _by_workers(direct: Scenario, worked: Scenario) -> Scenario:
    """The promise of the direct form, but for what ``worked`` says itself."""
    if direct.kind is Kind.REFUSAL:
        return replace(
            direct,
            title=f"{direct.title}, by workers",
            run=worked.run,
            prepare=worked.prepare,
            expected_dark=worked.expected_dark,
        )
    return replace(worked, title=f"{direct.title}, by workers", kind=direct.kind, chain=direct.chain)


def _played(force: Workforce) -> tuple[Scenario, ...]:
    return (
        _scenario("S10", with_new_crew(force, _mark_again), prepare=_bring_to_verified, dark=()),
        _scenario("S11", with_new_crew(force, _failure_inside), prepare=bring_to_approved, dark=_S11_SCHEMA),
        _scenario(
            "S16",
            with_new_crew(force, _two_workers),
            prepare=bring_to_approved,
            rows=_between(Phase.REVIEW, Phase.VERIFY),
            updates=_sum(Phase.CUT, Phase.VERIFY),
        ),
        _scenario(
            "S17",
            with_new_crew(force, _escalation),
            prepare=decisions.bring_to_tampered,
            rows=decisions.ESCALATED_ROWS,
            updates=decisions.ESCALATED_UPDATES,
        ),
        _scenario(
            "S19",
            with_new_crew(force, _same_source_at_once),
            rows=totals_after(Phase.VERIFY, 1),
            updates=_sum(*Phase),
        ),
    )


def _killed_backends(force: Workforce) -> Scenario:
    return replace(
        _scenario(
            "S14-WORKERS",
            with_new_crew(force, _backends_killed),
            rows=totals_after(Phase.VERIFY, 1),
            updates=_sum(*Phase),
        ),
        title="a worker's backend is killed in the middle of every phase",
    )


def _scenario(
    name: str,
    act: Act,
    *,
    prepare: Act | None = None,
    rows: Mapping[str, int] | None = None,
    updates: Mapping[str, int] | None = None,
    dark: tuple[str, ...] = _DARK,
) -> Scenario:
    return Scenario(
        id=name,
        title=name,
        kind=Kind.FAULT,
        chain=name,
        run=play(act),
        prepare=play(prepare) if prepare else None,
        expected_totals={**dict.fromkeys(TRACKED_TABLES, 0), **(rows or {})},
        expected_updates=updates or {},
        expected_dark=dark,
    )


def _bring_to_verified(stage: Stage) -> ScenarioResult:
    for act in (bring_to_approved, cut_approved, verify_cut):
        done = act(stage)
        if not done.ok:
            return done
    return stage.result("marked, approved, cut and verified")


def _mark_again(stage: Stage, crew: Crew) -> ScenarioResult:
    """The same file in the queue twice more, at the same time."""
    crew.stand_still()
    crew.jobs.add_file(one_unit_document(), chain=_CHAIN, profile="markdown")
    crew.jobs.double()
    crew.go_on()
    crew.until_done()
    crew.end()
    return stage.result("two jobs more, and the existing entry both times", refused=EXISTING_ENTRY)


def _failure_inside(stage: Stage, crew: Crew) -> ScenarioResult:
    """The job fails, is not tried again, and says why; nothing of its phase is there.

    What refuses comes when the worker is in the middle of CUT: a schema that does not fit is found before (G-26).
    """
    crew.turnstiles.close(Phase.CUT)
    crew.jobs.put("cut", "carry_on", {"entry_id": entry_of(stage)})
    crew.until(lambda: crew.turnstiles.standing_at(Phase.CUT) > 0, "CUT")
    with connect(stage.context.admin, purpose="S11") as admin:
        admin.execute(refusals.S11_CONSTRAINT)
    crew.turnstiles.open(Phase.CUT)
    crew.until_done(failing=True)
    failed = crew.jobs.failed()
    crew.end()
    status = status_of(stage)
    if len(failed) != 1 or status is not EntryStatus.REVIEWED_APPROVED:
        return stage.disappointed(f"{len(failed)} jobs failed, and the entry is {status}")
    refused = CHECK_VIOLATION if refusals.S11_NAME in failed[0] else None
    return stage.result(f"job {failed[0]}", refused=refused)


def _two_workers(stage: Stage, crew: Crew) -> ScenarioResult:
    """The same CUT by two workers who meet at the entry, and VERIFY after each of them."""
    crew.stand_still()
    crew.jobs.put("cut", "carry_on", {"entry_id": entry_of(stage)}, times=2)
    with held(stage, lambda admin: admin.execute(LOCK_ENTRY, [entry_of(stage)])):
        crew.go_on()
        crew.until(lambda: crew.waiting() >= min(2, crew.executors), "both workers at the entry")
    crew.until_done()
    crew.end()
    return stage.result("cut once, verified once")


def _escalation(stage: Stage, crew: Crew) -> ScenarioResult:
    """Both jobs fail with the finding; it is written down once."""
    crew.jobs.put("verify", "verify", {"entry_id": entry_of(stage)}, times=2)
    crew.until_done(failing=True)
    failed = crew.jobs.failed()
    crew.end()
    status = status_of(stage)
    if len(failed) != 2 or status is not EntryStatus.VERIFY_FAILED_ESCALATED:
        return stage.disappointed(f"{len(failed)} of 2 jobs failed, and the entry is {status}")
    return stage.result("failed, escalated, and the same answer again", jobs=failed)


def _same_source_at_once(stage: Stage, crew: Crew) -> ScenarioResult:
    """Both find nothing and both insert; and both go on with the one entry to the end."""
    crew.stand_still()
    crew.jobs.add_file(one_unit_document(), chain=_CHAIN, profile="markdown")
    crew.jobs.double()
    crew.turnstiles.close(Phase.MARK)
    crew.go_on()
    # The second waits for the first, whose entry has the same key.
    crew.until(lambda: crew.waiting() >= min(2, crew.executors), "both workers in MARK")
    crew.turnstiles.open(Phase.MARK)
    crew.until_done()
    crew.end()
    return stage.result("one entry, one cut, one proof")


def _backends_killed(stage: Stage, crew: Crew) -> ScenarioResult:
    """Each phase is broken off once, in its middle; the job is tried again and goes on from the stored state."""
    phases = tuple(Phase)
    crew.turnstiles.close(*phases)
    crew.jobs.add_file(one_unit_document(), chain=_CHAIN, profile="markdown")
    for phase in phases:
        crew.until(lambda at=phase: crew.turnstiles.standing_at(at) > 0, f"somebody in {phase}")  # type: ignore[misc]
        killed = crew.turnstiles.end_those_at(phase)
        if killed != 1:
            return stage.disappointed(f"{killed} backends in {phase}")
        crew.until(lambda at=phase: crew.turnstiles.standing_at(at) > 0, f"{phase} again")  # type: ignore[misc]
        crew.turnstiles.open(phase)
    crew.until_done()
    crew.end()
    with connect(stage.context.admin, purpose="notes", read_only=True) as observer:
        told = observer.rows(_DENIALS)
    return stage.result("every phase broken off once, and done once", last_note=[str(row["message"]) for row in told])


def _between(before: Phase, after: Phase) -> Mapping[str, int]:
    earlier = totals_after(before, 1)
    return {table: rows - earlier[table] for table, rows in totals_after(after, 1).items()}


def _sum(*phases: Phase) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for phase in phases:
        for table, rows in updates_in(phase, 1).items():
            found[table] = found.get(table, 0) + rows
    return found
