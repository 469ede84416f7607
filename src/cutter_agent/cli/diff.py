"""``iu-cutter diff``: two cuts of a document, or a document and a file. Nothing is written."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from cutter_agent import comparison, recut, segmenter
from cutter_agent.cli import inputs, options, output
from cutter_agent.cli.match import matching_record
from cutter_agent.comparison import Changed
from cutter_agent.errors import UsageError
from cutter_agent.formats import Format
from cutter_agent.report import Report, UnitLine
from cutter_agent.wiring import exec_lane

Document = Annotated[str, typer.Argument(metavar="DOC", help="A document's reference or code.")]
File = Annotated[str | None, typer.Argument(metavar="[FILE]", help="Compare with this file instead of a cut.")]
From = Annotated[int | None, typer.Option("--from", metavar="N", help="The earlier cut. Default: the one before.")]
To = Annotated[int | None, typer.Option("--to", metavar="M", help="The later cut. Default: the newest.")]


def diff(
    document: Document,
    file: File = None,
    earlier: From = None,
    later: To = None,
    file_format: options.Format = None,
    as_json: options.Json = False,
) -> None:
    """What changed between two cuts of a document, unit by unit; or between a document and a file.

    Cuts are compared by the units' ids as the ledger has them. A file is matched on paper with the text of the newest
    cut (or of --from N): `iu-cutter cut FILE` decides, and asks where it is in doubt.

    Examples:
      iu-cutter diff HP2013 # the newest cut and the one before
      iu-cutter diff HP2013 --from 1 --to 3
      iu-cutter diff HP2013 new.txt
    """
    if file is not None and later is not None:
        raise UsageError("--to with a file", remedy="A file is the later one: give --from alone, or no file.")
    with exec_lane(os.environ) as lane:
        if file is not None:
            _with_file(lane.report, document, file, earlier, file_format, as_json=as_json)
            return
        first, last = _cuts(lane.report, document, earlier, later)
        changes = comparison.compare(lane.report.units(document, as_of=first), lane.report.units(document, as_of=last))
    if as_json:
        output.print_json({"from": first, "to": last, "changes": [_record(change) for change in changes]})
        return
    output.print_line(f"cut {first} and cut {last}")
    for line in comparison.lines(changes):
        output.print_line(line)


def _cuts(report: Report, document: str, earlier: int | None, later: int | None) -> tuple[int, int]:
    known = [cut.cut_seq for cut in report.cuts(document)]
    last = later if later is not None else known[-1]
    before = [number for number in known if number < last]
    first = earlier if earlier is not None else (before[-1] if before else last)
    for number in (first, last):
        if number not in known:
            raise UsageError(f"{document} has no cut {number}", remedy=f"Its cuts: {', '.join(map(str, known))}.")
    return first, last


def _with_file(
    report: Report, document: str, file: str, as_of: int | None, file_format: Format | None, *, as_json: bool
) -> None:
    line = report.document(document)
    old = report.rebuild(document, as_of=as_of).data
    new = inputs.read_document(file, label=None, wanted=file_format, profile=line.profile_id).data
    profile = segmenter.profiles.load(line.profile_id)
    old_cut = segmenter.segment(old, profile=profile, document_code=line.document_code)
    with inputs.placed(file):
        new_cut = segmenter.segment(new, profile=profile, document_code=line.document_code)
    matching = recut.match(old_cut, old, new_cut, new)
    if as_json:
        output.print_json(matching_record(matching))
        return
    for text in recut.lines(matching, old, new):
        output.print_line(text)


def _record(change: Changed) -> dict[str, Any]:
    return {
        "address": change.address,
        "differences": [word.value for word in change.differences],
        "before": _unit(change.before),
        "after": _unit(change.after),
    }


def _unit(unit: UnitLine | None) -> dict[str, Any] | None:
    if unit is None:
        return None
    return {
        "unit_id": unit.unit_id,
        "kind": unit.unit_kind,
        "number": unit.unit_number,
        "parent": unit.parent,
        "version": unit.version_seq,
        "content_hash": unit.content_hash,
        "body": unit.body,
    }
