"""What the stores see of the adapter: two Protocols, nothing of psycopg (design 2.2 line 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from cutter_agent.db_adapter.settings import Isolation
from cutter_agent.model import Lane

Row = dict[str, Any]
"""One row by column name. uuid is ``str``, timestamptz is aware and UTC, int8range is ``(start, end)``, jsonb is
plain Python, bytea is ``bytes``, numeric is ``Decimal``."""

Parameters = Mapping[str, object]
"""Values by the names in the statement: exactly these names, no more and no fewer."""

T = TypeVar("T")


class Statements(Protocol):
    """What may be done inside one block."""

    def fetch(self, name: str, parameters: Parameters | None = None) -> list[Row]:
        """Every row of the declared statement ``name``."""
        ...

    def stream(self, name: str, parameters: Parameters | None = None) -> Iterator[Row]:
        """The rows of the declared statement ``name``, one after another, never all of them in memory."""
        ...

    def fetch_one(self, name: str, parameters: Parameters | None = None) -> Row | None:
        """The row, or None where there is none; more than one row is ``Internal``."""
        ...

    def execute(self, name: str, parameters: Parameters | None = None) -> int:
        """Send it and say how many rows it touched."""
        ...

    def copy_rows(self, name: str, rows: Iterable[Sequence[object]]) -> int:
        """COPY … FROM STDIN: all rows in one go; returns how many were written."""
        ...

    def copy_spelt(self, name: str, pieces: Iterable[str | bytes]) -> int:
        """``copy_rows`` of rows that are spelt already, in the form of COPY that the statement names, cut anywhere."""
        ...

    def fetch_as(
        self, name: str, parameters: Parameters, columns: Sequence[str], make: Callable[[tuple[Any, ...]], T]
    ) -> list[T]:
        """``make`` of the values of every row of the declared statement ``name``, whose columns are exactly these."""
        ...

    def savepoint(self, label: str) -> AbstractContextManager[None]:
        """A savepoint on purpose: an error inside undoes what was done inside, then goes on to the caller."""
        ...


class DBAdapter(Protocol):
    """One lane's way to PostgreSQL: one instance, one principal, for life."""

    @property
    def lane(self) -> Lane:
        """The principal."""
        ...

    def find(self, name: str, parameters: Parameters | None = None) -> list[Row]:
        """``read()`` and one ``fetch``."""
        ...

    def read(self, isolation: Isolation = Isolation.READ_COMMITTED) -> AbstractContextManager[Statements]:
        """A short READ ONLY block of its own."""
        ...

    def transaction(
        self, phase: str, isolation: Isolation = Isolation.READ_COMMITTED
    ) -> AbstractContextManager[Statements]:
        """The phase's block: committed, checked and known to be committed when the ``with`` ends without an error."""
        ...

    def run_phase(self, phase: str, isolation: Isolation, body: Callable[[Statements], T]) -> T:
        """``transaction`` around ``body``; the whole phase again on 40001 and 40P01, bounded and counted."""
        ...
