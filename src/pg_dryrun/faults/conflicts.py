"""Faults that other sessions make: a lock held too long, a deadlock, a serialization failure. All by the server itself.

What to lock is known from the undisturbed run: the tables that the writer's transaction had locked before each turn.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar

from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.fault_record import FaultKind
from pg_dryrun.faults import turns
from pg_dryrun.faults.interface import Places
from pg_dryrun.faults.scene import Fault, Scene
from pg_dryrun.faults.turns import Fate, Turn
from pg_dryrun.observer import Observer, connect, table_sql

_WAIT_S = 5.0
_POLL_S = 0.005
_WAITS = "SELECT 1 FROM pg_catalog.pg_locks WHERE pid = %s AND NOT granted"
_PREDICATE_LOCKS = """
SELECT DISTINCT n.nspname || '.' || c.relname AS name, l.page, l.tuple
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = %s AND l.mode = 'SIReadLock' AND c.relkind IN ('r', 'p')
"""


class _Held(Fault):
    """Another session holds ACCESS EXCLUSIVE on the next table that the writer will need."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._holder: Observer | None = None

    def why_not(self) -> str | None:
        return None if self._wanted() else "no later statement locks another table"

    def _wanted(self) -> str | None:
        return next_table(self.scene, same_transaction=False)

    def strike(self, turn: Turn) -> Fate:  # noqa: ARG002 - the shape of a fault
        wanted = self._wanted()
        if wanted is not None:
            self._holder = connect(self.scene.admin, purpose="fault")
            self._holder.execute("BEGIN")
            self._holder.execute(f"LOCK TABLE {table_sql(wanted)} IN ACCESS EXCLUSIVE MODE NOWAIT")
        return turns.PASS

    def heal(self) -> None:
        if self._holder is not None:
            self._holder.close()


class LockTimeout(_Held):
    """The writer's ``lock_timeout`` ends the wait: 55P03."""

    kind = FaultKind.LOCK_TIMEOUT
    short = (Places.MIDDLE,)
    made_by = "the server: another session holds ACCESS EXCLUSIVE on the next table the writer locks"
    sqlstates = frozenset({"55P03"})
    limits: ClassVar[Mapping[str, float]] = {"lock_s": 0.15, "statement_s": 4.0, "deadline_s": 6.0}


class StatementTimeout(_Held):
    """The writer's ``statement_timeout`` ends the wait: 57014."""

    kind = FaultKind.STATEMENT_TIMEOUT
    short = (Places.MIDDLE,)
    made_by = "the server: as lock-timeout, and the writer's statement_timeout is the shorter one"
    sqlstates = frozenset({"57014"})
    limits: ClassVar[Mapping[str, float]] = {"lock_s": 4.0, "statement_s": 0.25, "deadline_s": 6.0}


class Deadlock(Fault):
    """Another session holds what the writer needs next and waits for what the writer has; the writer is the victim."""

    kind = FaultKind.DEADLOCK
    short = (Places.MIDDLE,)
    made_by = "the server: another session waits for the writer's lock and holds the next one"
    sqlstates = frozenset({"40P01"})
    limits: ClassVar[Mapping[str, float]] = {"lock_s": 4.0, "statement_s": 5.0, "deadline_s": 6.0}

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._other: Observer | None = None
        self._thread: threading.Thread | None = None

    def why_not(self) -> str | None:
        if not self.turn.held:
            return "the writer holds no lock on a table here"
        if next_table(self.scene, same_transaction=True) is None:
            return "this transaction locks no further table"
        return None

    def strike(self, turn: Turn) -> Fate:  # noqa: ARG002 - the shape of a fault
        wanted = next_table(self.scene, same_transaction=True)
        if wanted is None:
            return turns.PASS
        # The session whose deadlock_timeout passes first looks, finds the circle, and is the victim: the writer.
        other = self._other = connect(self.scene.admin, purpose="fault", settings={"deadlock_timeout": "1h"})
        other.execute("BEGIN")
        other.execute(f"LOCK TABLE {table_sql(wanted)} IN ACCESS EXCLUSIVE MODE NOWAIT")
        self._thread = threading.Thread(target=self._wait_for, args=(min(self.turn.held),), daemon=True)
        self._thread.start()
        with connect(self.scene.admin, purpose="fault") as watch:
            until = time.monotonic() + _WAIT_S
            while not watch.rows(_WAITS, [other.backend_pid]) and time.monotonic() < until:
                time.sleep(_POLL_S)
        return turns.PASS

    def _wait_for(self, table: str) -> None:
        """Get it when the victim has let go, and let go at once, so that the writer's next try gets through."""
        if self._other is not None:
            with suppress(EnvironmentFault):
                self._other.execute(f"LOCK TABLE {table_sql(table)} IN ACCESS EXCLUSIVE MODE")
            self._other.close()

    def heal(self) -> None:
        if self._thread is None or self._other is None:
            return
        with suppress(EnvironmentFault), connect(self.scene.admin, purpose="fault") as admin:
            admin.execute("SELECT pg_catalog.pg_terminate_backend(%s)", [self._other.backend_pid])
        self._thread.join(_WAIT_S)


class Serialization(Fault):
    """A concurrent SERIALIZABLE transaction reads what the writer will write and writes what it has read, first."""

    kind = FaultKind.SERIALIZATION
    short = (Places.MIDDLE,)
    made_by = "the server: a concurrent SERIALIZABLE transaction that reads every table and rewrites a row it has read"
    sqlstates = frozenset({"40001"})

    def why_not(self) -> str | None:
        if self.turn.predicate:
            return None
        return "no predicate lock here: the transaction is READ COMMITTED, or has read nothing yet"

    def strike(self, turn: Turn) -> Fate:
        quiet = {"session_replication_role": "replica"}
        with (
            connect(self.scene.admin, purpose="fault", settings=quiet) as other,
            other.block("BEGIN ISOLATION LEVEL SERIALIZABLE"),
        ):
            read = other.rows(_PREDICATE_LOCKS, [turn.backend_pid])
            for table in self.scene.tables:
                other.value(f"SELECT count(*) FROM {table_sql(table)}")
            touched = [str(row["name"]) for row in read if _rewrite(other, row)]
        if not touched:
            self.scene.notes["why_not"] = "nothing that the writer has read could be rewritten beside its locks"
        return turns.PASS


def _rewrite(other: Observer, row: Mapping[str, object]) -> bool:
    """Write one row that was read anew, with the values that it has; whether there was one that nobody had locked."""
    table = str(row["name"])
    column = other.value(
        "SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0"
        " AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum DESC LIMIT 1",
        [table_sql(table)],
    )
    place = f"'({row['page']},{row['tuple']})'" if row["tuple"] is not None else None
    where = f"ctid = {place}" if place else "true"
    name = '"' + str(column).replace('"', '""') + '"'
    return (
        other.execute(
            f"UPDATE {table_sql(table)} SET {name} = {name} WHERE ctid ="
            f" (SELECT ctid FROM {table_sql(table)} WHERE {where} LIMIT 1 FOR UPDATE SKIP LOCKED)"
        )
        > 0
    )


def next_table(scene: Scene, *, same_transaction: bool) -> str | None:
    """The next table, in the recorded run, that the writer locks and has not locked at this boundary."""
    held = scene.turns[scene.index].held
    for later in scene.turns[scene.index + 1 :]:
        if same_transaction and not held <= later.held:
            return None
        fresh = sorted(later.held - held)
        if fresh:
            return fresh[0]
    return None
