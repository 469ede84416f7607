"""A server in the middle of ``COPY … FROM STDIN`` whose client's network is gone waits for rows under no time limit:
neither ``statement_timeout`` nor ``idle_in_transaction_session_timeout`` ends it, and it holds the entry's lock.
Found by `--fault 'sweep:*:black-hole'`. TCP keepalives are what ends it, so both sides ask for them."""

from __future__ import annotations

import psycopg
from tests.adapter_room import Room

from cutter_agent.db_adapter.connection import connect_keywords
from cutter_agent.db_adapter.settings import Limits
from cutter_agent.model import Lane


def test_both_sides_ask_for_keepalives(room: Room) -> None:
    keywords = connect_keywords(room.settings(), Lane.EXEC, Limits(keepalive_idle_s=21))
    assert keywords["keepalives_idle"] == 21
    wanted = {name: keywords.pop(name) for name in ("row_factory", "cursor_factory", "autocommit")}
    assert wanted["autocommit"]
    asked = "SELECT name, source FROM pg_catalog.pg_settings WHERE name LIKE 'tcp_keepalives%' ORDER BY name"
    with psycopg.connect(**keywords) as connection:  # over a unix socket their values read as 0, their source does not
        assert connection.execute(asked).fetchall() == [
            ("tcp_keepalives_count", "client"),
            ("tcp_keepalives_idle", "client"),
            ("tcp_keepalives_interval", "client"),
        ]


def test_the_whole_wait_is_bounded() -> None:
    limits = Limits()
    assert limits.keepalive_idle_s + limits.keepalive_interval_s * limits.keepalive_count <= 60
