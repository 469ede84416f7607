"""The two digests by which a signature covers what a cut touched (design 1.12).

``units_sha256`` is over what was done to which unit, in the order of units; ``record_sha256`` is over the affected
rows as they stand in the ledger, in the order of their ids, and is one of ``record_digests.CUT_RECORDS``. Both are
SHA-256 of canonical JSON (RFC 8785), whatever order the rows come in. A law of 100,000 units has as many rows: whether
they are plain is asked once for both, by column, and each spelling is made in pieces and never stands whole in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

from msgspec import structs

from cutter_agent.rows import AffectedRow
from sealing.canonical import is_plain, plain_bytes
from sealing.digest import canonical_digest

_AT_ONCE = 1_000
_TEXT: frozenset[type] = frozenset({str})
_texts = attrgetter("affected_row_id", "change_set_id", "target_table", "target_row_id", "operation_kind")
_touch = attrgetter("target_row_id", "operation_kind", "before_state_snapshot", "after_state_snapshot")


@dataclass(frozen=True, kw_only=True)
class AffectedDigests:
    """Hexadecimal, 64 digits each."""

    units_sha256: str
    record_sha256: str


def affected_digests(rows: Sequence[AffectedRow]) -> AffectedDigests:
    """Both digests. Raises ``sealing.errors.CanonicalTypeError`` where a row holds what has no canonical spelling."""
    touched = sorted(rows, key=attrgetter("target_row_id"))
    stood = sorted(rows, key=attrgetter("affected_row_id"))
    if _are_plain(rows):
        try:
            return AffectedDigests(units_sha256=_in_pieces(touched, _touches), record_sha256=_in_pieces(stood, list))
        except UnicodeEncodeError:
            pass  # a lone surrogate: what follows says where
    return AffectedDigests(
        units_sha256=canonical_digest(_touches(touched)),
        record_sha256=canonical_digest([structs.asdict(row) for row in stood]),
    )


def _are_plain(rows: Sequence[AffectedRow]) -> bool:
    if not _TEXT.issuperset(map(type, chain.from_iterable(map(_texts, rows)))):
        return False
    before = [row.before_state_snapshot for row in rows if row.before_state_snapshot is not None]
    return is_plain(before) and is_plain([row.after_state_snapshot for row in rows])


def _touches(rows: Iterable[AffectedRow]) -> list[Any]:
    return list(map(_touch, rows))


def _in_pieces(rows: Sequence[AffectedRow], said: Callable[[Sequence[AffectedRow]], list[Any]]) -> str:
    digest = hashlib.sha256(b"[")
    for start in range(0, len(rows), _AT_ONCE):
        if start:
            digest.update(b",")
        digest.update(memoryview(plain_bytes(said(rows[start : start + _AT_ONCE])))[1:-1])
    digest.update(b"]")
    return digest.hexdigest()
