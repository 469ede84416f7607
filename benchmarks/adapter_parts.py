"""What each part of the adapter costs: a short statement, a borrowing, a row, each measured by itself and in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg import RawCursor
from psycopg.adapt import Transformer
from psycopg_pool import ConnectionPool

from cutter_agent.db_adapter import statements, wire
from cutter_agent.db_adapter.recording import Recording
from cutter_agent.db_adapter.session import RealPostgresAdapter

_TIMES, _WARM_UP = 2000, 200
_ROW = "SELECT gen_random_uuid() AS id, '{\"a\": 1}'::jsonb AS body, now() AS at, int8range(1, 5) AS span"


def costs(
    adapter: RealPostgresAdapter, pool: ConnectionPool[psycopg.Connection[Any]], lane_settings: Mapping[str, Any]
) -> list[str]:
    """Lines for a reader: microseconds of each part."""
    lane, bare = adapter._pool.borrow(), pool.getconn()  # noqa: SLF001 - the parts are below the doors
    asked = statements.load()["transaction_status"]
    told = {"xid": "733"}
    reading = Transformer(lane)
    with psycopg.connect(**lane_settings, autocommit=True, cursor_factory=RawCursor) as plain:  # type: ignore[arg-type]

        def alone() -> object:
            sending = wire.statement(lane.pgconn, asked.numbered_sql, ["733"], reading)
            return psycopg.Connection.wait(lane, sending).fetchall()

        def bounded() -> object:
            return lane.wait(wire.statement(lane.pgconn, asked.numbered_sql, ["733"], reading)).fetchall()

        def recorded() -> None:
            with Recording(lane, asked):
                pass

        took = quiet(
            {
                "one short statement, bare psycopg": lambda: bare.execute(asked.numbered_sql, ["733"]).fetchall(),
                "the same without a cursor": alone,
                "and with the client's deadline": bounded,
                "and with journal, trace and checks: the adapter": lambda: lane.send(asked, told).fetchall(),
                "journal, call site and trace by themselves": recorded,
                "COMMIT, bare psycopg": lambda: bare.execute("COMMIT"),
                "COMMIT, the adapter": lambda: lane.send(statements.load()["commit"]),
                "a row of four kinds, psycopg's own value types": lambda: plain.execute(_ROW).fetchall(),
                "the same row, the adapter's value types": lambda: bare.execute(_ROW).fetchall(),
            }
        )
    adapter._pool.give_back(lane)  # noqa: SLF001
    pool.putconn(bare)
    took |= quiet(
        {
            "borrow and give back, bare pool": lambda: pool.putconn(pool.getconn()),
            "borrow and give back, the adapter's": lambda: adapter._pool.give_back(adapter._pool.borrow()),  # noqa: SLF001
        }
    )
    with adapter.transaction("bench") as block:
        took |= quiet({"asking for the transaction's id (saved)": lambda: block.fetch("current_transaction")})
    return [f"  {microseconds:6.1f} µs  {part}" for part, microseconds in took.items()]


def quiet(parts: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The lower quartile of each in microseconds, called in turn: what it takes while nobody else has the processor."""
    taken: dict[str, list[float]] = {part: [] for part in parts}
    for number in range(-_WARM_UP, _TIMES):
        for part, call in parts.items():
            began = time.perf_counter()
            call()
            if number >= 0:
                taken[part].append((time.perf_counter() - began) * 1e6)
    return {part: statistics.quantiles(times, n=4)[0] for part, times in taken.items()}
