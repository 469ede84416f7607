"""One explicit block: begun on a connection that the server calls IDLE, ended by a COMMIT that was answered COMMIT
(design 2.2 lines 2 to 6)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, TypeVar

from psycopg.pq import TransactionStatus

from cutter_agent.db_adapter.connection import LaneConnection
from cutter_agent.db_adapter.interface import Parameters, Row
from cutter_agent.db_adapter.pool import leak_of
from cutter_agent.db_adapter.settings import Isolation
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.db_adapter.wire import BLOCK_VERBS, Answer
from cutter_agent.errors import CutterError, DatabaseError, Internal, LaneReferenceMismatch, SilentRollback

T = TypeVar("T")

BEGIN: Mapping[tuple[Isolation, bool], str] = MappingProxyType(
    {
        (isolation, writes): f"begin_{isolation.name.lower()}_{'read_write' if writes else 'read_only'}"
        for isolation in Isolation
        for writes in (True, False)
    }
)
"""The declared BEGIN for an isolation and for whether the block may write."""


class AnswerLost(Exception):
    """COMMIT was sent and its answer never came. ``xid`` is the transaction's id, None where nothing was written."""

    def __init__(self, xid: str | None, cause: DatabaseError) -> None:
        super().__init__(str(cause))
        self.xid = xid
        self.cause = cause


class Transaction:
    """What a store may do inside one block. Handed out by the adapter; begun and ended by it too."""

    def __init__(
        self, connection: LaneConnection, statements: Mapping[str, Statement], *, phase: str, writes: bool
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._writes = writes
        self._open = False
        self._failed: DatabaseError | None = None
        self._depth = 0
        self._streaming: Generator[Row] | None = None
        self._told: str | None = None
        self.phase = phase

    def fetch(self, name: str, parameters: Parameters | None = None) -> list[Row]:
        """Every row of the declared statement ``name``."""
        return self._send(name, parameters).fetchall()

    def stream(self, name: str, parameters: Parameters | None = None) -> Iterator[Row]:
        """The rows of the declared statement ``name``, one after another, never all of them in memory.

        Until the last row was taken nothing else can be sent: that is ``Internal``. A stream that is closed early is
        read to its end, one that is open when the block is given up is cancelled.
        """
        statement = self._declared(name)
        rows = self._connection.stream(statement, parameters)
        self._require_no_stream(name)
        self._streaming = rows
        try:
            for row in rows:  # noqa: UP028 - "yield from" would close, and so cancel, what is left when the taker stops
                yield row
        except GeneratorExit:
            for _ in rows:
                pass
            raise
        except DatabaseError as error:
            self._note(error)
            raise
        finally:
            self._streaming = None

    def fetch_one(self, name: str, parameters: Parameters | None = None) -> Row | None:
        """The row, or None where there is none. More than one row is ``Internal``."""
        rows = self.fetch(name, parameters)
        if len(rows) > 1:
            raise Internal(f"{name} gave {len(rows)} rows where one was meant", remedy="Make its WHERE name a key.")
        return rows[0] if rows else None

    def execute(self, name: str, parameters: Parameters | None = None) -> int:
        """Send it; how many rows it touched."""
        return self._send(name, parameters).rowcount

    def copy_rows(self, name: str, rows: Iterable[Sequence[object]]) -> int:
        """All ``rows`` through one declared ``COPY … FROM STDIN``, in the order of its columns; how many were written.

        A failure, the caller's own included, fails the block as any failed statement does.
        """
        return self._copy(name, rows, spelt=False)

    def _copy(self, name: str, rows: Iterable[Any], *, spelt: bool) -> int:
        statement = self._declared(name)
        if statement.verb != "COPY":
            raise Internal(f"{name} is {statement.verb}, not COPY", remedy="Use execute() or declare a COPY.")
        try:
            return self._connection.copy_in(statement, rows, spelt=spelt)
        except DatabaseError as error:
            self._note(error)
            raise

    def copy_spelt(self, name: str, pieces: Iterable[str | bytes]) -> int:
        """``copy_rows`` of rows that are spelt already, in the form of COPY that the statement names, cut anywhere."""
        return self._copy(name, pieces, spelt=True)

    def fetch_as(
        self, name: str, parameters: Parameters, columns: Sequence[str], make: Callable[[tuple[Any, ...]], T]
    ) -> list[T]:
        """``make`` of the values of every row of the declared statement ``name``, whose columns are exactly these."""
        statement = self._declared(name)
        self._require_no_stream(name)
        try:
            return self._connection.rows_as(statement, parameters, columns, make)
        except DatabaseError as error:
            self._note(error)
            raise

    @contextmanager
    def savepoint(self, label: str) -> Generator[None]:
        """Named and on purpose: an error of the server inside is undone to here and then raised; the block lives on.

        ``label`` is for the journal; the name on the wire is constant, so that no statement is built from strings.
        """
        self._depth += 1
        outer, self._connection.phase = self._connection.phase, f"{self.phase}/{label}"
        try:
            self._send_block("savepoint")
            try:
                yield
            except BaseException:
                if not self._connection.lost:
                    self._send_block("rollback_to_savepoint")
                    self._send_block("release_savepoint")
                    self._failed = None
                raise
            self._send_block("release_savepoint")
        finally:
            self._connection.phase = outer
            self._depth -= 1

    def begin(self, isolation: Isolation) -> None:
        """Open the block. ``TransactionLeak`` unless the server says IDLE."""
        connection = self._connection
        if connection.state is not TransactionStatus.IDLE:
            raise leak_of(connection, f"{self.phase} wanted to begin")
        connection.phase = self.phase
        self._send_block(BEGIN[isolation, self._writes])
        self._open = True

    def commit(self) -> None:
        """End the block. Returns only if the server said COMMIT.

        Raises ``SilentRollback`` if it said something else, ``AnswerLost`` if it said nothing, and what the server
        said otherwise (a deferred constraint, a serialization failure).
        """
        self._open = False
        self._require_no_stream("commit")
        xid = self._xid()
        try:
            answer = self._connection.send(self._statements["commit"]).statusmessage
        except DatabaseError as error:
            if self._connection.lost:
                raise AnswerLost(xid, error) from error
            raise
        if answer != "COMMIT":
            raise self._silent_rollback(answer)

    def rollback(self) -> None:
        """Give the block up. A connection that is gone has rolled back by itself."""
        self._open = False
        if self._streaming is not None:
            self._streaming.close()  # it holds the connection; what follows would wait for it for ever
            self._streaming = None
        if self._connection.lost or self._connection.state is TransactionStatus.IDLE:
            return
        try:
            self._connection.send(self._statements["rollback"])
        except CutterError:  # the first error is the one to tell; a connection that cannot roll back is not lent again
            self._connection.close()

    def _xid(self) -> str | None:
        if not self._writes or self._connection.state is not TransactionStatus.INTRANS:
            return None
        if self._told is not None:
            return self._told
        row = self._connection.send(self._statements["current_transaction"]).fetchone()
        return None if row is None else row["xid"]

    def _silent_rollback(self, answer: str | None) -> SilentRollback:
        first = self._failed
        why = f"; before it, {first.message}" if first else ""
        return SilentRollback(
            f"COMMIT of {self.phase} was answered {answer}: nothing of it was kept{why}",
            remedy="An error inside the block was swallowed. Let it out, or use a savepoint on purpose.",
            sqlstate=first.sqlstate if first else None,
            trace=first.trace if first else self._connection.trace("commit"),
        )

    def _require_no_stream(self, name: str) -> None:
        if self._streaming is not None:
            raise Internal(f"{name} while rows are streaming", remedy="Take the last row, or close the stream, first.")

    def _send(self, name: str, parameters: Parameters | None) -> Answer:
        statement = self._declared(name)
        self._require_no_stream(name)
        if statement.verb in BLOCK_VERBS:
            raise Internal(
                f"{name} opens or ends a block", remedy="The adapter begins and ends blocks; use savepoint()."
            )
        try:
            answer = self._connection.send(statement, parameters)
        except DatabaseError as error:
            self._note(error)
            raise
        if statement.tells_xid and self._told is None:
            self._told = _xid_of(answer)
        return answer

    def _send_block(self, name: str) -> None:
        try:
            self._connection.send(self._statements[name])
        except DatabaseError as error:
            self._note(error)
            raise

    def _note(self, error: DatabaseError) -> None:
        """The first failure of the block, for the day it is swallowed."""
        self._failed = self._failed or error

    def _declared(self, name: str) -> Statement:
        if not self._open:
            raise Internal(f"{name} after the end of {self.phase}", remedy="Use a transaction only inside its with.")
        statement = self._statements.get(name)
        if statement is None:
            raise Internal(f"{name} is not declared", remedy="Declare it in sql/*.sql.")
        lane = self._connection.lane
        if lane not in statement.principals:
            raise LaneReferenceMismatch(
                f"lane {lane.dot_id} may not send {name}, which belongs to {statement.principal}; nothing was sent",
                remedy="Use the adapter of the other lane.",
            )
        return statement


def _xid_of(answer: Answer) -> str | None:
    """What a write that tells the transaction's id said of it: the last column of its first row. None where it wrote
    no row, and so told nothing."""
    result = answer.pgresult
    if result is None or not result.ntuples:
        return None
    said = result.get_value(0, result.nfields - 1)
    return None if said is None else said.decode()
