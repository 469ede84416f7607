"""The least that must be written: which rows, which addresses, which aliases, in which order; and the diff in words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.recut_room import Row, edition, law, matched, prose

from cutter_agent.errors import InputRefused
from cutter_agent.recut import Act, Doubt, change_set, lines
from cutter_agent.recut.wording import word_diff


def test_k_changed_units_are_k_changes_and_neighbours_keep_their_order() -> None:
    rows = law()
    edited = [*rows[:6], Row(1, "1a", prose(900)), *rows[6:]]
    edited[10] = replace(edited[10], text=edited[10].text + " and more")
    changes = change_set(matched(edition(rows), edition(edited))).changes
    assert [(c.act, c.address, c.render_order) for c in changes] == [
        (Act.INSERT, "X-A2-C1A", Decimal("6.5")),
        (Act.REVISE, "X-A3-C1", Decimal(10)),
    ]
    assert [c.parent for c in changes] == ["X-A2", "X-A3"]


def test_a_second_cut_goes_on_from_the_orders_of_the_first() -> None:
    rows = law(2, 2)
    orders = [Decimal(k) for k in ("1", "2", "2.5", "4", "5", "6.25")]
    edited = [*rows[:3], Row(1, "3", prose(901)), *rows[3:]]
    changes = change_set(matched(edition(rows), edition(edited)), orders=orders).changes
    assert [c.render_order for c in changes] == [Decimal("3.2")]
    with pytest.raises(InputRefused, match="rising"):
        change_set(matched(edition(rows), edition(edited)), orders=orders[::-1])


def test_a_renumbered_unit_keeps_its_address_and_gets_an_alias_and_the_new_one_another_address() -> None:
    rows = law(3)
    shifted = [
        *rows[:8],
        Row(0, "3", prose(900, 5)),
        Row(1, "1", prose(901)),
        replace(rows[8], label="4"),
        *rows[9:],
    ]
    made = change_set(matched(edition(rows), edition(shifted)))
    by_address = {c.address: c for c in made.changes}
    assert set(by_address) == {"X-A3", "X-A3-N2", "X-A3-N2-C1"}
    assert (by_address["X-A3"].act, by_address["X-A3"].alias) == (Act.REVISE, "X-A4")
    assert not by_address["X-A3"].alias_shadows
    assert by_address["X-A3-N2"].act is Act.INSERT
    asked = [q for q in made.questions if q.doubt is Doubt.ADDRESS]
    assert len(asked) == 1
    assert "X-A3-N2" in asked[0].reason


def test_an_alias_that_is_another_units_address_says_so() -> None:
    rows = law(3)
    shifted = [
        Row(0, "1", prose(900, 5)),
        *(replace(r, label=str(int(r.label) + 1)) if not r.depth else r for r in rows),
    ]
    changes = change_set(matched(edition(rows), edition(shifted))).changes
    aliases = {c.address: (c.alias, c.alias_shadows) for c in changes if c.alias}
    assert aliases == {"X-A1": ("X-A2", True), "X-A2": ("X-A3", True), "X-A3": ("X-A4", False)}


def test_a_new_clause_of_a_renumbered_article_extends_the_articles_own_address() -> None:
    rows = law(2)
    edited = [*rows[:4], replace(rows[4], label="7"), *rows[5:], Row(1, "4", prose(902))]
    changes = change_set(matched(edition(rows), edition(edited))).changes
    inserted = [c for c in changes if c.act is Act.INSERT]
    assert [(c.address, c.parent) for c in inserted] == [("X-A2-C4", "X-A2")]


def test_a_retired_address_is_never_given_again() -> None:
    rows = law(2)
    edited = [*rows, Row(1, "4", prose(903))]
    made = change_set(matched(edition(rows), edition(edited)), taken=["X-A2-C4"])
    assert [c.address for c in made.changes] == ["X-A2-C4-N2"]
    assert [q.doubt for q in made.questions] == [Doubt.ADDRESS]


def test_a_split_names_where_it_comes_from() -> None:
    pieces = [prose(60 + k, 14) for k in range(3)]
    whole = edition([Row(0, "1", prose(1)), Row(0, "5", " ".join(pieces))])
    parts = edition([Row(0, "1", prose(1)), *(Row(0, n, p) for n, p in zip("678", pieces, strict=True))])
    split = change_set(matched(whole, parts)).changes
    assert [(c.act, c.address, c.origins) for c in split] == [
        (Act.RETIRE, "X-A5", ()),
        *((Act.INSERT, f"X-A{n}", ("X-A5",)) for n in (6, 7, 8)),
    ]
    merge = change_set(matched(parts, whole)).changes
    assert merge[-1].origins == ("X-A6", "X-A7", "X-A8")
    assert [c.act for c in merge] == [Act.RETIRE] * 3 + [Act.INSERT]


def test_the_diff_shows_words_and_every_kind_of_change() -> None:
    rows = law(4)
    edited = [*rows[:5], *rows[6:], Row(1, "9", prose(904))]
    edited[9] = replace(edited[9], text=f"{edited[9].text} without delay")
    old, new = edition(rows), edition(edited)
    shown = list(lines(matched(old, new), old.data, new.data))
    assert shown[0].startswith("16 units before, 16 after: 14 unchanged, 1 revised")
    assert any(line.startswith("- X-A2-C1  (1) ") for line in shown)
    assert any(line.startswith("+ X-A4-C9  (9) ") for line in shown)
    place = shown.index("~ X-A3-C2  revised")
    assert shown[place + 1].endswith("{+without delay+}")
    assert "…" in shown[place + 1]


def test_the_diff_says_from_where_to_where_and_folds_what_went_along() -> None:
    rows = law(4)
    moved = edition([*rows[4:8], *rows[:4], *rows[8:]])
    shown = "\n".join(lines(matched(edition(rows), moved), edition(rows).data, moved.data))
    assert "moved, from behind " in shown
    assert "    (and 3 units in it)" in shown
    assert shown.count("\n>") == 1, "the clauses went along with their article"


def test_the_diff_names_both_numbers_and_where_a_change_stands() -> None:
    rows = law(3)
    new = edition(
        [*rows[:2], Row(1, "2", prose(901)), *(replace(r, label=str(int(r.label) + 1)) for r in rows[2:4]), *rows[4:]]
    )
    old = edition(rows)
    shown = list(lines(matched(old, new), old.data, new.data))
    assert shown[2].startswith("@ X-A1  Article 1."), shown
    assert "# X-A1-C2  now at  X-A1-C3  renumbered, from 2 to 3" in shown
    assert "    [-(2)-] {+(3)+} " in "\n".join(shown)


def test_a_question_shows_both_texts_and_says_what_to_answer() -> None:
    old = edition([Row(0, "1", prose(1)), Row(1, "1", prose(5, 20)), Row(1, "2", prose(6))])
    other = " ".join(prose(5, 20).split()[:10] + prose(33, 10).split())
    new = edition([Row(0, "1", "another text " + prose(2)), Row(1, "1", other), Row(1, "2", prose(8))])
    shown = "\n".join(lines(matched(old, new), old.data, new.data))
    assert "? Q1 " in shown
    assert "In a review: answer " in shown


def test_an_empty_diff_is_one_line() -> None:
    same = edition(law(2))
    assert len(list(lines(matched(same, same), same.data, same.data))) == 1


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a b c", "a x c", "a [-b-] {+x+} c"),
        ("a b", "a  b\n", "(only white space changed)"),
        ("", "new text", "{+new text+}"),
        ("a b c d e f g h i j k l m z", "a b c d e f g h i j k l m y", "… j k l m [-z-] {+y+}"),
        ("w " * 3000, "v " * 3000, "(3000 words before, 3000 after)"),
    ],
)
def test_word_diff(before: str, after: str, shown: str) -> None:
    assert word_diff(before, after).replace("  ", " ") == shown
