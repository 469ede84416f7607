"""``search``: living units by their words, with and without marks."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from cutter_agent import searching
from cutter_agent.cli import options, output
from cutter_agent.searching import Found, FoundUnit
from cutter_agent.wiring import exec_lane

Words = Annotated[list[str], typer.Argument(metavar="WORDS", help='Words; "…" is a phrase, or, -word leaves out.')]
Document = Annotated[
    str | None, typer.Option("--document", metavar="DOC", help="Only in this document: its reference or code.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=searching.MOST_RANKED, help="At most so many units.")]


def search(words: Words, document: Document = None, limit: Limit = 20, as_json: options.Json = False) -> None:
    """Find living units by their words. Vietnamese is found with its marks and without, in capitals or not.

    Words without marks find every spelling; words with marks find the same, exact ones first. A word that is left out
    stands behind --.

    Examples:
      iu-cutter search quyen su dung dat --document LDD2024
      iu-cutter search -- giao đất -thuê # without the word thuê
    """
    asked = searching.asked(" ".join(words))
    with exec_lane(os.environ) as lane:
        found = lane.report.search(asked, document=document, limit=limit)
    if as_json:
        output.print_json(_record(found))
        return
    for unit in found.units:
        output.print_line(f"{unit.canonical_address}  {unit.document_title}")
        output.print_line("    " + "".join(_marked(piece) for piece in unit.snippet))
    output.note(_summary(found))


def _marked(piece: searching.Piece) -> str:
    text = "".join(each if each.isprintable() else " " for each in piece.text)
    return f"[{text}]" if piece.is_match else text


def _summary(found: Found) -> str:
    shown = len(found.units)
    if found.has_more:
        return f"{shown} of more than {found.count} units; only so many were ranked: more words find less"
    if not shown:
        return "no living unit has these words"
    return f"{shown} of {found.count} units" + (" (--limit shows more)" if shown < found.count else "")


def _record(found: Found) -> dict[str, Any]:
    return {
        "words": found.typed,
        "document_ref": found.document_ref,
        "count": found.count,
        "has_more": found.has_more,
        "units": [_unit(unit) for unit in found.units],
    }


def _unit(unit: FoundUnit) -> dict[str, Any]:
    return {
        "address": unit.canonical_address,
        "document_ref": unit.document_ref,
        "document_code": unit.document_code,
        "kind": unit.unit_kind,
        "number": unit.unit_number,
        "version": unit.version_seq,
        "since_cut": unit.cut_seq,
        "content_sha256": unit.content_hash,
        "exact": unit.is_exact,
        "snippet": [{"text": piece.text, "match": piece.is_match} for piece in unit.snippet],
    }
