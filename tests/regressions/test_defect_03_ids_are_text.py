"""Defect 3 of design 1.2: an id was a string in memory and ``uuid.UUID`` when read back, and ``json.dumps`` of a
signing body broke on it, or worse, would have signed another spelling.

Impossible here: the adapter gives every uuid column back as text, in one place (``values``), arrays included, and
refuses a ``UUID`` inside a JSON value before it is sent.
"""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from tests.adapter_room import Room

from cutter_agent.errors import Internal
from cutter_agent.model import text_id
from sealing.canonical import canonical_bytes


def test_bare_psycopg_has_the_defect(room: Room) -> None:
    row = room.bare(autocommit=True).execute("SELECT gen_random_uuid()").fetchone()
    assert row is not None
    assert isinstance(row[0], UUID)
    with pytest.raises(TypeError, match="UUID"):
        json.dumps({"entry_id": row[0]})


def test_what_is_read_back_can_be_signed(room: Room) -> None:
    adapter = room.adapter()
    entry_id = text_id(uuid4())
    with adapter.transaction("mark") as block:
        block.execute("put_label", {"id": entry_id, "label": "x"})
    (row,) = adapter.find("thing", {"id": entry_id})
    assert row == {"id": entry_id, "label": "x"}
    assert canonical_bytes(row) == canonical_bytes({"id": entry_id, "label": "x"})


def test_a_uuid_inside_json_is_refused_before_it_is_sent(room: Room) -> None:
    adapter = room.adapter()
    thing = {"id": str(uuid4()), "label": "x", "amount": 1, "at": None, "span": None, "blob": None}
    with pytest.raises(Internal, match=r"uuid\.UUID"), adapter.transaction("mark") as block:
        block.execute("put_thing", {**thing, "body": {"unit_id": uuid4()}})
    assert room.labels() == []
