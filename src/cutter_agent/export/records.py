"""JSON Lines (one unit a line) and chunks for retrieval (one line is text of exactly one unit)."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from cutter_agent.export.placing import Placed
from cutter_agent.report import ExportedDocument

DEFAULT_CHUNK_CHARACTERS = 2000
SMALLEST_CHUNK_CHARACTERS = 64

_BREAKS = ("\n\n", "\n", ". ", "; ", ", ", " ")
"""Where a long unit may be cut, best first."""


def unit_lines(document: ExportedDocument, units: Iterable[Placed]) -> Iterator[str]:
    """One JSON object a unit, in document order."""
    for place in units:
        unit = place.unit
        yield _line(
            _common(document, place)
            | {"aliases": list(unit.aliases), "parent": unit.parent, "text": unit.text}
            | {"start_byte": place.start_byte, "end_byte": place.end_byte}
        )


def chunk_lines(document: ExportedDocument, units: Iterable[Placed], *, max_characters: int) -> Iterator[str]:
    """One JSON object a chunk. A unit is its chunks, one after another. A unit of white space alone has none."""
    return map(_line, chunk_records(document, units, max_characters=max_characters))


def chunk_records(
    document: ExportedDocument, units: Iterable[Placed], *, max_characters: int
) -> Iterator[dict[str, Any]]:
    """The same as ``chunk_lines``, as values."""
    for place in units:
        if not place.unit.text.strip():
            continue
        pieces = list(split(place.unit.text, max_characters))
        start_byte = place.start_byte
        for number, piece in enumerate(pieces, start=1):
            data = piece.encode("utf-8")
            yield _common(document, place) | {
                "chunk_id": f"{place.unit.address}#{number}",
                "part": number,
                "parts": len(pieces),
                "text": piece,
                "start_byte": start_byte,
                "end_byte": start_byte + len(data),
                "chunk_sha256": hashlib.sha256(data).hexdigest(),
            }
            start_byte += len(data)


def split(text: str, max_characters: int) -> Iterator[str]:
    """``text`` in pieces of at most ``max_characters``: at a paragraph, a line, a sentence or a word where there is one
    in the second half of the piece, never between a letter and its marks where that can be helped."""
    start = 0
    while len(text) - start > max_characters:
        end = _end(text, start, start + max_characters)
        yield text[start:end]
        start = end
    yield text[start:]


def _end(text: str, start: int, limit: int) -> int:
    middle = (start + limit) // 2
    for mark in _BREAKS:
        found = text.rfind(mark, middle, limit)
        if found >= 0 and found + len(mark) > start:
            return found + len(mark)
    end = limit
    while end > middle and unicodedata.combining(text[end]):
        end -= 1
    return end if end > middle else limit


def _common(document: ExportedDocument, place: Placed) -> dict[str, Any]:
    unit = place.unit
    return {
        "document_ref": document.document_ref,
        "document_code": document.document_code,
        "as_of_cut": document.cut_seq,
        "snapshot_sha256": document.snapshot_sha256,
        "address": unit.address,
        "kind": unit.kind,
        "level": unit.level,
        "number": unit.number,
        "path": list(place.path),
        "heading": place.heading,
        "content_sha256": unit.content_sha256,
        "version": unit.version,
        "cut_seq": unit.cut_seq,
    }


def _line(record: dict[str, Any]) -> str:
    """One line of JSON; U+2028 and U+2029 are escaped, because some readers end a line there."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "\n"
