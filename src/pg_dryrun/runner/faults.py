"""C-10c: the subject's fault scenarios, each on a clone of its own; then the enumeration, on several clones at once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

from pg_dryrun.clones import GoldenCopy
from pg_dryrun.environments.interface import Environment
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.fault_record import FaultKind, FaultPair, FaultsRecord
from pg_dryrun.faults.campaign import Campaign
from pg_dryrun.faults.ground import SERVER_SETTINGS, Ground
from pg_dryrun.faults.interface import Breakable, EnumeratedScenario, FaultOrder
from pg_dryrun.faults.kinds import faults_by_kind
from pg_dryrun.faults.recording import record
from pg_dryrun.faults.selection import of_order, of_scenario
from pg_dryrun.gates.faults import FaultsGate, scenario_check
from pg_dryrun.outcome import Check
from pg_dryrun.record import ScenarioRecord
from pg_dryrun.runner.copying import give_back, principals_on, restored, take_clone
from pg_dryrun.runner.planned import of_kind
from pg_dryrun.runner.run import Run
from pg_dryrun.runner.scenarios import on_its_own_clone, planned_scenario
from pg_dryrun.statements import SERVER_SETTINGS as INSTRUMENTS
from pg_dryrun.subject import Kind

_GROUNDS = 3
"""Servers at once. Some pairs wait and some work, so there may be more than processors."""
_SETTINGS: Mapping[str, str] = {**INSTRUMENTS, **SERVER_SETTINGS, "log_statement": "none"}


def faults(run: Run) -> None:
    """C-10c. Every scenario is a check of its own; what the enumeration found beside them is G-17."""
    planned = of_kind(run.subject, Kind.FAULT)
    if not planned and run.order is None:
        return
    run.step("C-10c")
    for scenario in planned:
        run.answer(planned_scenario(scenario), partial(on_its_own_clone, run, scenario, "fault"))
    if run.order is not None:
        _enumeration(run, run.order)


def _enumeration(run: Run, order: FaultOrder) -> None:
    """Stops at the first scenario that fails; what is known by then is in the record."""
    begun = time.perf_counter()
    campaign: Campaign | None = None

    def prepared() -> Campaign:
        nonlocal campaign
        campaign = campaign or _campaign(run, stack, order)
        return campaign

    with ExitStack() as stack:
        try:
            for scenario in order.scenarios:
                run.answer(planned_scenario(scenario), lambda item=scenario: _scenario(run, prepared(), item))  # type: ignore[misc]
            run.ask(FaultsGate, lambda: _rest(run, prepared(), order))
        finally:
            if campaign is not None:
                run.facts.faults = _record(campaign, order, time.perf_counter() - begun)


def _scenario(run: Run, campaign: Campaign, scenario: EnumeratedScenario) -> Check:
    with _told(run, campaign, scenario.id):
        pairs = campaign.run(of_scenario(scenario, campaign.recorded))
    check = scenario_check(scenario.id, scenario.title, pairs)
    run.facts.scenarios.append(
        ScenarioRecord(
            id=scenario.id,
            title=scenario.title,
            kind=Kind.FAULT,
            chain="enumeration",
            status=check.status,
            message=check.detail,
        )
    )
    return check


def _rest(run: Run, campaign: Campaign, order: FaultOrder) -> FaultsGate:
    targets = of_order(order, campaign.recorded)
    with _told(run, campaign, FaultsGate.id):
        pairs = campaign.run(targets)
    boundaries = {(pair.command, pair.index) for pair in pairs}
    return FaultsGate(planned=len(targets), boundaries=len(boundaries), pairs=pairs)


def _campaign(run: Run, stack: ExitStack, order: FaultOrder) -> Campaign:
    """Record once, stop that server, and work on copies of it: they have every command's starting state."""
    with run.scenario_folder("enumeration") as folder:
        breakable = order.make(folder)
    dbname = restored(run).dbname
    if run.rehearsal is not None and not run.rehearsal.restarts:
        raise EnvironmentFault(
            "the rehearsal's server belongs to somebody else and may not be stopped",
            remedy="Lend one of our own for faults, or leave them out.",
        )
    recorder = take_clone(run, "faults-record", settings=_SETTINGS)
    with _ground(run, recorder, breakable, dbname, small_disk=False) as ground:
        recorded = record(ground, breakable)
    recorder.stop()
    copies = GoldenCopy(recorder)
    stack.callback(give_back, run, recorder)
    grounds = [
        stack.enter_context(_ground(run, _copy(run, stack, copies, number), breakable, dbname, small_disk=True))
        for number in range(_servers())
    ]
    small_disk = all(ground.disk is not None for ground in grounds)
    return Campaign(recorded=recorded, grounds=grounds, faults=faults_by_kind(small_disk=small_disk))


def _servers() -> int:
    return min(_GROUNDS, (os.cpu_count() or 1) + 1)


def _copy(run: Run, stack: ExitStack, copies: GoldenCopy, number: int) -> Environment:
    environment = copies.take(f"faults-{number}", settings=_SETTINGS)
    run.environments.append(environment)
    stack.callback(_returned, run, copies, environment)
    return environment


def _returned(run: Run, copies: GoldenCopy, environment: Environment) -> None:
    run.keep_log(environment)
    copies.give_back(environment)
    run.environments.remove(environment)


@contextmanager
def _ground(
    run: Run, environment: Environment, breakable: Breakable, dbname: str, *, small_disk: bool
) -> Iterator[Ground]:
    logins = principals_on(run, environment.login(dbname))
    with Ground.prepared(
        environment,
        restored=dbname,
        logins=logins,
        breakable=breakable,
        workdir=run.workdir,
        small_disk=small_disk,
    ) as ground:
        yield ground


@contextmanager
def _told(run: Run, campaign: Campaign, what: str) -> Iterator[None]:
    """Whoever watches the run is told how far it is."""
    tell = getattr(run.progress, "counted", None)
    if tell is not None:
        campaign.watch = lambda done, of: tell(what, done, of)
    try:
        yield
    finally:
        campaign.watch = None


def _record(campaign: Campaign, order: FaultOrder, seconds: float) -> FaultsRecord:
    commands = [item.command.name for item in campaign.recorded]
    kinds = list(FaultKind)

    def place(pair: FaultPair) -> tuple[int, int, int]:
        return commands.index(pair.command), pair.index, kinds.index(pair.kind)

    return FaultsRecord(
        form=order.form.value if order.only is None else f"{order.form.value}: {order.only}",
        boundaries=tuple(place for item in campaign.recorded for place in item.boundaries()),
        made_by={kind.value: fault.made_by for kind, fault in campaign.faults.items()},
        pairs=tuple(sorted(campaign.answers.values(), key=place)),
        duration_s=round(seconds, 3),
    )
