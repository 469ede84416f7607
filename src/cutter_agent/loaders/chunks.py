"""One chunk as a retrieval program takes it: an id that stays, a key that changes with what is said, flat metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

NAMESPACE = UUID("5d4f8f0e-7f1b-5a52-9f43-2b1c4c0e6a11")
"""Of the ids of chunks. Never changed: an index that exists would be written a second time."""

PATH_SEPARATOR = " > "

PLACE_MEMBERS = frozenset({"as_of_cut", "snapshot_sha256", "start_byte", "end_byte"})
"""Members that say where a chunk stands in one snapshot. They change when something else was edited."""

EMBEDDED_MEMBERS = frozenset({"document_code", "address", "path", "heading"})
"""Members that help to find a chunk by its meaning; the others (digests, numbers) would only blur it."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Text of exactly one unit. ``metadata`` holds texts and numbers only, because vector stores take no more.

    ``chunk_id``: uuid5 of document reference, address and part: the same for every edition of a text, so a store
    that is written again replaces it. ``key``: sha256 of the text and of all metadata but ``PLACE_MEMBERS``: the same
    exactly as long as nothing is said anew of this chunk, so an index writes only what changed.
    """

    chunk_id: str
    key: str
    text: str = field(repr=False)
    metadata: Mapping[str, str | int]


def chunk_of(record: Mapping[str, Any]) -> Chunk:
    """A chunk from a line of ``export --format chunks``. Raises ``KeyError`` for a missing member."""
    metadata: dict[str, str | int] = {
        name: value for name, value in record.items() if name not in ("text", "path") and value is not None
    }
    metadata["path"] = PATH_SEPARATOR.join(record["path"])
    text = str(record["text"])
    named = "\n".join((record["document_ref"], record["address"], str(record["part"])))
    return Chunk(
        chunk_id=str(uuid5(NAMESPACE, named)),
        key=key_of(text, metadata),
        text=text,
        metadata=metadata,
    )


def key_of(text: str, metadata: Mapping[str, Any]) -> str:
    """``Chunk.key`` of a text and its metadata, whatever program holds them now."""
    said = {name: value for name, value in metadata.items() if name not in PLACE_MEMBERS}
    spelt = json.dumps([text, said], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(spelt.encode("utf-8", "surrogatepass")).hexdigest()
