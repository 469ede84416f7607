"""Rows of which there is one for each unit, spelt for ``COPY … FROM STDIN`` in its text form, many at once.

psycopg's ``write_row`` looks up a dumper for every value of every row and writes each row by itself. These rows are of
four kinds with few types, so they are spelt here: a tab between columns, ``\\N`` for NULL, a backslash before what
would end a column or a row. JSON is refused as ``values`` refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Generic, TypeVar

import msgspec

from cutter_agent.db_adapter.values import json_text
from cutter_agent.rows import AffectedRow, ChangeSet, NewUnit, UnitBlock
from sealing.canonical import JsonValue, is_plain

T = TypeVar("T")

_ROWS_AT_ONCE = 500
_NULL = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_encode = msgspec.json.Encoder().encode


class Counted(Generic[T]):
    """Rows that are made as they are asked for; ``number``: how many have been."""

    def __init__(self, rows: Iterable[T]) -> None:
        self._rows = rows
        self.number = 0

    def __iter__(self) -> Iterator[T]:
        for row in self._rows:
            self.number += 1
            yield row


def blocks(rows: Iterable[UnitBlock]) -> Iterator[str]:
    """``copy_blocks``."""
    for some in _some(rows):
        columns = zip(
            some,
            texts([row.proposed_canonical_address for row in some]),
            texts([row.proposed_authority for row in some]),
            _json([row.candidate_edges for row in some]),
            _json([row.payload_summary for row in some]),
            strict=True,
        )
        yield "".join(
            [
                f"{row.envelope_id}\t{row.unit_local_id}\t{row.block_role}\t[{row.start_byte},{row.end_byte})\t"
                f"{_number(row.render_order)}\t{row.target_unit_id}\t{row.decision_backlog_ref}\t{address}\t{authority}"
                f"\t{edges}\t{summary}\t{row.content_hash}\n"
                for row, address, authority, edges, summary in columns
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
    reference = texts([document_ref])[0]
    for some in _some(rows):
        columns = zip(
            some,
            texts([row.canonical_address for row in some]),
            texts([row.unit_kind for row in some]),
            texts([row.section_type for row in some]),
            texts([row.unit_number for row in some]),
            strict=True,
        )
        yield "".join(
            [
                f"{row.unit_id}\t{reference}\t{address}\t{kind}\t{level}\t{number}\t{row.parent_unit_id or _NULL}\n"
                for row, address, kind, level, number in columns
            ]
        )


def versions(change_set: ChangeSet, rows: Iterable[NewUnit]) -> Iterator[str]:
    """``copy_versions``."""
    ends = f"{change_set.cut_seq}\t{change_set.change_set_id}\t{texts([change_set.document_ref])[0]}\n"
    for some in _some(rows):
        bodies = texts([row.body for row in some])
        yield "".join(
            [
                f"{row.unit_id}\t{row.version_seq}\t{row.content_hash}\t{body}\t{_number(row.render_order)}\t{ends}"
                for row, body in zip(some, bodies, strict=True)
            ]
        )


def texts(column: Sequence[str | None]) -> list[str]:
    """A text column. Whether anything in it must be escaped is asked once of all of it."""
    spelt = [_NULL if value is None else value for value in column]
    if _SPECIAL.search("".join([value for value in column if value is not None])) is None:
        return spelt
    return [_NULL if value is None else _escaped(value) for value in column]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _json(column: list[JsonValue]) -> list[str]:
    """A ``jsonb`` column; JSON holds no line end and no tab of its own. None is NULL."""
    if not any(value is not None for value in column):
        return [_NULL] * len(column)
    if is_plain(column):
        return texts([None if value is None else _encode(value).decode() for value in column])
    return texts([None if value is None else json_text(value) for value in column])


def _number(value: int | Decimal) -> str:
    """A ``numeric`` column, never with an exponent."""
    return str(value) if type(value) is int else format(value, "f")


def _some(rows: Iterable[T]) -> Iterator[list[T]]:
    every = iter(rows)
    while some := list(islice(every, _ROWS_AT_ONCE)):
        yield some
