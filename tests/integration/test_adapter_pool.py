"""The pool (design 2.2 line 9) and the principal (line 11) on a real server."""

from __future__ import annotations

import socket
import threading
import time
from uuid import uuid4

import psycopg
import pytest
from tests.adapter_room import ROLES, Room, declared

from cutter_agent.db_adapter import principals
from cutter_agent.db_adapter.interface import Row
from cutter_agent.db_adapter.principals import Proof
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import ConnectionSettings, Isolation, Limits, server_settings
from cutter_agent.errors import ConfigMismatch, ConnectionFailed, TransactionLeak
from cutter_agent.model import Lane
from pg_embedded.cluster import ThrowawayCluster


def test_no_socket_is_opened_at_construction(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(psycopg.Connection, "connect", refuse)
    monkeypatch.setattr(socket, "socket", refuse)
    threads = threading.active_count()
    adapter = room.adapter()
    assert adapter.journal.total == 0
    assert threading.active_count() == threads


def test_the_session_is_pinned(room: Room) -> None:
    limits = Limits(statement_timeout_s=7, lock_timeout_s=3, idle_in_transaction_timeout_s=90, deadline_s=20)
    adapter = room.adapter(limits=limits)
    with adapter.read() as block:
        row = block.fetch_one("session_identity")
    assert row is not None
    pinned = {name: row[name] for name in server_settings(Lane.EXEC, limits)}
    assert pinned == {
        "application_name": "dot-iu-cutter DOT-991",
        "statement_timeout": "7s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "90s",
        "search_path": "pg_catalog, pg_temp",
        "TimeZone": "UTC",
        "default_transaction_isolation": "read committed",
        "default_transaction_read_only": "off",
    }


def test_facts_say_who_where_and_how(room: Room) -> None:
    adapter = room.adapter(Lane.VERIFY)
    identity = adapter.facts().identity
    assert identity is not None
    assert identity.current_user == identity.session_user == ROLES[Lane.VERIFY]
    assert identity.auth_method == "scram-sha-256"
    assert identity.proof is Proof.AUTHENTICATION
    assert identity.database == room.admin["dbname"]
    assert identity.server_version_num // 10000 == int(identity.server_version.split(".")[0])
    assert adapter.facts().connections_made == 1
    assert room.passwords[Lane.VERIFY] not in repr(adapter.facts())


def test_a_server_that_cannot_say_how_it_let_us_in_is_recorded_as_unknown(room: Room) -> None:
    """The question for servers before 16, asked of this one: the same columns, and no claim."""
    adapter = room.adapter()
    (newer,), (older,) = adapter.find("session_identity"), adapter.find("session_identity_before_16")
    assert list(older) == list(newer)
    assert {**older, "system_user": newer["system_user"]} == newer
    assert principals._how(older["system_user"]) == ("unknown", Proof.UNKNOWN)


def test_trust_proves_routing_and_not_authentication(room: Room) -> None:
    """A server of its own whose pg_hba says ``trust``."""
    with ThrowawayCluster.create(name="trust") as cluster:
        hba = cluster.folders.config_dir / "pg_hba.conf"
        hba.write_text("local all all trust\n")
        with psycopg.connect(**cluster.admin, autocommit=True) as admin:
            admin.execute("CREATE ROLE cutter_exec LOGIN")
            admin.execute("SELECT pg_reload_conf()")
        settings = ConnectionSettings(**{**cluster.admin, "user": "cutter_exec", "password": "any"})
        deadline = time.monotonic() + 5
        while True:
            try:
                with RealPostgresAdapter(settings=settings, lane=Lane.EXEC) as adapter:
                    identity = adapter.facts().identity
                break
            except ConnectionFailed:  # the new rules are not read yet
                assert time.monotonic() < deadline
    assert identity is not None
    assert identity.auth_method == "trust"
    assert identity.proof is Proof.ROUTING


def test_a_wrong_principal_is_refused_before_any_write(room: Room) -> None:
    adapter = room.adapter(Lane.EXEC, settings=room.settings(Lane.VERIFY))
    for _ in range(2):
        with (
            pytest.raises(ConfigMismatch, match="room_exec, the server says current_user is room_verify") as refused,
            adapter.transaction("mark") as block,
        ):
            block.execute("put_label", {"id": str(uuid4()), "label": "never"})
        assert "nothing was written" in refused.value.message
    assert room.labels() == []
    assert {record.name for record in adapter.journal} == {
        "begin_read_committed_read_only",
        "session_identity",
        "commit",
    }


def test_start_asks_who_we_are_and_nothing_else(room: Room) -> None:
    adapter = room.adapter()
    adapter.start()
    asked = adapter.journal.total
    adapter.start()
    assert adapter.journal.total == asked
    assert [record.name for record in adapter.journal][:3] == [
        "begin_read_committed_read_only",
        "session_identity",
        "commit",
    ]


def test_the_superuser_is_no_lane(room: Room) -> None:
    settings = ConnectionSettings(**room.admin)
    adapter = room.adapter(settings=settings)
    with pytest.raises(ConfigMismatch, match="pgadmin"):
        adapter.find("things")


def test_a_role_that_is_changed_by_the_server_is_refused(room: Room) -> None:
    """``ALTER ROLE … SET role`` makes current_user another one than who logged in."""
    room.query("GRANT room_verify TO room_exec")
    room.query("ALTER ROLE room_exec SET role = 'room_verify'")
    try:
        adapter = room.adapter()
        with pytest.raises(ConfigMismatch, match="current_user is room_verify and session_user is room_exec"):
            adapter.find("things")
    finally:
        room.query("ALTER ROLE room_exec RESET role")
        room.query("REVOKE room_verify FROM room_exec")


def test_settings_of_the_role_do_not_undo_the_pins(room: Room) -> None:
    room.query("ALTER ROLE room_exec SET statement_timeout = 0")
    room.query("ALTER ROLE room_exec SET search_path = 'room'")
    try:
        adapter = room.adapter()
        assert adapter.find("session_identity")[0]["statement_timeout"] == "2min"
    finally:
        room.query("ALTER ROLE room_exec RESET ALL")


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"dbname": "no_such_database"}, {"port": 1}])
def test_a_connection_that_cannot_be_made_says_why_at_once(room: Room, change: dict[str, object]) -> None:
    adapter = room.adapter(settings=room.settings(**change))
    started = time.monotonic()
    with pytest.raises(ConnectionFailed) as refused:
        adapter.find("things")
    assert time.monotonic() - started < 2, "not a time-out of the pool"
    assert "connection to server on socket" in refused.value.message
    assert room.passwords[Lane.EXEC] not in refused.value.message
    assert "wrong" not in refused.value.message


def test_a_dirty_return_is_counted_reported_and_closed(room: Room) -> None:
    """A ``find()`` as it once was: it forgets its transaction."""

    class Forgetful(RealPostgresAdapter):
        def find(self, name: str, parameters: object = None) -> list[Row]:  # noqa: ARG002
            connection = self._pool.borrow()
            connection.send(self._statements["begin_read_committed_read_only"])
            rows = connection.send(self._statements[name]).fetchall()
            self._pool.give_back(connection)
            assert connection.closed
            if (leak := self._pool.take_leak()) is not None:
                raise leak
            return rows

    with Forgetful(settings=room.settings(), lane=Lane.EXEC, role="room_exec", declared=declared()) as adapter:
        with pytest.raises(TransactionLeak, match="came back to the pool") as reported:
            adapter.find("sum_counters")
        assert reported.value.sqlstate == "25001"
        assert reported.value.trace.connection_state == "INTRANS"
        assert "sum_counters" in reported.value.message
        assert adapter.facts().dirty_returns == 1
        with adapter.transaction("mark", Isolation.SERIALIZABLE) as block:
            block.execute("put_label", {"id": str(uuid4()), "label": "kept"})
    assert room.labels() == ["kept"]


def test_what_one_borrower_sets_does_not_reach_the_next(room: Room) -> None:
    adapter = room.adapter(limits=Limits(check_after_idle_s=0.05))
    adapter.find("things")
    first = adapter._pool.borrow()
    first.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    first.read_only = True
    first.deferrable = True
    first.phase = "mine"
    adapter._pool.give_back(first)
    second = adapter._pool.borrow()
    assert second is first
    assert (second.isolation_level, second.read_only, second.deferrable, second.phase) == (None, None, None, None)
    assert second.autocommit
    adapter._pool.give_back(second)
    with adapter.transaction("t") as block:
        row = block.fetch_one("isolation_now")
    assert row == {"isolation": "read committed", "read_only": "off", "application_name": "dot-iu-cutter DOT-991"}


def test_a_session_that_was_changed_on_the_server_is_not_lent_again(room: Room) -> None:
    adapter = room.adapter(limits=Limits(check_after_idle_s=0.05))
    adapter.find("things")
    first = adapter._pool.borrow()
    first.execute("SET application_name = 'somebody else'")
    adapter._pool.give_back(first)
    time.sleep(0.1)
    assert adapter.find("isolation_now")[0]["application_name"] == "dot-iu-cutter DOT-991"
    assert first.closed
    assert adapter.facts().connections_discarded == 1


def test_a_connection_killed_while_idle_is_replaced(room: Room) -> None:
    adapter = room.adapter()
    pid = adapter.facts().identity.backend_pid  # type: ignore[union-attr]
    assert room.query("SELECT pg_terminate_backend(%s, 5000)", pid) == [(True,)]
    assert adapter.find("sum_counters") == [{"total": 0}]
    facts = adapter.facts()
    assert facts.identity is not None
    assert facts.identity.backend_pid != pid
    assert facts.connections_discarded == 1


def test_the_ceiling_holds_and_waiting_for_it_ends(room: Room) -> None:
    adapter = room.adapter(limits=Limits(borrow_timeout_s=0.5, max_connections=1))
    reached, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with adapter.read():
            reached.set()
            leave.wait(10)

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    assert reached.wait(5)
    with pytest.raises(ConnectionFailed, match="no connection came free"):
        adapter.find("things")
    leave.set()
    holder.join(5)
    assert adapter.find("sum_counters") == [{"total": 0}]
    assert adapter.facts().connections_made == 1


def test_two_threads_use_two_connections_under_a_ceiling_of_two(room: Room) -> None:
    adapter = room.adapter(limits=Limits(max_connections=2))
    both = threading.Barrier(2, timeout=10)
    pids: list[int] = []

    def work() -> None:
        with adapter.read() as block:
            pids.append(block._connection.backend_pid)
            both.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(15)
    assert len(set(pids)) == 2
    assert adapter.facts().connections_made == 2


def test_a_server_that_comes_back_is_found_again() -> None:
    with ThrowawayCluster.create(name="comeback") as cluster:
        with psycopg.connect(**cluster.admin, autocommit=True) as admin:
            admin.execute("CREATE ROLE cutter_exec LOGIN PASSWORD 'x'")
        settings = ConnectionSettings(**{**cluster.admin, "user": "cutter_exec", "password": "x"})
        with RealPostgresAdapter(settings=settings, lane=Lane.EXEC, limits=Limits(borrow_timeout_s=3)) as adapter:
            adapter.facts()
            cluster.stop()
            with pytest.raises(ConnectionFailed):
                adapter.find("session_identity")
            cluster.start()
            deadline = time.monotonic() + 15
            while True:
                try:
                    assert adapter.find("session_identity")[0]["current_user"] == "cutter_exec"
                    break
                except ConnectionFailed:
                    assert time.monotonic() < deadline
