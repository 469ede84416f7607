"""One statement on its way: a line in the journal once it was sent, a trace when it fails, our error for psycopg's.

This runs around every statement, so it is a plain class and not a generator.
"""

from __future__ import annotations

import sys
from time import monotonic, time
from types import CodeType, TracebackType
from typing import TYPE_CHECKING

import psycopg
from psycopg.pq import TransactionStatus

from cutter_agent.db_adapter.journal import StatementOutcome
from cutter_agent.db_adapter.sqlstates import ClientDeadline, translate
from cutter_agent.db_adapter.statements import Statement

if TYPE_CHECKING:
    from cutter_agent.db_adapter.connection import LaneConnection

_MACHINERY = frozenset(
    f"cutter_agent.db_adapter.{name}"
    for name in (
        "recording",
        "connection",
        "transaction",
        "session",
        "pool",
        "retry",
        "resolution",
        "principals",
        "wire",
    )
) | {"contextlib"}


class Recording:
    """``with Recording(connection, statement): …`` around the sending of one statement.

    Turns ``psycopg.Error`` into an error of the cutter. Its text is the line that a trace shows. A statement that
    never left (a value that cannot travel, a connection that was gone before) is not in the journal.
    """

    __slots__ = ("_asked_by", "_at", "_connection", "_outcome", "_started", "_state_before", "_statement")

    def __init__(self, connection: LaneConnection, statement: Statement) -> None:
        self._connection = connection
        self._statement = statement
        self._asked_by = asked_by()
        self._state_before = connection.pgconn.transaction_status
        self._outcome = "sent"

    def __str__(self) -> str:
        return f"{self._statement.name} [{self._outcome}] at {self.call_site}"

    @property
    def call_site(self) -> str:
        """Who asked for it, as ``module:function:line``."""
        module, code, line = self._asked_by
        return f"{module}:{code.co_name}:{line}"

    def __enter__(self) -> None:
        self._connection.remember(self)
        self._at = time()
        self._started = monotonic()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self._outcome = StatementOutcome.OK
            self._write(StatementOutcome.OK, None)
            return
        sqlstate = error.sqlstate if isinstance(error, psycopg.Error) else None
        outcome = self._how_it_failed(error, sqlstate)
        self._outcome = sqlstate or outcome or "not sent"
        if outcome is not None:
            self._write(outcome, sqlstate)
        if isinstance(error, psycopg.Error):
            trace = self._connection.trace(self._statement.name, TransactionStatus(self._state_before))
            raise translate(error, trace) from error

    def _how_it_failed(self, error: BaseException, sqlstate: str | None) -> StatementOutcome | None:
        """None: it was not sent. A server that had seen it fail would have failed the block or hung up."""
        if isinstance(error, ClientDeadline):
            return StatementOutcome.DEADLINE
        if sqlstate is not None or not isinstance(error, Exception):
            return StatementOutcome.ERROR  # the server's word, or Ctrl-C while it worked
        state = self._connection.pgconn.transaction_status
        if state == self._state_before:
            return None
        return StatementOutcome.LOST if self._connection.lost else StatementOutcome.ERROR

    def _write(self, outcome: StatementOutcome, sqlstate: str | None) -> None:
        connection = self._connection
        connection.journal.write(
            connection.principal,
            connection.backend_pid,
            self._statement.name,
            self._statement.numbered_sql,
            outcome,
            sqlstate,
            self._at,
            self._started,
            monotonic() - self._started,
            connection.phase,
        )


def asked_by() -> tuple[str, CodeType, int]:
    """The first frame that is not the adapter's own machinery: its module, code and line, spelt when somebody asks."""
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to one frame; inspect.stack() reads source files
    while frame.f_back is not None and frame.f_globals.get("__name__") in _MACHINERY:
        frame = frame.f_back
    return frame.f_globals.get("__name__", "?"), frame.f_code, frame.f_lineno
