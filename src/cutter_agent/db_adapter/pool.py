"""The connections of one lane: lazy, few, checked when lent and when they come back (design 2.2 line 9).

Nothing is opened at construction. The first connection is made in the caller's own thread and then handed to the
pool, so that a wrong password or principal is an error at once and with its reason, not a time-out of the pool.
"""

from __future__ import annotations

import logging
import threading
from time import monotonic
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from cutter_agent.db_adapter.connection import LaneConnection, connect_keywords
from cutter_agent.db_adapter.journal import Journal
from cutter_agent.db_adapter.principals import Identity, assert_principal
from cutter_agent.db_adapter.settings import ConnectionSettings, Limits
from cutter_agent.db_adapter.sqlstates import CONNECTING, translate
from cutter_agent.errors import (
    ConfigMismatch,
    ConnectionFailed,
    CutterError,
    DatabaseError,
    Internal,
    StatementTrace,
    TransactionLeak,
)
from cutter_agent.model import Lane

logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())  # what it warns of, we count and raise ourselves


_READS = 4
"""The server's last word and its hanging up are two reads; notices may come before."""


class LanePool:
    """Connections of one principal. ``dirty_returns`` and ``discarded`` are facts for the report."""

    def __init__(
        self, *, settings: ConnectionSettings, lane: Lane, role: str, limits: Limits, journal: Journal
    ) -> None:
        self._lane = lane
        self._role = role
        self._limits = limits
        self._journal = journal
        self._keywords = connect_keywords(settings, lane, limits)
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._pool: ConnectionPool[_PooledConnection] | None = None
        self._spare = _Spare()
        self._closed = False
        self.identity: Identity | None = None
        self.dirty_returns = 0
        self.discarded = 0
        self._untold: TransactionLeak | None = None
        self.connections_made = 0

    def borrow(self, timeout_s: float | None = None) -> LaneConnection:
        """A connection whose principal was asserted. ``timeout_s`` bounds getting it and every wait on it.

        Raises ``ConfigMismatch``, or ``ConnectionFailed`` with the reason of the last attempt.
        """
        if (leak := self.take_leak()) is not None:
            raise leak
        pool = self._opened()
        if pool.get_stats().get("pool_size", 0) == 0:
            self._make_spare()
        try:
            connection = pool.getconn(timeout=timeout_s or self._limits.borrow_timeout_s)
        except PoolTimeout as error:
            raise self._spare.reason() or ConnectionFailed(
                f"no connection came free: {error}",
                remedy="Another thread holds it, or raise the ceiling of connections.",
            ) from error
        if timeout_s is not None:
            connection.deadline_s = min(timeout_s, self._limits.deadline_s)
        return connection

    def give_back(self, connection: LaneConnection) -> None:
        """Put it back. One that is not IDLE is closed (the server rolls back), counted, and described by
        ``take_leak``; one that is lost is replaced when next needed."""
        if connection.lost:
            self.discarded += 1
        elif connection.state is not TransactionStatus.IDLE:
            self._untold = leak_of(connection, "a connection came back to the pool in the middle of a transaction")
            self.dirty_returns += 1
            connection.close()
        _reset(connection, self._limits)
        connection.given_back_at = monotonic()
        if self._pool is not None and isinstance(connection, _PooledConnection):
            self._pool.putconn(connection)

    def take_leak(self) -> TransactionLeak | None:
        """What is to be told of a connection that came back dirty; handed out once. Whoever gives one back asks; if he
        does not, the next borrower is told, and gets nothing."""
        leak, self._untold = self._untold, None
        return leak

    def close(self) -> None:
        """Close every connection; borrowing afterwards is an error."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        spare = self._spare.take()
        if spare is not None:
            spare.close()
        if pool is not None:
            pool.close(timeout=self._limits.borrow_timeout_s)

    def _opened(self) -> ConnectionPool[_PooledConnection]:
        with self._lock:
            if self._closed:
                raise Internal("the adapter was closed", remedy="Open a new one.")
            if self._pool is None:
                self._pool = ConnectionPool(
                    connection_class=_PooledConnection,
                    kwargs={**self._keywords, "spare": self._spare},
                    min_size=0,
                    max_size=self._limits.max_connections,
                    timeout=self._limits.borrow_timeout_s,
                    reconnect_timeout=self._limits.borrow_timeout_s,
                    configure=self._configure,
                    check=self._check,
                    open=True,
                    num_workers=1,
                    name=self._lane.value,
                )
            return self._pool

    def _make_spare(self) -> None:
        """Connect here and now, so that the reason of a failure is the caller's, then hand it to the pool."""
        with self._making:
            if self._spare.waiting:
                return
            try:
                connection = _PooledConnection.connect(**self._keywords)
            except psycopg.Error as error:
                raise translate(error, StatementTrace(statement_name=CONNECTING)) from error
            self._configure(connection)
            self._spare.put(connection)

    def _configure(self, connection: _PooledConnection) -> None:
        if connection.identity is not None:
            return
        connection.dress(lane=self._lane, limits=self._limits, journal=self._journal)
        try:
            connection.identity = self.identity = self._asked(connection)
        except CutterError as error:
            self._spare.note(error)
            connection.close()
            raise
        self._spare.note(None)
        self.connections_made += 1

    def _asked(self, connection: LaneConnection) -> Identity:
        """Who the server says this is. A question to a stranger has the deadline of connecting, not of working."""
        connection.deadline_s = float(self._limits.connect_timeout_s)
        identity = assert_principal(connection, self._role, self._limits)
        connection.deadline_s = self._limits.deadline_s
        return identity

    def _check(self, connection: _PooledConnection) -> None:
        """Lent again only if the server still holds its end and, after a rest, still says the same of the session.

        A backend that was killed while idle has sent its last word (57P01) and hung up: the socket is readable.
        """
        if connection.lost or _hung_up(connection):
            self.discarded += 1
            connection.close()
            raise psycopg.OperationalError("the connection was closed while it lay in the pool")
        if connection.state is not TransactionStatus.IDLE:
            return  # begin() refuses it, by name, and it comes back as a dirty return
        if connection.given_back_at and monotonic() - connection.given_back_at > self._limits.check_after_idle_s:
            try:
                self._asked(connection)
            except (DatabaseError, ConfigMismatch):
                self.discarded += 1
                connection.close()
                raise


def leak_of(connection: LaneConnection, what: str) -> TransactionLeak:
    """The server's state is not IDLE: who left it so. 25001 is what the server calls this condition."""
    trace = connection.trace()
    return TransactionLeak(
        f"{what}: the server's state is {trace.connection_state}, the last statement was {connection.last_sent}",
        remedy="This is a defect of the program: every statement belongs into read() or transaction().",
        sqlstate="25001",
        trace=trace,
    )


class _PooledConnection(LaneConnection):
    identity: Identity | None = None

    @classmethod
    def connect(cls, conninfo: str = "", *, spare: _Spare | None = None, **keywords: Any) -> _PooledConnection:  # type: ignore[override]
        """As psycopg's, but a spare that waits is taken first, and a failure leaves its reason."""
        if spare is not None and (ready := spare.take()) is not None:
            return ready
        try:
            return super().connect(conninfo, **keywords)
        except psycopg.Error as error:
            if spare is not None:
                spare.note(translate(error, StatementTrace(statement_name=CONNECTING)))
            raise


class _Spare:
    """The hand-over between the thread that asks and the pool, and the reason of the last failure."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: _PooledConnection | None = None
        self._reason: CutterError | None = None

    @property
    def waiting(self) -> bool:
        return self._connection is not None

    def put(self, connection: _PooledConnection) -> None:
        with self._lock:
            self._connection = connection

    def take(self) -> _PooledConnection | None:
        with self._lock:
            connection, self._connection = self._connection, None
            return connection

    def note(self, reason: CutterError | None) -> None:
        self._reason = reason

    def reason(self) -> CutterError | None:
        return self._reason


def _reset(connection: LaneConnection, limits: Limits) -> None:
    """What one borrower set on the driver's side does not reach the next. Blocks spell out their own isolation and
    access mode, so nothing here needs a statement.

    Done in the borrower's thread: the pool's own ``reset=`` hook would hand every return to a worker thread, which
    costs a switch per block and leaves the pool empty, so growing, for the next borrower in line.
    """
    connection.phase = None
    connection.deadline_s = limits.deadline_s
    if connection.lost or connection.state is not TransactionStatus.IDLE:
        return
    if connection.isolation_level is not None:  # each of psycopg's setters waits on the connection: for nothing, mostly
        connection.isolation_level = None
    if connection.read_only is not None:
        connection.read_only = None
    if connection.deferrable is not None:
        connection.deferrable = None
    if not connection.autocommit:
        connection.autocommit = True


def _hung_up(connection: LaneConnection) -> bool:
    """Whether the server has closed its end. An idle connection has nothing to read but notices; read those away."""
    for _ in range(_READS):
        if not connection.watch.poll(0):
            break
        try:
            connection.pgconn.consume_input()
        except psycopg.OperationalError:
            return True
    return connection.lost
