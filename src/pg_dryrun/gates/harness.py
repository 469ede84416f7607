"""C-11: the scenarios together. G_HARNESS_HAPPY, G-15 matrix exact, G_HARNESS_NEG, G-16 deltas zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.gates.interface import Gate, some
from pg_dryrun.outcome import Blame, Check, Status
from pg_dryrun.plan import ExpectedRows
from pg_dryrun.record import ScenarioRecord


@dataclass(frozen=True, kw_only=True)
class HappyGate(Gate):
    """Did every planned step of the happy path run and pass?"""

    id: ClassVar[str] = "G_HARNESS_HAPPY"
    title: ClassVar[str] = "happy path"
    step: ClassVar[str] = "C-11a"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.TOOL,)

    planned: Sequence[str]
    records: Sequence[ScenarioRecord]

    def check(self) -> Check:
        return _all_ran(self, self.planned, self.records)


@dataclass(frozen=True, kw_only=True)
class RefusalsGate(Gate):
    """Did every planned refusal run, and was each refused as it should be?"""

    id: ClassVar[str] = "G_HARNESS_NEG"
    title: ClassVar[str] = "refusals"
    step: ClassVar[str] = "C-11b"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.TOOL,)

    planned: Sequence[str]
    records: Sequence[ScenarioRecord]

    def check(self) -> Check:
        return _all_ran(self, self.planned, self.records)


def _all_ran(gate: Gate, planned: Sequence[str], records: Sequence[ScenarioRecord]) -> Check:
    passed = [record.id for record in records if record.status is Status.PASSED]
    if not planned or passed != list(planned):
        missing = [item for item in planned if item not in passed]
        return gate.broken(f"planned {list(planned)}, passed {passed}", {"missing": missing}, blame=Blame.TOOL)
    return gate.kept(f"{len(passed)} of {len(planned)} passed: {', '.join(passed)}")


@dataclass(frozen=True, kw_only=True)
class MatrixGate(Gate):
    """Is the matrix exact after every step, and are the plan's own numbers the counted ones?

    The subject's law and the plan's numbers are two promises. Rows that the law does not explain are the product's
    failure. Where the law holds and both instruments agree, a plan that says another number is a wrong plan.
    """

    id: ClassVar[str] = "G-15"
    title: ClassVar[str] = "matrix exact"
    step: ClassVar[str] = "C-11a"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.PLAN, Blame.TOOL)

    tracked: Sequence[str]
    records: Sequence[ScenarioRecord]
    plan: Mapping[str, ExpectedRows]

    def check(self) -> Check:
        counted = [record for record in self.records if record.counted]
        if not counted or any(set(record.counted) != set(self.tracked) for record in counted):
            return self.broken("not every table was counted after every step", blame=Blame.TOOL)
        wrong = [
            f"{record.id} {table}: expected {expected}, counted {found}"
            for record in counted
            for table, (expected, found) in record.wrong_cells().items()
        ]
        if wrong:
            return self.broken(f"{len(wrong)} cells differ: {some(wrong)}", {"wrong": wrong}, blame=Blame.PRODUCT)
        against_plan = list(self._differences_from_plan({record.id: record for record in counted}))
        if against_plan:
            return self.broken(
                f"the plan expects other numbers than the writer's own law, which holds: {some(against_plan)}",
                {"wrong": against_plan},
                blame=Blame.PLAN,
                remedy="Correct the plan's expected rows.",
            )
        cells = len(counted) * len(self.tracked)
        finals = {record.chain: sum(record.counted.values()) for record in counted}
        return self.kept(
            f"{cells} cells equal over {len(counted)} steps; rows at the end by chain: "
            + ", ".join(f"{chain} {rows}" for chain, rows in finals.items()),
            {"cells": cells, "rows_at_the_end": finals},
        )

    def _differences_from_plan(self, by_id: Mapping[str, ScenarioRecord]) -> list[str]:
        found: list[str] = []
        for scenario, rows in self.plan.items():
            record = by_id.get(scenario)
            if record is None:
                found.append(f"{scenario}: there is no such step")
                continue
            for name, expected in rows.items():
                counted = rows_of(record.counted, name)
                if counted is None:
                    found.append(f"{scenario} {name}: not a tracked table")
                elif counted != expected:
                    found.append(f"{scenario} {name}: the plan expects {expected}, counted {counted}")
        return found


def rows_of(counted: Mapping[str, int], name: str) -> int | None:
    """Rows of a table, or of all tracked tables of a schema where ``name`` is ``schema.*``; None if there is none."""
    if name.endswith(".*"):
        schema = [rows for table, rows in counted.items() if table.startswith(name[:-1])]
        return sum(schema) if schema else None
    return counted.get(name)


@dataclass(frozen=True, kw_only=True)
class DeltasGate(Gate):
    """Did every refusal leave every tracked table as it was, by count and by committed effect?"""

    id: ClassVar[str] = "G-16"
    title: ClassVar[str] = "negative deltas zero"
    step: ClassVar[str] = "C-11b"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    tracked: Sequence[str]
    records: Sequence[ScenarioRecord]

    def check(self) -> Check:
        if not self.records or any(set(record.counted) != set(self.tracked) for record in self.records):
            return self.broken("not every table was counted after every refusal", blame=Blame.TOOL)
        moved = [
            f"{record.id} {table}: {rows:+d} rows"
            for record in self.records
            for table, rows in record.counted.items()
            if rows
        ]
        moved += [
            f"{record.id} {table}: committed {effects.inserted} inserts, {effects.updated} updates, "
            f"{effects.deleted} deletes, {effects.truncated} truncates"
            for record in self.records
            for table, effects in record.effects.items()
            if effects.inserted or effects.updated or effects.deleted or effects.truncated
        ]
        cells = len(self.records) * len(self.tracked)
        if moved:
            return self.broken(f"{len(moved)} deltas: {some(moved)}", {"moved": moved}, blame=Blame.PRODUCT)
        return self.kept(f"{cells} deltas zero over {len(self.records)} refusals", {"cells": cells})
