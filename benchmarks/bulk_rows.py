"""The rows that a run has left, copied once more into the same tables with nothing around it."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
from psycopg import sql
from tests import pipeline_room as room

from pg_embedded.server import AdminLogin

_FIRST = ("iu.source_snapshot", "iu.manifest", "iu.document", "cutter_governance.decision_backlog_entry")
_LAST = ("iu.information_unit", "iu.unit_version", "cutter_governance.canonical_address_alias")


def copied_s(login: AdminLogin, server_s: Callable[[], float]) -> tuple[float, float, int]:
    """Seconds of one transaction that copies every row of ledger and store into an empty copy of the database, those of
    the server's processors by ``server_s``, and how many rows.

    Keys, checks and foreign keys are on, also those checked at COMMIT; the guards (triggers of ours) are off. The rows
    wait in memory, in COPY's binary form.
    """
    held: dict[str, list[bytes]] = {}
    rows = 0
    with psycopg.connect(**login, autocommit=True) as source:
        for name in _ordered():
            with source.cursor().copy(sql.SQL("COPY {} TO STDOUT (FORMAT BINARY)").format(_table(name))) as out:
                held[name] = [bytes(block) for block in out]
            row = source.execute(sql.SQL("SELECT count(*) FROM {}").format(_table(name))).fetchone()
            rows += int(row[0]) if row else 0
        tables = sql.SQL(", ").join(map(_table, _ordered()))
        source.execute("SET session_replication_role = replica")
        source.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
        source.execute("SET session_replication_role = origin")
        for name in _ordered():
            source.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(_table(name)))
        source.execute("CHECKPOINT")
        before_s, began = server_s(), time.perf_counter()
        with source.transaction():
            source.execute("SET CONSTRAINTS ALL DEFERRED")
            for name, blocks in held.items():
                with source.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(_table(name))) as into:
                    for block in blocks:
                        into.write(block)
        spent_s = time.perf_counter() - began
        return spent_s, server_s() - before_s, rows


def _ordered() -> list[str]:
    """What others refer to comes first."""
    every = [name for name in (*room.TABLES, *room.STORE_TABLES) if "deployment" not in name]
    between = [name for name in every if name not in _FIRST and name not in _LAST]
    return [*_FIRST, *between, *_LAST]


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))
