"""``iu-cutter cut``: documents from text to proven units, in one go."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cutter_agent import pipeline
from cutter_agent.cli import failures, inputs, options, orders, output, progress
from cutter_agent.cli.verifier_process import ChildRefused, VerifierProcess
from cutter_agent.config import Settings
from cutter_agent.errors import ConnectionFailed, UsageError
from cutter_agent.model import RiskClass
from cutter_agent.wiring import ExecLane, exec_lane

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

_GRAVEST_FIRST = (70, 8, 7, 6, 5, 4, 3, 2, 10)


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
    as_json: options.Json = False,
) -> None:
    """Cut documents: mark, sweep, review by policy, cut, verify.

    Goes on from where an earlier run stopped, and writes nothing where all is done. Stops at review where a person must
    decide, with exit code 10. A document that fails does not stop the others.
    """
    Settings.from_environment(os.environ)
    paths = inputs.expand(files)
    if len(paths) > 1 and (code or ref or title or label):
        raise UsageError(
            "--code, --ref, --title and --label name one document, and there are several",
            remedy="Cut that document by itself.",
        )
    words = orders.Words(
        profile=profile, code=code, ref=ref, title=title, label=label, risk=risk, marker=marker, format=file_format
    )
    records = list(_each(paths, words, policy, verify=verify, as_json=as_json))
    if as_json:
        output.print_json({"documents": records, "summary": _summary(records)})
    else:
        output.note(_in_words(_summary(records)))
    raise typer.Exit(_exit_code(records))


def _each(
    paths: list[str], words: orders.Words, policy: pipeline.ReviewerPolicy, *, verify: bool, as_json: bool
) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        verifier = stack.enter_context(VerifierProcess()) if verify else None
        lane = stack.enter_context(exec_lane(os.environ))
        lane.signer  # noqa: B018 - a key that cannot be used is known before anything is written
        if verifier is not None:
            with _passed_on():
                verifier.require_ready()
        bar = stack.enter_context(progress.steps(len(paths)))
        away: dict[str, Any] | None = None
        for path in paths:
            record: dict[str, Any] = {"file": path, "error": away}
            if away is None:
                record = _one(lane, path, words, policy, verifier, bar)
            if "error" in record and record["error"]["code"] == ConnectionFailed.code:
                away = record["error"]  # the others would only wait for the same database, one deadline each
            yield record
            if not as_json:
                with bar.aside():
                    _print(record)


def _one(
    lane: ExecLane,
    path: str,
    words: orders.Words,
    policy: pipeline.ReviewerPolicy,
    verifier: VerifierProcess | None,
    bar: progress.Steps,
) -> dict[str, Any]:
    record: dict[str, Any] = {"file": path}
    size_bytes = 0
    try:
        source, profile = orders.read(path, words)
        size_bytes = len(source.data)
        order = pipeline.Order(source=source, profile=profile, marker=orders.marker_of(words), policy=policy)
        record |= {"document_ref": source.document_ref, "document_code": source.document_code, "profile": profile.id}
        watch: Callable[[pipeline.Step], None] = lambda step: bar.phase(path, step)  # noqa: E731
        with inputs.placed(path):
            outcome = pipeline.advance(lane, order, verify=verifier.verify if verifier else None, watch=watch)
        record |= {
            "entry_id": outcome.entry_id,
            "status": outcome.status,
            "steps": list(outcome.steps),
            "units": outcome.unit_count,
            "exceptions": outcome.exception_count,
        }
        if source.converted is not None:
            record["original"] = asdict(source.converted.rendition.named) | {"another": outcome.original_kept}
    except ChildRefused as refused:
        record["error"] = refused.record
    except Exception as error:  # one document's failure does not stop the others
        record["error"] = failures.describe(error)
    bar.done(size_bytes=size_bytes)
    return record


@contextmanager
def _passed_on() -> Iterator[None]:
    """What keeps the verifier's process from starting ends this command, in the child's own words."""
    try:
        yield
    except ChildRefused as refused:
        raise failures.Reported(refused.record) from refused


def _print(record: dict[str, Any]) -> None:
    error = record.get("error")
    if error is not None:
        named = error if "path" in error else {**error, "path": record["file"]}
        output.note(failures.in_words(named))
        return
    what = f"{record['units']} units, {record['status']}"
    done = f"({', '.join(record['steps'])})" if record["steps"] else "(nothing to do: nothing was written)"
    if record.get("original", {}).get("another"):
        done += "; its text is known, the file is kept as another original of it"
    output.print_line(f"{record['file']}: {record['document_code']}: {what} {done}")


def _summary(records: list[dict[str, Any]]) -> dict[str, int]:
    errors = [record["error"] for record in records if "error" in record]
    waiting = sum(error["exit_code"] == failures.AWAITING_EXIT for error in errors)
    unchanged = sum("error" not in record and not record["steps"] for record in records)
    return {
        "documents": len(records),
        "advanced": len(records) - len(errors) - unchanged,
        "unchanged": unchanged,
        "awaiting_review": waiting,
        "failed": len(errors) - waiting,
    }


def _in_words(summary: dict[str, int]) -> str:
    parts = [f"{count} {name.replace('_', ' ')}" for name, count in summary.items() if name != "documents" and count]
    return f"{summary['documents']} document{'s' if summary['documents'] > 1 else ''}: {', '.join(parts)}"


def _exit_code(records: list[dict[str, Any]]) -> int:
    codes = {record["error"]["exit_code"] for record in records if "error" in record}
    return next((code for code in _GRAVEST_FIRST if code in codes), 0)
