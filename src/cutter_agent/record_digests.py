"""One digest for each kind of ledger row that a signature covers: the wire between the two lanes (design 1.12).

DOT-991 signs, beside what it wrote, the rows its cut rests on: ``CUT_RECORDS``. DOT-992 signs its verdict's row and the
whole history: ``VERDICT_RECORDS``. A row that is edited later, by whomever, no longer has the digest that was signed.
Columns that the grants let change (an entry's status, a decision's superseded stamp) are not in it.

Times are spelt in UTC with microseconds, words as their text, decimals as PostgreSQL prints them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from cutter_agent.rows import (
    ChangeSet,
    Decision,
    Document,
    Entry,
    Envelope,
    History,
    Snapshot,
    StoredManifest,
    VerifyResult,
)
from sealing.canonical import JsonValue
from sealing.digest import canonical_digest

_AS_IT_IS = frozenset({str, int, bool, type(None), dict, list, tuple})

CUT_RECORDS = (
    "affected",
    "change_set",
    "decisions",
    "document",
    "entry",
    "envelope",
    "history",
    "manifest",
    "snapshot",
)
VERDICT_RECORDS = ("history", "verify_result")

_MUTABLE = {Entry: {"status"}, Decision: {"superseded_by_review_decision_id"}}
_OPTIONAL = {Decision: {"manifest_unit_local_id"}}
"""Columns that came later: left out where they are NULL, so that what was signed before keeps its digest."""
_DIGESTED = {Snapshot: {"data"}, StoredManifest: {"canonical_json"}}
"""Bytes that a column of the same row names by their own digest."""


def cut_records(
    *,
    entry: Entry,
    envelope: Envelope | None,
    decisions: Iterable[Decision],
    history: Sequence[History],
    change_set: ChangeSet,
    affected_sha256: str,
    document: Document | None,
    snapshot: Snapshot | None,
    manifest: StoredManifest | None,
) -> dict[str, str]:
    """What CUT signs. ``history`` ends with the row of the cut itself; ``affected_sha256``: ``affected_digests``."""
    found = {
        "change_set": _record(change_set),
        "decisions": [_record(row) for row in sorted(decisions, key=lambda row: row.review_decision_id)],
        "document": _record(document),
        "entry": _record(entry),
        "envelope": _record(envelope),
        "history": _chain(history),
        "manifest": _record(manifest),
        "snapshot": _record(snapshot),
    }
    return {"affected": affected_sha256, **{name: canonical_digest(value) for name, value in found.items()}}


def verdict_records(*, history: Sequence[History], result: VerifyResult) -> dict[str, str]:
    """What VERIFY signs. ``history`` ends with the row of the verdict itself."""
    return {"history": canonical_digest(_chain(history)), "verify_result": canonical_digest(_record(result))}


def _chain(rows: Iterable[History]) -> list[JsonValue]:
    return [_record(row) for row in rows]


def _record(row: Any) -> JsonValue:
    """The columns of a row by name; None for a row that is not there."""
    if row is None:
        return None
    left_out = _MUTABLE.get(type(row), set()) | _DIGESTED.get(type(row), set())
    left_out |= {name for name in _OPTIONAL.get(type(row), ()) if getattr(row, name) is None}
    return {name: _plain(getattr(row, name)) for name in _names(row.__class__) if name not in left_out}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _plain(value: Any) -> Any:
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value
