"""The client's journal against the server's own log (design 3.3): the same statements, the same text, per backend."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from tests.adapter_room import SCHEMA, Room, declared

from cutter_agent.db_adapter.journal import Journal
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import ConnectionSettings, Isolation
from cutter_agent.errors import DatabaseError
from cutter_agent.model import Lane
from pg_embedded.cluster import ThrowawayCluster

SECRET = "correct horse battery staple"
_LOGGED = re.compile(r"^(?:statement|execute <unnamed>): ", re.DOTALL)


def server_statements(log: Path, user: str) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for line in log.read_text("utf-8").splitlines():
        record = json.loads(line)
        text = record.get("message", "")
        if record.get("user") == user and _LOGGED.match(text):
            found[record["pid"], _LOGGED.sub("", text)] += 1
    return found


def test_client_and_server_saw_the_same_statements() -> None:
    with ThrowawayCluster.create(name="journal", json_log=True) as cluster:
        with psycopg.connect(**cluster.admin, autocommit=True) as admin:
            admin.execute(f"CREATE ROLE room_exec LOGIN PASSWORD '{SECRET}'; CREATE ROLE room_verify")
            admin.execute(SCHEMA)
        settings = ConnectionSettings(**{**cluster.admin, "user": "room_exec", "password": SECRET})
        journal = Journal()
        with RealPostgresAdapter(
            settings=settings, lane=Lane.EXEC, role="room_exec", declared=declared(), journal=journal
        ) as adapter:
            body = {"body": SECRET}
            with adapter.transaction("mark", Isolation.SERIALIZABLE) as block:
                block.execute("put_label", {"id": str(uuid4()), "label": "one"})
                block.copy_rows("copy_things", [(str(uuid4()), "two", body, None, None)])
                with block.savepoint("part"):
                    block.fetch("things")
            with pytest.raises(DatabaseError), adapter.transaction("fails") as block:
                block.execute("put_amount", {"id": str(uuid4()), "amount": -1})
            adapter.find("thing", {"id": str(uuid4())})
        expected = Counter((record.backend_pid, record.text) for record in journal)
        log = cluster.folders.json_log_file
        deadline = time.monotonic() + 5
        while (seen := server_statements(log, "room_exec")) != expected and time.monotonic() < deadline:
            time.sleep(0.05)  # the log collector writes a moment later
        assert seen == expected
        assert sum(expected.values()) == journal.total > 10


def test_outcomes_sqlstates_and_times(room: Room) -> None:
    adapter = room.adapter()
    with pytest.raises(DatabaseError), adapter.transaction("fails") as block:
        block.execute("put_amount", {"id": str(uuid4()), "amount": -1})
    records = adapter.journal.records()
    assert [(r.name, r.outcome.value, r.sqlstate, r.phase) for r in records[-3:]] == [
        ("begin_read_committed_read_write", "ok", None, "fails"),
        ("put_amount", "error", "23514", "fails"),
        ("rollback", "ok", None, "fails"),
    ]
    assert [r.sequence for r in records] == list(range(len(records)))
    assert {r.principal for r in records} == {"cutter_exec"}
    assert all(a.started_monotonic_s <= b.started_monotonic_s for a, b in pairwise(records))
    assert all(0 <= r.duration_s < 5 for r in records)
    assert all(r.at.tzinfo is not None for r in records)


def test_memory_is_bounded_and_says_what_is_gone(room: Room) -> None:
    journal = Journal(limit=5)
    adapter = room.adapter(journal=journal)
    for _ in range(4):
        adapter.find("things")
    assert len(journal) == 5
    assert journal.total == 3 + 4 * 3
    assert journal.dropped == 10
    assert journal.records()[-1].name == "commit"


def test_no_secret_and_no_body_is_in_it(room: Room) -> None:
    adapter = room.adapter()
    with adapter.transaction("t") as block:
        block.execute("put_label", {"id": str(uuid4()), "label": SECRET})
    text = repr(adapter.journal.records())
    assert SECRET not in text
    assert room.passwords[Lane.EXEC] not in text
    assert room.passwords[Lane.EXEC] not in repr(room.settings())
    with pytest.raises(DatabaseError) as refused, adapter.transaction("t") as block:
        block.execute("put_label", {"id": SECRET, "label": "x"})
    assert SECRET not in repr(refused.value.trace)
