"""What became of each unit: every word of the matching on a small law, and the rules of seniority and contradiction."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.recut_room import Row, edition, heirs, law, matched, prose

from cutter_agent.errors import InputRefused
from cutter_agent.recut import Assumed, Change, Doubt, match


def changed_words(text: str, *, every: int) -> str:
    return " ".join("altered" if k % every == 0 else word for k, word in enumerate(text.split()))


def test_nothing_happened() -> None:
    same = edition(law())
    matching = matched(same, same)
    assert matching.is_empty
    assert matching.questions == ()
    assert [(p.old, p.new, p.change) for p in matching.pairs] == [
        (k, k, Change.UNCHANGED) for k in range(len(same.cut.units))
    ]


def test_a_revised_clause_keeps_its_identity_and_touches_no_other() -> None:
    rows = law()
    edited = [*rows]
    edited[6] = replace(rows[6], text=changed_words(rows[6].text, every=6))
    matching = matched(edition(rows), edition(edited))
    assert [(p.old, p.new, p.change) for p in matching.changed()] == [(6, 6, Change.REVISED)]
    assert not matching.inserted
    assert not matching.retired


def test_inserted_and_retired_units_are_mirror_images() -> None:
    rows = law()
    without = rows[:9] + rows[10:]
    gone = matched(edition(rows), edition(without))
    come = matched(edition(without), edition(rows))
    assert gone.retired == come.inserted == (9,)
    assert not gone.inserted
    assert not come.retired
    assert not [*gone.changed(), *come.changed()]


def test_an_inserted_article_renumbers_those_that_follow() -> None:
    rows = law()
    shifted = [
        *rows[:8],
        Row(0, "3", prose(900, 5)),
        Row(1, "1", prose(901)),
        *(replace(r, label=str(int(r.label) + 1)) if r.depth == 0 else r for r in rows[8:]),
    ]
    old, new = edition(rows), edition(shifted)
    matching = matched(old, new)
    kept = heirs(matching)
    assert kept["X-A3"] == ("X-A4", Change.RENUMBERED)
    assert kept["X-A6"] == ("X-A7", Change.RENUMBERED)
    assert kept["X-A3-C2"] == ("X-A4-C2", Change.UNCHANGED)
    assert [new.cut.units[j].address for j in matching.inserted] == ["X-A3", "X-A3-C1"]
    assert not matching.retired


def test_articles_that_change_places_have_moved_and_as_few_as_can_be() -> None:
    rows = law()
    article_two, article_three, rest = rows[4:8], rows[8:12], rows[12:]
    matching = matched(edition(rows), edition([*rows[:4], *article_three, *article_two, *rest]))
    moved = [pair for pair in matching.pairs if pair.change is Change.MOVED]
    assert len(matching.pairs) == len(rows)
    assert len(moved) == 4
    assert all(pair.change in {Change.MOVED, Change.UNCHANGED} for pair in matching.pairs)


def test_a_clause_that_went_to_another_article_is_followed() -> None:
    rows = law()
    edited = [*rows[:5], *rows[6:15], replace(rows[5], label="4"), *rows[15:]]
    old, new = edition(rows), edition(edited)
    assert heirs(matched(old, new))["X-A2-C1"] == ("X-A4-C4", Change.MOVED)


def test_another_text_at_an_old_address_is_retired_and_inserted_where_all_around_was_rewritten() -> None:
    rows = law()
    edited = [*rows[:4], *(replace(r, text=prose(700 + k)) for k, r in enumerate(rows[4:8])), *rows[8:]]
    old, new = edition(rows), edition(edited)
    matching = matched(old, new)
    assert {old.cut.units[i].address for i in matching.retired} >= {"X-A2-C1", "X-A2-C2", "X-A2-C3"}
    assert {new.cut.units[j].address for j in matching.inserted} >= {"X-A2-C1", "X-A2-C2", "X-A2-C3"}


def test_another_text_at_an_old_address_with_all_around_intact_is_asked_never_silent() -> None:
    rows = law()
    edited = [*rows]
    edited[6] = replace(rows[6], text=prose(800))
    matching = matched(edition(rows), edition(edited))
    asked = [q for q in matching.questions if q.old == (6,) and q.new == (6,)]
    assert len(asked) == 1
    assert asked[0].same_place
    kept = any(p.old == 6 and p.new == 6 for p in matching.pairs)
    assert asked[0].assumed is (Assumed.SAME_UNIT if kept else Assumed.OTHER_UNIT)


def test_a_stub_at_the_old_address_is_the_unit_still() -> None:
    rows = law()
    edited = [*rows]
    edited[6] = replace(rows[6], text="[Repealed, 2019, c. 10, s. 144]")
    matching = matched(edition(rows), edition(edited))
    assert [(p.old, p.new, p.change) for p in matching.changed()] == [(6, 6, Change.REVISED)]
    assert matching.questions == ()


def test_equal_texts_are_told_apart_by_what_stands_beside_them() -> None:
    rows = law(articles=5)
    twins = [replace(r, text="as prescribed") if r.label == "2" and r.depth else r for r in rows]
    edited = [*twins[:4], *twins[8:]]  # article 2 is gone, and its "(2) as prescribed" with it
    matching = matched(edition(twins), edition(edited))
    assert matching.retired == (4, 5, 6, 7)
    assert not matching.inserted
    assert all(p.change is Change.UNCHANGED for p in matching.pairs)


def test_a_relabelled_and_rewritten_clause_is_asked() -> None:
    rows = law()
    edited = [*rows[:6], Row(1, "2a", changed_words(rows[6].text, every=4)), *rows[7:]]
    old, new = edition(rows), edition(edited)
    matching = matched(old, new)
    kept = any(p.old == 6 and p.new == 6 for p in matching.pairs)
    asked = [q for q in matching.questions if q.old == (6,) and q.new == (6,)]
    assert not kept
    assert [(q.doubt, q.assumed) for q in asked] == [(Doubt.IDENTITY, Assumed.OTHER_UNIT)]


def test_a_stub_is_no_evidence_elsewhere_and_wins_at_its_place() -> None:
    rows = law()
    moved_text = f"{rows[6].text} again"
    edited = [*rows[:6], Row(1, "2", "[Repealed, 2019, c. 10, s. 144]"), Row(1, "2a", moved_text), *rows[7:]]
    old, new = edition(rows), edition(edited)
    assert heirs(matched(old, new))["X-A2-C2"] == ("X-A2-C2", Change.REVISED)


def test_two_equally_good_claims_are_a_question() -> None:
    text = prose(500, 20)
    rows = law()
    old = edition([*rows[:3], Row(1, "7", text), *rows[4:7], Row(1, "8", text), *rows[8:]])
    new = edition([*rows[:3], *rows[4:7], *rows[8:], Row(1, "9", f"{text} more")])
    matching = matched(old, new)
    claims = [q for q in matching.questions if q.doubt is Doubt.CHOICE]
    assert [(q.old, q.new) for q in claims] == [((3, 7), (len(new.cut.units) - 1,))]


def test_text_that_went_down_into_a_first_clause_leaves_the_article_where_it_was() -> None:
    rows = [Row(0, "1", prose(1, 20)), Row(0, "2", prose(2, 20)), Row(0, "3", prose(3, 20))]
    new = edition([rows[0], Row(0, "2", ""), Row(1, "1", prose(2, 20)), Row(1, "2", prose(4, 20)), rows[2]])
    old = edition(rows)
    assert heirs(matched(old, new))["X-A2"] == ("X-A2", Change.REVISED)


def test_a_text_that_ended_in_several_pieces_is_split_and_the_reverse_is_merged() -> None:
    pieces = [prose(60 + k, 14) for k in range(3)]
    whole = edition([Row(0, "1", prose(1)), Row(0, "5", " ".join(pieces)), Row(0, "9", prose(9))])
    parts = edition(
        [
            Row(0, "1", prose(1)),
            *(Row(0, label, piece) for label, piece in zip("678", pieces, strict=True)),
            Row(0, "9", prose(9)),
        ]
    )
    split = matched(whole, parts)
    assert [(s.old, s.new) for s in split.split] == [(1, (1, 2, 3))]
    merged = matched(parts, whole)
    assert [(m.old, m.new) for m in merged.merged] == [((1, 2, 3), 1)]
    assert not [*split.inserted, *split.retired, *merged.inserted, *merged.retired]


def test_a_split_with_an_heir_at_the_old_address_keeps_the_heir_and_asks() -> None:
    pieces = [prose(60 + k, 14) for k in range(2)]
    whole = edition([Row(0, "1", prose(1)), Row(0, "5", " ".join(pieces)), Row(0, "9", prose(9))])
    parts = edition([Row(0, "1", prose(1)), Row(0, "5", pieces[0]), Row(0, "5a", pieces[1]), Row(0, "9", prose(9))])
    matching = matched(whole, parts)
    assert heirs(matching)["X-A5"] == ("X-A5", Change.REVISED)
    assert matching.inserted == (2,)
    assert [(q.old, q.new) for q in matching.questions if q.doubt is Doubt.SPLIT] == [((1,), (1, 2))]


def test_bytes_of_another_snapshot_are_refused() -> None:
    one, other = edition(law(2)), edition(law(3))
    with pytest.raises(InputRefused, match="bytes"):
        match(one.cut, other.data, other.cut, other.data)
