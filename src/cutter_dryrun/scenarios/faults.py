"""S13, S16 to S19 as scenarios, with the rows that each must leave. S14, S15 and S20 are enumerated: ``breakable``."""

from __future__ import annotations

from collections.abc import Mapping

from cutter_dryrun.matrix import LEDGER, TRACKED_TABLES, Phase, totals_after, updates_in
from cutter_dryrun.scenarios import decisions, sessions
from cutter_dryrun.scenarios.stage import Act, play
from pg_dryrun.subject import Kind, Scenario

_ENTRY = f"{LEDGER}.decision_backlog_entry"
_DECISION = f"{LEDGER}.review_decision"
_HELD_BY_OTHERS = ("transactions: *",)
"""The session that holds a row for which workers come takes a transaction id and commits nothing."""
_LOCKED_AGAIN = ("transactions: *: rows locked",)
"""The same command again locks the entry, finds its work done, and writes nothing."""


def fault_scenarios() -> tuple[Scenario, ...]:
    """In order."""
    return (
        _fault(
            "S13",
            "a dirty pooled connection, and the savepoint that would hide it",
            sessions.dirty_connection,
            rows=totals_after(Phase.MARK, 1),
            refused=sessions.DIRTY,
        ),
        _fault(
            "S16",
            "serialization failure and deadlock between two workers",
            sessions.two_workers,
            prepare=sessions.bring_to_approved,
            rows=_between(Phase.REVIEW, Phase.VERIFY),
            updates=_sum(updates_in(Phase.CUT, 1), updates_in(Phase.VERIFY, 1)),
            dark=_HELD_BY_OTHERS,
        ),
        _fault(
            "S17",
            "VERIFY fails: escalation",
            decisions.escalation,
            prepare=decisions.bring_to_tampered,
            rows=decisions.ESCALATED_ROWS,
            updates=decisions.ESCALATED_UPDATES,
            dark=_LOCKED_AGAIN,
        ),
        _fault(
            "S18",
            "review deferred, rejected, superseded",
            decisions.reviews,
            rows={
                _ENTRY: 2,
                f"{LEDGER}.decision_backlog_history": 8,
                f"{LEDGER}.decision_backlog_sweep_log": 2,
                f"{LEDGER}.manifest_envelope": 2,
                f"{LEDGER}.manifest_unit_block": 2,
                _DECISION: 3,
                "iu.source_snapshot": 2,
                "iu.manifest": 2,
            },
            updates={_ENTRY: 6, _DECISION: 1},
            refused="ILLEGAL_TRANSITION",
            dark=_LOCKED_AGAIN,
        ),
        _fault(
            "S19",
            "two MARKs of the same source at once",
            sessions.same_source_at_once,
            rows=totals_after(Phase.MARK, 1),
            dark=_HELD_BY_OTHERS,
        ),
    )


def _fault(
    name: str,
    title: str,
    act: Act,
    *,
    rows: Mapping[str, int],
    updates: Mapping[str, int] | None = None,
    prepare: Act | None = None,
    refused: str | None = None,
    dark: tuple[str, ...] = (),
) -> Scenario:
    return Scenario(
        id=name,
        title=title,
        kind=Kind.FAULT,
        chain=name,
        run=play(act),
        prepare=play(prepare) if prepare else None,
        expected_totals={**dict.fromkeys(TRACKED_TABLES, 0), **rows},
        expected_updates=updates or {},
        expected_refusals=(refused,) if refused else (),
        expected_dark=dark,
    )


def _between(before: Phase, after: Phase) -> Mapping[str, int]:
    earlier = totals_after(before, 1)
    return {table: rows - earlier[table] for table, rows in totals_after(after, 1).items()}


def _sum(*parts: Mapping[str, int]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        for table, rows in part.items():
            found[table] = found.get(table, 0) + rows
    return found
