"""Generated inputs through every profile, exported: valid by the OASIS schema, every unit once, every letter there.

``make bench-akn`` does the same with real laws and with many more inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests import akoma_room
from tests.akoma_room import exported, faults
from tests.unit.test_segmenter_campaign import TEXTS, inputs

from cutter_agent.errors import InputRefused
from cutter_agent.segmenter import profiles

INPUTS = 300


@pytest.mark.parametrize("profile_id", profiles.available())
def test_a_text_of_any_family_is_a_valid_document_under_any_profile(profile_id: str) -> None:
    for text in TEXTS:
        units = exported(text.encode(), profiles.load(profile_id), "X")
        assert faults(units, profile_id, "a title") == [], text[:60]


def test_generated_inputs_are_valid_documents() -> None:
    judged = 0
    for profile_id, text in inputs(700, INPUTS):
        try:
            units = exported(text.encode(), profiles.load(profile_id), "X")
        except InputRefused:
            continue
        assert faults(units, profile_id, "a title") == [], (profile_id, text[:400])
        judged += 1
    assert judged >= 0.9 * INPUTS


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<p>Hai.</p>", "<b>Hai.</b>", "not valid"),
        ("<p>Hai.</p>", "<p>Ba.</p>", "its text is"),
        ("</body>", "", "not well-formed"),
        ('eId="art_1__cl_2"', 'eId="art_1__cl_1"', "eId is there twice"),
        ('wId="X-DIEU1-K2"', 'wId="X-DIEU1-K3"', "not the units"),
        ('iu:sha256="', 'iu:sha256="0', "another digest"),
    ],
)
def test_the_judge_can_say_no(monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str) -> None:
    units = exported("Điều 1. A\n1. Một.\n2. Hai.\n".encode(), profiles.load("vn-law"), "X")
    assert faults(units, "vn-law", "t") == []
    form = akoma_room.akoma_ntoso

    def spoilt(*words: Any) -> Iterator[str]:
        text = "".join(form(*words))
        assert old in text
        yield text.replace(old, new, 1)

    monkeypatch.setattr(akoma_room, "akoma_ntoso", spoilt)
    assert any(said in fault for fault in faults(units, "vn-law", "t"))
