"""What cuts say they touched, for very many units: the server's spelling of a state, read without a JSON reader.

The server spells ``jsonb`` one way, and a state has four plain members. Whatever is spelt otherwise is read as JSON.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import msgspec

from sealing.canonical import canonical_bytes

State = tuple[str, str, str, str]
"""Version, content hash, render order, address."""

Touched = tuple[str, str, str | None, str | None]
"""A unit's id, what was done to it, and its states before and after as JSON."""

_SPELLING = (
    r'\{"version_seq": ([1-9]\d{0,8}), "content_hash": "([0-9a-f]{64})", "render_order": "([0-9.-]+)", '
    r'"canonical_address": "([A-Z0-9-]+)"\}'
)
_STATE = re.compile(_SPELLING, re.ASCII)
_LINES = re.compile(f"^{_SPELLING}$", re.ASCII | re.MULTILINE)


def states_of(rows: Sequence[Touched]) -> list[State | None]:
    """The state after of each row; None where it is no plain one."""
    found = _LINES.findall("\n".join([row[3] or "" for row in rows]))  # no JSON text of the server's holds a line feed
    return found if len(found) == len(rows) else [_state_of(row[3]) for row in rows]


def _state_of(text: str | None) -> State | None:
    found = _STATE.fullmatch(text) if text is not None else None
    return found.groups() if found is not None else None  # type: ignore[return-value]


def touched_digest(rows: Sequence[Touched], states: Sequence[State | None]) -> str:
    """One digest over unit, operation, states before and after of each row, as signatures spell it (RFC 8785).

    ``states``: what ``states_of`` says of the rows. A unit's id comes from a column of ids, and needs no escape.
    """
    words = {operation: canonical_bytes(operation).decode() for operation in {row[1] for row in rows}}
    lines = [
        f'["{row[0]}",{words[row[1]]},null,{{"canonical_address":"{state[3]}","content_hash":"{state[1]}",'
        f'"render_order":"{state[2]}","version_seq":{state[0]}}}]'
        if state is not None and row[2] is None
        else f'["{row[0]}",{words[row[1]]},{_spelt(row[2])},{_spelt(row[3])}]'
        for row, state in zip(rows, states, strict=True)
    ]
    lines.sort()  # each begins with its unit's id
    return hashlib.sha256(f"[{','.join(lines)}]".encode()).hexdigest()


def _spelt(text: str | None) -> str:
    if text is None:
        return "null"
    state = _state_of(text)
    return canonical_bytes(msgspec.json.decode(text)).decode() if state is None else _plain(*state)


def _plain(version: str, digest: str, order: str, address: str) -> str:
    named = f'"canonical_address":"{address}","content_hash":"{digest}"'
    return f'{{{named},"render_order":"{order}","version_seq":{version}}}'
