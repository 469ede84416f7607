"""A row with a long value arrives as it was, whatever its length, and no piece of it on the way is long."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from tests.pipeline_room import Ledger, law

from cutter_agent.db_adapter.store import long_rows
from cutter_agent.errors import Internal

MIB = 1 << 20
MOMENTS = (
    datetime(2026, 11, 23, 7, 0, 0, 123456, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2000, 1, 1, tzinfo=timezone(timedelta(hours=-7, minutes=-30))),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)


@pytest.mark.parametrize("length", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB, 3 * MIB + 7])
def test_every_column_comes_back(ledger: Ledger, length: int) -> None:
    data = (bytes(range(256)) * (length // 256 + 1))[:length]
    words = ("Điều 𝄞\t\n\\N\\.", "", "x" * 70)
    with psycopg.connect(**ledger.login) as connection:
        connection.execute("SET TimeZone = 'Asia/Ho_Chi_Minh'")
        connection.execute(
            "CREATE TEMP TABLE long_row (a text, b bytea, c integer, d bigint, e timestamptz, f text, g bytea, h text)"
        )
        for moment in MOMENTS:
            columns = (
                long_rows.text(words[0]),
                data,
                long_rows.integer(-(2**31)),
                long_rows.bigint(2**63 - 1),
                long_rows.timestamptz(moment),
                long_rows.text(words[1]),
                data,
                long_rows.text(words[2]),
            )
            pieces = list(long_rows.one_row(columns))
            assert max(map(len, pieces)) <= 2 * MIB + 200
            with connection.cursor() as cursor:
                with cursor.copy("COPY long_row FROM STDIN WITH (FORMAT binary)") as copy:
                    for piece in pieces:
                        copy.write(piece)
                assert cursor.rowcount == 1
        found = connection.execute(
            "SELECT a, b, c, d, extract(epoch FROM e - timestamptz '2000-01-01 00:00:00+00') * 1000000, f, g, h"
            " FROM long_row"
        ).fetchall()
        connection.rollback()
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    for row, moment in zip(found, MOMENTS, strict=True):
        since = (moment - epoch) // timedelta(microseconds=1)
        assert (*row[:4], int(row[4]), *row[5:]) == (
            words[0],
            data,
            -(2**31),
            2**63 - 1,
            since,
            words[1],
            data,
            words[2],
        )


def test_a_long_value_is_never_joined_with_what_stands_around_it() -> None:
    pieces = list(long_rows.one_row([b"a", bytes(5 * MIB), b"b"]))
    assert [len(piece) for piece in pieces[1:-1]] == [MIB] * 5
    assert len(pieces[0]) + len(pieces[-1]) < 100


def test_what_a_column_cannot_hold_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Internal, match="without a time zone"):
        long_rows.timestamptz(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    for spell, value in ((long_rows.integer, 2**31), (long_rows.bigint, -(2**63) - 1)):
        with pytest.raises(struct.error):
            spell(value)


def test_a_law_of_megabytes_is_marked_cut_and_proven(ledger: Ledger) -> None:
    text = law(300, clauses=2) + b"".join(
        f"Điều {place}. ".encode() + "rất dài ".encode() * 40_000 + b"\n" for place in range(301, 305)
    )
    assert len(text) > MIB
    entry_id = ledger.approved(text)
    ledger.cut(entry_id)
    assert ledger.verify(entry_id).passed
    assert ledger.admin("SELECT bytes FROM iu.source_snapshot") == [(text,)]
