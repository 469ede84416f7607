"""One statement over libpq and back, without a cursor: psycopg's own parts, only those that a declared statement needs.

A declared statement is one statement, never prepared, with its values in order, answered in text: nothing of what a
cursor is for besides (templates, named placeholders, prepared statements, several results, scrolling). A cursor takes
about a third of the client's time for a short statement. Values are spelt and read by psycopg's ``Transformer`` with
the connection's own adapters; waiting, and so the deadline, is ``Connection.wait`` as for a cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, cast

import psycopg
from psycopg import errors, generators
from psycopg.abc import PQGen, Transformer
from psycopg.adapt import PyFormat
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from cutter_agent.db_adapter.interface import Row
from cutter_agent.errors import Internal

T = TypeVar("T")

BLOCK_VERBS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
"""What opens or ends a block; the adapter's own to send."""

_ROWS_AT_ONCE = 1000
_COPYING = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)


class Answer(Protocol):
    """What the server said to one statement: ``Reply``, or psycopg's cursor."""

    @property
    def statusmessage(self) -> str | None:
        """The command tag."""
        ...

    @property
    def rowcount(self) -> int:
        """How many rows it touched, -1 where that has no meaning."""
        ...

    @property
    def pgresult(self) -> PGresult | None:
        """libpq's own result."""
        ...

    def fetchone(self) -> Row | None:
        """The next row."""
        ...

    def fetchall(self) -> list[Row]:
        """Every row that was not taken yet."""
        ...


class Reply:
    """An answer whose rows are read when somebody asks for them; good for as long as anybody holds it."""

    __slots__ = ("_read", "_taken", "pgresult")

    def __init__(self, pgresult: PGresult, read: Transformer) -> None:
        self.pgresult: PGresult | None = pgresult
        self._read = read
        self._taken = 0

    @property
    def statusmessage(self) -> str | None:
        """The command tag."""
        tag = self._result.command_status
        return None if tag is None else tag.decode()

    @property
    def rowcount(self) -> int:
        """How many rows came, or were touched; -1 where the tag names no number."""
        result = self._result
        if result.status == ExecStatus.TUPLES_OK:
            return result.ntuples
        touched = result.command_tuples
        return -1 if touched is None else touched

    def fetchone(self) -> Row | None:
        """The next row, None after the last."""
        rows = self._rows(self._taken, min(self._taken + 1, self._result.ntuples))
        return rows[0] if rows else None

    def fetchall(self) -> list[Row]:
        """Every row that was not taken yet."""
        return self._rows(self._taken, self._result.ntuples)

    @property
    def _result(self) -> PGresult:
        assert self.pgresult is not None  # noqa: S101 - for the type alone: an Answer may have none
        return self.pgresult

    def _rows(self, start: int, end: int) -> list[Row]:
        result = self._result
        if result.status != ExecStatus.TUPLES_OK:
            raise Internal(f"{self.statusmessage} gave no rows to fetch", remedy="Use execute().")
        if start >= end:
            return []
        names = [_name(result, index) for index in range(result.nfields)]
        self._taken = end
        self._read.set_pgresult(result)
        try:
            return self._read.load_rows(start, end, lambda row: dict(zip(names, row)))  # noqa: B905 - libpq counts both; for every row
        finally:
            self._read.set_pgresult(None)


def command(pgconn: PGconn, text: str, read: Transformer) -> PQGen[Reply]:
    """Send a statement without values as a simple query; for ``Connection.wait``. Raises ``psycopg.Error``."""
    pgconn.send_query(text.encode())
    return (yield from _answered(pgconn, read))


def statement(
    pgconn: PGconn, text: str, values: Sequence[object], read: Transformer, *, binary: bool = False
) -> PQGen[Reply]:
    """Send a statement with its values beside it; for ``Connection.wait``. Raises ``psycopg.Error``, and what a value
    that cannot travel raises: then nothing was sent. ``binary``: the answer comes in that form."""
    _send_with(pgconn, text, values, read, binary=binary)
    return (yield from _answered(pgconn, read))


def asked_for_rows(
    pgconn: PGconn, text: str, values: Sequence[object], read: Transformer, *, binary: bool = False
) -> PQGen[None]:
    """Send a statement whose rows are taken by ``some_rows``, some at a time."""
    _send_with(pgconn, text, values, read, binary=binary)
    pgconn.set_chunked_rows_mode(_ROWS_AT_ONCE)
    yield from generators.send(pgconn)


def some_rows(pgconn: PGconn) -> PQGen[PGresult | None]:
    """The next rows of ``asked_for_rows``, None after the last; for ``Connection.wait``. Raises ``psycopg.Error``.

    Of many rows neither the server's answer stands whole in memory beside what is made of it, nor does the server wait
    until the last one was made.
    """
    result: PGresult | None = yield from generators.fetch(pgconn)
    if result is None or result.status in (ExecStatus.TUPLES_CHUNK, ExecStatus.TUPLES_OK):
        return result
    while (yield from generators.fetch(pgconn)) is not None:
        pass
    if result.status == ExecStatus.FATAL_ERROR:
        raise errors.error_from_result(result, encoding="utf-8")
    raise psycopg.InternalError(f"unexpected result status {ExecStatus(result.status).name}")


def made(
    result: PGresult, read: Transformer, columns: Sequence[str], make: Callable[[tuple[Any, ...]], T], *, first: bool
) -> list[T]:
    """``make`` of every row's values. Raises ``Internal`` where the columns are not these, in this order."""
    if first:
        found = [_name(result, index) for index in range(result.nfields)]
        if found != list(columns):
            raise Internal(f"columns {found}, meant were {list(columns)}", remedy="Name them so in the statement.")
    read.set_pgresult(result, set_loaders=first)
    return read.load_rows(0, result.ntuples, cast("Any", make))  # it is handed tuples


def _send_with(pgconn: PGconn, text: str, values: Sequence[object], read: Transformer, *, binary: bool) -> None:
    spelt = read.dump_sequence(values, [PyFormat.AUTO] * len(values))
    pgconn.send_query_params(
        text.encode(), spelt, param_types=read.types, param_formats=read.formats, result_format=int(binary)
    )


def _answered(pgconn: PGconn, read: Transformer) -> PQGen[Reply]:
    results: list[Any] = yield from generators.execute(pgconn)
    if len(results) != 1:
        raise psycopg.InternalError(f"{len(results)} answers to one statement")
    result = results[0]
    status = result.status
    if status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return Reply(result, read)
    if status == ExecStatus.FATAL_ERROR:
        raise errors.error_from_result(result, encoding="utf-8")
    if status in _COPYING:
        raise psycopg.ProgrammingError("COPY takes rows: use copy_rows()")
    raise psycopg.InternalError(f"unexpected result status {ExecStatus(status).name}")


def _name(result: PGresult, index: int) -> str:
    name = result.fname(index)
    return "" if name is None else name.decode()
