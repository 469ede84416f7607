"""DEPEND: one entry waits for, takes the place of, refines or is related to another (design 1.6). DOT-991.

Writes dependency 1. What ``blocks`` must be ``verified_complete`` before the other is cut. Cycles of one kind are
refused here with their names, and by the server whatever passes here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cutter_agent.errors import GovernanceRefused, UsageError
from cutter_agent.idempotency import dependency_id
from cutter_agent.model import EntryStatus
from cutter_agent.phases.replay import converging
from cutter_agent.phases.stored import known_entry
from cutter_agent.ports import Clock, ExecDatabase, ExecStore
from cutter_agent.rows import Dependency, Entry
from cutter_agent.state_machine import TERMINAL

_CUT = frozenset({EntryStatus.CUT_APPLIED, EntryStatus.VERIFIED_COMPLETE, EntryStatus.VERIFY_FAILED_ESCALATED})


class DependencyKind(StrEnum):
    """Words of ``decision_backlog_dependency.dependency_kind``: the first entry … the second."""

    BLOCKS = "blocks"
    SUPERSEDES = "supersedes"
    REFINES = "refines"
    RELATED_TO = "related_to"


@dataclass(frozen=True, kw_only=True)
class DependResult:
    """The edge, and whether this call wrote it."""

    dependency: Dependency
    created: bool


def depend(
    database: ExecDatabase, *, from_entry: str, kind: DependencyKind, to_entry: str, created_by: str, clock: Clock
) -> DependResult:
    """Say it once; said again nothing is written.

    Raises:
        UsageError: there is no such entry, or both are the same.
        GovernanceRefused: it would close a cycle, what it blocks was cut already, or the blocker will never be cut.
    """
    if from_entry == to_entry:
        raise UsageError(f"entry {from_entry} {kind} itself", remedy="Name two entries.")

    def body(store: ExecStore) -> DependResult:
        name = dependency_id(from_entry, to_entry, kind)
        existing = store.find_dependency(name)
        if existing is not None:
            return DependResult(dependency=existing, created=False)
        first, second = _locked(store, from_entry, to_entry)
        if kind is DependencyKind.BLOCKS:
            _require_sense(first, second)
        if from_entry in store.reached(to_entry, kind):
            raise GovernanceRefused(
                f"{to_entry} {kind} {from_entry} already, itself or through others: this would close a cycle",
                remedy=f"iu-cutter depend {to_entry} shows what is said of it.",
            )
        row = Dependency(
            dependency_id=name,
            from_entry_id=from_entry,
            to_entry_id=to_entry,
            dependency_kind=kind.value,
            created_by=created_by,
            created_at=clock(),
        )
        store.add_dependency(row)
        return DependResult(dependency=row, created=True)

    return converging(lambda: database.read_committed("DEPEND", body))


def _locked(store: ExecStore, from_entry: str, to_entry: str) -> tuple[Entry, Entry]:
    """Both entries, locked in the order of their ids, so that two calls never wait for each other."""
    found = {name: known_entry(store.lock_entry(name), name) for name in sorted((from_entry, to_entry))}
    return found[from_entry], found[to_entry]


def _require_sense(first: Entry, second: Entry) -> None:
    if second.status in _CUT or second.status in TERMINAL:
        raise GovernanceRefused(
            f"entry {second.entry_id} is {second.status}: nothing of it is left to wait",
            remedy="A blocker is named before the entry that waits for it is cut.",
        )
    if first.status in TERMINAL and first.status is not EntryStatus.VERIFIED_COMPLETE:
        raise GovernanceRefused(
            f"entry {first.entry_id} is {first.status} and will never be cut: {second.entry_id} would wait for ever",
            remedy="Name the entry that took its place.",
        )
