"""Digests of whole databases by several sessions at once: tables are cut into ranges of blocks, sums are added up.

The digest is that of ``counts``: the sum, modulo 2^64, of each half of a 128-bit hash of every row. A row's spelling is
its text, or, from PostgreSQL 18 on and where every column is of a built-in type whose binary form is the same on every
server, its binary form, which costs a little more than half as much (``docs/decisions/clones.md``). Both sides of a
comparison must use the same spelling: ``binary`` is decided by the caller for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from queue import Empty, SimpleQueue

from pg_dryrun.observer.connection import Observer, table_sql
from pg_dryrun.observer.counts import SEEDS, TableDigest
from pg_dryrun.subject import TableName

BINARY_SINCE = 180000
"""``hashbyteaextended`` is there from PostgreSQL 18 on."""
_SLICE_BYTES = 64 << 20
_BLOCK_RANGES_SINCE = 140000  # before, a range of ctid reads the whole table
_BIT64 = 2**64

# Types whose binary form says at least what the text says and holds no object id (regclass, enum, composite do).
_BINARY_TYPES = [
    *("bool", "bytea", "char", "name", "int8", "int2", "int4", "text", "json", "float4", "float8", "money", "uuid"),
    *("macaddr", "macaddr8", "inet", "cidr", "bpchar", "varchar", "date", "time", "timestamp", "timestamptz"),
    *("interval", "timetz", "bit", "varbit", "numeric", "jsonb", "tsvector", "pg_lsn", "point", "box", "circle"),
]
_TABLES = """
SELECT n.nspname || '.' || c.relname AS name, pg_catalog.pg_table_size(c.oid) AS bytes,
       pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int AS blocks,
       coalesce(a.amname = 'heap', false) AS heap,
       NOT EXISTS (
           SELECT FROM pg_catalog.pg_attribute x JOIN pg_catalog.pg_type t ON t.oid = x.atttypid
           LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
           WHERE x.attrelid = c.oid AND x.attnum > 0 AND NOT x.attisdropped
             AND NOT (coalesce(e.typnamespace, t.typnamespace) = 'pg_catalog'::regnamespace
                      AND coalesce(e.typname, t.typname)::text = ANY (%(types)s))) AS plain_types
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
WHERE n.nspname || '.' || c.relname = ANY (%(names)s)
"""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Part of a table: the blocks from ``first_block`` up to, not including, ``end_block`` (None: no limit)."""

    table: TableName
    binary: bool
    first_block: int | None = None
    end_block: int | None = None
    size_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows of a slice and the two sums over them, not yet reduced."""

    rows: int
    low: int
    high: int

    def __add__(self, other: Part) -> Part:
        return Part(rows=self.rows + other.rows, low=self.low + other.low, high=self.high + other.high)

    @property
    def digest(self) -> TableDigest:
        return TableDigest(rows=self.rows, digest=f"{self.low % _BIT64:016x}{self.high % _BIT64:016x}")


def cut(observer: Observer, tables: Iterable[TableName], *, binary: bool) -> list[Slice]:
    """The tables as slices of about 64 MB, the largest first. Raises ``ServerAnswer``."""
    rows = observer.rows(_TABLES, {"names": sorted(tables), "types": _BINARY_TYPES})
    ranges = observer.server_version_num >= _BLOCK_RANGES_SINCE
    found: list[Slice] = []
    for row in rows:
        size, blocks = int(str(row["bytes"])), int(str(row["blocks"]))
        spelled = binary and bool(row["plain_types"])
        number = min(-(-size // _SLICE_BYTES), blocks) if ranges and row["heap"] else 1
        step = -(-blocks // number) if number > 1 else 0
        edges: list[int | None] = [None, *range(step, blocks, step), None] if step else [None, None]
        found += [
            Slice(
                table=str(row["name"]),
                binary=spelled,
                first_block=first,
                end_block=end,
                size_bytes=size // (len(edges) - 1),
            )
            for first, end in pairwise(edges)
        ]
    return sorted(found, key=lambda item: (-item.size_bytes, item.table, item.first_block or 0))


def digest_slice(observer: Observer, part: Slice) -> Part:
    """One slice in one statement. Raises ``ServerAnswer``."""
    limits = []
    if part.first_block is not None:
        limits.append(f"ctid >= '({part.first_block},0)'::pg_catalog.tid")
    if part.end_block is not None:
        limits.append(f"ctid < '({part.end_block},0)'::pg_catalog.tid")
    where = f" WHERE {' AND '.join(limits)}" if limits else ""
    return digest_rows(observer, f"ONLY {table_sql(part.table)} AS t{where}", binary=part.binary)


def digest_rows(observer: Observer, source: str, *, binary: bool) -> Part:
    """The rows of ``source``, SQL text in which ``t`` names a row. Raises ``ServerAnswer``."""
    row = "pg_catalog.record_send(t)" if binary else 't::text COLLATE "C"'
    hashed = "pg_catalog.hashbyteaextended" if binary else "pg_catalog.hashtextextended"
    low, high = SEEDS
    # OFFSET 0 keeps the planner from spelling each row twice.
    found = observer.rows(
        f"SELECT count(*) AS n, coalesce(sum({hashed}(h, {low})), 0) AS low, coalesce(sum({hashed}(h, {high})), 0)"
        f" AS high FROM (SELECT {row} AS h FROM {source} OFFSET 0) AS s"
    )[0]
    return Part(rows=int(str(found["n"])), low=int(str(found["low"])), high=int(str(found["high"])))


def digests(sessions: Sequence[Observer], slices: Sequence[Slice]) -> dict[TableName, TableDigest]:
    """Every table of ``slices``; each session works through them in a thread of its own. Raises ``ServerAnswer``.

    All sessions must see the same: one exported snapshot, or a server where nobody writes.
    """
    waiting: SimpleQueue[Slice] = SimpleQueue()
    for item in slices:
        waiting.put(item)

    def work(observer: Observer) -> list[tuple[TableName, Part]]:
        done: list[tuple[TableName, Part]] = []
        while True:
            try:
                item = waiting.get_nowait()
            except Empty:
                return done
            done.append((item.table, digest_slice(observer, item)))

    sums: dict[TableName, Part] = {}
    with ThreadPoolExecutor(max_workers=len(sessions)) as pool:
        for done in pool.map(work, sessions):
            for table, part in done:
                sums[table] = sums[table] + part if table in sums else part
    return {table: sums[table].digest for table in sorted(sums)}
