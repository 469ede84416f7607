"""Workers are killed, doubled and thought dead: every document ends verified once, no row twice.

The short form has 30 documents, two workers of DOT-991, one of DOT-992 and 3 kills; ``make worker-kills`` has 1,000
documents and 50. Every job is in the queue twice, without its lock, so that two workers have the same document at the
same time; and jobs that are being worked on are put back as if their workers were dead.
"""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from tests.worker_room import Shop, opened

FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
DOCUMENTS, KILLS, ARTICLES = (1000, 50, 19) if FULL else (30, 3, 5)
DEADLINE_S = 3600 if FULL else 240
SEED = os.environ.get("DOT_CUTTER_KILL_SEED", "2013")
TERMS = ("--every", "1", "--stalled-after", "5")
LANES = ("exec", "exec", "verify")

DOUBLED = (
    "INSERT INTO cutter_queue.procrastinate_jobs (queue_name, task_name, args)"
    " SELECT queue_name, task_name, args FROM cutter_queue.procrastinate_jobs WHERE task_name = 'cut_file'"
)
THOUGHT_DEAD = (
    "UPDATE cutter_queue.procrastinate_jobs SET status = 'todo', worker_id = NULL, lock = NULL, queueing_lock = NULL"
    " WHERE status = 'doing' AND task_name IN ('cut_file', 'carry_on', 'verify')"
)
STEPS_DONE = "SELECT count(*) FROM cutter_governance.decision_backlog_history"
UNITS = "SELECT count(*) FROM iu.information_unit"


@pytest.mark.timeout(DEADLINE_S + 300)
def test_every_document_ends_verified_once_whoever_is_killed(embedded) -> None:
    with opened(embedded) as shop:
        shop.laws(DOCUMENTS, ARTICLES)
        assert shop.add()["queued"] == DOCUMENTS
        shop.admin.execute(DOUBLED)
        seats = [shop.start(lane, *TERMS) for lane in LANES]
        killed = _disturbed(shop, seats)
        assert killed == KILLS
        _wait(shop, lambda: shop.statuses() == {"verified_complete": DOCUMENTS})
        _wait(shop, lambda: not {"todo", "doing"} & shop.jobs().keys())
        assert set(shop.end()) == {0}, shop.logs()
        assert shop.jobs().keys() == {"succeeded"}, shop.logs()

        units = shop.value(UNITS)
        assert units == DOCUMENTS * (ARTICLES + 2)
        counts = embedded.counts()
        swept = counts.pop("cutter_governance.decision_backlog_sweep_log")
        assert swept >= 1
        ledger = {name: count for name, count in counts.items() if name.startswith("cutter_governance.") and count}
        assert {name.partition(".")[2]: count for name, count in ledger.items()} == {
            "decision_backlog_entry": DOCUMENTS,
            "decision_backlog_history": 5 * DOCUMENTS,
            "manifest_envelope": DOCUMENTS,
            "manifest_unit_block": units,
            "review_decision": DOCUMENTS,
            "dot_pair_signature": 2 * DOCUMENTS,
            "cut_change_set": DOCUMENTS,
            "cut_change_set_affected_row": units,
            "verify_result": DOCUMENTS,
        }
        assert counts["iu.unit_version"] == units
        audited = embedded("audit", "--all", "--json", timeout_s=900)
        assert audited.code == 0, audited.err
        assert audited.json["summary"]["sound"] == DOCUMENTS


def _disturbed(shop: Shop, seats: list) -> int:
    """Kill a worker at random each time the ledger has moved on, and seat another one; how many were killed."""
    dice = random.Random(SEED)  # noqa: S311 - moments, not secrets
    all_moves = 5 * DOCUMENTS
    for number in range(KILLS):
        due = all_moves * (number + dice.random()) / (KILLS + 1)
        _wait(shop, lambda due=due: shop.value(STEPS_DONE) >= due)
        shop.admin.execute(THOUGHT_DEAD)
        place = number % len(seats) if number < len(seats) else dice.randrange(len(seats))
        seats[place].send_signal(signal.SIGKILL)
        seats[place].wait(60)
        seats[place] = shop.start(LANES[place], *TERMS)
    return sum(worker.returncode == -signal.SIGKILL for worker in shop.workers)


def _wait(shop: Shop, until) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while not until():
        dead = [worker.returncode for worker in shop.workers if worker.poll() not in (None, -signal.SIGKILL)]
        assert not dead, f"workers ended with {dead}: {shop.logs()}"
        assert time.monotonic() < end_s, f"{shop.statuses()} {shop.jobs()} {shop.logs()}"
        time.sleep(0.1)
