"""A label is told from its text in every family of law, and a stub from a text."""

from __future__ import annotations

import pytest

from cutter_agent.recut.labels import split_label, stub_head, words_of


@pytest.mark.parametrize(
    ("text", "number", "label", "body"),
    [
        ("(a) the text\n", "a", "a", "the text"),
        ("  (1.1) the text\n", "1.1", "1 1", "the text"),
        ("Điều 14a. Tên gọi\n", "14a", "Điều 14a", "Tên gọi"),
        ("đ) nội dung\n", "đ", "đ", "nội dung"),
        ("Chương II\nQUY ĐỊNH\n", "2", "Chương II", "QUY ĐỊNH"),
        ("##### Art. 94[^69]\n\n", "3", "Art 94", ""),
        ("## I. Hauptstück\n", None, "I", "Hauptstück"),
        ("##### § 61<sup>12</sup>. Ehitis\n", None, "§ 61<sup 12< sup", "Ehitis"),
        ("- b) darauf zu achten\n", None, "b", "darauf zu achten"),
        ("2 (1) In this Act,\n", "2", "2 1", "In this Act"),
        ("[^87]: Art. 106 abgeändert\n", None, "87", "Art 106 abgeändert"),
        ("Short title\n1 This Act may be cited\n", "1", "1", "Short title This Act may be cited"),
        ("29 to 31 [Repealed]\n", "29 to 31", "29", "to 31 Repealed"),
        ("Art. 8 bis Abs.\n", None, "Art 8 bis", "Abs"),
        ("I think so\n", None, "I", "think so"),
        ("No label here\n", None, "", "No label here"),
        ("", None, "", ""),
    ],
)
def test_label_and_body(text: str, number: str | None, label: str, body: str) -> None:
    found, rest = split_label(text, number)
    if "<sup" not in label:
        assert found == label
    else:
        assert "61" in found
        assert "12" in found
    assert words_of(rest) == body.split()


def test_two_labels_differ_where_only_the_raised_number_does() -> None:
    assert split_label("(1<sup>2</sup>) x")[0] != split_label("(1<sup>3</sup>) x")[0]
    assert split_label("(a) x")[0] != split_label("(A) x")[0]


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (" [Repealed, 2019, c. 10, s. 144]\n", ""),
        (" (aufgehoben)\n", ""),
        ("salary[Repealed, 1999, c. 34]\n", "salary"),
        (" Bãi bỏ\n", None),
        (" the text [see the note] goes on here\n", None),
        (" a text of more than three words\n", None),
        ("", None),
    ],
)
def test_stub(body: str, head: str | None) -> None:
    assert stub_head(body, len(words_of(body))) == head


def test_footnote_marks_are_no_words_and_letters_are_composed() -> None:
    assert words_of("Art[^12] cafe\u0301") == ["Art", "caf\u00e9"]


def test_a_key_before_a_colon_is_a_label_and_a_number_is_none() -> None:
    assert split_label("last_updated: 2020-01-01\n", "last_updated") == ("last_updated", " 2020-01-01\n")
    assert split_label("last_updated: 2020\n", "title")[0] != "last_updated"
    assert split_label("12: text", "12")[0] == "12"
