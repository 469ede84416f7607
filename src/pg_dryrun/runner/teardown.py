"""C-13, on every exit path: give back, remove, look again; then ask whether production and others are unchanged."""

from __future__ import annotations

from dataclasses import replace

from pg_dryrun.gates.interface import Gate
from pg_dryrun.gates.teardown import NetZeroGate, ProductionGate, ProtectedUnchangedGate
from pg_dryrun.observer import connect
from pg_dryrun.observer.identity import footprint, identity
from pg_dryrun.plan import DumpFile
from pg_dryrun.protected import ProtectedSnapshot, compare
from pg_dryrun.record import ProductionFacts
from pg_dryrun.runner.preflight import look_at_protected
from pg_dryrun.runner.run import Run
from pg_dryrun.runner.source import look_at_file, look_at_server


def teardown(run: Run) -> None:
    """C-13. Every gate is asked of what was reached, whatever came before and whatever the others say."""
    run.step("C-13")
    moved_on, fault = _look_at_production_again(run)
    run.ask(NetZeroGate, lambda: _net_zero(run), stop=False)
    if run.facts.production is not None and run.facts.production.identity_before:  # else it was never looked at
        run.ask(ProductionGate, lambda: _production(run, moved_on, fault), stop=False)
    if run.facts.protected_before is not None:
        run.ask(ProtectedUnchangedGate, lambda: _protected(run), stop=False)


def _look_at_production_again(run: Run) -> tuple[list[str], BaseException | None]:
    """While a stand-in still lives. What goes wrong is for G-21 to say, after everything else is removed."""
    production = run.facts.production
    if production is None or not production.identity_before:
        return [], None
    try:
        moving: dict[str, object] = {}
        if isinstance(run.plan.source, DumpFile):
            after = look_at_file(run.plan.source)
        elif run.facts.source is not None:
            with connect(run.facts.source, purpose="production again", read_only=True) as observer:
                after, moving = look_at_server(identity(observer), footprint(observer))
        else:
            return [], None
        run.facts.production = replace(production, identity_after={**after, **moving})
        return [name for name, value in moving.items() if production.identity_before.get(name) != value], None
    except BaseException as error:
        return [], error


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


def _production(run: Run, moved_on: list[str], fault: BaseException | None) -> Gate:
    if fault is not None:
        raise fault
    production = run.facts.production or ProductionFacts(kind=run.plan.source.kind)
    moving = {"database_size_bytes", "next_xid"} if run.facts.source is not None else set()
    before = {name: value for name, value in production.identity_before.items() if name not in moving}
    after = {name: value for name, value in production.identity_after.items() if name not in moving}
    return ProductionGate(kind=production.kind, before=before, after=after, moved_on=moved_on)


def _protected(run: Run) -> Gate:
    before = run.facts.protected_before or ProtectedSnapshot(protected=(), bystanders=())
    run.facts.protected_after = look_at_protected(run)
    return ProtectedUnchangedGate(
        protected=len(before.protected), comparison=compare(before, run.facts.protected_after)
    )
