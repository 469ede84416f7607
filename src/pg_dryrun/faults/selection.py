"""Which pairs: of a scenario, of a form, or the one that was asked for. Decides from values alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from pg_dryrun.errors import UsageError
from pg_dryrun.fault_record import FaultKind
from pg_dryrun.faults.interface import EnumeratedScenario, FaultOrder, Form, Places
from pg_dryrun.faults.kinds import faults_by_kind
from pg_dryrun.faults.pairs import Target
from pg_dryrun.faults.recording import RecordedCommand


def of_scenario(scenario: EnumeratedScenario, recorded: Sequence[RecordedCommand]) -> list[Target]:
    """The pairs of one scenario, kind by kind."""
    return [
        Target(recorded=item, index=index, kind=kind)
        for kind in scenario.kinds
        for item in recorded
        for index in places(item, scenario.places)
    ]


def of_order(order: FaultOrder, recorded: Sequence[RecordedCommand]) -> list[Target]:
    """Every pair of the order, its scenarios' included, each once.

    Raises:
        UsageError: the pair that was asked for does not exist.
    """
    everything = [
        Target(recorded=item, index=index, kind=kind)
        for kind in FaultKind
        for item in recorded
        for index in range(len(item.turns))
    ]
    match order.form:
        case Form.FULL:
            return everything
        case Form.ONE:
            return _asked_for(order.only or "", everything)
        case Form.SHORT:
            wanted = {target.id for scenario in order.scenarios for target in of_scenario(scenario, recorded)}
            wanted |= {
                Target(recorded=item, index=index, kind=kind).id
                for kind, fault in faults_by_kind(small_disk=True).items()
                for which in fault.short
                for item in recorded
                for index in places(item, which)
            }
            return [target for target in everything if target.id in wanted]


def places(recorded: RecordedCommand, which: Places) -> Iterator[int]:
    """The boundaries of one command."""
    writing = [index for index, turn in enumerate(recorded.turns) if turn.wrote]
    match which:
        case Places.ALL:
            yield from range(len(recorded.turns))
        case Places.COMMITS:
            yield from (index for index in writing if recorded.turns[index].text.upper().startswith("COMMIT"))
        case Places.MIDDLE:
            yield from writing[len(writing) // 2 :][:1]


def _asked_for(pattern: str, everything: Sequence[Target]) -> list[Target]:
    found = [
        target for target in everything if any(fnmatchcase(name, pattern) for name in (target.id, target.by_statement))
    ]
    if not found:
        commands = ", ".join(
            f"{name} 0-{last}"
            for name, last in {item.recorded.command.name: len(item.recorded.turns) - 1 for item in everything}.items()
        )
        raise UsageError(
            f"there is no pair {pattern!r}",
            remedy="Write COMMAND:BOUNDARY:KIND; a boundary is its number or its statement's name."
            f" Boundaries: {commands}. Kinds: {', '.join(FaultKind)}.",
        )
    return found
