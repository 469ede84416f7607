"""A COMMIT whose answer never came (design 2.2 lines 6 and 10), through a relay that breaks it on purpose."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from tests.adapter_room import Room
from tests.integration.relay import Fault, Relay

from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import Isolation, Limits
from cutter_agent.errors import ConnectionFailed, DatabaseError, DeadlinePassed, OutcomeUnknown

LIMITS = Limits(
    statement_timeout_s=0.5,
    deadline_s=1.0,
    idle_in_transaction_timeout_s=1.5,
    borrow_timeout_s=5.0,
    resolve_timeout_s=6.0,
)


@pytest.fixture
def relay(room: Room) -> Iterator[Relay]:
    with Relay(room.settings().host, room.settings().port) as made:
        yield made


def through(relay: Relay, room: Room, limits: Limits = LIMITS) -> RealPostgresAdapter:
    adapter = room.adapter(settings=room.settings(host=relay.host), limits=limits)
    adapter.find("things")
    return adapter


def put(adapter: RealPostgresAdapter, label: str) -> None:
    with adapter.transaction("cut", Isolation.SERIALIZABLE) as block:
        block.execute("put_label", {"id": str(uuid4()), "label": label})


def test_committed_but_the_answer_was_cut_off(room: Room, relay: Relay) -> None:
    adapter = through(relay, room)
    relay.strike_commit(Fault.CUT_AFTER)
    put(adapter, "kept")
    assert relay.struck.is_set()
    assert room.labels() == ["kept"]
    assert adapter.facts().commits_resolved == {"committed": 1}
    put(adapter, "kept too")
    assert room.labels() == ["kept", "kept too"]


def test_cut_before_the_server_got_it(room: Room, relay: Relay) -> None:
    adapter = through(relay, room)
    relay.strike_commit(Fault.CUT_BEFORE)
    with pytest.raises(ConnectionFailed, match="rolled it back") as refused:
        put(adapter, "lost")
    assert "again" in refused.value.remedy
    assert refused.value.trace.statement_name == "commit"
    assert room.labels() == []
    assert adapter.facts().commits_resolved == {"aborted": 1}


def test_the_answer_is_swallowed_and_the_socket_stays_open(room: Room, relay: Relay) -> None:
    adapter = through(relay, room)
    relay.strike_commit(Fault.SWALLOW_ANSWER)
    started = time.monotonic()
    put(adapter, "kept")
    assert 0.9 < time.monotonic() - started < 3.5, "the client's own deadline, then the truth from the server"
    assert room.labels() == ["kept"]
    assert adapter.facts().commits_resolved == {"committed": 1}
    assert [record.outcome for record in adapter.journal if record.outcome != "ok"] == ["deadline"]


def test_a_commit_in_a_black_hole_is_waited_out_and_known_to_be_aborted(room: Room, relay: Relay) -> None:
    """The server's idle-in-transaction limit ends what the client can no longer reach."""
    adapter = through(relay, room)
    relay.strike_commit(Fault.BLACK_HOLE)
    with pytest.raises(ConnectionFailed, match="rolled it back"):
        put(adapter, "lost")
    assert room.labels() == []
    assert adapter.facts().commits_resolved == {"aborted": 1}
    asked = [record for record in adapter.journal if record.name == "transaction_status"]
    assert len(asked) > 1, "it was in progress at first"


def test_what_cannot_be_known_in_time_is_said_to_be_unknown(room: Room, relay: Relay) -> None:
    limits = Limits(
        statement_timeout_s=0.5,
        deadline_s=1.0,
        idle_in_transaction_timeout_s=600.0,
        borrow_timeout_s=2.0,
        resolve_timeout_s=1.0,
    )
    adapter = through(relay, room, limits)
    relay.strike_commit(Fault.BLACK_HOLE)
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="in progress") as refused:
        put(adapter, "who knows")
    assert time.monotonic() - started < 4
    assert "idempotency" in refused.value.remedy
    assert adapter.facts().commits_resolved == {"unknown": 1}


def test_no_way_to_ask_is_unknown_too(room: Room, relay: Relay) -> None:
    limits = Limits(
        statement_timeout_s=0.5, deadline_s=1.0, borrow_timeout_s=1.0, resolve_timeout_s=1.5, connect_timeout_s=2
    )
    adapter = through(relay, room, limits)
    relay.strike_commit(Fault.CUT_AFTER, refuse_new=True)
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        put(adapter, "kept")
    assert time.monotonic() - started < 6
    assert room.labels() == ["kept"], "it was committed: a replay must find it by its key"


def test_a_read_whose_end_is_lost_has_nothing_to_resolve(room: Room, relay: Relay) -> None:
    adapter = through(relay, room)
    relay.strike_commit(Fault.SWALLOW_ANSWER)
    with pytest.raises(DeadlinePassed):
        adapter.find("things")
    assert adapter.facts().commits_resolved == {}
    assert adapter.find("sum_counters") == [{"total": 0}]


def test_a_backend_killed_inside_the_phase_kept_nothing_and_is_not_retried(room: Room, relay: Relay) -> None:
    adapter = through(relay, room)
    attempts = []

    def body(block: object) -> None:
        attempts.append(1)
        block.execute("put_label", {"id": str(uuid4()), "label": "gone"})  # type: ignore[attr-defined]
        room.query("SELECT pg_terminate_backend(%s, 5000)", block._connection.backend_pid)  # type: ignore[attr-defined]
        block.execute("put_label", {"id": str(uuid4()), "label": "gone"})  # type: ignore[attr-defined]

    with pytest.raises(ConnectionFailed) as refused:
        adapter.run_phase("cut", Isolation.SERIALIZABLE, body)
    assert refused.value.sqlstate in ("57P01", None)
    assert attempts == [1]
    assert room.labels() == []
    assert adapter.find("sum_counters") == [{"total": 0}]
    assert isinstance(refused.value, DatabaseError)
