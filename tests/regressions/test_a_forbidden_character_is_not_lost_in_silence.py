"""Akoma Ntoso: U+001C…U+001F are forbidden in XML and white space to Python, so they were lost uncounted."""

from __future__ import annotations

import pytest
from tests import akoma_room
from tests.akoma_room import exported

from cutter_agent.export import losses as lost
from cutter_agent.export.akoma import akoma_ntoso
from cutter_agent.export.losses import Losses
from cutter_agent.export.placing import placed
from cutter_agent.segmenter import profiles


@pytest.mark.parametrize("text", ["\x1e", "\x1fLời\x1c", "Điều 1. A\x1d\n\x0b\n1. Một.\x1e\n"])
def test_each_is_replaced_and_counted(text: str) -> None:
    units = exported(text.encode(), profiles.load("vn-law"), "X")
    losses = Losses()
    said = "".join(akoma_ntoso(akoma_room.head("vn-law", "t"), placed(units), losses))
    forbidden = sum(character < " " and character != "\n" for character in text)
    assert said.count("\ufffd") == forbidden
    assert losses.counts[lost.REPLACED] == forbidden
    assert akoma_room.faults(units, "vn-law", "t") == []
