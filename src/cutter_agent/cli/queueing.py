"""``iu-cutter queue``: set the queue up, put documents in, look, put failed jobs back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cutter_agent.cli import extras, failures, inputs, options, orders, output
from cutter_agent.cli.bulk import survey, tally
from cutter_agent.cli.bulk.survey import Record, Task
from cutter_agent.errors import UsageError
from cutter_agent.model import EntryStatus, RiskClass
from cutter_agent.wiring import administrator, exec_lane

if TYPE_CHECKING:
    from cutter_agent.jobs.desk import Desk

queue = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Documents for workers: set up, add, look, retry.\n\nExample: iu-cutter queue add laws/",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Files, or folders (their files).")]
Here = Annotated[
    bool, typer.Option("--mark", help="Mark here and queue what follows: the workers then need not reach the files.")
]
Recreate = Annotated[bool, typer.Option("--recreate", help="Throw the queue that is there away, with its jobs.")]
Status = Annotated[
    str | None, typer.Option("--status", metavar="S", help="todo, doing, succeeded, failed, cancelled or aborted.")
]
Most = Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest first.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="JOB...", help="Ids of failed jobs.")]
Failed = Annotated[bool, typer.Option("--failed", help="All failed jobs.")]


@queue.command("init")
def init(recreate: Recreate = False, as_json: options.Json = False) -> None:
    """Make the queue's schema and its role, as an administrator. Safe to repeat. Needs the ledger's schema.

    Examples:
      iu-cutter queue init
      iu-cutter queue init --recreate # after an upgrade of procrastinate, with no worker running
    """
    extras.require("procrastinate", extra="worker", command="queue")
    from cutter_agent.jobs import desk, place  # noqa: PLC0415 - an extra brings what it needs

    with administrator(os.environ) as login:
        done = desk.set_up(login, place.password_for_set_up(os.environ), recreate=recreate)
    if as_json:
        output.print_json({"changes": done})
        return
    for line in done:
        output.print_line(line)
    output.print_line("the queue is as it should be")


@queue.command("add")
def add(
    files: Files,
    profile: options.Profile = None,
    code: options.Code = None,
    ref: options.Ref = None,
    title: options.Title = None,
    file_format: options.Format = None,
    risk: options.Risk = RiskClass.STANDARD,
    marker: options.Marker = orders.MARKER,
    mark_here: Here = False,
    as_json: options.Json = False,
) -> None:
    """Queue documents for the workers. A file that waits already is not queued twice.

    Examples:
      iu-cutter queue add laws/
      iu-cutter queue add LAW.txt --mark
    """
    extras.require("procrastinate", extra="worker", command="queue")
    paths = [os.path.abspath(path) for path in inputs.expand(files)]  # noqa: PTH100 - a link stays the name it has
    if len(paths) > 1 and (code or ref or title):
        raise UsageError(
            "--code, --ref and --title name one document, and there are several", remedy="Add it by itself."
        )
    words = orders.Words(
        profile=profile, code=code, ref=ref, title=title, label=None, risk=risk, marker=marker, format=file_format
    )
    plan = survey.plan(paths, [survey.look(path, words) for path in paths])
    with _desk() as desk:
        queued = _marked(desk, plan.tasks, words) if mark_here else _queued(desk, plan.tasks, words)
    records = [*queued, *plan.refused.values()]
    records += [{"file": path, "same_as": other, "queued": False} for path, other in plan.twins.items()]
    _tell_added(records, as_json=as_json)


def _queued(desk: Desk, tasks: Sequence[Task], words: orders.Words) -> list[Record]:
    from cutter_agent.jobs.desk import FileJob  # noqa: PLC0415

    said = asdict(words)
    return [
        {
            "file": file.path,
            "document_ref": file.document_ref,
            "queued": desk.add_file(
                FileJob(
                    path=file.path,
                    file_sha256=str(file.file_sha256),
                    document_ref=str(file.document_ref),
                    words=said,
                )
            ),
        }
        for task in tasks
        for file in task.files
    ]


def _marked(desk: Desk, tasks: Sequence[Task], words: orders.Words) -> list[Record]:
    """MARK in this process; what follows is queued. One document's failure does not stop the others."""
    records: list[Record] = []
    with exec_lane(os.environ) as lane:
        for file in (file for task in tasks for file in task.files):
            record: Record = {"file": file.path}
            try:
                source, profile = orders.read(file.path, words)
                with inputs.placed(file.path):
                    entry = lane.mark(source, profile, orders.marker_of(words)).entry
                record |= {"document_ref": source.document_ref, "entry_id": entry.entry_id, "status": entry.status}
                ended = entry.status == EntryStatus.VERIFIED_COMPLETE
                record["queued"] = not ended and desk.add_entry(entry.entry_id, source.document_ref)
            except Exception as error:
                record["error"] = failures.describe(error)
            records.append(record)
    return records


def _tell_added(records: list[Record], *, as_json: bool) -> None:
    refused = [record for record in records if "error" in record]
    counted = {
        "documents": len(records),
        "queued": sum(bool(record.get("queued")) for record in records),
        "waiting_already": sum(record.get("queued") is False and "same_as" not in record for record in records),
        "same_bytes": sum("same_as" in record for record in records),
        "refused": len(refused),
    }
    if as_json:
        output.print_json({"documents": records, "summary": counted})
    else:
        for record in refused:
            tally.print_record(record)
        output.print_line(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counted.items()))
    raise typer.Exit(tally.exit_code(refused))


@queue.command("status")
def status(as_json: options.Json = False) -> None:
    """How many jobs of each kind there are, and who works.

    Example: iu-cutter queue status
    """
    with _desk() as desk:
        counts, workers = desk.counts(), desk.workers()
    if as_json:
        output.print_json({"jobs": [_plain(row) for row in counts], "workers": [_plain(row) for row in workers]})
        return
    output.print_table(("queue", "status", "jobs"), [(row["queue"], row["status"], row["jobs"]) for row in counts])
    words = [(row["id"], f"{row['silent_s']:.0f} s ago", row["working_in"] or "waits") for row in workers]
    output.print_table(("worker", "heard of", "doing"), words)


@queue.command("list")
def show(
    status: Status = None,
    most: Most = 50,
    as_json: options.Json = False,
) -> None:
    """Jobs, the newest first, each with why it failed or waits.

    Examples:
      iu-cutter queue list
      iu-cutter queue list --status failed
    """
    extras.require("procrastinate", extra="worker", command="queue")
    from cutter_agent.jobs.desk import STATUSES  # noqa: PLC0415

    if status is not None and status not in STATUSES:
        raise UsageError(f"--status {status!r} is none of a job", remedy=f"One of {', '.join(STATUSES)}.")
    with _desk() as desk:
        jobs = desk.jobs(status=status, queue=None, most=most)
    if as_json:
        output.print_json({"jobs": [_plain(row) for row in jobs]})
        return
    rows = [
        (
            job["id"],
            job["task"],
            job["status"],
            job["attempts"],
            _of(job["args"]),
            job["code"] or "",
            job["message"] or "",
        )
        for job in jobs
    ]
    output.print_table(("job", "task", "status", "attempts", "of", "code", "why"), rows)


@queue.command("retry")
def retry(jobs: Ids = None, failed: Failed = False, as_json: options.Json = False) -> None:
    """Put failed jobs back into the queue, due now.

    Examples:
      iu-cutter queue retry 17
      iu-cutter queue retry --failed
    """
    if failed == bool(jobs):
        raise UsageError("name the jobs, or give --failed", remedy="iu-cutter queue list --status failed shows them.")
    with _desk() as desk:
        put_back = desk.retry(desk.failed() if failed else jobs or [])
    if as_json:
        output.print_json({"put_back": put_back})
    else:
        output.print_line(f"{len(put_back)} put back")


@contextmanager
def _desk() -> Iterator[Desk]:
    """The queue of this environment, open."""
    extras.require("procrastinate", extra="worker", command="queue")
    from cutter_agent.jobs import desk, place  # noqa: PLC0415

    with place.queue_login(os.environ) as login, desk.opened(login) as ready:
        yield ready


def _of(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("path") or arguments.get("entry_id") or "")


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
