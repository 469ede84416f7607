"""Writes that row events do not show: sequences, DDL, large objects, unlogged and temporary tables, TRUNCATE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pg_dryrun.effects import StepEffects, Verb
from pg_dryrun.observer import Observer, counts, schema
from pg_dryrun.observer.counts import SequenceState, TableDigest
from pg_dryrun.observer.schema import SchemaFingerprint
from pg_dryrun.subject import TableName

_TEMPORARY = (
    "SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relpersistence = 't' AND c.relkind IN ('r', 'S', 'v', 'm') ORDER BY 1"
)


@dataclass(frozen=True, kw_only=True)
class DarkState:
    """What is looked at before and after a step. ``temporary``: relations of sessions that are still open."""

    schema: SchemaFingerprint
    sequences: Mapping[str, SequenceState]
    large_objects: TableDigest
    unlogged: Mapping[TableName, TableDigest]
    temporary: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DarkWrites:
    """What moved without a row event. ``transactions`` committed without one: id and what its log records say."""

    sequences: tuple[str, ...] = ()
    schema: tuple[str, ...] = ()
    large_objects: tuple[str, ...] = ()
    unlogged: tuple[TableName, ...] = ()
    temporary: tuple[str, ...] = ()
    truncated: tuple[TableName, ...] = ()
    transactions: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Nothing at all moved in the dark."""
        return not any(vars(self).values())

    def lines(self) -> tuple[str, ...]:
        """Each dark write in words: ``kind: item``."""
        return tuple(f"{name}: {item}" for name, items in vars(self).items() for item in items)


def look(observer: Observer) -> DarkState:
    """The state now. ``observer`` must be a superuser (large objects). Takes no transaction id."""
    unlogged = [relation.name for relation in counts.relations(observer) if relation.persistence == "unlogged"]
    return DarkState(
        schema=schema.fingerprint(observer),
        sequences=counts.sequences(observer),
        large_objects=counts.large_objects(observer),
        unlogged=counts.digests(observer, unlogged),
        temporary=tuple(str(row["name"]) for row in observer.rows(_TEMPORARY)),
    )


def between(before: DarkState, after: DarkState, effects: StepEffects) -> DarkWrites:
    """What moved in the dark between two looks."""
    return DarkWrites(
        sequences=tuple(
            sorted(
                name
                for name in before.sequences.keys() | after.sequences.keys()
                if before.sequences.get(name) != after.sequences.get(name)
            )
        ),
        schema=() if before.schema.digest == after.schema.digest else before.schema.difference(after.schema),
        large_objects=_large_objects(before.large_objects, after.large_objects),
        unlogged=counts.changed(before.unlogged, after.unlogged),
        temporary=tuple(name for name in after.temporary if name not in before.temporary),
        truncated=tuple(effects.totals(Verb.TRUNCATE)),
        transactions=tuple(f"{item.xid}: {item.why}" for item in effects.without_rows()),
    )


def _large_objects(before: TableDigest, after: TableDigest) -> tuple[str, ...]:
    if before == after:
        return ()
    return (f"{before.rows} before, {after.rows} after",) if before.rows != after.rows else ("contents changed",)
