"""The append-only chain of a backlog entry: which row follows which (design 1.4, 1.6). Pure.

An entry's version counts its history rows. Every phase that moves an entry writes exactly one history row per move it
promises in design 1.5; moves that exist only inside a transaction (``cut_in_progress``) leave no row of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cutter_agent.errors import Internal
from cutter_agent.idempotency import history_id
from cutter_agent.model import ChangeKind, EntryKind, EntryStatus, Verdict
from cutter_agent.rows import Entry, History
from sealing.canonical import JsonValue

REVIEW_WORDS: Mapping[Verdict, tuple[EntryStatus, ChangeKind, str]] = {
    Verdict.PASS: (EntryStatus.REVIEWED_APPROVED, ChangeKind.REVIEW_APPROVE, "approved"),
    Verdict.FAIL: (EntryStatus.REVIEWED_REJECTED, ChangeKind.REVIEW_REJECT, "rejected"),
    Verdict.NEEDS_HUMAN: (EntryStatus.REVIEWED_DEFERRED, ChangeKind.REVIEW_DEFER, "deferred"),
}
"""What a verdict makes of the entry, of its history and of the decision's status."""


def new_entry(entry_id: str, kind: EntryKind, payload: Mapping[str, JsonValue], at: datetime) -> Entry:
    """An entry as it begins: marked."""
    return Entry(
        entry_id=entry_id, kind=kind, status=EntryStatus.MARKED, payload=payload, emitted_at=at, scenario_ref=None
    )


def first_history(entry: Entry, *, changed_by: str, rationale: str, diff: Mapping[str, JsonValue]) -> History:
    """The row that begins an entry's chain."""
    return History(
        history_id=history_id(entry.entry_id, 1),
        entry_id=entry.entry_id,
        entry_version_before=None,
        entry_version_after=1,
        change_kind=ChangeKind.MARK,
        change_diff={"status": [None, entry.status.value], **diff},
        changed_by=changed_by,
        changed_at=entry.emitted_at,
        rationale=rationale,
    )


def next_history(
    entry: Entry,
    *,
    version: int,
    change: ChangeKind,
    after: EntryStatus,
    changed_by: str,
    changed_at: datetime,
    rationale: str,
    diff: Mapping[str, JsonValue] | None = None,
) -> History:
    """The row that follows version ``version`` of ``entry``. Raises ``Internal`` on an entry without a chain."""
    if version < 1:
        raise Internal(
            f"entry {entry.entry_id} has no history", remedy="Restore the ledger: MARK writes the first row."
        )
    return History(
        history_id=history_id(entry.entry_id, version + 1),
        entry_id=entry.entry_id,
        entry_version_before=version,
        entry_version_after=version + 1,
        change_kind=change,
        change_diff={"status": [entry.status.value, after.value], **(diff or {})},
        changed_by=changed_by,
        changed_at=changed_at,
        rationale=rationale,
    )
