"""How many rows, and which: counts, order-free digests, sequences, large objects (design 3.3).

The digest of a table is the sum, modulo 2^64, of each half of a 128-bit hash of every row's text: two
``hashtextextended`` with different seeds. Sums do not depend on the order of rows, and unlike XOR they see a row twice.
It is computed set-wise on the server and finds accidents, not forgery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from pg_dryrun.observer.connection import Observer, quote_literal, table_sql
from pg_dryrun.subject import TableName

SEEDS = (0, 0x5EED)
_TABLES_PER_STATEMENT = 40

_USER_RELATIONS = """
SELECT n.nspname || '.' || c.relname AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
       pg_catalog.pg_get_userbyid(c.relowner)::text AS owner
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'f') AND c.relispopulated AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x
                  WHERE x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
ORDER BY 1
"""
_KINDS = {"r": "table", "m": "materialized view", "f": "foreign table"}
_PERSISTENCE = {"p": "permanent", "u": "unlogged", "t": "temporary"}


@dataclass(frozen=True, kw_only=True)
class TableDigest:
    """Rows of a table and their order-free 128-bit digest (32 hexadecimal digits)."""

    rows: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class SequenceState:
    """Where a sequence stands. Sequences are not transactional: no snapshot holds them still."""

    last_value: int
    is_called: bool


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A relation that holds rows. ``kind``: table, materialized view, foreign table; ``persistence``: permanent,
    unlogged."""

    name: TableName
    kind: str
    persistence: str
    owner: str


def relations(observer: Observer) -> list[Relation]:
    """Every user relation that holds rows of its own (partitions yes, partitioned parents no), by name.

    Tables that belong to an extension are its matter: its version stands for them.
    """
    return [
        Relation(
            name=str(row["name"]),
            kind=_KINDS[str(row["kind"])],
            persistence=_PERSISTENCE[str(row["persistence"])],
            owner=str(row["owner"]),
        )
        for row in observer.rows(_USER_RELATIONS)
    ]


def readable(observer: Observer) -> list[TableName]:
    """The relations whose rows live in this database: all but foreign tables."""
    return [relation.name for relation in relations(observer) if relation.kind != "foreign table"]


def count(observer: Observer, tables: Iterable[TableName]) -> dict[TableName, int]:
    """``count(*)`` of each table in one statement, hence one snapshot. Raises ``ServerAnswer`` for a table that is
    not there."""
    names = list(tables)
    if not names:
        return {}
    parts = (f"SELECT {index} AS i, count(*) AS n FROM {table_sql(name)}" for index, name in enumerate(names))
    rows = observer.rows(" UNION ALL ".join(parts))
    found = {_integer(row["i"]): _integer(row["n"]) for row in rows}
    return {name: found[index] for index, name in enumerate(names)}


def digests(observer: Observer, tables: Iterable[TableName]) -> dict[TableName, TableDigest]:
    """The digest of each table's own rows. In a REPEATABLE READ block all come from one snapshot. Raises
    ``ServerAnswer``."""
    names = sorted(tables)
    found: dict[TableName, TableDigest] = {}
    iterator = iter(names)
    while batch := list(islice(iterator, _TABLES_PER_STATEMENT)):
        found.update(_digest_batch(observer, batch))
    return found


def sequences(observer: Observer) -> dict[str, SequenceState]:
    """Every user sequence, temporary ones not."""
    names = [
        str(row["name"])
        for row in observer.rows(
            "SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'"
            " AND n.nspname <> 'information_schema'"
            " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.pg_class'::regclass"
            " AND x.objid = c.oid AND x.deptype = 'e') ORDER BY 1"
        )
    ]
    if not names:
        return {}
    parts = (f"SELECT {quote_literal(name)} AS name, last_value, is_called FROM {table_sql(name)}" for name in names)
    return {
        str(row["name"]): SequenceState(last_value=_integer(row["last_value"]), is_called=bool(row["is_called"]))
        for row in observer.rows(" UNION ALL ".join(parts))
    }


def large_objects(observer: Observer) -> TableDigest:
    """Number of large objects and a digest of their pages. Needs a superuser, as ``pg_largeobject`` does."""
    pages = _digest_batch(observer, ["pg_catalog.pg_largeobject"])["pg_catalog.pg_largeobject"]
    number = _integer(observer.value("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata"))
    return TableDigest(rows=number, digest=pages.digest)


def changed(before: Mapping[TableName, TableDigest], after: Mapping[TableName, TableDigest]) -> tuple[TableName, ...]:
    """Tables whose digest differs, or that are on one side only, by name."""
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))


def _digest_batch(observer: Observer, names: Sequence[TableName]) -> dict[TableName, TableDigest]:
    low, high = SEEDS
    parts = (
        f"SELECT {index} AS i, count(*) AS n,"
        f" coalesce(sum(pg_catalog.hashtextextended(h, {low})), 0) AS low,"
        f" coalesce(sum(pg_catalog.hashtextextended(h, {high})), 0) AS high"
        # OFFSET 0 keeps the planner from writing out each row's text twice.
        f' FROM (SELECT t::text COLLATE "C" AS h FROM ONLY {table_sql(name)} AS t OFFSET 0) AS s'
        for index, name in enumerate(names)
    )
    rows = observer.rows(" UNION ALL ".join(parts))
    return {
        names[_integer(row["i"])]: TableDigest(
            rows=_integer(row["n"]),
            digest=f"{_integer(row['low']) % 2**64:016x}{_integer(row['high']) % 2**64:016x}",
        )
        for row in rows
    }


def _integer(value: object) -> int:
    return int(str(value))
