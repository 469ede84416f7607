"""What commands do with the queue: set it up, put documents in, look, retry. Short, and without a loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any, LiteralString

import procrastinate
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager

from cutter_agent import observing
from cutter_agent.db_adapter import queue_schema
from cutter_agent.db_adapter.queue_schema import QueueSchema
from cutter_agent.db_adapter.setup import Administrator
from cutter_agent.errors import ConfigMismatch, ConnectionFailed, UsageError
from cutter_agent.jobs.application import QUEUES, WAITING, Task, lock_of
from cutter_agent.jobs.place import QueueLogin
from cutter_agent.model import Lane

STATUSES = tuple(status.value for status in Status if status is not Status.ABORTING)

_LIST = (
    "SELECT j.id, j.queue_name AS queue, j.task_name AS task, j.status::text AS status, j.attempts, j.scheduled_at,"
    " j.lock, j.args, n.code, n.message, n.remedy, n.noted_at"
    " FROM procrastinate_jobs j LEFT JOIN LATERAL (SELECT * FROM job_note n WHERE n.job_id = j.id"
    " ORDER BY n.note_id DESC LIMIT 1) n ON true"
    " WHERE (%(status)s::text IS NULL OR j.status = %(status)s::procrastinate_job_status)"
    " AND (%(queue)s::text IS NULL OR j.queue_name = %(queue)s) ORDER BY j.id DESC LIMIT %(most)s"
)
_COUNT = (
    "SELECT queue_name AS queue, status::text AS status, count(*) AS jobs,"
    " min(scheduled_at) FILTER (WHERE status = 'todo') AS next_at FROM procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2"
)
_WORKERS = (
    "SELECT w.id, w.last_heartbeat, extract(epoch FROM clock_timestamp() - w.last_heartbeat)::float AS silent_s,"
    " (SELECT min(j.queue_name) FROM procrastinate_jobs j WHERE j.worker_id = w.id AND j.status = 'doing')"
    " AS working_in FROM procrastinate_workers w ORDER BY w.id"
)


@dataclass(frozen=True, kw_only=True)
class FileJob:
    """A file that a worker shall cut. ``words`` are the options of the call, as JSON."""

    path: str
    file_sha256: str
    document_ref: str
    words: Mapping[str, Any]


class Desk:
    """An open queue."""

    def __init__(self, app: procrastinate.App) -> None:
        self._app = app

    def add_file(self, job: FileJob) -> bool:
        """Queue a file; False where the same file waits already."""
        return self._defer(
            Task.CUT_FILE,
            job.document_ref,
            {"file_sha256": job.file_sha256},
            path=job.path,
            file_sha256=job.file_sha256,
            words=dict(job.words),
        )

    def add_entry(self, entry_id: str, document_ref: str) -> bool:
        """Queue an entry that was marked; False where it waits already."""
        return self._defer(Task.CARRY_ON, document_ref, {"entry_id": entry_id}, entry_id=entry_id)

    def counts(self) -> list[dict[str, Any]]:
        """Jobs by queue and status."""
        return self._rows(_COUNT)

    def workers(self) -> list[dict[str, Any]]:
        """Who works, and how long ago each was heard of."""
        return self._rows(_WORKERS)

    def jobs(self, *, status: str | None, queue: str | None, most: int) -> list[dict[str, Any]]:
        """The newest jobs first, each with the last note about it."""
        return self._rows(_LIST, status=status, queue=queue, most=most)

    def retry(self, ids: Sequence[int]) -> list[int]:
        """Put failed jobs back, due now; those that could be. Raises ``UsageError`` for an id that is none."""
        put_back = []
        for job_id in ids:
            found = list(self._app.job_manager.list_jobs(id=job_id))
            if not found:
                raise UsageError(f"there is no job {job_id}", remedy="iu-cutter queue list shows the jobs.")
            if found[0].status == Status.FAILED.value:
                self._app.job_manager.retry_job_by_id(job_id, retry_at=datetime.fromtimestamp(0, UTC))
                put_back.append(job_id)
        return put_back

    def failed(self) -> list[int]:
        """Ids of failed jobs."""
        return [job.id for job in self._app.job_manager.list_jobs(status=Status.FAILED.value) if job.id is not None]

    def _rows(self, query: LiteralString, **values: Any) -> list[dict[str, Any]]:
        return self._app.connector.get_sync_connector().execute_query_all(query, **values)

    def _defer(self, task: Task, document_ref: str, once: Mapping[str, Any], **arguments: Any) -> bool:
        lock = lock_of(document_ref)
        if self._rows(WAITING, lock=lock, task=task.value, args=dict(once)):
            return False
        self._app.configure_task(name=task, queue=QUEUES[Lane.EXEC], lock=lock).defer(
            **arguments, **observing.handed_on()
        )
        return True


@contextmanager
def opened(login: QueueLogin) -> Iterator[Desk]:
    """The queue for as long as the block lasts.

    Raises:
        ConnectionFailed: it cannot be reached.
        ConfigMismatch: there is none in this database.
    """
    connection = login.connection("dot-iu-cutter queue desk")
    connector = procrastinate.SyncPsycopgConnector(kwargs=connection, min_size=1, max_size=1, timeout=15.0)
    app = procrastinate.App(connector=connector)
    try:
        queue_schema.knock(connection)
        with app.open():
            if not app.check_connection():
                raise ConfigMismatch(
                    f"there is no queue in schema {queue_schema.SCHEMA}", remedy="Make it once: iu-cutter queue init."
                )
            yield Desk(app)
    except (ProcrastinateException, queue_schema.UNREACHABLE, OSError, TimeoutError) as error:
        raise ConnectionFailed(
            f"the queue: {error} {error.__cause__ or ''}".strip(),
            remedy=f"Check the place, {login.user} and its password, and that iu-cutter queue init was run.",
        ) from error


def set_up(login: Administrator, password: str | None, *, recreate: bool) -> list[str]:
    """Schema, role and rights. Raises ``ConfigMismatch``, ``DatabaseError``."""
    wanted = QueueSchema(text=SchemaManager.get_schema(), library_version=metadata.version("procrastinate"))
    return queue_schema.install(login, wanted, password, recreate=recreate)
