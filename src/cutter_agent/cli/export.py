"""``export``: a document as of a cut in another form: JSON Lines, retrieval chunks, a Markdown tree, Akoma Ntoso."""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cutter_agent.cli import folder, options, output
from cutter_agent.cli.reading import AsOf, Document
from cutter_agent.errors import UsageError
from cutter_agent.export.akoma import akoma_ntoso
from cutter_agent.export.losses import Losses
from cutter_agent.export.placing import placed
from cutter_agent.export.records import DEFAULT_CHUNK_CHARACTERS, SMALLEST_CHUNK_CHARACTERS, chunk_lines, unit_lines
from cutter_agent.export.tree import pages
from cutter_agent.report import ExportedDocument, Units
from cutter_agent.wiring import exec_lane


class Format(StrEnum):
    """The forms."""

    JSONL = "jsonl"
    CHUNKS = "chunks"
    MARKDOWN_TREE = "markdown-tree"
    AKN = "akn"


Form = Annotated[Format, typer.Option("--format", help="The form.")]
To = Annotated[str, typer.Option("--output", "-o", metavar="PATH", help="A file, a folder (markdown-tree), or -.")]
MaxChars = Annotated[
    int,
    typer.Option("--max-chars", min=SMALLEST_CHUNK_CHARACTERS, help="chunks: a longer unit is cut inside itself."),
]


def export(
    document: Document,
    form: Form = Format.JSONL,
    as_of: AsOf = None,
    to: To = "-",
    max_chars: MaxChars = DEFAULT_CHUNK_CHARACTERS,
    as_json: options.Json = False,
) -> None:
    """A document as of a cut in another form. Its units are proven equal to the snapshot while they are read.

    jsonl: one unit a line. chunks: for retrieval, each the text of exactly one unit. markdown-tree: a folder that a
    person can read and git can compare. akn: Akoma Ntoso 3. What a form cannot say is named on standard error.

    Examples:
      iu-cutter export HP2013 --format jsonl -o hp2013.jsonl
      iu-cutter export HP2013 --format chunks --max-chars 2000 # on standard output
      iu-cutter export HP2013 --format akn -o hp2013.xml
    """
    if to == "-" and (as_json or form is Format.MARKDOWN_TREE):
        raise (
            UsageError("standard output cannot hold both", remedy="Give --output PATH.")
            if as_json
            else UsageError("a Markdown tree is a folder", remedy="Give --output FOLDER.")
        )
    losses = Losses()
    with exec_lane(os.environ) as lane, lane.report.export(document, as_of=as_of) as (head, units):
        if form is Format.MARKDOWN_TREE:
            written = folder.write_tree(Path(to), _head(head), pages(head, units))
        else:
            written = output.write_stream(None if to == "-" else Path(to), _text(form, head, units, max_chars, losses))
    for what, count in losses.counts.items():
        output.note(f"iu-cutter: not in this form: {count} {what}")
    if as_json:
        answer = {**_head(head), "format": form.value, "path": to, "losses": dict(losses.counts)}
        output.print_json(answer | ({"files": written} if form is Format.MARKDOWN_TREE else {"byte_length": written}))


def _text(form: Format, head: ExportedDocument, units: Units, max_chars: int, losses: Losses) -> Iterable[str]:
    match form:
        case Format.CHUNKS:
            return chunk_lines(head, placed(units(), units.strays()), max_characters=max_chars)
        case Format.AKN:
            return akoma_ntoso(head, placed(units(), units.strays()), losses)
        case _:
            return unit_lines(head, placed(units(), units.strays()))


def _head(head: ExportedDocument) -> dict[str, Any]:
    return {
        "document_ref": head.document_ref,
        "document_code": head.document_code,
        "cut_seq": head.cut_seq,
        "snapshot_sha256": head.snapshot_sha256,
        "status": head.status,
    }
