"""What cuts say they touched, for very many units: the server's spelling of a state, read without a JSON reader.

The server spells ``jsonb`` one way, and a state has four plain members. Whatever is spelt otherwise is read as JSON.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
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
_PLAIN_ID = re.compile(r"[0-9a-f-]{36} [a-z_]+", re.ASCII)


def state_of(text: str | None) -> State | None:
    """The state that a text says; None where it is no plain one."""
    found = _STATE.fullmatch(text) if text is not None else None
    return found.groups() if found is not None else None  # type: ignore[return-value]


def touched_digest(rows: Iterable[tuple[str, str, str | None, str | None]]) -> str:
    """One digest over unit, operation, states before and after of each row, as signatures spell it (RFC 8785)."""
    lines = [_line(*row) for row in sorted(rows, key=itemgetter(0))]
    return hashlib.sha256(f"[{','.join(lines)}]".encode()).hexdigest()


def _line(unit_id: str, operation: str, before: str | None, after: str | None) -> str:
    named = f"{unit_id} {operation}"
    if _PLAIN_ID.fullmatch(named) is None:
        named_json = canonical_bytes([unit_id, operation]).decode()[1:-1]
    else:
        named_json = f'"{unit_id}","{operation}"'
    return f"[{named_json},{_spelt(before)},{_spelt(after)}]"


def _spelt(text: str | None) -> str:
    if text is None:
        return "null"
    found = _STATE.fullmatch(text)
    if found is None:
        return canonical_bytes(msgspec.json.decode(text)).decode()
    version, digest, order, address = found.groups()
    named = f'"canonical_address":"{address}","content_hash":"{digest}"'
    return f'{{{named},"render_order":"{order}","version_seq":{version}}}'
