"""Procrastinate's app for one lane: which tasks there are, in which queue, under which lock, and what is periodic.

Two queues: ``cut`` is worked on by DOT-991, ``verify`` by DOT-992, and a worker takes from its own queue only. All
jobs of a document in one queue share a lock, so that they run one after another; that spares work, decides nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import procrastinate
from procrastinate import JobContext
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status

from cutter_agent import observing
from cutter_agent.jobs.hands import ExecHands, Hands, Stood, VerifyHands
from cutter_agent.jobs.place import QueueLogin
from cutter_agent.jobs.retrying import ByDisposition
from cutter_agent.model import EntryStatus, Lane

log = logging.getLogger("cutter_agent.jobs")

KEEP_DONE_H = 72
"""So long a job that succeeded can be looked at."""
_PATIENCE_S = 10.0
"""So long a question to the queue waits for a connection: then the worker says that the queue is away."""

_NOTE = (
    "INSERT INTO job_note (job_id, code, message, remedy, exit_code)"
    " SELECT %(job_id)s, %(code)s, %(message)s, %(remedy)s, %(exit_code)s"
    " WHERE EXISTS (SELECT FROM procrastinate_jobs WHERE id = %(job_id)s)"
)
WAITING = (
    "SELECT id FROM procrastinate_jobs"
    " WHERE lock = %(lock)s AND status = 'todo' AND task_name = %(task)s AND args @> %(args)s LIMIT 1"
)
"""Whether the same job waits already. A look and no lock (``queueing_lock``): a second one does nothing, while a job
that cannot be put back, because its like waits, would hold its document's lock for ever."""
_DEPTH = (
    "SELECT s.status, count(j.id) AS jobs FROM (VALUES ('todo'), ('doing')) AS s (status)"
    " LEFT JOIN procrastinate_jobs j ON j.status = s.status::procrastinate_job_status AND j.queue_name = %(queue)s"
    " GROUP BY 1"
)
_NOW = "SELECT clock_timestamp() AS now"


class Task(StrEnum):
    """Names of tasks, as they stand in the queue."""

    CUT_FILE = "cut_file"
    CARRY_ON = "carry_on"
    VERIFY = "verify"
    SWEEP = "sweep"
    RESCUE_CUT = "rescue_cut"
    RESCUE_VERIFY = "rescue_verify"
    TIDY_CUT = "tidy_cut"
    TIDY_VERIFY = "tidy_verify"


QUEUES: Mapping[Lane, str] = {Lane.EXEC: "cut", Lane.VERIFY: "verify"}


def lock_of(document_ref: str, lane: Lane = Lane.EXEC) -> str:
    """The lock that all jobs of a document share, one for each lane: VERIFY is queued by the job that has cut, and a
    worker that is told of it at once would find that job's lock still held, and look again only seconds later."""
    return f"document:{document_ref}" if lane is Lane.EXEC else f"document:{document_ref}:verify"


def connected(login: QueueLogin, lane: Lane) -> procrastinate.App:
    """An app without tasks, for a worker of ``lane``."""
    connection = login.connection(f"dot-iu-cutter queue {QUEUES[lane]}")
    connector = procrastinate.PsycopgConnector(kwargs=connection, min_size=1, max_size=3, timeout=_PATIENCE_S)
    return procrastinate.App(connector=connector)


class Office:
    """The tasks of one lane on an app. ``every_s``: how often is swept and looked for jobs of dead workers; 0: never,
    by this worker."""

    def __init__(self, app: procrastinate.App, lane: Lane, *, every_s: int, stalled_after_s: float) -> None:
        self.app = app
        self.lane = lane
        self._stalled_after_s = stalled_after_s
        self._retry = ByDisposition()
        self._every_s = every_s
        rescue = Task.RESCUE_CUT if lane is Lane.EXEC else Task.RESCUE_VERIFY
        self._periodic(rescue, cron_of(every_s), self._rescue)
        tidy = Task.TIDY_CUT if lane is Lane.EXEC else Task.TIDY_VERIFY
        self._periodic(tidy, "17 3 * * *" if every_s else None, self._tidy)

    def employ_exec(self, hands: ExecHands) -> None:
        """DOT-991's tasks."""

        async def cut_file(
            context: JobContext, path: str, file_sha256: str, words: dict[str, Any], carried: Carried = None
        ) -> None:
            work = lambda: hands.cut_file(path, file_sha256, words)  # noqa: E731
            with _told(context, carried, file=path):
                await self._done(context, hands, work)

        async def carry_on(context: JobContext, entry_id: str, carried: Carried = None) -> None:
            with _told(context, carried, entry_id=entry_id):
                await self._done(context, hands, lambda: hands.carry_on(entry_id))

        async def sweep(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - which tick it was
            for stood in await self._working(context, hands, hands.sweep):
                await self.follow(stood)

        self._task(Task.CUT_FILE, cut_file)
        self._task(Task.CARRY_ON, carry_on)
        self._periodic(Task.SWEEP, cron_of(self._every_s), sweep)

    def employ_verify(self, hands: VerifyHands) -> None:
        """DOT-992's task."""

        async def verify(context: JobContext, entry_id: str, carried: Carried = None) -> None:
            with _told(context, carried, entry_id=entry_id):
                found = await self._working(context, hands, lambda: hands.verify(entry_id))
                log.info("verified", extra={"entry_id": entry_id, "phase": "verify", "wrote": found.get("created")})

        self._task(Task.VERIFY, verify)

    async def know_the_time(self) -> None:
        """Ask the server for its time: how far its clock is from ours."""
        row = await self.app.connector.execute_query_one_async(_NOW)
        self._retry.ahead = row["now"] - datetime.now(UTC)

    def now(self) -> datetime:
        """The server's time, as of when this worker started: what it writes does not hang on its machine's clock."""
        return datetime.now(UTC) + self._retry.ahead

    async def follow(self, stood: Stood) -> None:
        """Queue what comes next for an entry, unless it is queued already."""
        task = {
            EntryStatus.REVIEW_PENDING: Task.CARRY_ON,
            EntryStatus.REVIEWED_APPROVED: Task.CARRY_ON,
            EntryStatus.CUT_APPLIED: Task.VERIFY,
        }.get(stood.status)
        if task is None or stood.waits is not None:
            return
        lane = Lane.VERIFY if task is Task.VERIFY else Lane.EXEC
        lock = lock_of(stood.document_ref, lane)
        deferrer = self.app.configure_task(name=task, queue=QUEUES[lane], lock=lock)
        wanted = {"lock": lock, "task": task.value, "args": {"entry_id": stood.entry_id}}
        if not await self.app.connector.execute_query_all_async(WAITING, **wanted):
            await deferrer.defer_async(entry_id=stood.entry_id, **observing.handed_on())

    async def _done(self, context: JobContext, hands: ExecHands, work: Callable[[], Stood]) -> None:
        stood = await self._working(context, hands, work)
        said = {"entry_id": stood.entry_id, "document": stood.document_ref, "status": stood.status}
        log.info("cut", extra=said | {"phase": stood.steps[-1] if stood.steps else None, "steps": list(stood.steps)})
        if stood.waits is not None:
            await self._note(context.job, stood.waits)
        await self.follow(stood)

    async def _working(self, context: JobContext, hands: Hands, work: Callable[[], Any]) -> Any:
        """``work`` beside the loop, which keeps telling the queue that this worker lives; an error is noted."""
        try:
            return await asyncio.to_thread(work)
        except Exception as error:
            told = hands.describe(error)
            log.warning(str(told["message"]), extra={"job": context.job.id, "code": told["code"]})
            await self._note(context.job, told)
            raise

    async def _note(self, job: Job, told: Mapping[str, object]) -> None:
        wanted = {name: told[name] for name in ("code", "message", "remedy", "exit_code")}
        await self.app.connector.execute_query_async(_NOTE, job_id=job.id, **wanted)

    async def _rescue(self, context: JobContext, timestamp: int) -> None:  # noqa: ARG002
        """Jobs of workers that have not been heard of for a while are put back. Whoever watches is told the depth."""
        for row in await self.app.connector.execute_query_all_async(_DEPTH, queue=QUEUES[self.lane]):
            observing.queue_depth(row["jobs"], queue=QUEUES[self.lane], status=row["status"])
        manager = self.app.job_manager
        stalled = await manager.get_stalled_jobs(queue=QUEUES[self.lane], seconds_since_heartbeat=self._stalled_after_s)
        for job in stalled:
            log.warning("a job of a worker that is gone is put back", extra={"job": job.id, "task": job.task_name})
            try:
                await manager.retry_job(job, retry_at=datetime.fromtimestamp(0, UTC))
            except UniqueViolation:  # the same waits already: it does what this one would have done
                await manager.finish_job(job, Status.FAILED, delete_job=True)

    async def _tidy(self, context: JobContext, timestamp: int) -> None:  # noqa: ARG002
        await self.app.job_manager.delete_old_jobs(nb_hours=KEEP_DONE_H, queue=QUEUES[self.lane])

    def _task(self, name: Task, function: Callable[..., Awaitable[None]]) -> None:
        self.app.task(name=name, queue=QUEUES[self.lane], pass_context=True, retry=self._retry)(function)

    def _periodic(self, name: Task, cron: str | None, function: Callable[..., Awaitable[None]]) -> None:
        """``cron`` None: not queued by this worker; one that another has queued is done all the same."""
        queue = QUEUES[self.lane]
        task = self.app.task(name=name, queue=queue, pass_context=True, queueing_lock=f"{name}:{queue}")(function)
        if cron:
            self.app.periodic(cron=cron, periodic_id=queue)(task)


Carried = Mapping[str, str] | None
"""Where the process that queued a job was, for whoever watches (``observing``). No part of any key or lock, and there
only where somebody watches."""


def _told(context: JobContext, carried: Carried, **facts: object) -> AbstractContextManager[observing.Activity]:
    job = context.job
    return observing.job(job.task_name, carried, job=job.id, queue=job.queue, **facts)


def cron_of(every_s: int) -> str | None:
    """``every_s`` seconds as cron: with seconds (the sixth field) below a minute, else in whole minutes. 0: never."""
    if every_s == 0:
        return None
    if every_s < 60:
        return f"* * * * * */{every_s}" if every_s > 1 else "* * * * * *"
    return f"*/{min(every_s // 60, 59)} * * * *"
