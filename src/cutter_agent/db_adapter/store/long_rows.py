"""One row with a long value, spelt for ``COPY … FROM STDIN WITH (FORMAT binary)``, in pieces.

A value beside an ``INSERT`` lies in libpq's buffer as a whole, and each time the socket took some of it libpq moves
what is left to the front: for a manifest of 380 MB half of MARK. Pieces of a ``COPY`` are sent as they come, and
nothing holds the value twice. The form: PostgreSQL's manual, "COPY", *Binary Format*.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cutter_agent.errors import Internal

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = struct.pack("!h", -1)
_PIECE = 1 << 20
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def text(value: str) -> bytes:
    """A ``text`` column, or one of a domain over it."""
    return value.encode()


def integer(value: int) -> bytes:
    """An ``integer`` column. Raises ``struct.error`` outside of its range."""
    return struct.pack("!i", value)


def bigint(value: int) -> bytes:
    """A ``bigint`` column. Raises ``struct.error`` outside of its range."""
    return struct.pack("!q", value)


def timestamptz(value: datetime) -> bytes:
    """A ``timestamptz`` column: microseconds since 2000-01-01 UTC. Raises ``Internal`` for a time without a zone."""
    if value.tzinfo is None:
        raise Internal("a time without a time zone", remedy="Say in which zone it is meant.")
    return struct.pack("!q", (value - _EPOCH) // _MICROSECOND)


def one_row(columns: Sequence[bytes]) -> Iterator[bytes]:
    """The whole ``COPY`` of one row without NULLs; a long value in pieces of 1 MiB, short ones together."""
    short = [_HEADER, struct.pack("!h", len(columns))]
    for column in columns:
        short.append(struct.pack("!i", len(column)))
        if len(column) <= _PIECE:
            short.append(column)
            continue
        yield b"".join(short)
        short = []
        for start in range(0, len(column), _PIECE):
            yield column[start : start + _PIECE]
    yield b"".join([*short, _TRAILER])
