"""Writes that row events do not show: sequences, DDL, large objects, unlogged and temporary tables, TRUNCATE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pg_dryrun.effects import StepEffects
from pg_dryrun.observer import Observer
from pg_dryrun.observer.counts import SequenceState, TableDigest
from pg_dryrun.observer.schema import SchemaFingerprint
from pg_dryrun.subject import TableName


@dataclass(frozen=True, kw_only=True)
class DarkState:
    """What is looked at before and after a step."""

    schema: SchemaFingerprint
    sequences: Mapping[str, SequenceState]
    large_objects: TableDigest
    unlogged: Mapping[TableName, TableDigest]
    temporary: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DarkWrites:
    """What moved without a row event. ``transactions``: committed without a row event, by xid."""

    sequences: tuple[str, ...] = ()
    schema: tuple[str, ...] = ()
    large_objects: tuple[str, ...] = ()
    unlogged: tuple[TableName, ...] = ()
    temporary: tuple[str, ...] = ()
    truncated: tuple[TableName, ...] = ()
    transactions: tuple[int, ...] = ()

    @property
    def none(self) -> bool:
        """Nothing at all moved in the dark."""
        return not any(vars(self).values())

    def lines(self) -> tuple[str, ...]:
        """Each dark write in words."""
        return tuple(f"{name}: {item}" for name, items in vars(self).items() for item in items)


def look(observer: Observer) -> DarkState:
    """The state now."""
    raise NotImplementedError


def between(before: DarkState, after: DarkState, effects: StepEffects) -> DarkWrites:
    """What moved in the dark between two looks."""
    raise NotImplementedError
