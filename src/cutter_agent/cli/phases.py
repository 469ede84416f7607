"""The phases one by one: ``mark``, ``sweep``, ``cut-approved``, ``verify``, ``resolve``."""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from cutter_agent import observing
from cutter_agent.cli import failures, inputs, options, orders, output
from cutter_agent.errors import UsageError, VerificationFailed
from cutter_agent.model import RiskClass
from cutter_agent.phases.mark import MarkResult
from cutter_agent.phases.resolve import Resolution, Way
from cutter_agent.phases.verify import VerifyOutcome
from cutter_agent.wiring import VerifyLane, exec_lane, verify_lane

ManifestFile = Annotated[
    str | None,
    typer.Option("--manifest", metavar="PATH", help="Record this manifest, made elsewhere, about FILE."),
]
Stream = Annotated[
    bool,
    typer.Option("--stream", help="Read entries from standard input, one a line; one JSON line answers each."),
]


def mark(
    file: options.File,
    profile: options.Profile = None,
    code: options.Code = None,
    ref: options.Ref = None,
    title: options.Title = None,
    label: options.Label = None,
    file_format: options.Format = None,
    risk: options.Risk = RiskClass.STANDARD,
    marker: options.Marker = orders.MARKER,
    manifest: ManifestFile = None,
    as_json: options.Json = False,
) -> None:
    """Propose a cut of one document. Marking the same thing again writes nothing.

    Examples:
      iu-cutter mark LAW.txt
      iu-cutter mark LAW.txt --manifest proposal.json --marker an # a manifest made elsewhere
    """
    words = orders.Words(
        profile=profile, code=code, ref=ref, title=title, label=label, risk=risk, marker=marker, format=file_format
    )
    proposal = inputs.read_source(manifest, label=None).data if manifest else None
    source, grammar = orders.read(file, words if proposal is None else orders.of_manifest(words, proposal))
    with exec_lane(os.environ) as lane:
        if proposal is None:
            with inputs.placed(file):
                result = lane.mark(source, grammar, orders.marker_of(words))
        else:
            with inputs.placed(manifest or file):
                result = lane.mark_manifest(source, proposal, orders.marker_of(words))
    if as_json:
        output.print_json(_mark_record(result))
        return
    request = result.entry.request
    said = "marked" if result.created else "was marked before: nothing was written"
    if result.living is not None:
        said = f"stands exactly so as of cut {result.living}: nothing was written"
    if result.original_kept:
        said += "; the file is kept as another original of this text"
    output.print_line(f"{result.entry.entry_id}: {request.document_code} {said}")
    output.print_line(f"{request.unit_count} units, {request.exception_count} exceptions, {result.entry.status}")


def _mark_record(result: MarkResult) -> dict[str, object]:
    request = result.entry.request
    return {
        "entry_id": result.entry.entry_id,
        "created": result.created,
        "status": result.entry.status,
        "document_ref": request.document_ref,
        "document_code": request.document_code,
        "manifest_digest": request.manifest_digest,
        "snapshot_sha256": request.snapshot_sha256,
        "units": request.unit_count,
        "exceptions": request.exception_count,
        "original_kept": result.original_kept,
    }


def sweep(as_json: options.Json = False) -> None:
    """Promote marked entries, and deferred ones that are due, to review: one batch.

    Example: iu-cutter sweep
    """
    with exec_lane(os.environ) as lane:
        result = lane.sweep()
    if as_json:
        output.print_json({"promoted": list(result.promoted), "sweep_id": result.sweep_id, "full": result.full})
        return
    for entry_id in result.promoted:
        output.print_line(entry_id)
    output.note(f"{len(result.promoted)} promoted" + ("; there may be more" if result.full else ""))


def cut_approved(entry: options.Entry, as_json: options.Json = False) -> None:
    """Execute exactly what was approved. A cut that was made is not made again.

    Example: iu-cutter cut-approved HP2013
    """
    with exec_lane(os.environ) as lane:
        result = lane.cut(lane.report.entry(entry).entry_id)
    change_set = result.change_set
    if as_json:
        record = {
            "change_set_id": change_set.change_set_id,
            "applied": result.applied,
            "status": result.status,
            "document_ref": change_set.document_ref,
            "cut_seq": change_set.cut_seq,
            "units": change_set.affected_unit_count,
        }
        output.print_json(record)
        return
    said = "units written" if result.applied else "units, applied before: nothing was written"
    output.print_line(f"{change_set.document_ref}: cut {change_set.cut_seq}, {change_set.affected_unit_count} {said}")


def verify(
    entries: Annotated[list[str] | None, typer.Argument(metavar="ENTRY_ID", help="Ids of entries.")] = None,
    stream: Stream = False,
    as_json: options.Json = False,
) -> None:
    """Prove a cut, as the other identity: rebuild, compare, check the signature, sign the verdict.

    Examples:
      iu-cutter verify 5f0c2f6e-8a57-5c06-9d2b-0b9f2f7f5a11
      iu-cutter status --status cut_applied # lists what waits for it
    """
    if stream == bool(entries):
        raise UsageError(
            "name the entries, or give --stream", remedy="iu-cutter status --status cut_applied lists them."
        )
    for entry in entries or ():
        _require_id(entry)
    with verify_lane(os.environ) as lane:
        lane.signer, lane.executor_key  # noqa: B018 - a key that cannot be used is known before the first entry
        if stream:
            _verify_stream(lane)
            return
        outcomes = [lane.verify(entry) for entry in entries or ()]
    if as_json:
        output.print_json({"verified": [_verify_record(outcome) for outcome in outcomes]})
    else:
        for entry, outcome in zip(entries or (), outcomes, strict=True):
            said = "" if outcome.created else " (verified before: nothing was written)"
            output.print_line(f"{entry}: {outcome.result.verdict}, {outcome.status}{said}")
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if failed and not as_json:
        raise defect(failed[0])
    if failed:
        raise typer.Exit(VerificationFailed.exit_code)


def _require_id(entry: str) -> str:
    try:
        return str(uuid.UUID(entry))
    except ValueError:
        raise UsageError(
            f"{entry!r} is not an entry's id: DOT-992 looks nothing up by code",
            remedy="iu-cutter status --status cut_applied lists the ids.",
        ) from None


def _verify_stream(lane: VerifyLane) -> None:
    with lane.adapter.read():
        pass  # connected as the right principal, before the first line says so
    output.print_json({"ready": True})
    for line in sys.stdin:
        try:
            with _asked(line) as entry:
                outcome = lane.verify(_require_id(entry))
            answer = _verify_record(outcome) if outcome.passed else {"error": failures.describe(defect(outcome))}
        except Exception as error:  # the next entry may be sound
            answer = {"error": failures.describe(error)}
        output.print_json(answer)


@contextmanager
def _asked(line: str) -> Iterator[str]:
    """The entry that a line names: its id, or a JSON document with it and with where its document is on its way."""
    told = json.loads(line) if line.startswith("{") else {"entry_id": line.strip()}
    with observing.lent(told):
        yield str(told["entry_id"])


def _verify_record(outcome: VerifyOutcome) -> dict[str, Any]:
    return {
        "change_set_id": outcome.result.change_set_id,
        "verify_result_id": outcome.result.verify_result_id,
        "verdict": outcome.result.verdict,
        "status": outcome.status,
        "created": outcome.created,
        "findings": list(outcome.result.findings),
    }


def defect(outcome: VerifyOutcome) -> VerificationFailed:
    """The error of a verification that did not pass."""
    findings = outcome.result.findings
    first = f": {findings[0].get('message', findings[0])}" if findings else ""
    return VerificationFailed(
        f"change set {outcome.result.change_set_id} does not hold, {len(findings)} finding(s){first}",
        remedy="iu-cutter history shows them all; iu-cutter resolve decides what follows.",
    )


def resolve(
    entry: options.Entry,
    way: Annotated[Way, typer.Option("--way", help="retry: back to review. abandon: give it up.")],
    rationale: Annotated[str, typer.Option("--rationale", help="Why, in a sentence.")],
    reviewer: Annotated[str | None, typer.Option("--reviewer", help="Who decides. Default: you.")] = None,
    as_json: options.Json = False,
) -> None:
    """Decide what follows a failed verification, or give an approval up.

    Example: iu-cutter resolve HP2013 --way retry --rationale "the clause was read again"
    """
    with exec_lane(os.environ) as lane:
        decided_by = lane.settings.lane.value
        resolution = Resolution(
            way=way, reviewer=reviewer or orders.person(), rationale=rationale, decided_by=decided_by
        )
        result = lane.resolve(lane.report.entry(entry).entry_id, resolution)
    if as_json:
        output.print_json({"status": result.status, "closed": list(result.closed), "created": result.created})
        return
    output.print_line(f"{entry}: {result.status}" + ("" if result.created else ": nothing was written"))
