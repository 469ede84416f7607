"""C-13, on every exit path: give back, remove, look again; then ask whether production and others are unchanged."""

from __future__ import annotations

from dataclasses import replace

from pg_dryrun.gates.interface import Gate
from pg_dryrun.gates.teardown import NetZeroGate, ProductionGate, ProtectedUnchangedGate
from pg_dryrun.observer import connect
from pg_dryrun.plan import BaseBackup, DumpFile
from pg_dryrun.protected import ProtectedSnapshot, compare
from pg_dryrun.record import ProductionFacts
from pg_dryrun.runner.preflight import look_at_protected
from pg_dryrun.runner.run import Run
from pg_dryrun.runner.source import look_at_file, look_at_server


def teardown(run: Run) -> None:
    """C-13. Every gate is asked of what was reached, whatever came before and whatever the others say."""
    run.step("C-13")
    fault = _look_at_production_again(run)
    run.ask(NetZeroGate, lambda: _net_zero(run), stop=False)
    if run.facts.production is not None and run.facts.production.identity_before:  # else it was never looked at
        run.ask(ProductionGate, lambda: _production(run, fault), stop=False)
    if run.facts.protected_before is not None:
        run.ask(ProtectedUnchangedGate, lambda: _protected(run), stop=False)


def _look_at_production_again(run: Run) -> BaseException | None:
    """While a stand-in still lives. What goes wrong is for G-21 to say, after everything else is removed."""
    production = run.facts.production
    if production is None or not production.identity_before:
        return None
    try:
        run.facts.production = replace(production, identity_after=_production_now(run))
    except BaseException as error:
        return error
    return None


def _production_now(run: Run) -> dict[str, object]:
    if isinstance(run.plan.source, DumpFile | BaseBackup):
        return look_at_file(run.plan.source)
    if run.facts.source is None:
        return {}
    with connect(run.facts.source, purpose="production again", read_only=True) as observer:
        return look_at_server(run, observer)


def _net_zero(run: Run) -> Gate:
    """Environments first, in reverse; then everything else that the ledger lists; then look."""
    troubles: list[str] = []
    while run.environments:
        environment = run.environments.pop()
        try:
            environment.close()
        except BaseException as error:
            troubles.append(f"{environment.name}: {type(error).__name__}: {error}")
    run.vault.close()
    run.facts.teardown = run.ledger.teardown().items
    return NetZeroGate(items=run.facts.teardown, began=run.began, troubles=troubles)


def _production(run: Run, fault: BaseException | None) -> Gate:
    if fault is not None:
        raise fault
    production = run.facts.production or ProductionFacts(kind=run.plan.source.kind)
    before, after, moving = production.identity_before, production.identity_after, run.facts.moving
    return ProductionGate(
        kind=production.kind,
        before={name: value for name, value in before.items() if name not in moving},
        after={name: value for name, value in after.items() if name not in moving},
        moved_on=sorted(name for name in moving if before.get(name) != after.get(name)),
    )


def _protected(run: Run) -> Gate:
    before = run.facts.protected_before or ProtectedSnapshot(protected=(), bystanders=())
    run.facts.protected_after = look_at_protected(run)
    return ProtectedUnchangedGate(
        protected=len(before.protected), comparison=compare(before, run.facts.protected_after)
    )
