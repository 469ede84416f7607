"""``iu-cutter cut``: documents from text to proven units, in one go; many of them by several processes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from cutter_agent import observing, pipeline
from cutter_agent.cli import inputs, options, orders, output, progress
from cutter_agent.cli.bulk import survey, tally
from cutter_agent.cli.bulk.crew import Call, Crew
from cutter_agent.cli.bulk.survey import Record, Surveyed, Task
from cutter_agent.cli.bulk.worker import Worker
from cutter_agent.config import Settings
from cutter_agent.errors import ConnectionFailed, UsageError
from cutter_agent.model import RiskClass

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Files, folders (their files), or - for standard input."),
]
Policy = Annotated[
    pipeline.ReviewerPolicy,
    typer.Option("--reviewer-policy", help="auto: approve where there is no exception. human: a person always."),
]
Verified = Annotated[
    bool,
    typer.Option("--verify/--no-verify", help="Prove the cut as the other identity, or leave that to its own machine."),
]
Jobs = Annotated[
    int,
    typer.Option("--jobs", metavar="N", min=1, max=64, help="Processes that cut side by side, each with a verifier."),
]


def cut(
    files: Files,
    profile: options.Profile = None,
    code: options.Code = None,
    ref: options.Ref = None,
    title: options.Title = None,
    label: options.Label = None,
    file_format: options.Format = None,
    risk: options.Risk = RiskClass.STANDARD,
    marker: options.Marker = orders.MARKER,
    policy: Policy = pipeline.ReviewerPolicy.AUTO,
    verify: Verified = True,
    jobs: Jobs = 1,
    as_json: options.Json = False,
) -> None:
    """Cut documents: mark, sweep, review by policy, cut, verify.

    Goes on from where an earlier run stopped, and writes nothing where all is done. Stops at review where a person must
    decide, with exit code 10. A document that fails does not stop the others.

    Examples:
      iu-cutter cut LAW.txt
      iu-cutter cut laws/ --jobs 4
      iu-cutter cut laws/ --json --no-verify
    """
    Settings.from_environment(os.environ)
    paths = inputs.expand(files)
    _require_sense(paths, jobs, named=bool(code or ref or title or label))
    words = orders.Words(
        profile=profile, code=code, ref=ref, title=title, label=label, risk=risk, marker=marker, format=file_format
    )
    call = Call(words=words, policy=policy, verify=verify)
    records = list(_each(paths, call, jobs=min(jobs, len(paths)), as_json=as_json))
    if as_json:
        summary = tally.summary(records)
        output.print_json({"documents": records, "summary": summary, "reasons": tally.reasons(records)})
    else:
        output.note(tally.in_words(records))
    raise typer.Exit(tally.exit_code(records))


def _require_sense(paths: Sequence[str], jobs: int, *, named: bool) -> None:
    if len(paths) > 1 and named:
        raise UsageError(
            "--code, --ref, --title and --label name one document, and there are several",
            remedy="Cut that document by itself.",
        )
    if jobs > 1 and inputs.STANDARD_INPUT in paths:
        raise UsageError("standard input cannot be read by several processes", remedy="Leave --jobs away, or the -.")


def _each(paths: Sequence[str], call: Call, *, jobs: int, as_json: bool) -> Iterator[Record]:
    """The records of all files, in the order of the call; said as they come where a person reads."""
    done: dict[str, Record] = {}
    with ExitStack() as stack:
        crew = stack.enter_context(Crew(call, jobs)) if jobs > 1 else None
        plan = survey.plan(paths, _looked(paths, call, crew))
        bar = stack.enter_context(progress.steps(paths))
        for record in plan.refused.values():
            with observing.document(file=record["file"], document=record.get("document_ref")) as told:
                told.failed(record["error"])
            _tell(record, bar, 0, as_json=as_json)
        sizes = {file.path: file.size_bytes for task in plan.tasks for file in task.files}
        cutting = _by_several(plan.tasks, crew, jobs, bar) if crew else _one_by_one(plan.tasks, call, bar)
        try:
            for record in cutting:
                done[record["file"]] = record
                _tell(record, bar, sizes[record["file"]], as_json=as_json)
        except KeyboardInterrupt:
            if done and len(paths) > 1:
                output.note(f"iu-cutter: up to here {tally.in_words(list(done.values()))}")
            raise
        records = list(survey.completed(paths, plan, done))
        for record in records:
            if "same_as" in record:
                _tell(record, bar, 0, as_json=as_json)
    return iter(records)


def _looked(paths: Sequence[str], call: Call, crew: Crew | None) -> list[Surveyed | Record]:
    if len(paths) == 1:
        return [Surveyed(path=paths[0], size_bytes=_size_bytes(paths[0]))]  # one document by itself is read once
    if crew is None:
        return [survey.look(path, call.words) for path in paths]
    found = crew.survey(dict.fromkeys(paths))
    return [found[path] for path in paths]


def _size_bytes(path: str) -> int:
    return Path(path).stat().st_size if Path(path).is_file() else 0


def _one_by_one(tasks: Sequence[Task], call: Call, bar: progress.Steps) -> Iterator[Record]:
    with ExitStack() as stack:
        worker = stack.enter_context(Worker(call.words, call.policy, verify=call.verify))
        away: Record | None = None
        for file in (file for task in tasks for file in task.files):
            if away is not None:
                yield {"file": file.path, "error": away}
                continue
            record = worker.cut(file, lambda step: bar.phase(file.path, step))  # noqa: B023 - used within this turn
            if "error" in record and record["error"]["code"] == ConnectionFailed.code:
                away = record["error"]  # the others would only wait for the same database, one deadline each
            yield record


def _by_several(tasks: Sequence[Task], crew: Crew, jobs: int, bar: progress.Steps) -> Iterator[Record]:
    wanted = min(jobs, len(tasks))
    missing = crew.begin(wanted)
    if missing:
        output.note(f"iu-cutter: {wanted - len(missing)} of {wanted} processes work: {missing[0]['message']}")
    for said in crew.cut(tasks):
        if isinstance(said, dict):
            yield said
        else:
            bar.phase(*said)


def _tell(record: Record, bar: progress.Steps, size_bytes: int, *, as_json: bool) -> None:
    bar.done(size_bytes=size_bytes)
    if not as_json:
        with bar.aside():
            tally.print_record(record)
