"""What cuts say they touched, for very many units: the server's spelling of a state, read without a JSON reader.

The server spells ``jsonb`` one way, and a state has four plain members. Whatever is spelt otherwise is read as JSON.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from operator import itemgetter

import msgspec

from sealing.canonical import canonical_bytes

State = tuple[str, str, str, str]
"""Version, content hash, render order, address."""

_STATE = re.compile(
    r'\{"version_seq": (\d{1,9}), "content_hash": "([0-9a-f]{64})", "render_order": "([0-9.-]+)", '
    r'"canonical_address": "([A-Z0-9-]+)"\}',
    re.ASCII,
)


def state_of(text: str | None) -> State | None:
    """The state that a text says; None where it is no plain one."""
    found = _STATE.fullmatch(text) if text is not None else None
    return found.groups() if found is not None else None  # type: ignore[return-value]


def touched_digest(rows: Iterable[tuple[str, str, str | None, str | None]]) -> str:
    """One digest over unit, operation, states before and after of each row, as signatures spell it (RFC 8785).

    A unit's id comes from a column of ids, and needs no escape.
    """
    lines = [
        f'["{unit_id}",{_word(operation)},{_spelt(before)},{_spelt(after)}]'
        for unit_id, operation, before, after in sorted(rows, key=itemgetter(0))
    ]
    return hashlib.sha256(f"[{','.join(lines)}]".encode()).hexdigest()


@cache
def _word(operation: str) -> str:
    return canonical_bytes(operation).decode()


def _spelt(text: str | None) -> str:
    if text is None:
        return "null"
    found = _STATE.fullmatch(text)
    if found is None:
        return canonical_bytes(msgspec.json.decode(text)).decode()
    version, digest, order, address = found.groups()
    named = f'"canonical_address":"{address}","content_hash":"{digest}"'
    return f'{{{named},"render_order":"{order}","version_seq":{version}}}'
