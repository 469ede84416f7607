"""``make bench-adapter``: the adapter over bare psycopg 3, sending the same statements to the same server in turn.

Run: ``python -m benchmarks.adapter [--pairs N] [--units N]``. One law's way from MARK to VERIFY is recorded
(``adapter_stream``), then sent again and again: once through ``RealPostgresAdapter``, once through a pooled psycopg
connection that is told the same texts and values, ``BEGIN`` and ``COMMIT``, and nothing else. The peer asks for no
transaction id, keeps no journal, has no deadline and does not look at its connection before it lends it. After each
turn the rows are taken away again. A figure is the median of the paired ratios, with the quartiles beside it; what
each part of the adapter costs is measured by itself (``adapter_parts``). Ends with 1 where the goal is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from benchmarks.adapter_parts import costs
from benchmarks.adapter_stream import Block, lane_settings, record, room
from psycopg import RawCursor, sql
from psycopg_pool import ConnectionPool

from cutter_agent.db_adapter import roles, schema, values
from cutter_agent.db_adapter.connection import connect_keywords
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import Limits
from cutter_agent.model import Lane
from pg_embedded.cluster import ThrowawayCluster

GOAL = 1.05
DISK = Path("/var/tmp")  # noqa: S108 - a folder of its own is made inside
WHOLE = "the whole way"
_ROWS_AT_ONCE = 200
_WARM_UP = 3

Sender = Callable[[Block], None]


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """Of paired times: the median of their quotients, its quartiles, and both medians in milliseconds. ``quiet`` is the
    quotient of both lower quartiles: less of what else the machine did is in it."""

    median: float
    low: float
    high: float
    quiet: float
    ours_ms: float
    bare_ms: float

    @classmethod
    def of(cls, ours: Sequence[float], bare: Sequence[float]) -> Ratio:
        low, middle, high = statistics.quantiles([a / b for a, b in zip(ours, bare, strict=True)], n=4)
        return cls(
            median=middle,
            low=low,
            high=high,
            quiet=statistics.quantiles(ours, n=4)[0] / statistics.quantiles(bare, n=4)[0],
            ours_ms=statistics.median(ours) * 1000,
            bare_ms=statistics.median(bare) * 1000,
        )

    def __str__(self) -> str:
        return (
            f"{self.median:.3f} (quartiles {self.low:.3f} to {self.high:.3f}; quiet {self.quiet:.3f};"
            f" {self.ours_ms:.2f} and {self.bare_ms:.2f} ms)"
        )


class Stage:
    """A deployed database, an adapter and a bare pool for each lane, and a broom."""

    def __init__(self, login: Any, stack: ExitStack) -> None:
        self._admin = stack.enter_context(psycopg.connect(**login, autocommit=True))
        self._admin.execute("SET session_replication_role = replica")
        self._admin.execute("SET synchronous_commit = off")
        self._tables = [
            sql.Identifier(*name.split(".")) for name in (*room.TABLES, *room.STORE_TABLES) if "deployment" not in name
        ]
        self.adapters = {
            lane: stack.enter_context(
                RealPostgresAdapter(
                    settings=lane_settings(login, lane), lane=lane, role=room.NAMES.of(room.Role(lane.value))
                )
            )
            for lane in Lane
        }
        self.pools = {lane: stack.enter_context(self._pool(login, lane)) for lane in Lane}

    @staticmethod
    def _pool(login: Any, lane: Lane) -> ConnectionPool[psycopg.Connection[Any]]:
        """The adapter's keywords (session settings, row factory, nothing prepared) and its spelling of values."""
        return ConnectionPool(
            kwargs=connect_keywords(lane_settings(login, lane), lane, Limits()),
            min_size=1,
            max_size=1,
            configure=values.register,
            open=True,
        )

    def ours(self, block: Block) -> None:
        adapter = self.adapters[block.lane]
        began = adapter.transaction(block.phase, block.isolation) if block.writes else adapter.read(block.isolation)
        with began as open_block:
            for call in block.calls:
                name = call.statement.name
                if call.rows is not None:
                    open_block.copy_rows(name, call.rows)
                elif call.lines is not None:
                    open_block.copy_lines(name, call.lines)
                elif call.streamed:
                    for _ in open_block.stream(name, call.parameters):
                        pass
                elif call.fetches:
                    open_block.fetch(name, call.parameters)
                else:
                    open_block.execute(name, call.parameters)

    def bare(self, block: Block) -> None:
        pool = self.pools[block.lane]
        connection = pool.getconn()
        try:
            connection.execute(block.begin)
            for call in block.calls:
                text = call.statement.numbered_sql
                cursor: RawCursor[Any] = connection.cursor()  # type: ignore[assignment]
                if call.rows is not None:
                    with cursor.copy(text) as copy:
                        for row in call.rows:
                            copy.write_row(row)
                elif call.lines is not None:
                    with cursor.copy(text) as copy:
                        for line in call.lines:
                            copy.write(line)
                elif call.streamed:
                    for _ in cursor.stream(text, call.values, size=_ROWS_AT_ONCE):
                        pass
                elif call.fetches:
                    cursor.execute(text, call.values).fetchall()
                else:
                    cursor.execute(text, call.values)
            connection.execute("COMMIT")
        finally:
            pool.putconn(connection)

    def sweep(self) -> None:
        """As if nothing had been sent: rows gone, sequences back."""
        for table in self._tables:
            self._admin.execute(sql.SQL("DELETE FROM {}").format(table))
        self._admin.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
            " FROM pg_sequences WHERE schemaname IN ('iu', 'cutter_governance')"
        )


def measure(cluster: ThrowawayCluster, name: str, units: int, pairs: int) -> dict[str, Ratio]:
    """One law of ``units`` units: ratios by phase and of the whole way."""
    with deployed(cluster, name) as login, ExitStack() as stack:
        blocks = record(login, room.law(units))
        stage = Stage(login, stack)
        return paired(stage, blocks, pairs)


def short_way(pairs: int) -> Ratio:
    """One unit's way on a throw-away server of its own: for whoever wants the one figure."""
    with ThrowawayCluster.create(name="bench-adapter") as cluster:
        return measure(cluster, "short", 1, pairs)[WHOLE]


def parts(cluster: ThrowawayCluster) -> list[str]:
    """What each part costs, as lines."""
    with deployed(cluster, "parts") as login, ExitStack() as stack:
        stage = Stage(login, stack)
        mine = lane_settings(login, Lane.EXEC)
        keywords = {name: getattr(mine, name) for name in ("host", "port", "dbname", "user", "password")}
        return costs(stage.adapters[Lane.EXEC], stage.pools[Lane.EXEC], keywords)


def paired(stage: Stage, blocks: Sequence[Block], pairs: int) -> dict[str, Ratio]:
    """The whole way by the adapter and by bare psycopg in turn."""
    return paired_blocks(((stage, stage.ours), (stage, stage.bare)), blocks, pairs)


def paired_blocks(
    sides: tuple[tuple[Stage, Sender], tuple[Stage, Sender]], blocks: Sequence[Block], pairs: int
) -> dict[str, Ratio]:
    """All ``blocks`` by each side in turn, the first one changing: the first side's times over the second's."""
    taken: tuple[list[list[float]], list[list[float]]] = ([], [])
    for number in range(-_WARM_UP, pairs):
        for which in (0, 1) if number % 2 else (1, 0):
            stage, sender = sides[which]
            stage.sweep()
            times = [_seconds(sender, block) for block in blocks]
            if number >= 0:
                taken[which].append(times)
    found = {WHOLE: Ratio.of(*([sum(times) for times in side] for side in taken))}
    for phase in dict.fromkeys(_word(block) for block in blocks):
        of = [index for index, block in enumerate(blocks) if _word(block) == phase]
        found[phase] = Ratio.of(*([sum(times[index] for index in of) for times in side] for side in taken))
    return found


def _word(block: Block) -> str:
    return block.phase if block.writes else "reads"


def _seconds(sender: Sender, block: Block) -> float:
    began = time.perf_counter()
    sender(block)
    return time.perf_counter() - began


@contextmanager
def deployed(cluster: ThrowawayCluster, name: str) -> Iterator[Mapping[str, Any]]:
    """A database with the ledger and its roles."""
    with psycopg.connect(**cluster.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    login = cluster.admin_of(name)
    with psycopg.connect(**login, autocommit=True) as admin:
        schema.install(admin, names=room.NAMES)
        roles.create_roles(admin, room.PASSWORDS, names=room.NAMES, connection_limit=20)
    yield login


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--pairs", type=int, default=200, help="of the way of one unit; a fifth of it for the long law")
    words.add_argument("--units", type=int, default=1000, help="of the long law")
    given = words.parse_args()
    good = True
    for durable in (False, True):
        settings = {} if not durable else {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
        base = DISK if durable else None  # a flush into memory would be none
        with ThrowawayCluster.create(name="bench-adapter", settings=settings, base_dir=base) as cluster:
            if not durable:
                print("the adapter's parts, lower quartiles", *parts(cluster), sep="\n", flush=True)
            for units, pairs in ((1, given.pairs), (given.units, max(5, given.pairs // 5))):
                print(f"durable {'on' if durable else 'off'}, {units} units, {pairs} pairs", flush=True)
                for phase, ratio in measure(cluster, f"units_{units}", units, pairs).items():
                    print(f"  {phase:14} {ratio}", flush=True)
                    good = good and (phase != WHOLE or ratio.median <= GOAL)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
