"""How many rows, and which: counts, order-free digests, sequences, large objects (design 3.3). SQL and values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pg_dryrun.observer.connection import Observer
from pg_dryrun.subject import TableName


@dataclass(frozen=True, kw_only=True)
class TableDigest:
    """Rows of a table and their order-free 128-bit digest (32 hexadecimal digits)."""

    rows: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class SequenceState:
    """Where a sequence stands. Sequences are not transactional: no snapshot holds them still."""

    last_value: int
    is_called: bool


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A relation that can hold rows. ``kind``: table, materialized view, foreign table. ``persistence``: permanent, unlogged."""

    name: TableName
    kind: str
    persistence: str
    owner: str


def relations(observer: Observer) -> list[Relation]:
    """Every user relation that holds rows of its own (partitions yes, partitioned parents no), by name."""
    raise NotImplementedError


def count(observer: Observer, tables: Iterable[TableName]) -> dict[TableName, int]:
    """``count(*)`` of each table in one statement, hence one snapshot."""
    raise NotImplementedError


def digests(observer: Observer, tables: Iterable[TableName]) -> dict[TableName, TableDigest]:
    """The digest of each table."""
    raise NotImplementedError


def sequences(observer: Observer) -> dict[str, SequenceState]:
    """Every user sequence."""
    raise NotImplementedError


def large_objects(observer: Observer) -> TableDigest:
    """Number of large objects and a digest of their pages."""
    raise NotImplementedError


def changed(before: Mapping[TableName, TableDigest], after: Mapping[TableName, TableDigest]) -> tuple[TableName, ...]:
    """Tables whose digest differs, or that are on one side only, by name."""
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))
