"""What the tables hold, as one digest for each table, and how two such states differ in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pg_dryrun.observer import Observer
from pg_dryrun.observer.connection import quote_literal, table_sql
from pg_dryrun.subject import TableName

_COLUMNS = """
SELECT n.nspname || '.' || c.relname AS name, a.attname AS column
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname || '.' || c.relname = ANY(%s) ORDER BY c.oid, a.attnum
"""


@dataclass(frozen=True, kw_only=True)
class TableState:
    """Rows of one table: how many, and an order-free digest over what is not volatile of them."""

    rows: int
    digest: str


State = Mapping[TableName, TableState]


class StateReader:
    """Reads the same tables again and again; the statement is made once, from the catalog of the first database.

    ``volatile`` is table to columns whose values do not count. Every table named is read, also one without any.
    """

    def __init__(self, observer: Observer, volatile: Mapping[TableName, tuple[str, ...]]) -> None:
        columns: dict[str, list[str]] = {}
        for row in observer.rows(_COLUMNS, [list(volatile)]):
            columns.setdefault(str(row["name"]), []).append(str(row["column"]))
        parts = [
            f"SELECT {quote_literal(table)} AS name, count(*) AS rows,"
            " coalesce(pg_catalog.md5(pg_catalog.string_agg(h, '' ORDER BY h)), '') AS digest"
            f" FROM (SELECT pg_catalog.md5(CAST(ROW({_row(columns.get(table, []), ignored)}) AS text)) AS h"
            f" FROM {table_sql(table)}) AS t"
            for table, ignored in volatile.items()
        ]
        self._statement = " UNION ALL ".join(parts)

    def read(self, observer: Observer) -> State:
        """The state as committed now. Raises ``ServerAnswer``."""
        return {
            str(row["name"]): TableState(rows=int(str(row["rows"])), digest=str(row["digest"]))
            for row in observer.rows(self._statement)
        }


def _row(columns: list[str], ignored: tuple[str, ...]) -> str:
    return ", ".join('"' + name.replace('"', '""') + '"' for name in columns if name not in ignored) or "1"


def difference(found: State, expected: State) -> str:
    """How ``found`` differs from ``expected``, table by table, in words; empty if it does not."""
    words: list[str] = []
    for table, wanted in expected.items():
        seen = found[table]
        if seen == wanted:
            continue
        short = table.rpartition(".")[2]
        if seen.rows > wanted.rows:
            words.append(f"{short} has {seen.rows - wanted.rows} row(s) twice or too many")
        elif seen.rows < wanted.rows:
            words.append(f"{short} has lost {wanted.rows - seen.rows} row(s)")
        else:
            words.append(f"{short} holds other values")
    return "; ".join(words)
