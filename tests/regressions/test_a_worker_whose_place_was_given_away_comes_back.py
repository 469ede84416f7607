"""A worker that was not heard of for a while had lost its place in the queue's list. It could take no job under it, and
said that the queue cannot be reached, and ended; only a worker that had come back once before came back again."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from tests.worker_site import Yard

from cutter_agent.model import EntryStatus, Lane

pytestmark = pytest.mark.xdist_group("worker-bad-input")


def test_a_worker_whose_place_was_given_away_comes_back_and_does_the_job(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "site").mkdir()
    with Yard.opened(tmp_path / "keys") as yard, yard.site(tmp_path / "site") as site:
        site.start(Lane.EXEC, "--every", "0")
        site.until(lambda: site.listening() == 1)
        with psycopg.connect(**yard.cluster.admin_of(site.dbname)) as admin:
            gone = admin.execute("DELETE FROM cutter_queue.procrastinate_workers").rowcount
        assert gone == 1
        site.add("P1")
        site.until(lambda: site.statuses() == {EntryStatus.CUT_APPLIED: 1})
        assert site.end() == [0], site.logs()
        assert site.logs().count('"worker started"') == 2
