"""Which checks a run is going to answer, in order, known before the first of them is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pg_dryrun import gates
from pg_dryrun.errors import UsageError
from pg_dryrun.faults.interface import FaultOrder
from pg_dryrun.subject import Kind, Scenario, Subject


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One check to be answered."""

    id: str
    title: str
    step: str


def planned_checks(subject: Subject, order: FaultOrder | None = None) -> tuple[Planned, ...]:
    """Gates and scenarios in the order of the run. ``order``: what is to be enumerated; None: nothing.

    Raises:
        UsageError: a scenario's id is doubled.
    """
    enumerated = order.scenarios if order is not None else ()
    names = [item.id for item in subject.scenarios] + [item.id for item in enumerated]
    doubled = [name for name, times in Counter(names).items() if times > 1]
    if doubled:
        raise UsageError(f"scenario ids are doubled: {', '.join(doubled)}", remedy="Give each scenario its own id.")
    happy, refusals = of_kind(subject, Kind.HAPPY), of_kind(subject, Kind.REFUSAL)
    return (
        *_gates(gates.BEFORE_SCENARIOS),
        *_scenarios(happy),
        *_gates(gates.AFTER_HAPPY),
        *_scenarios(refusals),
        *_gates(gates.AFTER_REFUSALS),
        *_scenarios(of_kind(subject, Kind.FAULT)),
        *(Planned(id=item.id, title=item.title, step=gates.STEP_OF_KIND[Kind.FAULT]) for item in enumerated),
        *(_gates(gates.AFTER_FAULTS) if order is not None else ()),
        *_gates(gates.LEDGERS),
        *_gates(gates.TEARDOWN),
    )


def of_kind(subject: Subject, kind: Kind) -> tuple[Scenario, ...]:
    """The subject's scenarios of one kind, in its order."""
    return tuple(item for item in subject.scenarios if item.kind is kind)


def _gates(kinds: Sequence[type[gates.Gate]]) -> tuple[Planned, ...]:
    return tuple(Planned(id=kind.id, title=kind.title, step=kind.step) for kind in kinds)


def _scenarios(scenarios: Sequence[Scenario]) -> tuple[Planned, ...]:
    return tuple(Planned(id=item.id, title=item.title, step=gates.STEP_OF_KIND[item.kind]) for item in scenarios)
