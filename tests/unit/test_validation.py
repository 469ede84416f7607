"""The one validator: every rule, all problems at once, with index, place and remedy (design 1.2 number 9)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutter_agent.manifest import build
from cutter_agent.model import BlockRole, Manifest, ManifestBlock, ManifestHeader, OperationKind, RiskClass
from cutter_agent.segmenter import segment
from cutter_agent.segmenter.profiles import available, load
from cutter_agent.unit_id_forms import UnitIdForm
from cutter_agent.validation import validate
from cutter_agent.vocabulary import vocabulary

TEXT = "Điều 1. Một\n1. Khoản\nĐiều 2. Hai\n".encode()
CUTS = (0, TEXT.index(b"1. Kho"), TEXT.index("Điều 2".encode()), len(TEXT))


def block(index: int, **changes: Any) -> ManifestBlock:
    start, end = CUTS[index], CUTS[index + 1]
    values: dict[str, Any] = {
        "unit_local_id": index,
        "start_byte": start,
        "end_byte": end,
        "address": ("L1-DIEU1", "L1-DIEU1-K1", "L1-DIEU2")[index],
        "parent": (None, "L1-DIEU1", None)[index],
        "level": ("dieu", "khoan", "dieu")[index],
        "kind": ("article", "clause", "article")[index],
        "number": "1",
        "content_sha256": hashlib.sha256(TEXT[start:end]).hexdigest(),
        "role": BlockRole.RESULT,
    }
    return ManifestBlock(**(values | changes))


def manifest(*units: ManifestBlock, **header: Any) -> Manifest:
    values: dict[str, Any] = {
        "snapshot_sha256": hashlib.sha256(TEXT).hexdigest(),
        "byte_length": len(TEXT),
        "unit_count": len(units),
        "profile_id": "vn-law",
        "profile_version": "1",
        "document_ref": "law/L1",
        "document_code": "L1",
        "title": "Luật",
        "tool_revision": "rev",
        "marked_by": "agent:m",
        "operation_kind": OperationKind.FIRST_CUT,
        "risk_class": RiskClass.STANDARD,
        "unit_id_form": UnitIdForm.BY_DOCUMENT,
    }
    return Manifest(header=ManifestHeader(**(values | header)), units=units, findings=())


def codes(made: Manifest, snapshot: bytes = TEXT) -> set[tuple[str, int | None]]:
    return {(problem.code, problem.block_index) for problem in validate(made, snapshot)}


def hashed(index: int, start: int, end: int, **changes: Any) -> ManifestBlock:
    digest = hashlib.sha256(TEXT[start:end]).hexdigest()
    return block(index, start_byte=start, end_byte=end, content_sha256=digest, **changes)


def test_what_is_right_has_no_problem() -> None:
    assert codes(manifest(block(0), block(1), block(2))) == set()


@pytest.mark.parametrize(
    ("units", "found"),
    [
        ((hashed(0, 0, CUTS[1] - 1), block(1), block(2)), ("gap", 1)),
        ((hashed(0, 0, CUTS[1] + 1), block(1), block(2)), ("overlap", 1)),
        ((hashed(0, 6, CUTS[1]), block(1), block(2)), ("gap", 0)),
        ((block(0), block(1), hashed(2, CUTS[2], len(TEXT) - 1)), ("gap", 2)),
        ((block(0), block(1), block(2, end_byte=len(TEXT) + 9)), ("span_range", 2)),
        ((block(0), block(1), block(2, start_byte=-1)), ("span_range", 2)),
        ((block(0), block(1, content_sha256="0" * 64), block(2)), ("content_hash", 1)),
        ((block(0), block(1, address="l1-k1"), block(2)), ("address_grammar", 1)),
        ((block(0), block(1, address="L1--K1"), block(2)), ("address_grammar", 1)),
        ((block(0), block(1, address="L1-" + "K" * 400), block(2)), ("address_grammar", 1)),
        ((block(0), block(1, address="L1-DIEU1"), block(2)), ("address_duplicate", 1)),
        ((block(0), block(1, address="L2-DIEU1"), block(2)), ("address_outside", 1)),
        ((block(0), block(1, address="L11"), block(2)), ("address_outside", 1)),
        ((block(0), block(1, parent="L1-DIEU9"), block(2)), ("parent_missing", 1)),
        ((block(0), block(1, parent="L1-DIEU2"), block(2)), ("parent_after_child", 1)),
        ((block(0, parent="L1-DIEU2"), block(1), block(2, parent="L1-DIEU1")), ("parent_cycle", 0)),
        ((block(0), block(1, parent="L1-DIEU1-K1"), block(2)), ("parent_cycle", 1)),
        ((block(0), block(1, kind="sentence"), block(2)), ("kind", 1)),
        ((block(0), block(1, level="chapter"), block(2)), ("level", 1)),
        ((block(0), block(1, unit_local_id=7), block(2)), ("local_id", 1)),
        ((block(0), block(1, role=BlockRole.ORIGIN), block(2)), ("role", 1)),
        ((block(0), block(1, number=""), block(2)), ("number", 1)),
        ((), ("unit_count", None)),
    ],
)
def test_each_rule_names_its_block(units: tuple[ManifestBlock, ...], found: tuple[str, int | None]) -> None:
    assert found in codes(manifest(*units))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ({"snapshot_sha256": "0" * 64}, "snapshot_digest"),
        ({"byte_length": 3}, "snapshot_length"),
        ({"unit_count": 4}, "unit_count"),
        ({"document_ref": ""}, "header_text"),
        ({"document_ref": "a\nb"}, "header_text"),
        ({"marked_by": " x"}, "header_text"),
        ({"title": "t" * 2001}, "header_text"),
        ({"document_code": "l1"}, "document_code"),
    ],
)
def test_each_rule_of_the_header(header: dict[str, Any], found: str) -> None:
    assert (found, None) in codes(manifest(block(0), block(1), block(2), **header))


def test_a_character_cut_in_half_is_named_with_its_byte() -> None:
    middle = TEXT.index("ề".encode()) + 1
    made = manifest(hashed(0, 0, middle), hashed(1, middle, CUTS[2]), block(2))
    found = [problem for problem in validate(made, TEXT) if problem.code == "half_character"]
    assert [(problem.block_index, problem.start_byte) for problem in found] == [(0, middle), (1, middle)]


@pytest.mark.parametrize(("snapshot", "code", "start"), [(b"ab\0", "nul_byte", 2), (b"a\xff", "not_utf8", 1)])
def test_bytes_that_are_no_text(snapshot: bytes, code: str, start: int) -> None:
    found = [problem for problem in validate(manifest(block(0)), snapshot) if problem.code == code]
    assert [problem.start_byte for problem in found] == [start]


def test_all_problems_at_once_each_with_a_remedy() -> None:
    made = manifest(
        block(0, kind="x"), block(1, content_sha256="f" * 64), block(2, address="no"), document_code="?", byte_length=1
    )
    problems = validate(made, TEXT)
    assert {problem.code for problem in problems} >= {
        "kind", "content_hash", "address_grammar", "document_code", "snapshot_length"
    }  # fmt: skip
    assert all(problem.remedy and problem.message for problem in problems)


def test_a_profile_of_ones_own_may_use_any_plain_word() -> None:
    mine = {"profile_id": "mine"}
    assert codes(manifest(block(0, kind="canto", level="stanza"), block(1), block(2), **mine)) == set()
    assert ("kind", 0) in codes(manifest(block(0, kind="Two Words"), block(1), block(2), **mine))


@pytest.mark.parametrize("profile_id", available())
def test_the_vocabulary_knows_every_word_of_a_shipped_profile(profile_id: str) -> None:
    profile = load(profile_id)
    named = [*profile.levels, *profile.blocks, profile.preamble, *([profile.flush] if profile.flush else [])]
    words = vocabulary()[profile_id]
    assert {part.kind for part in named} <= words.kinds
    assert {part.name for part in named} <= words.levels


@given(st.integers(1, 400), st.data())
def test_parents_are_judged_in_linear_time_and_without_a_crash(count: int, data: st.DataObject) -> None:
    text = b"x" * count
    parents = data.draw(st.lists(st.none() | st.integers(0, count - 1), min_size=count, max_size=count))
    digest = hashlib.sha256(b"x").hexdigest()
    units = tuple(
        block(
            0,
            unit_local_id=place,
            start_byte=place,
            end_byte=place + 1,
            address=f"L1-{place}",
            parent=None if parent is None else f"L1-{parent}",
            content_sha256=digest,
        )
        for place, parent in enumerate(parents)
    )
    made = manifest(*units, snapshot_sha256=hashlib.sha256(text).hexdigest(), byte_length=count)
    problems = {(problem.code, problem.block_index) for problem in validate(made, text)}
    assert {place for code, place in problems if code == "parent_after_child"} == {
        place for place, parent in enumerate(parents) if parent is not None and parent >= place
    }
    for place in range(count):
        seen, step = set(), parents[place]
        while step is not None and step != place and step not in seen:
            seen.add(step)
            step = parents[step]
        assert (("parent_cycle", place) in problems) == (step == place)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200))
def test_what_our_segmenter_says_of_any_text_is_valid(text: str) -> None:
    data = text.encode()
    for profile_id in available():
        made = build(
            segment(data, profile=load(profile_id), document_code="L1"),
            document_ref="r",
            title="t",
            tool_revision="v",
            marked_by="m",
        )
        assert validate(made, data) == []
