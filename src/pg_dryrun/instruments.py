"""All instruments on one clone, asked together after every step, and the equations between them (design 3.3)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType

from pg_dryrun import dark_writes
from pg_dryrun.dark_writes import DarkState, DarkWrites
from pg_dryrun.effects import EffectsSlot, StepEffects, Verb
from pg_dryrun.observer import Observer, connect, counts
from pg_dryrun.observer.counts import TableDigest
from pg_dryrun.server_log import ServerLog
from pg_dryrun.statements import LogSlice
from pg_dryrun.subject import Login, TableName
from pg_dryrun.wal import QUIET, WalReader

_ROOTS = """
WITH RECURSIVE up(relid, root) AS (
    SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i
    UNION ALL SELECT up.relid, i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.root
)
SELECT n.nspname || '.' || c.relname AS name, rn.nspname || '.' || rc.relname AS root
FROM up JOIN pg_catalog.pg_class c ON c.oid = up.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class rc ON rc.oid = up.root JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
WHERE rc.relkind IN ('r', 'p')
"""
_LARGE_BYTES = 32 * 1024 * 1024
_SIZES = """
SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND pg_catalog.pg_table_size(c.oid) > %s
"""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One step as every instrument saw it.

    ``counts`` are totals now, ``deltas`` against the previous step, ``totals`` against the baseline, for every tracked
    table, zeros included. ``bystanders_changed`` are all other tables whose digest moved; ``bystanders_examined`` is
    how many were digested. ``contradictions`` is empty when the instruments agree: count after − before = inserts −
    deletes, and no bystander moved without an effect that names it.
    """

    label: str
    counts: Mapping[TableName, int]
    deltas: Mapping[TableName, int]
    totals: Mapping[TableName, int]
    effects: StepEffects
    dark: DarkWrites
    log: LogSlice
    bystanders_changed: tuple[TableName, ...]
    bystanders_examined: int
    contradictions: tuple[str, ...]
    duration_ms: float


class Instruments:
    """Attached to one clone. Use as a context manager; ``step`` closes a step and opens the next.

    ``large_bystanders`` (above 32 MB) are digested in a ``thorough`` step only: their effects are seen in every step.
    """

    def __init__(
        self,
        stack: ExitStack,
        *,
        looking: Observer,
        slot: EffectsSlot,
        log: ServerLog,
        tracked: Sequence[TableName],
        apart: Sequence[str] = (),
    ) -> None:
        self._stack = stack
        self._looking = looking
        self._slot = slot
        self._log = log
        self.tracked = tuple(tracked)
        self._roots = _roots(looking)
        self.bystanders = tuple(
            name
            for name in counts.readable(looking)
            if name not in self.tracked
            and not self._roots.get(name, frozenset()) & set(self.tracked)
            and name.partition(".")[0] not in apart
        )
        self._apart = frozenset(apart)
        large = {str(row["name"]) for row in looking.rows(_SIZES, [_LARGE_BYTES])}
        self.large_bystanders = tuple(name for name in self.bystanders if name in large)
        self.baseline: Mapping[TableName, int] = {}
        self._counts: Mapping[TableName, int] = {}
        self._digests: dict[TableName, TableDigest] = {}
        self._dark: DarkState
        self._take_baseline()

    @classmethod
    def attach(cls, admin: Login, *, tracked: Sequence[TableName], apart: Sequence[str] = ()) -> Instruments:
        """Make slot, log reader and counting connection; take the baseline. Bystanders are all other user tables, but
        for those in the schemas ``apart``: what is committed there is decoded all the same, and nothing is digested.

        Raises ``EnvironmentFault`` where the server was not started with ``statements.SERVER_SETTINGS``.
        """
        with ExitStack() as stack:
            looking = stack.enter_context(connect(admin, purpose="look", read_only=True, settings=QUIET))
            deciding = stack.enter_context(connect(admin, purpose="effects", settings=QUIET))
            reading = stack.enter_context(connect(admin, purpose="log", settings=QUIET))
            wal = WalReader.open(admin)
            stack.callback(wal.close)
            slot = EffectsSlot.open(deciding, wal)
            log = ServerLog.open(reading, own_sessions=[looking.session_id(), deciding.session_id(), wal.session_id])
            return cls(stack.pop_all(), looking=looking, slot=slot, log=log, tracked=tracked, apart=apart)

    def __enter__(self) -> Instruments:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def step(self, label: str, *, thorough: bool = False) -> Observation:
        """What happened since the last step. The writer must have finished: nothing in flight is waited for."""
        began = time.perf_counter()
        log = self._log.fence(label)
        effects = self._slot.fence(label)
        now = counts.count(self._looking, self.tracked)
        examined = self._examined(thorough=thorough)
        digests = counts.digests(self._looking, examined)
        dark_now = dark_writes.look(self._looking)
        dark = dark_writes.between(self._dark, dark_now, effects)
        changed = counts.changed({name: self._digests[name] for name in examined}, digests)
        new = tuple(name for name in counts.readable(self._looking) if self._is_new(name))
        deltas = {name: now[name] - self._counts[name] for name in self.tracked}
        observation = Observation(
            label=label,
            counts=now,
            deltas=deltas,
            totals={name: now[name] - self.baseline[name] for name in self.tracked},
            effects=effects,
            dark=dark,
            log=log,
            bystanders_changed=tuple(sorted({*changed, *new})),
            bystanders_examined=len(examined),
            contradictions=(*self._unequal(deltas, effects), *self._unexplained(changed, effects, dark)),
            duration_ms=(time.perf_counter() - began) * 1000,
        )
        self._counts, self._dark = now, dark_now
        self._digests.update(digests)
        return observation

    def rebase(self) -> None:
        """Forget everything so far: the present becomes the baseline."""
        self._log.fence("rebase")
        self._slot.fence("rebase")
        self._take_baseline()

    def close(self) -> None:
        """Close all sessions; the slot is temporary and goes with its own."""
        self._stack.close()

    def _take_baseline(self) -> None:
        self.baseline = self._counts = counts.count(self._looking, self.tracked)
        self._digests = counts.digests(self._looking, self.bystanders)
        self._dark = dark_writes.look(self._looking)

    def _examined(self, *, thorough: bool) -> tuple[TableName, ...]:
        """Bystanders to digest; one that was dropped is a schema change, seen as such."""
        present = set(counts.readable(self._looking))
        return tuple(
            name for name in self.bystanders if name in present and (thorough or name not in self.large_bystanders)
        )

    def _is_new(self, name: TableName) -> bool:
        known = name in self.bystanders or name in self.tracked or name in self._roots
        return not known and name.partition(".")[0] not in self._apart

    def _unequal(self, deltas: Mapping[TableName, int], effects: StepEffects) -> list[str]:
        """count after − before = inserts − deletes, but for a truncated table: how many rows went is not in the log."""
        inserted, deleted, truncated = (
            self._by_tracked(effects.totals(verb)) for verb in (Verb.INSERT, Verb.DELETE, Verb.TRUNCATE)
        )
        return [
            f"{name}: counted {deltas[name]:+d},"
            f" decoded {inserted.get(name, 0)} inserts and {deleted.get(name, 0)} deletes"
            for name in self.tracked
            if name not in truncated and deltas[name] != inserted.get(name, 0) - deleted.get(name, 0)
        ]

    def _by_tracked(self, totals: Mapping[TableName, int]) -> dict[TableName, int]:
        """Events of partitions belong to the tracked parent, too: it counts their rows."""
        found: dict[TableName, int] = {}
        for name, number in totals.items():
            for owner in {name, *self._roots.get(name, frozenset())} & set(self.tracked):
                found[owner] = found.get(owner, 0) + number
        return found

    @staticmethod
    def _unexplained(changed: Sequence[TableName], effects: StepEffects, dark: DarkWrites) -> list[str]:
        named = {name for verb in Verb for name in effects.totals(verb)} | set(dark.unlogged)
        # A column added or a view refreshed changes a row's text without a row event: the schema lines tell.
        return [
            f"{name}: its digest moved, no effect names it" for name in changed if name not in named and not dark.schema
        ]


def _roots(observer: Observer) -> dict[TableName, frozenset[TableName]]:
    found: dict[TableName, frozenset[TableName]] = {}
    for row in observer.rows(_ROOTS):
        name = str(row["name"])
        found[name] = found.get(name, frozenset()) | {str(row["root"])}
    return found
