"""``alias import``: names of the official codification for the articles of a document, a governed change."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Annotated, Any

import typer

from cutter_agent import config, pipeline
from cutter_agent.cli import failures, inputs, options, orders, output, progress
from cutter_agent.cli.verifier_process import ChildRefused, VerifierProcess
from cutter_agent.codification.reading import read
from cutter_agent.errors import InputRefused
from cutter_agent.model import RiskClass
from cutter_agent.phases.mark import Marker
from cutter_agent.phases.naming import NamesAsked, NamesPlan
from cutter_agent.wiring import ExecLane, exec_lane
from sealing.digest import sha256_hex

Listed = Annotated[
    str, typer.Argument(metavar="FILE", help="A text of the codification, or - for standard input (then --label).")
]
OfDocument = Annotated[str, typer.Option("--document", metavar="DOC", help="A document's reference or code.")]
LawNumber = Annotated[
    str | None,
    typer.Option("--law-number", metavar="N", help="The document's own number. Default: from its text or its code."),
]
SkipOthers = Annotated[
    bool, typer.Option("--skip-other-laws", help="Leave lines about other laws out instead of refusing the file.")
]
Policy = Annotated[
    pipeline.ReviewerPolicy,
    typer.Option("--reviewer-policy", help="auto: approve by policy. human: a person always."),
]
Verified = Annotated[
    bool,
    typer.Option("--verify/--no-verify", help="Prove it as the other identity, or leave that to its own machine."),
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Compare only: nothing is written.")]


def alias_import(
    file: Listed,
    document: OfDocument,
    law_number: LawNumber = None,
    skip_other_laws: SkipOthers = False,
    label: options.Label = None,
    risk: options.Risk = RiskClass.STANDARD,
    marker: options.Marker = orders.MARKER,
    policy: Policy = pipeline.ReviewerPolicy.AUTO,
    verify: Verified = True,
    dry_run: Dry = False,
    as_json: options.Json = False,
) -> None:
    """Give articles their names in the official codification (Bộ pháp điển): Điều 20.1.LQ.1. and its provenance.

    Every heading of the file is compared with the newest proven cut: the law's number, the article. All are taken or
    none. Names that are known are no change: the same file again writes nothing.

    Examples:
      iu-cutter alias import phap-dien.txt --document HP2013 --dry-run
      iu-cutter alias import phap-dien.txt --document HP2013
    """
    source = inputs.read_source(file, label=label)
    with inputs.placed(file):
        codified = list(read(_text(source.data)))
    said = f"named by {source.label}, sha256 {sha256_hex(source.data)}"
    with ExitStack() as stack:
        verifier = stack.enter_context(VerifierProcess()) if verify and not dry_run else None
        lane = stack.enter_context(exec_lane(os.environ))
        reference = lane.report.document(document).document_ref
        asked = NamesAsked(
            document_ref=reference,
            codified=codified,
            law_number=law_number,
            skip_other_laws=skip_other_laws,
            because=said,
        )
        limit = config.Settings.from_environment(os.environ).max_input_bytes
        who = Marker(identity=marker, tool_revision=config.tool_revision(), max_bytes=limit)
        with inputs.placed(file):
            planned = lane.plan_names(asked, who, risk)
        record = _record(file, reference, planned)
        if not dry_run:
            record |= _taken(lane, planned, policy, verifier)
    if as_json:
        output.print_json(record)
        return
    for name in planned.matched.named:
        output.print_line(f"{name.text}  {name.article.address}")
    for problem in planned.skipped:
        output.note(f"left out: line {problem.line}: {problem.message}")
    output.note(_in_words(record, dry_run=dry_run))


def _taken(
    lane: ExecLane, planned: NamesPlan, policy: pipeline.ReviewerPolicy, verifier: VerifierProcess | None
) -> dict[str, Any]:
    """From the plan to the proof; what was done."""
    if planned.ordered.manifest is None:
        return {"entry_id": None, "status": None, "steps": []}
    try:
        if verifier is not None:
            verifier.require_ready()
        with progress.steps(["alias import"]) as bar:
            outcome = pipeline.carry_on(
                lane,
                lane.mark_topology(planned.ordered),
                policy,
                verify=verifier.verify if verifier else None,
                watch=lambda step: bar.phase("alias import", step),
            )
    except ChildRefused as refused:
        raise failures.Reported(refused.record) from refused
    return {"entry_id": outcome.entry_id, "status": outcome.status, "steps": list(outcome.steps)}


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputRefused(
            f"byte {error.start} is not UTF-8: {error.reason}",
            remedy="Convert the file to UTF-8.",
            start_byte=error.start,
        ) from error


def _record(file: str, reference: str, planned: NamesPlan) -> dict[str, Any]:
    return {
        "file": file,
        "document_ref": reference,
        "law_number": planned.law_number,
        "names": [
            {"alias": name.text, "address": name.article.address, "line": name.line, "rationale": name.rationale}
            for name in planned.matched.named
        ],
        "known": planned.matched.known,
        "skipped": [failures.line_record(problem) for problem in planned.skipped],
    }


def _in_words(record: dict[str, Any], *, dry_run: bool) -> str:
    what = f"{len(record['names'])} new, {record['known']} known, {len(record['skipped'])} left out"
    if dry_run:
        return f"{record['document_ref']}: {what}; nothing was written"
    done = f"{record['status']} ({', '.join(record['steps'])})" if record["steps"] else "nothing was written"
    return f"{record['document_ref']}: {what}; {done}"
