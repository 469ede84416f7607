"""Phases one at a time although nobody calls them: a lock for each phase to come, held by a session of the harness.

A phase inserts into one table that no other phase writes. Where that table is locked, a worker goes on until there
and waits in the middle of the phase, with nothing of it committed: so the phase before it can be counted.
"""

from __future__ import annotations

from contextlib import ExitStack

from cutter_dryrun.matrix import LEDGER, Phase
from pg_dryrun.observer import Observer, connect
from pg_dryrun.subject import Login

TABLES = {
    Phase.MARK: "iu.source_snapshot",
    Phase.SWEEP: f"{LEDGER}.decision_backlog_sweep_log",
    Phase.REVIEW: f"{LEDGER}.review_decision",
    Phase.CUT: f"{LEDGER}.cut_change_set",
    Phase.VERIFY: f"{LEDGER}.verify_result",
}
_WAITING = """
SELECT count(*) FROM pg_catalog.pg_locks
WHERE NOT granted AND relation = %s::regclass
    AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
"""
_END_WAITING = """
SELECT count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_locks
WHERE NOT granted AND relation = %s::regclass
    AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
"""


class Turnstiles:
    """Closed ones, each with a session of its own. A context manager: leaving it opens them all."""

    def __init__(self, admin: Login, looking: Observer) -> None:
        self._admin = admin
        self._looking = looking
        self._closed: dict[Phase, ExitStack] = {}

    def close(self, *phases: Phase) -> None:
        """Nobody gets through any of ``phases`` from now on."""
        for phase in phases:
            stack = ExitStack()
            holding = stack.enter_context(connect(self._admin, purpose=f"turnstile {phase}"))
            holding.execute("BEGIN")
            holding.execute(f"LOCK TABLE {TABLES[phase]} IN SHARE MODE")
            stack.callback(holding.execute, "ROLLBACK")
            self._closed[phase] = stack

    def open(self, phase: Phase) -> None:
        """Who stands there goes on."""
        self._closed.pop(phase, ExitStack()).close()

    def open_all(self) -> None:
        """All of them."""
        for phase in list(self._closed):
            self.open(phase)

    def standing_at(self, phase: Phase) -> int:
        """How many sessions wait there."""
        return int(str(self._looking.value(_WAITING, [TABLES[phase]])))

    def end_those_at(self, phase: Phase) -> int:
        """Terminate the backends that wait there, as an administrator could; how many."""
        with connect(self._admin, purpose="terminate") as admin:
            return int(str(admin.value(_END_WAITING, [TABLES[phase]])))
