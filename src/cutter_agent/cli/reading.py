"""Reads: ``status``, ``tree``, ``show``, ``history``, ``rebuild``. Nothing is written."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cutter_agent.chain import Chain
from cutter_agent.cli import options, origins, output
from cutter_agent.errors import UsageError
from cutter_agent.model import EntryStatus
from cutter_agent.report import EntryLine, ExportedDocument, Outline, UnitFacts, UnitLine, Units
from cutter_agent.wiring import exec_lane

AsOf = Annotated[int | None, typer.Option("--as-of", metavar="N", help="As of cut N. Default: the newest.")]
Document = Annotated[str, typer.Argument(metavar="DOC", help="A document's reference or code.")]

_TITLE_CHARACTERS = 72
_LINES_BESIDE = 4
"""Of a terminal, beside the entries: the states, the head of the table, the cursor."""
_CLEAR = "\x1b[2J\x1b[H"
"""The screen is emptied, the cursor goes to its corner (ECMA-48)."""


def status(
    entry: Annotated[str | None, typer.Argument(metavar="ENTRY", help="An entry's id, a reference or a code.")] = None,
    only: Annotated[
        EntryStatus | None, typer.Option("--status", metavar="STATE", help="Only entries in this state.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest first.")] = 100,
    watch: Annotated[
        float | None, typer.Option("--watch", metavar="S", min=0.2, help="Look again every S seconds, until Ctrl-C.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """The backlog, or one entry.

    Examples:
      iu-cutter status
      iu-cutter status --watch 2
      iu-cutter status --status review_pending --limit 20
      iu-cutter status HP2013 --json
    """
    if watch is not None and as_json:
        raise UsageError("--json is one document, and --watch has no end", remedy="Leave one of them away.")
    with exec_lane(os.environ) as lane, suppress(KeyboardInterrupt) if watch else nullcontext():
        while True:
            found = [lane.report.entry(entry)] if entry else lane.report.entries(status=only, limit=limit)
            if as_json:
                output.print_json({"entries": [_entry_record(line) for line in found]})
                return
            if watch is None:
                _print_entries(found, only)
                return
            _look(found, only, full=len(found) == limit and not entry)
            time.sleep(watch)


def _look(found: Sequence[EntryLine], only: EntryStatus | None, *, full: bool) -> None:
    """One look: a terminal is emptied before, and shows no more entries than it has lines for."""
    counted = Counter(line.status for line in found).most_common()
    states = ", ".join(f"{count} {state}" for state, count in counted)
    moment = f"{datetime.now().astimezone():%H:%M:%S}"
    said = f"{moment} {f'the newest {len(found)}: ' if full else ''}{states}"
    if not sys.stdout.isatty():
        output.print_line(said)
        _print_entries(found, only)
        return
    output.print_line(f"{_CLEAR}{said}")
    _print_entries(found[: max(1, shutil.get_terminal_size().lines - _LINES_BESIDE)], only)


def _print_entries(found: Sequence[EntryLine], only: EntryStatus | None) -> None:
    if not found:
        output.note("no entry in this state" if only else "nothing here yet: iu-cutter cut LAW.txt begins")
        return
    output.print_table(
        ("entry", "kind", "state", "code", "units", "exceptions", "since", "title"),
        (
            (
                line.entry_id,
                line.kind,
                line.status,
                line.payload.get("document_code"),
                line.payload.get("unit_count"),
                line.payload.get("exception_count"),
                line.emitted_at.isoformat(timespec="seconds"),
                line.payload.get("title"),
            )
            for line in found
        ),
    )


def _entry_record(line: EntryLine) -> dict[str, Any]:
    return {
        "entry_id": line.entry_id,
        "kind": line.kind,
        "status": line.status,
        "emitted_at": line.emitted_at.isoformat(),
        "payload": dict(line.payload),
    }


def tree(document: Document, as_of: AsOf = None, as_json: options.Json = False) -> None:
    """The units of a document as a tree.

    Examples:
      iu-cutter tree HP2013
      iu-cutter tree HP2013 --as-of 1
    """
    with exec_lane(os.environ) as lane, lane.report.outline(document, as_of=as_of) as units:
        if as_json:
            output.write_stream(None, output.json_list("units", map(_unit_record, units())))
        else:
            output.print_lines(_drawn(units))


def _drawn(units: Outline) -> Iterator[str]:
    """A line for each unit, under the one that it is in."""
    way: Chain[None] = Chain(units.strays())
    for unit in units():
        above = way.above(unit.parent)
        way.down(above, unit.canonical_address, None)
        yield f"{'  ' * len(above)}{unit.canonical_address}  {_first_words(unit.body)}"


def _unit_record(unit: UnitLine) -> dict[str, Any]:
    return {
        "address": unit.canonical_address,
        "unit_id": unit.unit_id,
        "kind": unit.unit_kind,
        "section_type": unit.section_type,
        "number": unit.unit_number,
        "parent": unit.parent,
        "status": unit.lifecycle_status,
        "version": unit.version_seq,
        "since_cut": unit.cut_seq,
        "content_sha256": unit.content_hash,
    }


def _first_words(body: str) -> str:
    words = " ".join(body.split())
    return words if len(words) <= _TITLE_CHARACTERS else words[: _TITLE_CHARACTERS - 1] + "…"


def show(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A unit's canonical address, or an alias of it.")],
    as_json: options.Json = False,
) -> None:
    """One unit: text, versions, proof.

    Example: iu-cutter show HP2013-DIEU14-K2
    """
    with exec_lane(os.environ) as lane:
        unit = lane.report.unit(address)
        origin = lane.report.unit_origin(unit.canonical_address)
    if as_json:
        output.print_json(_plain(asdict(unit)) | origins.unit_record(origin))
        return
    _print_unit(unit)
    for line in origins.unit_lines(origin):
        output.print_line(line)


def _print_unit(unit: UnitFacts) -> None:
    output.print_line(f"{unit.canonical_address}  {unit.unit_kind} {unit.unit_number or ''}  {unit.lifecycle_status}")
    output.print_line(f"document {unit.document_ref}, under {unit.parent or 'nothing'}, id {unit.unit_id}")
    if unit.leads_to != unit.canonical_address:
        output.print_line(f"its address leads to {unit.leads_to}" if unit.leads_to else "its text goes on nowhere")
    for alias in unit.aliases:
        since = alias.valid_from.isoformat(timespec="seconds")
        output.print_line(f"also called {alias.alias_text} since {since} ({alias.alias_kind}: {alias.rationale})")
    cuts = {cut.change_set_id: cut for cut in unit.cuts}
    for version in reversed(unit.versions):
        output.print_line()
        output.print_line(f"version {version.version_seq}, since cut {version.cut_seq}, {version.lifecycle_status}")
        output.print_line(f"sha256 {version.content_hash}")
        cut = cuts.get(version.change_set_id)
        if cut is not None:
            output.print_line(f"written by {cut.emitted_by}, {cut.emitted_at.isoformat(timespec='seconds')}")
            output.print_line(f"change set {cut.change_set_id}, signature {cut.executor_signature_id}")
            output.print_line(f"snapshot {cut.snapshot_sha256}")
        output.print_line()
        output.print_line("(retired by this cut)" if version.ends_life else version.body.rstrip("\n"))
    output.print_line()
    for decision in unit.decisions:
        output.print_line(
            f"{decision.decided_at.isoformat(timespec='seconds')}  {decision.verdict} by {decision.reviewer_identity}"
            f" ({decision.reviewer_kind}): {decision.verdict_rationale}"
        )
    for move in unit.history:
        if move.change_kind.startswith("verify:"):
            when = move.changed_at.isoformat(timespec="seconds")
            output.print_line(f"{when}  {move.change_kind} by {move.changed_by}: {move.rationale}")


def history(entry: options.Entry, as_json: options.Json = False) -> None:
    """What the ledger says happened to a document.

    Example: iu-cutter history HP2013
    """
    with exec_lane(os.environ) as lane:
        moves = lane.report.history(entry)
    if as_json:
        output.print_json({"history": [_plain(asdict(move)) for move in moves]})
        return
    output.print_table(
        ("when", "entry", "version", "what", "who", "why"),
        (
            (
                move.changed_at.isoformat(timespec="seconds"),
                move.entry_id,
                move.version,
                move.change_kind,
                move.changed_by,
                move.rationale,
            )
            for move in moves
        ),
    )


def rebuild(
    document: Document,
    as_of: AsOf = None,
    original: origins.Wanted = False,
    sha256: origins.Digest = None,
    to: options.Output = None,
    as_json: options.Json = False,
) -> None:
    """The exact bytes of a document as of a cut, from its units, proven equal to the snapshot that was cut.

    With --original: the bytes of the HTML, DOCX or PDF file that its text was made from.

    Examples:
      iu-cutter rebuild HP2013 -o law.txt # the exact bytes
      iu-cutter rebuild HP2013 --as-of 1
      iu-cutter rebuild HP2013 --original -o law.docx
    """
    with exec_lane(os.environ) as lane:
        if original or sha256:
            origins.give_back(lane.report, document, as_of=as_of, sha256=sha256, to=to, as_json=as_json)
            return
        with lane.report.export(document, as_of=as_of) as (head, units):
            _give(head, units, to, as_json=as_json)


def _give(head: ExportedDocument, units: Units, to: Path | None, *, as_json: bool) -> None:
    """Into a file, which is there when it was proven; on standard output only what was proven before."""
    record: dict[str, Any] = {
        "document_ref": head.document_ref,
        "cut_seq": head.cut_seq,
        "sha256": head.snapshot_sha256,
    }
    texts = (unit.text for unit in units())
    if to is not None:
        length = output.write_stream(to, texts)
        if as_json:
            output.print_json(record | {"byte_length": length, "path": str(to)})
        return
    length = sum(len(text.encode()) for text in texts)
    again: Iterator[str] = (unit.text for unit in units())
    if as_json:
        again = output.json_text(record | {"byte_length": length}, "text", again)
    output.write_stream(None, again)


def _plain(value: Any) -> Any:
    """Times as text, tuples as lists: what JSON can say."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
