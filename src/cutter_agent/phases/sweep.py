"""SWEEP: waiting entries become reviewable (design 1.5). DOT-991, READ COMMITTED.

Promotes ``marked`` and due ``reviewed_deferred`` entries, in key order, at most a batch. Writes history 1 per promoted
entry and sweep_log 1 per run. A run that found nothing writes its line where a person asked for it; two schedulers, or
a pipeline that another one was quicker than, leave no trace of what they did not do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cutter_agent.errors import IllegalTransition, UsageError
from cutter_agent.idempotency import sweep_id
from cutter_agent.ledger import next_history
from cutter_agent.model import ChangeKind, EntryStatus
from cutter_agent.phases.replay import converging
from cutter_agent.ports import Clock, ExecDatabase, ExecStore
from cutter_agent.rows import Entry, History, SweepLog
from cutter_agent.state_machine import require_move


class Trigger(StrEnum):
    """Words of ``decision_backlog_sweep_log.trigger_kind``."""

    MANUAL = "manual"
    PIPELINE = "pipeline"
    PERIODIC = "periodic"


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """What was promoted, in key order. ``full``: the batch was used up, so there may be more."""

    promoted: tuple[str, ...]
    sweep_id: str
    full: bool


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """The rows of one run."""

    histories: tuple[History, ...]
    log: SweepLog

    @property
    def told(self) -> bool:
        """Whether the run leaves a line of the log."""
        return bool(self.histories) or self.log.trigger_kind == Trigger.MANUAL


def needed(entry: Entry) -> bool:
    """Whether this entry waits for a sweep."""
    return entry.status in {EntryStatus.MARKED, EntryStatus.REVIEWED_DEFERRED}


def sweep(
    database: ExecDatabase, *, swept_by: str, batch_limit: int, clock: Clock, trigger: Trigger = Trigger.MANUAL
) -> SweepResult:
    """Promote one batch. Raises ``UsageError`` on a batch below 1."""
    if batch_limit < 1:
        raise UsageError(f"a sweep of {batch_limit} entries", remedy="Set DOT_CUTTER_SWEEP_BATCH to 1 or more.")

    def body(store: ExecStore) -> SweepResult:
        started_at = clock()
        waiting = store.lock_waiting(due_at=started_at, limit=batch_limit)
        ids = [entry.entry_id for entry in waiting]
        plan = decide(
            waiting,
            versions=store.latest_versions(ids),
            swept_by=swept_by,
            batch_limit=batch_limit,
            trigger=trigger,
            started_at=started_at,
            finished_at=clock(),
        )
        apply(store, ids, plan)
        return SweepResult(promoted=tuple(ids), sweep_id=plan.log.sweep_id, full=len(ids) == batch_limit)

    return converging(lambda: database.read_committed("SWEEP", body))


def decide(
    waiting: Sequence[Entry],
    *,
    versions: Mapping[str, int],
    swept_by: str,
    batch_limit: int,
    trigger: Trigger,
    started_at: datetime,
    finished_at: datetime,
) -> SweepPlan:
    """One history row per entry and the log of the run. Raises ``IllegalTransition`` on an entry that cannot move."""
    histories = []
    for entry in waiting:
        require_move(entry.status, EntryStatus.REVIEW_PENDING, entry_id=entry.entry_id)
        histories.append(
            next_history(
                entry,
                version=versions.get(entry.entry_id, 0),
                change=ChangeKind.SWEEP_PROMOTE,
                after=EntryStatus.REVIEW_PENDING,
                changed_by=swept_by,
                changed_at=started_at,
                rationale="due for review",
            )
        )
    promoted = [(row.entry_id, row.entry_version_after) for row in histories]
    log = SweepLog(
        sweep_id=sweep_id(swept_by, promoted, started_at=started_at),
        swept_by=swept_by,
        trigger_kind=trigger.value,
        started_at=started_at,
        finished_at=finished_at,
        batch_limit=batch_limit,
        scanned_count=len(waiting),
        promoted_count=len(histories),
        cursor_after=histories[-1].entry_id if histories else None,
        scenario_ref=None,
    )
    return SweepPlan(histories=tuple(histories), log=log)


def apply(store: ExecStore, entry_ids: Sequence[str], plan: SweepPlan) -> None:
    """Write the plan. Raises ``IllegalTransition`` when fewer entries moved than were locked."""
    if entry_ids:
        moved = store.promote(entry_ids)
        if moved != len(entry_ids):
            raise IllegalTransition(
                f"{moved} of {len(entry_ids)} locked entries moved", remedy="Sweep again; nothing was written."
            )
        store.add_histories(plan.histories)
    if plan.told:
        store.add_sweep_log(plan.log)
