"""What is asked of whole columns says the same as what is asked block by block."""

from __future__ import annotations

import hashlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.unit.test_validation import CUTS, TEXT, block, manifest

from cutter_agent import manifest_blocks
from cutter_agent.model import BlockRole, ManifestBlock
from cutter_agent.validation import _block_problems
from cutter_agent.validation_columns import blocks_hold
from cutter_agent.vocabulary import vocabulary
from sealing.canonical import canonical_bytes

PLACES = st.one_of(st.sampled_from(CUTS), st.integers(-1, len(TEXT) + 1))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "unit_local_id": st.integers(-1, 4),
    "start_byte": PLACES,
    "end_byte": PLACES,
    "address": st.sampled_from(
        [
            "L1-DIEU1",
            "L1-DIEU2",
            "L1",
            "L1-",
            "-L1",
            "L11",
            "L1--A",
            "l1-a",
            "L1-A\n",
            "",
            "L1-\n",
            "L1-Đ",
            "L1-" + "K" * 400,
        ]
    ),
    "parent": st.sampled_from([None, "L1-DIEU1", "L1-DIEU1-K1", "L1-DIEU2", "L9", ""]),
    "level": st.sampled_from(["dieu", "khoan", "chapter", "Dieu", ""]),
    "kind": st.sampled_from(["article", "clause", "sentence", "", "x" * 65]),
    "number": st.sampled_from([None, "1", "", "a\n", "x" * 201]),
    "content_sha256": st.sampled_from(["0" * 64, hashlib.sha256(TEXT[: CUTS[1]]).hexdigest()]),
    "role": st.sampled_from(list(BlockRole)),
}
CHANGE = st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name]))


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, 2), CHANGE), max_size=3), st.sampled_from(["vn-law", "own"]))
def test_the_columns_hold_exactly_when_no_block_breaks_a_rule(
    changes: list[tuple[int, tuple[str, Any]]], profile_id: str
) -> None:
    units = [block(index) for index in range(3)]
    for index, (name, value) in changes:
        units[index] = structs.replace(units[index], **{name: value})
    made = manifest(*units, profile_id=profile_id)
    broken = list(_block_problems(made, TEXT, vocabulary()))
    assert blocks_hold(made, TEXT, vocabulary()) is not bool(broken), broken


@given(st.lists(st.builds(block, st.integers(0, 2)), max_size=4), st.text(max_size=8))
def test_blocks_are_spelt_canonically_and_read_back(blocks: list[ManifestBlock], text: str) -> None:
    blocks = [structs.replace(each, number=text, kind=text) for each in blocks]
    try:
        text.encode()
    except UnicodeEncodeError:
        assert manifest_blocks.spelt(blocks) is None or not blocks
        return
    spelt = manifest_blocks.spelt(blocks)
    assert spelt == canonical_bytes(manifest_blocks.as_json(blocks))
    assert manifest_blocks.read(b'{"a":[1],"units":%b}' % spelt) == ({"a": [1]}, blocks)


def test_what_is_not_of_its_type_is_left_to_the_road_that_names_it() -> None:
    wrong: list[dict[str, Any]] = [
        {"start_byte": True},
        {"start_byte": 1.0},
        {"end_byte": 2**53},
        {"address": None},
        {"number": 3},
        {"role": "result"},
        {"kind": "a\ud800"},
    ]
    assert [manifest_blocks.spelt([block(0), block(1, **each)]) for each in wrong] == [None] * len(wrong)
    good = manifest_blocks.spelt([block(0)])
    assert good is not None
    for old, new in (
        (b'"end_byte":', b'"end_byte":1.5,"x":'),
        (b'"role":"result"', b'"role":"other"'),
        (b'"role":"result"', b'"role":null'),
        (b'"number":"1"', b'"number":1'),
        (b'"kind":"article",', b""),
    ):
        assert old in good
        assert manifest_blocks.read(b'{"units":%b}' % good.replace(old, new)) is None
    assert manifest_blocks.read(b"{}") is None
    assert manifest_blocks.read(b"\xff") is None
