"""A worker died in a job while the same job waited once more: the stalled one could not be put back (the queue admits
one waiting job of a kind), kept its document's lock for ever, and the waiting one never ran."""

from __future__ import annotations

from pathlib import Path

from procrastinate.jobs import Status
from tests import event_loops
from tests.worker_site import Yard

from cutter_agent.jobs import application, place
from cutter_agent.jobs.application import QUEUES, Office
from cutter_agent.jobs.hands import Stood
from cutter_agent.model import EntryStatus, Lane

ENTRY = "5f0c2f6e-8a57-5c06-9d2b-0b9f2f7f5a11"
STOOD = Stood(entry_id=ENTRY, document_ref="L1", status=EntryStatus.CUT_APPLIED)
LOOK = "SELECT status::text AS status, lock FROM procrastinate_jobs WHERE task_name = 'verify' ORDER BY id"
TWINS = "UPDATE procrastinate_jobs SET queueing_lock = 'the same' WHERE task_name = 'verify'"


def test_a_stalled_job_whose_like_waits_is_ended_and_the_waiting_one_can_run(tmp_path: Path) -> None:
    with Yard.opened(tmp_path) as yard, yard.site(tmp_path) as site:
        event_loops.run(_rescued(site.queue_login()))


async def _rescued(login: place.QueueLogin) -> None:
    app = application.connected(login, Lane.VERIFY)
    office = Office(app, Lane.VERIFY, every_s=60, stalled_after_s=3)
    async with app.open_async():
        connector, manager = app.connector, app.job_manager
        await office.follow(STOOD)
        await office.follow(STOOD)
        assert len(await connector.execute_query_all_async(LOOK)) == 1, "what waits already is not queued again"
        dead = await manager.fetch_job(queues=[QUEUES[Lane.VERIFY]], worker_id=await manager.register_worker())
        assert dead is not None
        await connector.execute_query_async("DELETE FROM procrastinate_workers")  # nobody hears of it any more
        await office.follow(STOOD)
        await connector.execute_query_async(TWINS)
        await office._rescue(None, 0)
        jobs = await connector.execute_query_all_async(LOOK)
        assert [job["status"] for job in jobs] == [Status.TODO.value]
        again = await manager.fetch_job(queues=[QUEUES[Lane.VERIFY]], worker_id=await manager.register_worker())
        assert again is not None
        assert again.task_kwargs == {"entry_id": ENTRY}
