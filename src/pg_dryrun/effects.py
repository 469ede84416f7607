"""Committed effects, exactly: logical decoding through SQL with a fence per step (design 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pg_dryrun.observer import Observer
from pg_dryrun.subject import TableName


class Verb(StrEnum):
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    TRUNCATE = "TRUNCATE"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One committed row event (or one table of a TRUNCATE)."""

    table: TableName
    verb: Verb


@dataclass(frozen=True, kw_only=True)
class CommittedTransaction:
    """A transaction in commit order. Without ``changes`` it wrote in the dark (DDL, sequences, locks …)."""

    xid: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class StepEffects:
    """All that was committed between two fences. ``cost_ms`` is what it cost to find out. ``wal_bytes``: WAL written."""

    label: str
    transactions: tuple[CommittedTransaction, ...]
    wal_bytes: int
    cost_ms: float

    def totals(self, verb: Verb) -> Mapping[TableName, int]:
        """Events of ``verb`` per table; tables without one are not named."""
        found: dict[TableName, int] = {}
        for transaction in self.transactions:
            for change in transaction.changes:
                if change.verb is verb:
                    found[change.table] = found.get(change.table, 0) + 1
        return dict(sorted(found.items()))

    def without_rows(self) -> tuple[int, ...]:
        """Transaction ids that committed without a row event."""
        return tuple(transaction.xid for transaction in self.transactions if not transaction.changes)


class EffectsSlot:
    """A temporary logical slot on the clone; it lives and dies with the observer's session."""

    def __init__(self, observer: Observer, name: str) -> None:
        self._observer = observer
        self.name = name

    @classmethod
    def open(cls, observer: Observer, *, name: str = "pg_dryrun_effects") -> EffectsSlot:
        """Make the slot. Raises ``EnvironmentFault`` where ``wal_level`` is not ``logical``."""
        raise NotImplementedError

    def fence(self, label: str) -> StepEffects:
        """Everything committed since the last fence (or the slot's birth)."""
        raise NotImplementedError

    def close(self) -> None:
        """Drop the slot."""
        raise NotImplementedError


def parse(lines: list[tuple[int, str]]) -> tuple[CommittedTransaction, ...]:
    """test_decoding's text, as (xid, line), into transactions. Raises ``ToolFault`` on a line it does not know."""
    raise NotImplementedError
