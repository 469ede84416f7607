"""Rows of which there is one for each unit, spelt for ``COPY … FROM STDIN`` in its text form, many at once.

psycopg's ``write_row`` looks up a dumper for every value of every row and writes each row by itself. These rows are of
four kinds with few types, so they are spelt here: a tab between columns, ``\\N`` for NULL, a backslash before what
would end a column or a row. JSON is refused as ``values`` refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import TypeVar

import msgspec

from cutter_agent.db_adapter.values import json_text
from cutter_agent.rows import AffectedRow, ChangeSet, NewUnit, UnitBlock
from sealing.canonical import JsonValue, is_plain

T = TypeVar("T")

_ROWS_AT_ONCE = 500
_NULL = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_encode = msgspec.json.Encoder().encode


def blocks(rows: Iterable[UnitBlock]) -> Iterator[str]:
    """``copy_blocks``."""
    for some in _some(rows):
        edges = _json([row.candidate_edges for row in some])
        summaries = _json([row.payload_summary for row in some])
        yield "".join(
            [
                f"{row.envelope_id}\t{row.unit_local_id}\t{row.block_role}\t[{row.start_byte},{row.end_byte})\t"
                f"{_number(row.render_order)}\t{row.target_unit_id}\t{row.decision_backlog_ref}\t"
                f"{text(row.proposed_canonical_address)}\t{text(row.proposed_authority)}\t{edge}\t{summary}\t"
                f"{row.content_hash}\n"
                for row, edge, summary in zip(some, edges, summaries, strict=True)
            ]
        )


def affected(rows: Iterable[AffectedRow]) -> Iterator[str]:
    """``copy_affected_rows``."""
    for some in _some(rows):
        before = _json([row.before_state_snapshot for row in some])
        after = _json([row.after_state_snapshot for row in some])
        yield "".join(
            [
                f"{row.affected_row_id}\t{row.change_set_id}\t{row.target_table}\t{row.target_row_id}\t"
                f"{row.operation_kind}\t{old}\t{new}\n"
                for row, old, new in zip(some, before, after, strict=True)
            ]
        )


def units(document_ref: str, rows: Iterable[NewUnit]) -> Iterator[str]:
    """``copy_units``."""
    reference = text(document_ref)
    for some in _some(rows):
        yield "".join(
            [
                f"{row.unit_id}\t{reference}\t{text(row.canonical_address)}\t{text(row.unit_kind)}\t"
                f"{text(row.section_type)}\t{text(row.unit_number)}\t{row.parent_unit_id or _NULL}\n"
                for row in some
            ]
        )


def versions(change_set: ChangeSet, rows: Iterable[NewUnit]) -> Iterator[str]:
    """``copy_versions``."""
    ends = f"{change_set.cut_seq}\t{change_set.change_set_id}\t{text(change_set.document_ref)}\n"
    for some in _some(rows):
        yield "".join(
            [
                f"{row.unit_id}\t{row.version_seq}\t{row.content_hash}\t{text(row.body)}\t{_number(row.render_order)}\t{ends}"
                for row in some
            ]
        )


def text(value: str | None) -> str:
    """A text column."""
    if value is None:
        return _NULL
    if _SPECIAL.search(value) is None:
        return value
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _number(value: int | Decimal) -> str:
    """A ``numeric`` column, never with an exponent."""
    return str(value) if type(value) is int else format(value, "f")


def _json(column: list[JsonValue]) -> list[str]:
    """A ``jsonb`` column; JSON holds no line end and no tab of its own. None is NULL."""
    if not any(value is not None for value in column):
        return [_NULL] * len(column)
    if is_plain(column):
        return [_NULL if value is None else text(_encode(value).decode()) for value in column]
    return [_NULL if value is None else text(json_text(value)) for value in column]


def _some(rows: Iterable[T]) -> Iterator[list[T]]:
    every = iter(rows)
    while some := list(islice(every, _ROWS_AT_ONCE)):
        yield some
