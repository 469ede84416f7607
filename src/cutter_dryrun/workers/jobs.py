"""What lies in a clone's queue: put in as a command would, doubled as nobody should, and looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cutter_agent.cli import orders
from cutter_agent.config import DatabasePlace
from cutter_agent.db_adapter.queue_schema import ROLE, SCHEMA
from cutter_agent.jobs.desk import FileJob, opened
from cutter_agent.jobs.place import QueueLogin
from cutter_agent.model import RiskClass
from cutter_dryrun.law import LawText
from cutter_dryrun.scenarios.happy import MARKER, source_of
from pg_dryrun.observer import Observer, connect
from pg_dryrun.subject import ScenarioContext
from sealing.digest import sha256_hex

_PATH = f"SET search_path = {SCHEMA}, pg_temp"
"""The library's triggers name no schema."""
_TWICE = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
    " SELECT queue_name, task_name, args FROM procrastinate_jobs, generate_series(1, 2) WHERE status = 'cancelled'"
)
_UNLOCKED = "UPDATE procrastinate_jobs SET status = 'cancelled' WHERE status = 'todo'"
_PUT = "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES (%s, %s, %s::jsonb)"
_BUSY = "SELECT count(*) FROM cutter_queue.procrastinate_jobs WHERE status IN ('todo', 'doing')"
_FAILED = """
SELECT j.id || ' (' || j.task_name || ') ' || coalesce(n.code || ': ' || n.message, 'without a note') AS said
FROM cutter_queue.procrastinate_jobs AS j LEFT JOIN LATERAL (
    SELECT code, message FROM cutter_queue.job_note AS n WHERE n.job_id = j.id ORDER BY note_id DESC LIMIT 1
) AS n ON true
WHERE j.status = 'failed' ORDER BY j.id
"""
_NOTED = "SELECT code FROM cutter_queue.job_note ORDER BY note_id"
_LISTENING = """
SELECT count(*) FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND usename = %s AND state = 'idle' AND query LIKE 'LISTEN %%'
"""


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """The queue of one clone. ``looking`` is a session that only reads."""

    context: ScenarioContext
    looking: Observer

    def add_file(self, text: LawText, *, chain: str, profile: str | None) -> None:
        """As ``iu-cutter queue add FILE``: under the rehearsal's own reference and code."""
        source = source_of(text, chain=chain)
        path = self.context.workdir / Path(text.label).name
        path.write_bytes(text.data)
        words = orders.Words(
            profile=profile,
            code=source.document_code,
            ref=source.document_ref,
            title=source.title,
            label=None,
            risk=RiskClass.STANDARD,
            marker=MARKER,
        )
        job = FileJob(
            path=str(path), file_sha256=sha256_hex(text.data), document_ref=source.document_ref, words=asdict(words)
        )
        with opened(self._login()) as desk:
            desk.add_file(job)

    def add_entry(self, entry_id: str, document_ref: str) -> None:
        """As ``iu-cutter queue add --mark`` does after MARK, and a sweep for what was approved."""
        with opened(self._login()) as desk:
            desk.add_entry(entry_id, document_ref)

    def put(self, queue: str, task: str, arguments: Mapping[str, str], *, times: int = 1) -> None:
        """Behind the program's back, without a lock, so that workers have the same at the same time."""
        with connect(self.context.admin, purpose="jobs") as admin:
            admin.execute(_PATH)
            admin.execute("BEGIN")
            for _ in range(times):
                admin.execute(_PUT, [queue, task, json.dumps(dict(arguments))])
            admin.execute("COMMIT")

    def double(self) -> None:
        """Every waiting job twice, and without its lock."""
        with connect(self.context.admin, purpose="jobs") as admin:
            admin.execute(_PATH)
            admin.execute("BEGIN")
            admin.execute(_UNLOCKED)
            admin.execute(_TWICE)
            admin.execute("COMMIT")

    def busy(self) -> int:
        """How many wait or are worked on."""
        return int(str(self.looking.value(_BUSY)))

    def failed(self) -> list[str]:
        """Those that failed, each with what the program noted."""
        return [str(row["said"]) for row in self.looking.rows(_FAILED)]

    def notes(self) -> list[str]:
        """The codes of all notes, oldest first."""
        return [str(row["code"]) for row in self.looking.rows(_NOTED)]

    def listening(self) -> int:
        """How many workers hear at once of what is put in."""
        return int(str(self.looking.value(_LISTENING, [ROLE])))

    def _login(self) -> QueueLogin:
        login = self.context.logins[ROLE]
        place = DatabasePlace(host=login.host, port=login.port, dbname=login.dbname, sslmode="disable")
        return QueueLogin(place=place, user=login.user, password=login.password)
