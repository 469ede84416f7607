"""One scenario as values: the writer's result and the instruments' observation, joined for gates and record."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pg_dryrun.companions import Separated, table_effects
from pg_dryrun.instruments import Observation
from pg_dryrun.outcome import Status
from pg_dryrun.record import ScenarioRecord
from pg_dryrun.subject import Scenario, ScenarioResult

_LAST = 12


@dataclass(kw_only=True)
class Stopwatch:
    """Seconds of the block, known when it ends."""

    seconds: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Measure a block, also one that raises."""
    watch, begun = Stopwatch(), time.perf_counter()
    try:
        yield watch
    finally:
        watch.seconds = round(time.perf_counter() - begun, 6)


def scenario_record(
    scenario: Scenario,
    result: ScenarioResult,
    separated: Separated,
    *,
    expected: Mapping[str, int],
    updates: Mapping[str, int],
    clone: str,
    seconds: float,
) -> ScenarioRecord:
    """Everything about one step. Its status is the gate's to say."""
    seen = separated.seen
    return ScenarioRecord(
        id=scenario.id,
        title=scenario.title,
        kind=scenario.kind,
        chain=scenario.chain,
        status=Status.NOT_REACHED,
        message=result.message,
        refused=result.refused,
        expected_refusals=scenario.expected_refusals,
        facts=dict(result.facts),
        expected=dict(expected),
        counted=dict(seen.totals),
        added=dict(seen.deltas),
        sums=by_schema(seen.totals),
        effects=table_effects(seen.effects),
        expected_updates=dict(updates),
        dark_writes=tuple(seen.dark.lines()),
        disagreements=tuple(seen.contradictions),
        bystanders_changed=tuple(seen.bystanders_changed),
        client_statements=len(result.client_statements),
        server_statements=len(seen.log.statements),
        transactions=len(seen.effects.transactions),
        clone=clone,
        duration_s=seconds,
        asides=separated.asides,
        sessions=separated.sessions,
        crossed=separated.crossed,
    )


def by_schema(rows: Mapping[str, int]) -> dict[str, int]:
    """Rows by schema, in the order in which the schemas appear."""
    sums: dict[str, int] = {}
    for table, count in rows.items():
        schema = table.partition(".")[0]
        sums[schema] = sums.get(schema, 0) + count
    return sums


def last_statements(seen: Observation, roles: Collection[str], pid: int | None = None) -> tuple[str, ...]:
    """The writer's last statements as the server logged them, oldest first; of one backend where ``pid`` says so."""
    texts = [
        f"{item.text}  -- {item.sqlstate}" if item.sqlstate else item.text
        for item in seen.log.statements
        if item.user in roles and pid in {None, item.pid}
    ]
    return tuple(texts[-_LAST:])
