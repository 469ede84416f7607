"""Where chunks come from: the store as of a cut, or a file of JSON Lines. Both are streams of the same chunks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cutter_agent.errors import InputRefused, UsageError
from cutter_agent.export.placing import placed
from cutter_agent.export.records import DEFAULT_CHUNK_CHARACTERS, SMALLEST_CHUNK_CHARACTERS, chunk_records
from cutter_agent.loaders.chunks import Chunk, chunk_of
from cutter_agent.wiring import exec_lane

_TEXTS = (
    "document_ref",
    "document_code",
    "snapshot_sha256",
    "address",
    "kind",
    "content_sha256",
    "chunk_sha256",
    "text",
)
_NUMBERS = ("as_of_cut", "version", "part", "parts", "start_byte", "end_byte")
_REMEDY = "Give a file that `iu-cutter export DOC --format chunks` wrote."


def chunks(
    document: str | None,
    *,
    path: str | Path | None,
    as_of: int | None,
    max_chars: int | None,
    environment: Mapping[str, str] | None,
) -> Iterator[Chunk]:
    """The chunks of a document of the store, or of a file: exactly one of ``document`` and ``path``.

    ``environment`` says where the store is, by the keys of ``iu-cutter``; None is this process's own. A read of the
    store is one transaction, which ends with the iterator. Raises ``UsageError`` at once for arguments that contradict
    each other; while reading ``UsageError``, ``InputRefused``, ``ConfigError``, ``DatabaseError``, and
    ``VerificationFailed`` at the end when the units read are not the bytes of the snapshot.
    """
    if (document is None) == (path is None):
        raise UsageError("a loader reads a document of the store or a file", remedy="Give one of document and path.")
    if path is not None:
        if as_of is not None or max_chars is not None or environment is not None:
            raise UsageError(
                "as_of, max_chars and environment are about the store, not about a file",
                remedy="Leave them out, or give the document instead of the path.",
            )
        return file_chunks(Path(path))
    if max_chars is not None and max_chars < SMALLEST_CHUNK_CHARACTERS:
        raise UsageError(
            f"max_chars is {max_chars}",
            remedy=f"Give {SMALLEST_CHUNK_CHARACTERS} or more; a unit is cut inside itself.",
        )
    where = os.environ if environment is None else environment
    return stored_chunks(str(document), as_of=as_of, max_chars=max_chars or DEFAULT_CHUNK_CHARACTERS, environment=where)


def stored_chunks(
    document: str, *, as_of: int | None, max_chars: int, environment: Mapping[str, str]
) -> Iterator[Chunk]:
    """From the store, as of a cut (the newest one for None)."""
    with exec_lane(environment) as lane, lane.report.export(document, as_of=as_of) as (head, units):
        yield from map(chunk_of, chunk_records(head, placed(units(), units.strays()), max_characters=max_chars))


def file_chunks(path: Path) -> Iterator[Chunk]:
    """From JSON Lines. Raises ``InputRefused`` with file, line and remedy for a line that is no chunk."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield chunk_of(_record(line, f"{path}, line {number}"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}", remedy=_REMEDY) from error


def _record(line: bytes, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:  # also a byte that is no UTF-8
        raise InputRefused(f"{place}: no JSON: {error}", remedy=_REMEDY) from error
    if not isinstance(record, dict):
        raise InputRefused(f"{place}: no JSON object", remedy=_REMEDY)
    wrong = [
        *(name for name in _TEXTS if not isinstance(record.get(name), str)),
        *(name for name in _NUMBERS if type(record.get(name)) is not int),
    ]
    path = record.get("path")
    if not isinstance(path, list) or not all(isinstance(heading, str) for heading in path):
        wrong.append("path")
    if wrong:
        raise InputRefused(f"{place}: no chunk, {', '.join(wrong)} missing or of another type", remedy=_REMEDY)
    return record
