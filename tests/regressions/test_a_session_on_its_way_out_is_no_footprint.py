"""Found by a run of the whole suite: a backend outlives its closed socket by some milliseconds, and production's
footprint after a run counted the tool's own last session as something left behind."""

from __future__ import annotations

import threading

from pg_dryrun.observer import connect, identity
from pg_dryrun.subject import Login
from pg_embedded.server import AdminLogin


def test_a_session_that_closes_in_a_moment_is_not_counted(fresh_database: AdminLogin) -> None:
    login = Login(**fresh_database)
    leaving = connect(login, purpose="leaving")
    with connect(login, purpose="looking") as observer:
        closing = threading.Timer(0.2, leaving.close)
        closing.start()
        assert identity.footprint(observer).sessions_of_this_tool == 0
        closing.join()


def test_a_session_that_stays_is_counted(fresh_database: AdminLogin) -> None:
    login = Login(**fresh_database)
    with connect(login, purpose="staying"), connect(login, purpose="looking") as observer:
        assert identity.footprint(observer).sessions_of_this_tool == 1
