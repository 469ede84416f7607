"""Two cuts side by side, by ids."""

from __future__ import annotations

from dataclasses import replace

from cutter_agent.comparison import Difference, compare, lines
from cutter_agent.report import UnitLine


def unit(name: str, body: str = "", *, number: str | None = None, parent: str | None = "DOC") -> UnitLine:
    return UnitLine(
        unit_id=name,
        canonical_address=f"DOC-{name.upper()}",
        unit_kind="article",
        section_type="article",
        unit_number=number or name,
        parent=parent,
        lifecycle_status="enacted",
        version_seq=1,
        content_hash=body or name,
        body=body or name,
        cut_seq=1,
        version_status="enacted",
    )


A, B, C, D = (unit(name) for name in "abcd")


def said(before: list[UnitLine], after: list[UnitLine]) -> dict[str, tuple[Difference, ...]]:
    return {change.address: change.differences for change in compare(before, after)}


def test_equal_cuts_have_no_difference() -> None:
    assert said([A, B], [A, B]) == {}
    assert list(lines(compare([A, B], [A, B]))) == ["no difference"]
    assert said([], []) == {}


def test_each_kind_of_difference_is_named() -> None:
    after = [A, replace(B, body="new words here", content_hash="h"), replace(C, unit_number="c1"), unit("e")]
    assert said([A, B, C, D], after) == {
        "DOC-B": (Difference.REVISED,),
        "DOC-C": (Difference.RENUMBERED,),
        "DOC-E": (Difference.INSERTED,),
        "DOC-D": (Difference.RETIRED,),
    }


def test_as_few_as_can_be_have_moved() -> None:
    assert said([A, B, C, D], [D, A, B, C]) == {"DOC-D": (Difference.MOVED,)}
    assert len(said([A, B, C, D], [A, C, B, D])) == 1
    assert said([A, B], [A, replace(B, parent="DOC-A")]) == {"DOC-B": (Difference.MOVED,)}


def test_a_unit_may_differ_in_several_ways_and_the_words_show_it() -> None:
    now = replace(B, body="two new words", content_hash="h", unit_number="9", parent="DOC-A")
    shown = list(lines(compare([A, replace(B, body="two old words")], [A, now])))
    assert shown[0] == "1 revised, 1 renumbered, 1 moved"
    assert shown[2] == "~#> DOC-B  (article b is now article 9; was under DOC)"
    assert shown[3].strip() == "two [-old-] {+new+} words"
