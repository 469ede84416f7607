"""Rows of PostgreSQL to records and back: one place where a word, an id or a JSON value changes its form."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from cutter_agent.db_adapter.interface import Row
from cutter_agent.db_adapter.values import json_value
from cutter_agent.model import (
    ChangeKind,
    EntryKind,
    EntryStatus,
    Governed,
    LifecycleStatus,
    OperationKind,
    ReviewerKind,
    RiskClass,
    Topology,
    Verdict,
)
from cutter_agent.originals import SourceOriginal, SourceRendering, StoredRendering
from cutter_agent.rows import (
    AffectedRow,
    ChangeSet,
    Decision,
    Document,
    DocumentCut,
    Entry,
    Envelope,
    History,
    Snapshot,
    StoredManifest,
    StoredUnit,
    UnitBlock,
    VerifyResult,
)
from cutter_agent.signing import SignatureRow

W = TypeVar("W", bound=StrEnum)

BLOCK = UnitBlock.__struct_fields__
"""The columns of ``block``, in the order of its record."""
_ORDER = BLOCK.index("render_order")


def parameters(record: Any, *, json: tuple[str, ...] = ()) -> dict[str, object]:
    """The columns of a record as parameters; ``json`` names the ``jsonb`` columns."""
    values = {name: getattr(record, name) for name in record.__dataclass_fields__}
    for name, value in values.items():
        if name in json:
            values[name] = json_value(value)
        elif isinstance(value, Enum):
            values[name] = value.value
    return values


def _word(words: type[W], text: str) -> W:
    """The word; a text that is none of them stays text.

    A CHECK of the server admits no other one. Where somebody took the CHECK away, the verifier must be able to say
    what it found instead of ending with a defect of its own.
    """
    return cast("W", _by_text(words).get(text, text))


@cache
def _by_text(words: type[StrEnum]) -> dict[str, StrEnum]:
    return {word.value: word for word in words}


def entry(row: Row) -> Entry:
    """``decision_backlog_entry``."""
    return Entry(**{**row, "kind": _word(EntryKind, row["kind"]), "status": _word(EntryStatus, row["status"])})


def history(row: Row) -> History:
    """``decision_backlog_history``."""
    return History(**{**row, "change_kind": _word(ChangeKind, row["change_kind"])})


def envelope(row: Row) -> Envelope:
    """``manifest_envelope``."""
    return Envelope(**{**row, "operation_kind": _word(OperationKind, row["operation_kind"])})


def block(row: tuple[Any, ...]) -> UnitBlock:
    """``manifest_unit_block``. ``render_order`` is a whole number: a manifest's blocks stand at 1, 2, 3, …

    Another one was written by somebody else, and stays what it is: rounded, it would look like the right one.
    """
    values, order = list(row), row[_ORDER]
    whole = int(order)
    values[_ORDER] = whole if whole == order else order
    return UnitBlock(*values)


def decision(row: Row) -> Decision:
    """``review_decision``."""
    words = {
        "verdict": _word(Verdict, row["verdict"]),
        "reviewer_kind": _word(ReviewerKind, row["reviewer_kind"]),
        "risk_class": _word(RiskClass, row["risk_class"]),
    }
    return Decision(**{**row, **words})


def signature(row: Row) -> SignatureRow:
    """``dot_pair_signature``."""
    return SignatureRow(**row)


def change_set(row: Row) -> ChangeSet:
    """``cut_change_set``."""
    return ChangeSet(**row)


AFFECTED = tuple(AffectedRow.__struct_fields__)
"""The columns of ``cut_change_set_affected_row``."""


def affected(row: tuple[Any, ...]) -> AffectedRow:
    """``cut_change_set_affected_row`` from the values of ``AFFECTED``, for very many rows."""
    return AffectedRow(*row)


def verify_result(row: Row) -> VerifyResult:
    """``verify_result``."""
    return VerifyResult(**row)


def manifest(row: Row) -> StoredManifest:
    """``iu.manifest``."""
    return StoredManifest(**row)


def decided(canonical_json: bytes) -> tuple[Topology | None, tuple[Governed, ...]]:
    """The order and the decisions about the tree that a stored manifest carries. Most carry none and are not read."""
    if b'"governed":' not in canonical_json and b'"topology":' not in canonical_json:
        return None, ()
    found = msgspec.json.decode(canonical_json, type=_Decided)
    return found.topology, found.governed


class _Decided(msgspec.Struct):
    """The two members of a manifest that are asked for."""

    topology: Topology | None = None
    governed: tuple[Governed, ...] = ()


def snapshot(row: Row) -> Snapshot:
    """``iu.source_snapshot``."""
    return Snapshot(**row)


def rendering(row: Row) -> StoredRendering:
    """``iu.source_rendering`` with its ``iu.source_original``."""
    names = ("sha256", "data", "byte_length", "media_type", "captured_at", "captured_by")
    original = {name: row.pop(f"original_{name}") for name in names}
    return StoredRendering(
        rendering=SourceRendering(original_sha256=original["sha256"], **row), original=SourceOriginal(**original)
    )


def document_cut(row: Row) -> DocumentCut:
    """``cut_change_set`` with its entry and whether it passed."""
    entry_id, passed = row.pop("entry_id"), row.pop("passed")
    return DocumentCut(change_set=ChangeSet(**row), entry_id=entry_id, passed=passed)


def document(row: Row) -> Document:
    """``iu.document``."""
    return Document(**row)


VERSION = tuple(StoredUnit.__struct_fields__)
"""The columns of a version with its unit."""
_LIFE_PLACES = (VERSION.index("unit_lifecycle"), VERSION.index("version_lifecycle"))
_LIVES: dict[Any, Any] = {word.value: word for word in LifecycleStatus}


def version(row: tuple[Any, ...]) -> StoredUnit:
    """``unit`` from the values of ``VERSION``, for very many rows."""
    values = list(row)
    for place in _LIFE_PLACES:
        values[place] = _LIVES.get(values[place], values[place])
    return StoredUnit(*values)


def unit(row: Mapping[str, Any]) -> StoredUnit:
    """``iu.information_unit`` with the version that holds."""
    words = {
        "unit_lifecycle": _word(LifecycleStatus, row["unit_lifecycle"]),
        "version_lifecycle": _word(LifecycleStatus, row["version_lifecycle"]),
    }
    return StoredUnit(**{**row, **words})
