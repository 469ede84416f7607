"""``RealPostgresAdapter``: one instance, one principal, for life (design 2.2).

The contract's lines and where they are kept:

1  one implementation of ``DBAdapter``, one principal        here
2  no statement outside an explicit block                    here, ``principals``
3  begin on IDLE only, one BEGIN, never SET TRANSACTION      ``transaction``
4  savepoints by name; nested ``transaction()`` is an error  here, ``transaction``
5  COMMIT must be answered COMMIT                            ``transaction``
6  a lost answer is resolved                                 ``resolution``
7  retries                                                   ``retry``
8  SQLSTATE dispositions                                     ``sqlstates``
9  pool                                                      ``pool``
10 deadlines                                                 ``connection``
11 principal asserted, authentication method recorded        ``principals``
12 catalog contract, before the first write                  ``startup_checks`` of this class; the check is ``contract``
13 many rows set-wise                                        ``transaction`` (``copy_rows``)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from cutter_agent import observing
from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.interface import Parameters, Row, Statements
from cutter_agent.db_adapter.journal import Journal
from cutter_agent.db_adapter.pool import LanePool
from cutter_agent.db_adapter.principals import Identity
from cutter_agent.db_adapter.resolution import not_committed, was_committed
from cutter_agent.db_adapter.retry import Retry
from cutter_agent.db_adapter.settings import ConnectionSettings, Isolation, Limits
from cutter_agent.db_adapter.sqlstates import rule_for
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.db_adapter.transaction import AnswerLost, Transaction
from cutter_agent.errors import DatabaseError, Internal, OutcomeUnknown
from cutter_agent.model import Lane

_UNDEFINED_TABLE = "42P01"
T = TypeVar("T")

StartupCheck = Callable[[Statements, Mapping[str, Statement]], None]
"""Called once, in a read-only block, before the first block that may write. Raises to refuse the lane every write."""


@dataclass(frozen=True, kw_only=True)
class SessionFacts:
    """What the report says of a lane's session. ``retries`` is ``phase SQLSTATE`` to how often."""

    lane: Lane
    identity: Identity | None
    """None before the first connection."""
    blocks: int
    retries: Mapping[str, int] = field(default_factory=dict)
    commits_resolved: Mapping[str, int] = field(default_factory=dict)
    """Lost answers to COMMIT by what was learnt: ``committed``, ``aborted``, ``unknown``."""
    dirty_returns: int = 0
    """Connections that came back in the middle of a transaction: a defect, whenever it is not 0."""
    connections_made: int = 0
    connections_discarded: int = 0
    statements_sent: int = 0


class RealPostgresAdapter:
    """The one implementation of ``DBAdapter``. Opens no socket before it is used.

    ``role`` is what ``current_user`` must be where the lane's role has another name on this server; ``declared``
    replaces the statements of this package. ``admission`` is asked once, before the first block of any kind; the
    ``startup_checks`` before the first that writes.
    """

    def __init__(
        self,
        *,
        settings: ConnectionSettings,
        lane: Lane,
        role: str | None = None,
        limits: Limits | None = None,
        journal: Journal | None = None,
        startup_checks: Sequence[StartupCheck] = (),
        admission: StartupCheck | None = None,
        declared: Mapping[str, Statement] | None = None,
        retry: Retry | None = None,
    ) -> None:
        self._lane = lane
        self._limits = limits or Limits()
        self._journal = journal if journal is not None else Journal(limit=10_000)
        self._statements = declared if declared is not None else statements.load()
        self._pool = LanePool(
            settings=settings, lane=lane, role=role or lane.value, limits=self._limits, journal=self._journal
        )
        self._retry = retry or Retry(limits=self._limits)
        self._startup_checks = tuple(startup_checks)
        self._checked = not self._startup_checks
        self._admission = admission
        self._inside = threading.local()
        self._blocks = 0
        self._resolved: dict[str, int] = {}

    @property
    def lane(self) -> Lane:
        """The principal."""
        return self._lane

    @property
    def journal(self) -> Journal:
        """Every statement this adapter has sent."""
        return self._journal

    def find(self, name: str, parameters: Parameters | None = None) -> list[Row]:
        """Rows of one declared statement, in a short READ ONLY block of its own."""
        with self.read() as block:
            return block.fetch(name, parameters)

    @contextmanager
    def read(self, isolation: Isolation = Isolation.READ_COMMITTED) -> Generator[Transaction]:
        """A READ ONLY block of its own. REPEATABLE READ for several statements that must see the same state."""
        self._admit()
        with self._block("read", isolation, writes=False) as block:
            yield block

    @contextmanager
    def transaction(self, phase: str, isolation: Isolation = Isolation.READ_COMMITTED) -> Generator[Transaction]:
        """The phase's READ WRITE block. When the ``with`` ends without an error the server has committed it.

        Raises what the server said (see ``sqlstates``), ``TransactionLeak``, ``SilentRollback``, ``DeadlinePassed``,
        ``OutcomeUnknown``. An error inside rolls back and goes on.
        """
        self._admit()
        if not self._checked:
            self.start()
        with observing.attempt(phase, _disposition), self._block(phase, isolation, writes=True) as block:
            yield block

    def run_phase(self, phase: str, isolation: Isolation, body: Callable[[Transaction], T]) -> T:
        """``body`` in ``transaction(phase, isolation)``; the whole of it again on 40001 and 40P01.

        ``body`` may run several times and must do nothing outside the database. A ``UniqueConflict`` that
        ``converges`` leaves with the phase rolled back: the caller then returns the existing row.
        """

        def attempt() -> T:
            with self.transaction(phase, isolation) as block:
                return body(block)

        return self._retry.run(phase, attempt)

    def start(self) -> None:
        """Connect, assert the principal, run the start-up checks; once. The first ``transaction()`` does it, too."""
        if self._checked and self._pool.identity is not None:
            return
        with self.read(Isolation.REPEATABLE_READ) as block:
            for check in self._startup_checks:
                check(block, self._statements)
        self._checked = True

    def facts(self) -> SessionFacts:
        """What the report says of this lane. Connects if nothing has connected yet."""
        if self._pool.identity is None:
            with self.read():
                pass
        return SessionFacts(
            lane=self._lane,
            identity=self._pool.identity,
            blocks=self._blocks,
            retries={f"{phase} {sqlstate}": count for (phase, sqlstate), count in self._retry.counted.items()},
            commits_resolved=dict(self._resolved),
            dirty_returns=self._pool.dirty_returns,
            connections_made=self._pool.connections_made,
            connections_discarded=self._pool.discarded,
            statements_sent=self._journal.total,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def __enter__(self) -> RealPostgresAdapter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _block(
        self, phase: str, isolation: Isolation, *, writes: bool, within_s: float | None = None
    ) -> Generator[Transaction]:
        self._refuse_nesting(phase)
        connection = self._pool.borrow(within_s)
        block = Transaction(connection, self._statements, phase=phase, writes=writes)
        self._inside.phase = phase
        self._blocks += 1
        lost: AnswerLost | None = None
        try:
            block.begin(isolation)
            try:
                yield block
            except BaseException:
                block.rollback()
                raise
            try:
                block.commit()
            except AnswerLost as error:
                lost = error
            except BaseException:
                block.rollback()
                raise
        finally:
            self._inside.phase = None
            self._pool.give_back(connection)
            leak = self._pool.take_leak()  # told by the error in flight, where there is one
        if lost is not None:
            self._resolve(lost, phase)
        if leak is not None:
            raise leak

    def _admit(self) -> None:
        if self._admission is None:
            return
        try:
            with self._block("admission", Isolation.REPEATABLE_READ, writes=False) as block:
                self._admission(block, self._statements)
        except DatabaseError as error:
            if error.sqlstate != _UNDEFINED_TABLE:  # a database older than marks has none; the contract says the rest
                raise
        self._admission = None

    def _resolve(self, lost: AnswerLost, phase: str) -> None:
        """Return if the server committed it after all; raise what is known otherwise."""
        if lost.xid is None:
            raise lost.cause  # the block wrote nothing: there is nothing to be known
        try:
            committed = was_committed(
                lost,
                read=lambda left_s: self._block("resolve", Isolation.READ_COMMITTED, writes=False, within_s=left_s),
                limits=self._limits,
                phase=phase,
            )
        except OutcomeUnknown:
            self._count("unknown")
            raise
        self._count("committed" if committed else "aborted")
        if not committed:
            raise not_committed(lost, phase) from lost.cause

    def _count(self, what: str) -> None:
        self._resolved[what] = self._resolved.get(what, 0) + 1

    def _refuse_nesting(self, phase: str) -> None:
        outer = getattr(self._inside, "phase", None)
        if outer is not None:
            raise Internal(
                f"{phase} wants a block of its own inside {outer}",
                remedy="Use the transaction you are given; a savepoint() where a part may fail on purpose.",
            )


def _disposition(error: BaseException) -> str | None:
    """What the contract says of an error of the server; None for any other error."""
    return rule_for(error.sqlstate).disposition if isinstance(error, DatabaseError) else None
