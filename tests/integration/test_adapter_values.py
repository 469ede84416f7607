"""How values travel (``values.py``): there and back on a real server, by parameters and by COPY."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from tests.adapter_room import Room

from cutter_agent.db_adapter.values import json_value, span
from cutter_agent.errors import Internal

THING = {
    "id": "0F3C1B5E-7B1D-4F4E-9C53-0E6C0A6E3E11",
    "label": "Điều 14 — “khoản”\t\\N",
    "amount": 7,
    "body": {"b": [1, None, True], "a": "Đ", "n": {"x": 9007199254740991}},
    "at": datetime(2026, 3, 1, 7, 30, 0, 123456, tzinfo=timezone(timedelta(hours=7))),
    "span": span(0, 12),
    "blob": bytes(range(256)),
}


def test_there_and_back_by_parameters(room: Room) -> None:
    adapter = room.adapter()
    with adapter.transaction("t") as block:
        assert block.execute("put_thing", THING) == 1
    (row,) = adapter.find("things")
    assert row == {
        **THING,
        "id": THING["id"].lower(),  # type: ignore[attr-defined]
        "at": datetime(2026, 3, 1, 0, 30, 0, 123456, tzinfo=UTC),
        "span": (0, 12),
    }
    assert type(row["id"]) is str
    assert row["at"].utcoffset() == timedelta(0)


def test_there_and_back_by_copy(room: Room) -> None:
    adapter = room.adapter()
    with adapter.transaction("t") as block:
        rows = [
            (THING["id"], THING["label"], THING["body"], THING["at"], THING["span"]),
            (uuid4(), "a list", json_value([1, "x"]), None, None),
            (uuid4(), "text and null", json_value(None), None, span(5, 9)),
        ]
        assert block.copy_rows("copy_things", rows) == 3
    by_label = {row["label"]: row for row in adapter.find("things")}
    assert by_label[THING["label"]]["body"] == THING["body"]
    assert by_label[THING["label"]]["span"] == (0, 12)
    assert by_label["a list"]["body"] == [1, "x"]
    assert by_label["text and null"]["body"] is None
    assert by_label["text and null"]["span"] == (5, 9)


def test_ids_may_be_text_or_uuid_and_come_back_as_text(room: Room) -> None:
    adapter = room.adapter()
    one, two = uuid4(), str(uuid4())
    with adapter.transaction("t") as block:
        block.execute("put_label", {"id": one, "label": "one"})
        block.execute("put_label", {"id": two, "label": "two"})
    assert adapter.find("thing", {"id": str(one)}) == [{"id": str(one), "label": "one"}]
    found = adapter.find("things_by_id", {"ids": [str(one), two]})
    assert [row["id"] for row in found] == [str(one), two]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"body": {"id": UUID(int=1)}}, "uuid.UUID"),
        ({"body": {"at": datetime(2026, 1, 1, tzinfo=UTC)}}, "datetime"),
        ({"at": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001 - the point
    ],
)
def test_what_has_two_spellings_is_refused_where_it_is_sent(
    room: Room, change: dict[str, object], complaint: str
) -> None:
    adapter = room.adapter()
    with pytest.raises(Internal, match=complaint), adapter.transaction("t") as block:
        block.execute("put_thing", {**THING, **change})
    assert room.labels() == []
    row = {**THING, **change}
    with pytest.raises(Internal, match=complaint), adapter.transaction("t") as block:
        block.copy_rows("copy_things", [(row["id"], "x", row["body"], row["at"], None)])
    assert room.labels() == []
    sent = [record.name for record in adapter.journal]
    assert "put_thing" not in sent, "it never left: the server's log does not have it either"
    assert "copy_things" in sent
    assert adapter.facts().dirty_returns == 0


def test_a_range_without_an_end_is_no_span(room: Room) -> None:
    adapter = room.adapter()
    room.query("INSERT INTO room.thing (id, label, span) VALUES (gen_random_uuid(), 'x', '[3,)')")
    with pytest.raises(Internal, match="no end"):
        adapter.find("things")
    with pytest.raises(Internal, match="back to"):
        span(3, 2)
