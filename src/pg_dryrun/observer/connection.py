"""One connection that looks, and the only place of this package where psycopg's errors become ours (design 5.3).

Every call has a deadline (server-side ``statement_timeout``, client-side ``connect_timeout``). Connections are
autocommit; blocks are opened by name (``block``), so nothing is ever left in a transaction by accident.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import cast

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.subject import Login, TableName

Row = dict[str, object]
APPLICATION_PREFIX = "pg_dryrun"

PINNED_OUTPUT: Mapping[str, str] = {
    # A row's text must not depend on who asks: digests and definitions are compared across servers.
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "xmloption": "content",
    "search_path": "",
    "row_security": "off",  # a policy that hides rows must be an error, not a smaller digest
    "quote_all_identifiers": "off",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "0",
}


class ServerAnswer(EnvironmentFault):
    """PostgreSQL refused or vanished. ``sqlstate`` is None where the connection itself failed.

    ``source_function`` is the server routine that raised it: ``aclcheck_error`` is the server's own denial, whereas a
    trigger may raise 42501 in its own words.
    """

    code = "SERVER_ANSWER"

    def __init__(self, message: str, *, sqlstate: str | None, source_function: str | None = None) -> None:
        super().__init__(message, remedy="See the server's message; the clone's log is kept with the run.")
        self.sqlstate = sqlstate
        self.source_function = source_function


class _Enough(Exception):
    """Leaves a COPY that was only begun."""


def _answer(error: psycopg.Error) -> ServerAnswer:
    text = str(error).strip() or type(error).__name__
    return ServerAnswer(text, sqlstate=error.sqlstate, source_function=error.diag.source_function)


def table_sql(table: TableName) -> str:
    """``schema.table`` quoted for SQL text. The first dot separates; a schema with a dot in its name is not
    supported."""
    schema, _, name = table.partition(".")
    return f"{quote(schema)}.{quote(name)}"


def quote(identifier: str) -> str:
    """A quoted SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def quote_literal(value: str) -> str:
    """A quoted SQL string, for the utility statements that take no parameters (CREATE ROLE … PASSWORD)."""
    return sql.Literal(value).as_string(None)


class Observer:
    """A connection under one login. Use ``connect`` and a ``with`` statement."""

    def __init__(self, connection: psycopg.Connection[Row], login: Login) -> None:
        self._connection = connection
        self.login = login
        self.backend_pid: int = connection.info.backend_pid
        self.server_version_num: int = connection.info.server_version

    def __enter__(self) -> Observer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; an open block is rolled back by the server."""
        self._connection.close()

    def rows(self, statement: str, parameters: Sequence[object] | Mapping[str, object] | None = None) -> list[Row]:
        """All rows of one statement, each a dict. Raises ``ServerAnswer``."""
        try:
            cursor = self._connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            raise _answer(error) from error

    def value(self, statement: str, parameters: Sequence[object] | Mapping[str, object] | None = None) -> object:
        """The first column of the only row; None where there is none. Raises ``ServerAnswer``."""
        rows = self.rows(statement, parameters)
        return next(iter(rows[0].values())) if rows else None

    def execute(self, statement: str, parameters: Sequence[object] | Mapping[str, object] | None = None) -> int:
        """Rows touched by one statement (``-1`` where the server names no number). Raises ``ServerAnswer``."""
        try:
            return self._connection.execute(statement, parameters).rowcount
        except psycopg.Error as error:
            raise _answer(error) from error

    @contextmanager
    def block(
        self, begin: str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", end: str = "COMMIT"
    ) -> Iterator[None]:
        """A transaction opened by ``begin`` and left by ``end`` (by ROLLBACK after any error)."""
        self.execute(begin)
        try:
            yield
        except BaseException:
            if not self._connection.closed:
                self.execute("ROLLBACK")
            raise
        self.execute(end)

    @contextmanager
    def savepoint(self, name: str = "probe") -> Iterator[None]:
        """A savepoint that is always rolled back: what happens in it is never kept."""
        self.execute(f"SAVEPOINT {quote(name)}")
        try:
            yield
        finally:
            self.execute(f"ROLLBACK TO SAVEPOINT {quote(name)}")
            self.execute(f"RELEASE SAVEPOINT {quote(name)}")

    def begin_copy(self, statement: str) -> None:
        """Begin a ``COPY … FROM STDIN`` and give it up: no row is sent. Raises ``ServerAnswer`` if it cannot begin."""
        try:
            with suppress(_Enough), self._connection.cursor() as cursor, cursor.copy(statement):
                raise _Enough
        except psycopg.Error as error:
            raise _answer(error) from error

    def session_id(self) -> str:
        """This session as the server's log names it: start time in seconds and process id, both in hexadecimal."""
        return str(
            self.value(
                "SELECT to_hex(trunc(extract(epoch FROM backend_start))::bigint) || '.' || to_hex(pid)"
                " FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()"
            )
        )


def connect(
    login: Login,
    *,
    purpose: str,
    statement_timeout_s: float = 120.0,
    connect_timeout_s: int = 10,
    read_only: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Observer:
    """Open a connection named ``pg_dryrun <purpose>`` with pinned output formats. Raises ``ServerAnswer``.

    ``read_only`` sets ``default_transaction_read_only``: a belt, not the proof (design 2.1).
    """
    pinned = {**PINNED_OUTPUT, "statement_timeout": str(int(statement_timeout_s * 1000)), **(settings or {})}
    pinned["default_transaction_read_only"] = "on" if read_only else "off"
    try:
        connection = psycopg.connect(
            **login.keywords(),  # type: ignore[arg-type]
            application_name=f"{APPLICATION_PREFIX} {purpose}",
            connect_timeout=connect_timeout_s,
            client_encoding="utf8",
            autocommit=True,
            row_factory=dict_row,
            prepare_threshold=None,
        )
    except psycopg.Error as error:
        raise _answer(error) from error
    observer = Observer(cast("psycopg.Connection[Row]", connection), login)
    names = list(pinned)
    observer.rows(
        "SELECT " + ", ".join("pg_catalog.set_config(%s, %s, false)" for _ in names),
        [part for name in names for part in (name, pinned[name])],
    )
    return observer
