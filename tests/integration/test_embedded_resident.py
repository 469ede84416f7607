"""The persistent database: many clients, any of them killed at any moment, nothing lost, nothing left running."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.integration.children import (
    kill,
    line_of,
    nobody_works_in,
    run_as_ordinary_user,
    spawn,
    wait_until,
)

from pg_embedded import processes, resident
from pg_embedded.errors import ResidentUnavailable
from pg_embedded.residence import Residence
from pg_embedded.resident import ResidentServer

KILLS = 30

CLIENT = """
import sys
from pathlib import Path
from pg_embedded import resident
with resident.attach(Path(sys.argv[1])) as server:
    print(server.address.pid, server.address.keeper_pid, flush=True)
    sys.stdin.read()
"""

WRITER = """
import sys
from pathlib import Path
import psycopg
from pg_embedded import resident
number = int(sys.argv[2])
with resident.attach(Path(sys.argv[1])) as server, psycopg.connect(**server.admin, autocommit=True) as connection:
    while True:
        connection.execute("insert into written values (%s)", (number,))
        print(number, flush=True)
        number += 1
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    if folder.exists():
        resident.erase(folder, deadline_s=30)


def execute(server: ResidentServer, statement: str) -> None:
    with psycopg.connect(**server.admin) as connection:
        connection.execute(statement)


def ask(server: ResidentServer, query: str) -> object:
    with psycopg.connect(**server.admin) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_data_and_identity_outlive_the_server(home: Path) -> None:
    with resident.attach(home) as first:
        assert ask(first, "select current_setting('fsync')") == "on"
        execute(first, "create table kept as select 42 as n")
        data_dir = Path(first.address.data_dir)
    assert nobody_works_in(data_dir, within_s=10), "nobody uses it any more, and it still runs"
    with resident.attach(home) as second:
        assert second.address.pid != first.address.pid
        assert second.system_identifier == first.system_identifier
        assert ask(second, "select n from kept") == 42


def test_the_server_lingers_for_the_next_command(home: Path) -> None:
    with resident.attach(home) as first:
        pass
    with resident.attach(home) as second:
        assert second.address == first.address


def test_many_clients_at_once_on_a_new_folder_share_one_server(home: Path) -> None:
    clients = [spawn(CLIENT, home) for _ in range(5)]
    try:
        assert len({line_of(client) for client in clients}) == 1
    finally:
        for client in clients:
            kill(client)


def test_a_killed_client_takes_nobody_along_and_leaves_no_lease(home: Path) -> None:
    client = spawn(CLIENT, home)
    line_of(client)
    with resident.attach(home) as server:
        kill(client)
        time.sleep(1.0)
        assert ask(server, "select 1") == 1
    assert nobody_works_in(Path(server.address.data_dir), within_s=10)


def test_a_killed_keeper_takes_the_server_along_and_the_next_client_recovers(home: Path) -> None:
    with resident.attach(home) as server:
        execute(server, "create table kept as select 42 as n")
        os.kill(server.address.keeper_pid, signal.SIGKILL)
        assert nobody_works_in(Path(server.address.data_dir), within_s=5)
        with resident.attach(home) as again:
            assert again.address.keeper_pid != server.address.keeper_pid
            assert ask(again, "select n from kept") == 42


def test_a_keeper_that_is_told_to_end_stops_the_server_in_good_order(home: Path) -> None:
    with resident.attach(home) as server:
        os.kill(server.address.keeper_pid, signal.SIGTERM)
        assert nobody_works_in(Path(server.address.data_dir), within_s=10)
        assert not (Path(server.address.data_dir) / "postmaster.pid").exists()


def test_a_server_that_died_is_replaced(home: Path) -> None:
    with resident.attach(home) as server:
        os.kill(server.address.pid, signal.SIGKILL)
        assert wait_until(lambda: Residence.at(home).address() is None, within_s=10)
        with resident.attach(home) as again:
            assert ask(again, "select 1") == 1


def test_a_pid_file_whose_pid_was_reused_does_not_block_the_start(home: Path) -> None:
    """After a reboot the old server's pid may be anybody's; PostgreSQL itself would refuse to start."""
    with resident.attach(home) as server:
        data_dir = Path(server.address.data_dir)
    assert nobody_works_in(data_dir, within_s=10)
    stranger = spawn("import sys; sys.stdin.read()")
    try:
        pid_file = data_dir / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{data_dir}\n1\n5432\n\n\n\nready\n")
        owner = data_dir.stat()
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        with resident.attach(home) as again:
            assert again.address.pid != stranger.pid
            assert ask(again, "select 1") == 1
        assert stranger.poll() is None
    finally:
        kill(stranger)


def test_a_copy_of_the_folder_never_touches_the_originals_server(home: Path, tmp_path: Path) -> None:
    with resident.attach(home) as server:
        copy = tmp_path / "copy"
        copy.mkdir(mode=0o700)
        for path in home.iterdir():
            if path.is_file():
                shutil.copy(path, copy / path.name)
        if Path(server.address.data_dir).is_relative_to(home):
            pytest.skip("the data lies in the folder itself: a copy of it is a database of its own")
        with pytest.raises(ResidentUnavailable, match="copy"):
            resident.attach(copy)
        assert ask(server, "select 1") == 1


def test_data_of_another_major_version_is_refused_by_name(home: Path) -> None:
    with resident.attach(home) as server:
        data_dir = Path(server.address.data_dir)
    assert nobody_works_in(data_dir, within_s=10)
    (data_dir / "PG_VERSION").write_text("9\n")
    with pytest.raises(ResidentUnavailable, match="made by PostgreSQL 9") as refusal:
        resident.attach(home)
    assert "dump" in refusal.value.remedy


def test_a_file_in_the_folders_place_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResidentUnavailable, match="cannot be made"):
        resident.attach(tmp_path / "file")


@pytest.mark.skipif(os.getuid() != 0, reason="only root meets folders of other users that it may enter")
def test_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(ResidentUnavailable, match="user id 12345"):
        resident.attach(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user's server runs as himself")
def test_a_folder_that_only_root_may_enter_stays_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = [(folder, folder.stat().st_mode) for folder in closed.parents]
    try:
        with resident.attach(closed) as server:
            data_dir = Path(server.address.data_dir)
            assert not data_dir.is_relative_to(closed)
            assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
            assert data_dir.stat().st_uid != 0
            assert stat.S_IMODE(data_dir.parent.stat().st_mode) & 0o007 == 0
            assert [(folder, folder.stat().st_mode) for folder in closed.parents] == before
            assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        resident.erase(closed)
    assert not data_dir.parent.exists()
    assert list(closed.iterdir()) == []


def test_erase_waits_for_those_who_use_it(home: Path) -> None:
    with resident.attach(home), pytest.raises(ResidentUnavailable, match="in use"):
        resident.erase(home, deadline_s=1.0)


def test_secrets_in_the_folder_are_private(home: Path) -> None:
    with resident.attach(home) as server:
        assert server.admin["password"] not in repr(server.address)
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        for path in home.iterdir():
            if path.is_file():
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


ORDINARY = """
import sys, os
from pathlib import Path
from pg_embedded import resident, programs
home = Path.home() / ("deep" * 20) / ("deeper" * 10)
for _ in range(2):
    with resident.attach(home) as server:
        inside = Path(server.address.data_dir).is_relative_to(home)
        print(inside, Path(server.address.data_dir).stat().st_uid == os.getuid(), len(server.address.socket_dir) < 100)
resident.erase(home)
print(sorted(path.name for path in home.iterdir()), os.path.lexists(server.address.socket_dir))
"""


def test_an_ordinary_user_keeps_it_in_his_own_folder(open_home: Path) -> None:
    done = run_as_ordinary_user(ORDINARY, home=open_home)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["True True True", "True True True", "[] False"]


def test_random_kills_during_writes_lose_nothing_that_was_answered(home: Path) -> None:
    """Clients and keepers are killed at random moments while a client writes; every answered commit stays."""
    chance = random.Random(20)  # noqa: S311 - moments of a test
    answered: set[int] = set()
    with resident.attach(home) as server:
        execute(server, "create table written (n bigint primary key)")
    for round_number in range(KILLS):
        base = round_number * 1_000_000
        writer = spawn(WRITER, home, base)
        answered.add(int(line_of(writer)))
        time.sleep(chance.uniform(0, 0.15))
        if chance.random() < 0.5:
            address = Residence.at(home).address()
            assert address is not None
            if processes.start_ticks(address.keeper_pid) is not None:
                os.kill(address.keeper_pid, signal.SIGKILL)
        writer.kill()
        assert writer.stdout is not None
        answered.update(int(line) for line in writer.stdout if line.endswith("\n"))
        kill(writer)
    with resident.attach(home) as server:
        with psycopg.connect(**server.admin) as connection:
            stored = {row[0] for row in connection.execute("select n from written")}
            connection.execute("create extension amcheck")
            connection.execute("select bt_index_check('written_pkey', true)")
        assert answered <= stored
        assert len(stored - answered) <= KILLS, "at most one commit a round was made and not answered"
    assert len(answered) > KILLS
    assert nobody_works_in(Path(server.address.data_dir), within_s=10)
