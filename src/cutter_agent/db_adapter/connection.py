"""One connection of a lane: every statement has a deadline, a line in the journal, and a trace for the day it fails.

Autocommit always; blocks are opened and ended by declared statements, so that the server's state is the only state
(design 2.2 lines 2, 3, 10).
"""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg import RawCursor
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from cutter_agent.db_adapter import values, wire
from cutter_agent.db_adapter.interface import Parameters, Row
from cutter_agent.db_adapter.journal import Journal
from cutter_agent.db_adapter.recording import Recording
from cutter_agent.db_adapter.settings import ConnectionSettings, Limits, application_name, startup_options
from cutter_agent.db_adapter.sqlstates import ClientDeadline
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.db_adapter.wire import BLOCK_VERBS, Answer
from cutter_agent.errors import Internal, StatementTrace
from cutter_agent.model import Lane

T = TypeVar("T")

_ROWS_AT_ONCE = 200
TRACE_LENGTH = 8
"""How many of a connection's last statements an error names."""


class LaneConnection(psycopg.Connection[Row]):
    """A connection that belongs to one lane. Made by ``open_connection`` only."""

    lane: Lane
    journal: Journal
    deadline_s: float = 30.0
    phase: str | None = None
    """Whose block is open; for the journal."""
    given_back_at: float = 0.0
    """Monotonic time at which it was last put into the pool."""

    def dress(self, *, lane: Lane, limits: Limits, journal: Journal) -> None:
        """Give a fresh connection its lane, deadline, journal and value types. No statement is sent."""
        self.lane = lane
        self.journal = journal
        self.deadline_s = limits.deadline_s
        self.principal = lane.value
        self._sent: deque[Recording] = deque(maxlen=TRACE_LENGTH)
        self.backend_pid = self.info.backend_pid
        values.register(self)
        self._transformer = Transformer(self)
        self.watch = select.poll()
        self.watch.register(self.pgconn.socket, select.POLLIN)

    @property
    def state(self) -> TransactionStatus:
        """What the server last said of this connection's transaction (``ReadyForQuery``); UNKNOWN when it is gone."""
        return TransactionStatus(self.pgconn.transaction_status)

    @property
    def lost(self) -> bool:
        """The connection cannot be used any more."""
        return self.closed or self.state is TransactionStatus.UNKNOWN

    def wait(self, gen: PQGen[Any], *args: Any, **kwargs: Any) -> Any:
        """psycopg's one place of waiting, with an end. When the deadline passes we hang up: a connection whose
        answer we did not wait for cannot be used again."""
        try:
            return super().wait(_bounded(gen, self.deadline_s), *args, **kwargs)
        except ClientDeadline:
            self.close()
            raise

    def send(self, statement: Statement, parameters: Parameters | None = None) -> Answer:
        """Send one declared statement and wait for its answer.

        Raises ``DatabaseError`` or one of its children with the trace of this connection; ``Internal`` when the
        parameters are not exactly the statement's.
        """
        values_in_order = ordered(statement, parameters)
        with Recording(self, statement):
            text = statement.numbered_sql
            if not self.autocommit and statement.verb not in BLOCK_VERBS:
                return self.cursor().execute(text, values_in_order)  # psycopg would begin a block: so it shall
            with self.lock:
                if values_in_order is None:
                    sending = wire.command(self.pgconn, text, self._transformer)
                else:
                    sending = wire.statement(
                        self.pgconn, text, values_in_order, self._transformer, binary=statement.binary
                    )
                reply: Answer = self.wait(sending)
                return reply

    def rows_as(
        self,
        statement: Statement,
        parameters: Parameters | None,
        columns: Sequence[str],
        make: Callable[[tuple[Any, ...]], T],
    ) -> list[T]:
        """``make`` of the values of every row of one declared statement, whose columns are exactly these.

        They are taken as they arrive. Raises as ``send``, ``Internal`` where the columns are others, and what ``make``
        raises; the rest of the rows is then read and forgotten, so that the block can be ended.
        """
        values_in_order = ordered(statement, parameters) or []
        with Recording(self, statement), self.lock:
            try:
                text = statement.numbered_sql
                self.wait(
                    wire.asked_for_rows(self.pgconn, text, values_in_order, self._transformer, binary=statement.binary)
                )
                return self._made(columns, make)
            except BaseException:
                self._read_out()
                raise

    def _made(self, columns: Sequence[str], make: Callable[[tuple[Any, ...]], T]) -> list[T]:
        found: list[T] = []
        first = True
        try:
            while (result := self.wait(wire.some_rows(self.pgconn))) is not None:
                found += wire.made(result, self._transformer, columns, make, first=first)
                first = False
        finally:
            self._transformer.set_pgresult(None)
        return found

    def _read_out(self) -> None:
        with suppress(psycopg.Error):
            while self.state is TransactionStatus.ACTIVE and self.wait(wire.some_rows(self.pgconn)) is not None:
                pass

    def stream(self, statement: Statement, parameters: Parameters | None = None) -> Generator[Row]:
        """The rows of one declared statement as they arrive: memory for some, whatever their number.

        Nothing else can be sent until the last row was taken or the iterator was closed.

        Raises as ``send``, at any row.
        """
        values_in_order = ordered(statement, parameters)
        with Recording(self, statement), closing(self.cursor()) as cursor:
            yield from cursor.stream(statement.numbered_sql, values_in_order, size=_ROWS_AT_ONCE)

    def copy_in(self, statement: Statement, rows: Iterable[Any], *, spelt: bool = False) -> int:
        """Stream ``rows`` through a declared ``COPY … FROM STDIN``; how many the server took.

        ``spelt``: they are not sequences of values but pieces of COPY's own form, cut anywhere.
        """
        with Recording(self, statement):
            cursor = self.cursor()
            with cursor.copy(statement.numbered_sql) as copy:
                write = copy.write if spelt else copy.write_row
                for row in rows:
                    write(row)
            return cursor.rowcount

    def remember(self, recording: Recording) -> None:
        """Keep it among the last statements, for a trace."""
        self._sent.append(recording)

    def trace(self, statement_name: str | None = None, state: TransactionStatus | None = None) -> StatementTrace:
        """What is known of this connection now."""
        last = tuple(str(sent) for sent in self._sent)
        return StatementTrace(
            statement_name=statement_name,
            connection_state=(state or self.state).name,
            call_site=self._sent[-1].call_site if self._sent else None,
            last_statements=last,
        )

    @property
    def last_sent(self) -> str:
        """The last statement with its call site."""
        return str(self._sent[-1]) if self._sent else "nothing"


def connect_keywords(settings: ConnectionSettings, lane: Lane, limits: Limits) -> dict[str, Any]:
    """Everything that ``LaneConnection.connect`` needs. Holds the password: not for display."""
    keywords: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "dbname": settings.dbname,
        "user": settings.user,
        "password": settings.password,
        "connect_timeout": limits.connect_timeout_s,
        "keepalives_idle": limits.keepalive_idle_s,
        "keepalives_interval": limits.keepalive_interval_s,
        "keepalives_count": limits.keepalive_count,
        "application_name": application_name(lane),
        "options": startup_options(lane, limits),
        "client_encoding": "UTF8",
        "autocommit": True,
        "prepare_threshold": None,
        "row_factory": dict_row,
        "cursor_factory": RawCursor,
    }
    if settings.sslmode is not None:
        keywords["sslmode"] = settings.sslmode
    return keywords


def ordered(statement: Statement, parameters: Parameters | None) -> list[object] | None:
    """The values in the order of ``$n``; None where the statement has none, which keeps it a simple query."""
    given: Mapping[str, object] = parameters or {}
    names = statement.parameters
    if len(given) != len(names) or not all(name in given for name in names):
        missing = sorted(set(statement.parameters) - given.keys())
        foreign = sorted(given.keys() - set(statement.parameters))
        raise Internal(
            f"{statement.name}: parameters missing {missing}, not known {foreign}",
            remedy=f"{statement.source} wants exactly {list(statement.parameters)}.",
        )
    return [given[name] for name in names] or None


def _bounded(gen: PQGen[Any], deadline_s: float) -> PQGen[Any]:
    """``gen`` with an end in time. psycopg resumes a waiting generator at least every 0.1 s, so no thread is needed,
    and it works on every kind of socket."""
    ends = monotonic() + deadline_s
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            wanted = gen.send(ready)
            if monotonic() >= ends:
                gen.close()
                raise ClientDeadline(f"no complete answer within the client's deadline of {deadline_s} s")
    except StopIteration as stop:
        return stop.value
