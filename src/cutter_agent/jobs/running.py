"""A worker from its start to SIGTERM. What it has begun it finishes; a server that goes away is waited for."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass

from procrastinate.exceptions import ProcrastinateException

from cutter_agent.db_adapter import queue_schema
from cutter_agent.errors import ConfigMismatch, ConnectionFailed
from cutter_agent.jobs.application import QUEUES, Office, connected
from cutter_agent.jobs.place import QueueLogin
from cutter_agent.model import Lane

log = logging.getLogger("cutter_agent.jobs")

_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_POLL_S = 5.0

Employ = Callable[[Office], None]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a worker works. ``until_empty``: it ends when its queue is empty. ``stalled_after_s``: so long a worker may
    be silent before its jobs are put back; it says that it lives three times in that span."""

    lane: Lane
    every_s: int = 60
    stalled_after_s: float = 30.0
    until_empty: bool = False


def run(login: QueueLogin, terms: Terms, employ: Employ) -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        ConnectionFailed: the queue cannot be reached at the start. Later it is waited for.
        ConfigMismatch: there is no queue in this database.
    """
    asyncio.run(_work(login, terms, employ))


async def _work(login: QueueLogin, terms: Terms, employ: Employ) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    pauses, reached = iter(_PAUSES_S), asyncio.Event()
    while not stop.is_set():
        try:
            await _once(login, terms, employ, stop, reached)
            pauses = iter(_PAUSES_S)
            if terms.until_empty:
                return
        except (ProcrastinateException, queue_schema.UNREACHABLE, OSError, TimeoutError) as error:
            said = f"{error} {error.__cause__ or ''}".strip()
            if not reached.is_set():
                raise ConnectionFailed(
                    f"the queue cannot be reached: {said}",
                    remedy=f"Check the place, {login.user} and its password, and that iu-cutter queue init was run.",
                ) from error
            pause_s = next(pauses, _PAUSES_S[-1])
            log.warning("the queue is away: %s; again in %s s", said, pause_s)
            await _wait(stop, pause_s)


async def _once(login: QueueLogin, terms: Terms, employ: Employ, stop: asyncio.Event, reached: asyncio.Event) -> None:
    """One life of Procrastinate's worker: until the stop, or until its connection to the queue is lost, or until its
    place is given away because it was not heard of. ``reached`` is set when it is at work."""
    app = connected(login, terms.lane)
    office = Office(app, terms.lane, every_s=terms.every_s, stalled_after_s=terms.stalled_after_s)
    employ(office)
    await asyncio.to_thread(queue_schema.knock, login.connection(f"dot-iu-cutter queue {QUEUES[terms.lane]}"))
    async with app.open_async():
        if not await app.check_connection_async():
            raise ConfigMismatch(
                f"there is no queue in schema {queue_schema.SCHEMA}", remedy="Make it once: iu-cutter queue init."
            )
        await office.know_the_time()
        reached.set()
        log.info("worker started", extra={"lane": terms.lane, "queue": QUEUES[terms.lane]})
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUES[terms.lane]],
                wait=not terms.until_empty,
                concurrency=1,
                install_signal_handlers=False,
                update_heartbeat_interval=terms.stalled_after_s / 3,
                stalled_worker_timeout=terms.stalled_after_s,
                fetch_job_polling_interval=_POLL_S,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not worker.done():
            log.info("stopping: the job that was begun is finished", extra={"lane": terms.lane})
            worker.cancel()  # procrastinate shields its jobs: this is its graceful stop
        try:
            await worker
        except asyncio.CancelledError:
            log.info("worker stopped", extra={"lane": terms.lane})


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
