"""C-10 and C-11: the happy path on one clone per chain, each refusal on a clone of its own; two witnesses for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pg_dryrun.companions import separate
from pg_dryrun.environments.interface import Environment
from pg_dryrun.errors import EnvironmentFault, ToolFault
from pg_dryrun.faults.interface import EnumeratedScenario
from pg_dryrun.gates.harness import DeltasGate, HappyGate, MatrixGate, RefusalsGate
from pg_dryrun.gates.scenario import STEP_OF_KIND, ScenarioGate
from pg_dryrun.instruments import Instruments, Observation
from pg_dryrun.observer import connect
from pg_dryrun.outcome import Blame, Check, RootCause, Status
from pg_dryrun.record import ScenarioRecord
from pg_dryrun.runner import blame, recording, statement_ledger
from pg_dryrun.runner.copying import give_back, principals_on, restored, take_clone
from pg_dryrun.runner.interruption import Interrupted, deadline
from pg_dryrun.runner.planned import Planned, of_kind
from pg_dryrun.runner.run import Run, plain_name
from pg_dryrun.runner.statement_ledger import Conversation
from pg_dryrun.subject import Kind, Login, Scenario, ScenarioContext, ScenarioResult


@dataclass(kw_only=True)
class Stage:
    """A clone with its instruments, and what its scenarios hand to each other."""

    clone: Environment
    admin: Login
    instruments: Instruments
    state: dict[str, object]
    totals: dict[str, int] = field(default_factory=dict)
    """The matrix after the latest step: what a step without a promise of its own must leave."""
    conversation: Conversation = field(default_factory=Conversation)
    leaving: ExitStack = field(default_factory=ExitStack)
    """What scenarios started and what outlives them."""


def happy_path(run: Run) -> None:
    """C-10a and C-11a. A chain keeps its clone until its last step."""
    run.step("C-10a")
    planned = of_kind(run.subject, Kind.HAPPY)
    last_of_chain = {item.chain: item.id for item in planned}
    stages: dict[str, Stage] = {}
    try:
        for scenario in planned:
            run.answer(planned_scenario(scenario), partial(_happy, run, scenario, stages))
            if last_of_chain[scenario.chain] == scenario.id:
                _leave(run, stages.pop(scenario.chain))
    finally:
        for stage in stages.values():
            _abandon(run, stage)
    records = [item for item in run.facts.scenarios if item.kind is Kind.HAPPY]
    run.step("C-11a")
    run.ask(HappyGate, lambda: HappyGate(planned=[item.id for item in planned], records=records))
    tracked = run.subject.tracked_tables
    run.ask(MatrixGate, lambda: MatrixGate(tracked=tracked, records=records, plan=run.plan.expected))


def refusals(run: Run) -> None:
    """C-10b and C-11b."""
    run.step("C-10b")
    planned = of_kind(run.subject, Kind.REFUSAL)
    for scenario in planned:
        run.answer(planned_scenario(scenario), partial(on_its_own_clone, run, scenario, "refusal"))
    records = [item for item in run.facts.scenarios if item.kind is Kind.REFUSAL]
    run.step("C-11b")
    run.ask(RefusalsGate, lambda: RefusalsGate(planned=[item.id for item in planned], records=records))
    run.ask(DeltasGate, lambda: DeltasGate(tracked=run.subject.tracked_tables, records=records))


def _happy(run: Run, scenario: Scenario, stages: dict[str, Stage]) -> Check:
    stage = stages.get(scenario.chain)
    if stage is None:
        clone = take_clone(run, f"chain-{plain_name(scenario.chain)}")
        stage = stages[scenario.chain] = _enter(run, clone, {})
        run.facts.baselines[scenario.chain] = dict(stage.instruments.baseline)
        stage.totals = dict.fromkeys(run.subject.tracked_tables, 0)
    with run.scenario_folder(scenario.id) as folder:
        return _rehearse(run, scenario, stage, folder)


def on_its_own_clone(run: Run, scenario: Scenario, purpose: str) -> Check:
    """A refusal or a fault: prepared, baseline taken, played, judged, and the clone is gone."""
    clone = take_clone(run, f"{purpose}-{plain_name(scenario.id)}")
    state: dict[str, object] = {}
    with run.scenario_folder(scenario.id) as folder:
        prepared = _prepared(run, scenario, _context(run, clone.login(restored(run).dbname), folder, state))
        if prepared is not None and not prepared.ok:
            return _not_prepared(run, scenario, prepared)
        stage = _enter(run, clone, state)
        stage.totals = dict.fromkeys(run.subject.tracked_tables, 0)
        run.facts.baselines[scenario.id] = dict(stage.instruments.baseline)
        try:
            check = _rehearse(run, scenario, stage, folder)
        except BaseException:
            _abandon(run, stage)
            raise
    _leave(run, stage)
    return check


def _prepared(run: Run, scenario: Scenario, context: ScenarioContext) -> ScenarioResult | None:
    if scenario.prepare is None:
        return None
    return _result_of(run, scenario, partial(scenario.prepare, context))


def _rehearse(run: Run, scenario: Scenario, stage: Stage, folder: Path) -> Check:
    """Run the writer, ask the instruments, judge, record. A failed writer is observed all the same."""
    context = _context(run, stage.admin, folder, stage.state, stage.leaving)
    with recording.stopwatch() as watch:
        result = _result_of(run, scenario, partial(scenario.run, context))
    if not result.ok:
        _require_living_server(stage.admin)
    separated = separate(stage.instruments.step(scenario.id), run.subject)
    observation = separated.seen
    expected = _promised(scenario, stage)
    updates = _rows(scenario.expected_updates, stage.state) if result.ok else {}
    record = recording.scenario_record(
        scenario, result, separated, expected=expected, updates=updates, clone=stage.clone.name, seconds=watch.seconds
    )
    stage.totals = dict(expected)
    stage.conversation.hear(scenario, observation, result)
    gate = ScenarioGate(
        record=record,
        ok=result.ok,
        failure=_completed(run, result.failure, observation),
        expected_dark=scenario.expected_dark,
        last_statements=recording.last_statements(observation, run.subject.principals.values()),
    )
    check = gate.check()
    run.facts.scenarios.append(dataclasses.replace(record, status=check.status))
    return check


def _result_of(run: Run, scenario: Scenario, call: Callable[[], object]) -> ScenarioResult:
    """The writer's own word; what escapes is judged by where it was raised. A harness's defect is the tool's."""
    try:
        with deadline(run.plan.thresholds.scenario_timeout_s):
            result = call()
    except (Interrupted, KeyboardInterrupt, EnvironmentFault):
        raise
    except BaseException as error:
        if blame.blame_of_scenario(error, scenario.run.__module__) is not Blame.PRODUCT:
            raise ToolFault(f"the harness of {scenario.id} failed: {type(error).__name__}: {error}") from error
        cause = blame.cause_of(error, run.vault.redact)
        return ScenarioResult(ok=False, message=cause.message, failure=cause)
    if not isinstance(result, ScenarioResult):
        raise ToolFault(f"the harness of {scenario.id} answered with {type(result).__name__}, no ScenarioResult")
    return result


def _completed(run: Run, failure: RootCause | None, observation: Observation) -> RootCause | None:
    """The writer's root cause, completed by what the server logged of its principals' errors."""
    if failure is None:
        return None
    roles = set(run.subject.principals.values())
    errors = [item for item in observation.log.errors if item.user in roles]
    matching = [item for item in errors if failure.sqlstate in {None, item.sqlstate}]
    seen = matching[-1] if matching else None
    return dataclasses.replace(
        failure,
        sqlstate=failure.sqlstate or (seen.sqlstate if seen else None),
        statement_text=failure.statement_text or (seen.statement if seen else None),
        last_statements=failure.last_statements
        or recording.last_statements(observation, roles, pid=seen.pid if seen else None),
    )


def _promised(scenario: Scenario, stage: Stage) -> Mapping[str, int]:
    """The matrix that the scenario promises: its own, or the one before it where it promises nothing."""
    if scenario.expected_totals is None:
        return stage.totals
    promised = dict(_rows(scenario.expected_totals, stage.state))
    if set(promised) != set(stage.totals):
        odd = sorted(set(promised) ^ set(stage.totals))
        raise ToolFault(f"{scenario.id}: the promised matrix names other tables than the tracked ones: {odd}")
    return promised


def _rows(promise: object, state: Mapping[str, object]) -> Mapping[str, int]:
    found = promise(state) if callable(promise) else promise
    if not isinstance(found, Mapping):
        raise ToolFault(f"promised rows are a mapping of table to number, not {type(found).__name__}")
    return {str(table): int(rows) for table, rows in found.items()}


def _enter(run: Run, clone: Environment, state: dict[str, object]) -> Stage:
    admin = clone.login(restored(run).dbname)
    apart = [item.schema for item in run.subject.companions]
    instruments = Instruments.attach(admin, tracked=run.subject.tracked_tables, apart=apart)
    return Stage(clone=clone, admin=admin, instruments=instruments, state=state)


def _leave(run: Run, stage: Stage) -> None:
    stage.leaving.close()
    stage.instruments.close()
    statement_ledger.settle(run, stage.conversation)
    give_back(run, stage.clone)


def _abandon(run: Run, stage: Stage) -> None:
    """After a failure: keep what was said so far. If that goes wrong too, the failure is known and teardown follows."""
    with suppress(Exception):
        stage.leaving.close()
    with suppress(Exception):
        statement_ledger.settle(run, stage.conversation)
    with suppress(Exception):
        stage.instruments.close()


def _context(
    run: Run, admin: Login, folder: Path, state: dict[str, object], leaving: ExitStack | None = None
) -> ScenarioContext:
    logins = principals_on(run, admin)
    stack = leaving if leaving is not None else ExitStack()
    return ScenarioContext(logins=logins, admin=admin, workdir=folder, state=state, leaving=stack)


def _not_prepared(run: Run, scenario: Scenario, prepared: ScenarioResult) -> Check:
    """The state from which it starts could not be reached: the writer's failure, by its own word."""
    record = ScenarioRecord(
        id=scenario.id,
        title=scenario.title,
        kind=scenario.kind,
        chain=scenario.chain,
        status=Status.FAILED,
        message=f"its preparation failed: {prepared.message}",
    )
    run.facts.scenarios.append(record)
    return ScenarioGate(record=record, ok=False, failure=prepared.failure).check()


def _require_living_server(admin: Login) -> None:
    """A writer cannot be blamed for a server that is gone. Raises ``EnvironmentFault``."""
    try:
        with connect(admin, purpose="alive", read_only=True):
            pass
    except EnvironmentFault as fault:
        raise EnvironmentFault(
            f"the clone's server is gone: {fault.message}", remedy="Look at the machine: memory, disk, limits."
        ) from fault


def planned_scenario(scenario: Scenario | EnumeratedScenario) -> Planned:
    """The check that a scenario is."""
    kind = Kind.FAULT if isinstance(scenario, EnumeratedScenario) else scenario.kind
    return Planned(id=scenario.id, title=scenario.title, step=STEP_OF_KIND[kind])
