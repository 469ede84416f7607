"""The files of other formats behind a text: where a unit stands in them (``show``), and their bytes (``rebuild``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cutter_agent.cli import output
from cutter_agent.errors import UsageError
from cutter_agent.formats import SourceMap
from cutter_agent.report import OriginalLine, Report, UnitOrigin

Wanted = Annotated[
    bool, typer.Option("--original", help="The file that the text was made from (HTML, DOCX, PDF), not the text.")
]
Digest = Annotated[
    str | None,
    typer.Option("--sha256", metavar="HEX", help="Of several originals this one. Default: the approved one."),
]


def unit_record(origin: UnitOrigin | None) -> dict[str, Any]:
    """The member ``origin`` of ``show --json``: null for a unit of a text that was made from no other file."""
    if origin is None:
        return {"origin": None}
    return {
        "origin": {
            "cut_seq": origin.cut_seq,
            "start_byte": origin.start_byte,
            "end_byte": origin.end_byte,
            "originals": [
                original_record(line) | {"place": SourceMap(line.map).span(origin.start_byte, origin.end_byte)}
                for line in origin.originals
            ],
        }
    }


def unit_lines(origin: UnitOrigin | None) -> Iterator[str]:
    """The same for a person."""
    for line in origin.originals if origin is not None else ():
        place = SourceMap(line.map).span(origin.start_byte, origin.end_byte) if origin is not None else {}
        yield f"in the original {line.label} (sha256 {line.sha256[:16]}…): {place['words']}"


def original_record(line: OriginalLine) -> dict[str, Any]:
    """The documented JSON shape of an original."""
    return {
        "sha256": line.sha256,
        "media_type": line.media_type,
        "byte_length": line.byte_length,
        "reader": line.reader,
        "map_sha256": line.map_sha256,
        "label": line.label,
        "origin": line.origin,
        "recorded_at": line.recorded_at.isoformat(),
        "recorded_by": line.recorded_by,
        "approved": line.approved,
    }


def give_back(
    report: Report, document: str, *, as_of: int | None, sha256: str | None, to: Path | None, as_json: bool
) -> None:
    """The bytes of an original, on standard output or in a file. Raises ``UsageError`` where there is none."""
    known = report.originals(document, as_of=as_of)
    if not known:
        raise UsageError(
            f"the text of {document} was made from no other file",
            remedy="Leave --original out: the text is the source.",
        )
    chosen = next((line for line in known if sha256 in {None, line.sha256}), None)
    if chosen is None:
        listed = ", ".join(line.sha256 for line in known)
        raise UsageError(f"{document} has no original {sha256}", remedy=f"Its originals: {listed}.")
    data = report.original(chosen.sha256)
    if to is not None:
        output.write_file(to, data)
    if as_json:
        listing = [original_record(line) for line in known]
        output.print_json(original_record(chosen) | ({"path": str(to)} if to else {}) | {"originals": listing})
    elif to is None:
        output.print_bytes(data)
