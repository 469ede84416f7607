"""What an administrator's set-up does on a real server: repeatable, and fit for several at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cutter_agent.db_adapter import schema, setup
from cutter_agent.db_adapter.setup import Administrator
from cutter_agent.errors import ConnectionFailed
from cutter_agent.model import Lane
from pg_embedded.cluster import ThrowawayCluster


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[ThrowawayCluster]:
    """A server of this file's own: it changes roles, and roles belong to a whole server."""
    with ThrowawayCluster.create(name="setup") as made:
        yield made


def test_a_database_is_made_once_however_many_make_it_at_once(own_cluster: ThrowawayCluster) -> None:
    login = Administrator(**own_cluster.admin)
    barrier = threading.Barrier(4)
    made: list[object] = []

    def make() -> None:
        barrier.wait(30)
        try:
            made.append(setup.ensure_database(login, "made_at_once"))
        except Exception as error:  # seen by the assertion below
            made.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(made, key=str) == [False, False, False, True]


def test_a_prepared_database_is_left_alone_and_a_lost_password_is_put_right(own_cluster: ThrowawayCluster) -> None:
    assert setup.ensure_database(Administrator(**own_cluster.admin), "prepared")
    login = Administrator(**own_cluster.admin_of("prepared"))
    first = setup.prepare(login, {Lane.EXEC: "one", Lane.VERIFY: "two"})
    assert first.migrations
    assert first.schema_version == setup.newest_version()
    with setup.connect(login) as admin:
        assert schema.state(admin).is_current
    again = setup.prepare(login, {Lane.EXEC: "three"})
    assert again.migrations == ()
    with psycopg.connect(**{**own_cluster.admin_of("prepared"), "user": "cutter_exec", "password": "three"}) as lane:
        assert lane.execute("SELECT current_user").fetchone() == ("cutter_exec",)


def test_a_server_that_is_away_is_said_in_our_words(tmp_path: Path) -> None:
    login = Administrator(host=str(tmp_path), port=5432, dbname="postgres", user="x", password="a-secret-41")
    with pytest.raises(ConnectionFailed) as caught, setup.connect(login):
        pass
    assert caught.value.exit_code == 7
    assert "a-secret-41" not in repr(login) + str(caught.value)
