"""The blocks of a manifest, all of a law's at once: spelt canonically, and read strictly. Pure.

Both are roads for what is right. What is not goes the long way round (``manifest``), which says what and where.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import structs

from cutter_agent.model import BlockRole, ManifestBlock
from sealing.canonical import JsonValue, are_safe

_TEXT: frozenset[type] = frozenset({str})
_TEXT_OR_NULL: frozenset[type] = frozenset({str, type(None)})
_COUNT: frozenset[type] = frozenset({int})
_TYPES: dict[str, frozenset[type]] = {
    "unit_local_id": _COUNT,
    "start_byte": _COUNT,
    "end_byte": _COUNT,
    "address": _TEXT,
    "parent": _TEXT_OR_NULL,
    "level": _TEXT,
    "kind": _TEXT,
    "number": _TEXT_OR_NULL,
    "content_sha256": _TEXT,
    "role": frozenset({BlockRole}),
}
_encode = msgspec.json.Encoder(order="sorted").encode
_members = msgspec.json.Decoder(type=dict[str, msgspec.Raw]).decode
_blocks = msgspec.json.Decoder(type=list[ManifestBlock]).decode


def as_json(blocks: Sequence[ManifestBlock]) -> list[JsonValue]:
    """One object for each block."""
    return [{**structs.asdict(block), "role": block.role.value} for block in blocks]


def spelt(blocks: Sequence[ManifestBlock]) -> bytes | None:
    """The canonical spelling (RFC 8785) of ``as_json(blocks)``; None where a value is not of exactly its type."""
    rows = list(blocks)
    if not all(_is_plain(rows, name) for name in _TYPES):
        return None
    try:
        return _encode(rows)
    except UnicodeEncodeError:
        return None


def _is_plain(blocks: list[ManifestBlock], name: str) -> bool:
    column = list(map(attrgetter(name), blocks))
    types = _TYPES[name]
    return types.issuperset(map(type, column)) and (types is not _COUNT or are_safe(column))


def read(data: bytes) -> tuple[dict[str, Any], list[ManifestBlock]] | None:
    """The other members of a manifest as plain JSON, and its blocks; None where anything is not as it must be."""
    try:
        members = _members(data)
        blocks = _blocks(members.pop("units"))
        return {name: msgspec.json.decode(member) for name, member in members.items()}, blocks
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        return None
