"""The phases as workers do them, over a queue: one at a time on the one-unit document and on the real law, then many
documents at once with every job in the queue twice. The rows are those of the direct form, cell by cell.

A step of a worker's job is a phase: a turnstile holds each phase until the phase before it was counted
(``workers.turnstiles``). Where nothing is to be counted in between, workers run free, and the sum is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from cutter_agent import segmenter
from cutter_agent.model import EntryStatus
from cutter_dryrun.breakable import LAW
from cutter_dryrun.law import LawText, one_unit_document
from cutter_dryrun.matrix import LEDGER, TRACKED_TABLES, Phase, totals_after, updates_in
from cutter_dryrun.scenarios.configuration import CHAIN as ONE_UNIT
from cutter_dryrun.scenarios.happy import (
    REAL_LAW,
    approve,
    entry_of,
    mark_document,
    totals,
    units_of,
    updates,
)
from cutter_dryrun.scenarios.stage import Act, Stage, play
from cutter_dryrun.workers.crew import KEY, Crew, WorkFailed
from cutter_dryrun.workers.workforce import Workforce
from pg_dryrun.errors import ToolFault
from pg_dryrun.observer import connect
from pg_dryrun.subject import Kind, Scenario, ScenarioResult

MANY = "many"
DOCUMENTS = 6
_ENTRY = "SELECT entry_id FROM cutter_governance.decision_backlog_entry WHERE payload ->> 'document_ref' = %s"
_STATUS = "SELECT status FROM cutter_governance.decision_backlog_entry WHERE entry_id = %s"

CrewAct = Callable[[Stage, Crew], ScenarioResult]


def worked_scenarios(law: LawText, force: Workforce) -> tuple[Scenario, ...]:
    """The five phases on the one-unit document and on the real law, then many documents at once."""
    return (
        *_chain(ONE_UNIT, one_unit_document(), ("S4", "SWEEP", "S5", "S6", "S7"), force, profile="markdown"),
        *_chain(REAL_LAW, law, ("LAW-S4", "LAW-SWEEP", "LAW-S5", "LAW-S6", "LAW-S7"), force, profile=None),
        *_many(force),
    )


def by_crew(act: CrewAct) -> Act:
    """``act`` with the crew that is at work on this clone; whatever happens, it stands still when the step is over."""

    def run(stage: Stage) -> ScenarioResult:
        crew = crew_of(stage)
        crew.go_on()
        try:
            return act(stage, crew)
        except WorkFailed as failed:
            return stage.disappointed(str(failed))
        finally:
            crew.stand_still()

    return run


def crew_of(stage: Stage) -> Crew:
    """The crew of this clone. Raises ``ToolFault`` where none was called."""
    crew = stage.context.state.get(KEY)
    if not isinstance(crew, Crew):
        raise ToolFault("no worker was called to this clone")
    return crew


def with_new_crew(force: Workforce, act: CrewAct) -> Act:
    """The same for the first step of a clone: the workers come first."""

    def run(stage: Stage) -> ScenarioResult:
        try:
            Crew.at_work(stage, force)
        except WorkFailed as failed:
            return stage.disappointed(str(failed))
        return by_crew(act)(stage)

    return run


def _chain(chain: str, text: LawText, ids: tuple[str, ...], force: Workforce, *, profile: str | None) -> list[Scenario]:
    acts: tuple[Act, ...] = (
        with_new_crew(force, partial(_mark, text=text, chain=chain, profile=profile)),
        by_crew(_sweep),
        by_crew(_review),
        by_crew(_cut),
        by_crew(_verify),
    )
    titles = ("MARK", "SWEEP", "REVIEW approves", "CUT", "VERIFY passes")
    where = "one unit" if chain == ONE_UNIT else f"real law {text.label}"
    return [
        Scenario(
            id=name,
            title=f"{title} by a worker, {where}",
            kind=Kind.HAPPY,
            chain=chain,
            run=play(act),
            expected_totals=totals(phase),
            expected_updates=updates(phase),
        )
        for name, title, act, phase in zip(ids, titles, acts, Phase, strict=True)
    ]


def _mark(stage: Stage, crew: Crew, *, text: LawText, chain: str, profile: str | None) -> ScenarioResult:
    reference = f"rehearsal/{chain}"
    grammar = segmenter.profiles.load(profile) if profile else segmenter.detect(text.data)[0]
    code = "REHEARSAL-" + chain.replace("-", "").upper()
    units = len(segmenter.segment(text.data, profile=grammar, document_code=code).units)
    crew.turnstiles.close(Phase.SWEEP, Phase.REVIEW, Phase.CUT, Phase.VERIFY)
    crew.jobs.add_file(text, chain=chain, profile=grammar.id)
    crew.until(lambda: crew.turnstiles.standing_at(Phase.SWEEP) > 0, "SWEEP after MARK")
    with connect(stage.context.admin, purpose="entry", read_only=True) as observer:
        entry = observer.value(_ENTRY, [reference])
    stage.context.state.update(entry_id=str(entry), units=units, document_ref=reference)
    if entry is None:
        return stage.disappointed(f"a worker has marked, and there is no entry of {reference}")
    return stage.result(f"marked by a worker, {units} units", units=units, profile=grammar.id)


def _sweep(stage: Stage, crew: Crew) -> ScenarioResult:
    """Then the worker stands before REVIEW, or it has put the document down for a person."""
    crew.turnstiles.open(Phase.SWEEP)
    at_the_door = partial(crew.turnstiles.standing_at, Phase.REVIEW)
    crew.until(lambda: at_the_door() > 0 or crew.jobs.busy() == 0, "REVIEW after SWEEP")
    by_policy = at_the_door() > 0
    stage.context.state["by policy"] = by_policy
    if not by_policy and crew.jobs.notes() != ["AWAITING_REVIEW"]:
        return stage.disappointed(f"the job ended with the notes {crew.jobs.notes()}, not to wait for a person")
    return stage.result("one entry promoted; " + ("the policy may decide" if by_policy else "a person must decide"))


def _review(stage: Stage, crew: Crew) -> ScenarioResult:
    """By policy in the same job; or by a person, and a new job goes on."""
    crew.turnstiles.open(Phase.REVIEW)
    by_policy = bool(stage.context.state["by policy"])
    if not by_policy:
        approved = approve(stage)
        if not approved.ok:
            return approved
        crew.jobs.add_entry(entry_of(stage), str(stage.context.state["document_ref"]))
    crew.until(lambda: crew.turnstiles.standing_at(Phase.CUT) > 0, "CUT after REVIEW")
    return stage.result("approved by policy" if by_policy else "approved by a person", by_policy=by_policy)


def _cut(stage: Stage, crew: Crew) -> ScenarioResult:
    crew.turnstiles.open(Phase.CUT)
    crew.until(lambda: crew.turnstiles.standing_at(Phase.VERIFY) > 0, "VERIFY after CUT")
    return stage.result(f"{units_of(stage.context.state)} units cut")


def _verify(stage: Stage, crew: Crew) -> ScenarioResult:
    """And the workers, told to stop, end with exit code 0."""
    crew.turnstiles.open(Phase.VERIFY)
    crew.until_done()
    status = status_of(stage)
    crew.end()
    if status is not EntryStatus.VERIFIED_COMPLETE:
        return stage.disappointed(f"the queue is empty, and the entry is {status}")
    return stage.result("verified by the other lane's worker; told to stop, all workers ended with 0")


def status_of(stage: Stage) -> EntryStatus:
    """Where the chain's entry stands, by the witness's own eyes."""
    with connect(stage.context.admin, purpose="entry", read_only=True) as observer:
        return EntryStatus(str(observer.value(_STATUS, [entry_of(stage)])))


def _many(force: Workforce) -> tuple[Scenario, ...]:
    return (
        Scenario(
            id="MANY-SWEPT",
            title=f"{DOCUMENTS} documents marked, one sweep",
            kind=Kind.HAPPY,
            chain=MANY,
            run=play(_mark_many),
            expected_totals=partial(_many_after, Phase.SWEEP),
            expected_updates=partial(_many_updates, (Phase.MARK, Phase.SWEEP)),
        ),
        Scenario(
            id="MANY-DONE",
            title=f"{DOCUMENTS} documents at once on {force.count} workers, every job twice and without its lock",
            kind=Kind.HAPPY,
            chain=MANY,
            run=play(with_new_crew(force, _work_many)),
            expected_totals=partial(_many_after, Phase.VERIFY),
            expected_updates=partial(_many_updates, (Phase.REVIEW, Phase.CUT, Phase.VERIFY)),
            expected_dark=("transactions: *: rows locked",),
        ),
    )


def _mark_many(stage: Stage) -> ScenarioResult:
    """Directly: what is rehearsed here comes after."""
    entries: dict[str, str] = {}
    units: list[int] = []
    for number in range(1, DOCUMENTS + 1):
        text = LawText(label=f"{number}.txt", data=f"{LAW}Điều 4. Số\nĐây là luật số {number}.\n".encode())
        done = mark_document(stage, text, chain=f"{MANY}-{number}", profile="vn-law")
        if not done.ok:
            return done
        entries[entry_of(stage)] = f"rehearsal/{MANY}-{number}"
        units.append(units_of(stage.context.state))
    with stage.exec_lane() as lane:
        swept = lane.sweep()
    stage.context.state.update(entries=entries, many_units=units)
    if set(swept.promoted) != set(entries):
        return stage.disappointed(f"{len(swept.promoted)} promoted, not the {DOCUMENTS} that were marked")
    return stage.result(f"{DOCUMENTS} documents wait, {sum(units)} units", units=units)


def _work_many(stage: Stage, crew: Crew) -> ScenarioResult:
    crew.stand_still()
    entries = stage.context.state["entries"]
    if not isinstance(entries, dict):
        raise ToolFault("the entries of the documents are not known")
    for entry in entries:
        crew.jobs.put("cut", "carry_on", {"entry_id": entry}, times=2)
    crew.go_on()
    crew.until_done()
    crew.end()
    return stage.result(f"{DOCUMENTS} documents verified, every job done twice")


def _many_units(state: Mapping[str, object]) -> list[int]:
    found = state.get("many_units")
    return [int(units) for units in found] if isinstance(found, list) else []


def _many_after(phase: Phase, state: Mapping[str, object]) -> Mapping[str, int]:
    """As many as all of them alone, but for the sweep: one run promotes all."""
    each = [totals_after(phase, units) for units in _many_units(state)]
    found = {table: sum(rows[table] for rows in each) for table in TRACKED_TABLES}
    return {**found, f"{LEDGER}.decision_backlog_sweep_log": min(1, len(each))}


def _many_updates(phases: tuple[Phase, ...], state: Mapping[str, object]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for units in _many_units(state):
        for phase in phases:
            for table, rows in updates_in(phase, units).items():
                found[table] = found.get(table, 0) + rows
    return found
