"""The official codification's names: what a file says, what it does not say, and which units they lead to."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutter_agent.codification.citation import citation_at, spelled, tidy
from cutter_agent.codification.matching import Article, law_number_in, match, same_number
from cutter_agent.codification.provenance import Provenance, parse
from cutter_agent.codification.reading import Codified, read
from cutter_agent.errors import LineProblem

LAW = "14/2008/QH12"
ONE = f"(Điều 1 Luật số {LAW} Thử việc ngày 03/06/2008 của Quốc hội, có hiệu lực thi hành kể từ ngày 01/01/2009 )"
FILE = f"""Chương I
NHỮNG QUY ĐỊNH CHUNG
Điều 20.1.LQ.1. Phạm vi điều chỉnh
{ONE}
Luật này quy định về việc thử.
(Điều này có nội dung liên quan đến Điều 20.1.NĐ.2.3. Chi tiết thi hành)
Điều 20.1.LQ.8a. Người thử
(Điều 8a Luật số {LAW}, có hiệu lực thi hành kể từ ngày 01/01/2009; đã được sửa đổi, bổ sung bởi Điều 1 Luật số
32/2013/QH13, có hiệu lực thi hành kể từ ngày 01/01/2014 và Luật số 71/2014/QH13)
1. Người thử.
"""
ARTICLES = [
    Article(address="L1-DIEU1", number="1"),
    Article(address="L1-DIEU8A", number="8a"),
    Article(address="L1-DIEU9", number="9"),
    Article(address="L1-DIEU9-TRUNG2", number="9"),
]


def articles_of(text: str) -> list[Codified]:
    found = list(read(text))
    assert all(isinstance(each, Codified) for each in found), found
    return [each for each in found if isinstance(each, Codified)]


@pytest.mark.parametrize(
    ("typed", "one_spelling"),
    [
        ("Điều 20.1.LQ.1.", "Điều 20.1.LQ.1."),
        ("Điều 20.1.LQ.1", "Điều 20.1.LQ.1."),
        ("  điều  20.1.lq.1. ", "Điều 20.1.LQ.1."),
        ("Ðiều\u00a020.1.LQ.1.", "Điều 20.1.LQ.1."),
        (unicodedata.normalize("NFD", "Điều 1.1.NĐ.12.3."), "Điều 1.1.NĐ.12.3."),
        ("Điều 20.1.LQ.8a.", "Điều 20.1.LQ.8a."),
        ("Điều 20.1.LQ.8.a.", "Điều 20.1.LQ.8a."),
        ("Điều 4.3.TL.2.11đ", "Điều 4.3.TL.2.11đ."),
        ("Điều 20.1.LQ.1. Phạm vi", None),
        ("Điều 20.1.LQ", None),
        ("Điều 20.LQ.1.", None),
        ("Điều 1", None),
        ("L1-DIEU1", None),
    ],
)
def test_a_name_has_one_spelling(typed: str, one_spelling: str | None) -> None:
    assert spelled(typed) == one_spelling


def test_the_parts_of_a_name() -> None:
    found = citation_at("Điều 5.12.TT.3.14b. Tên")
    assert found is not None
    citation, rest = found
    assert (citation.topic, citation.subject, citation.form, citation.instrument) == (5, 12, "TT", 3)
    assert (citation.article, rest) == ("14b", "Tên")


def test_a_file_is_its_headings_with_their_provenance() -> None:
    first, second = articles_of(FILE)
    assert (first.line, str(first.citation), first.title) == (3, "Điều 20.1.LQ.1.", "Phạm vi điều chỉnh")
    assert first.provenance.text == ONE
    instrument = first.provenance.instrument
    assert (instrument.kind, instrument.number, instrument.in_force) == ("Luật", LAW, date(2009, 1, 1))
    assert first.provenance.amended_by == ()
    assert (second.line, second.provenance.article) == (7, "8a")
    assert second.provenance.text.startswith("(Điều 8a Luật")
    assert second.provenance.text.endswith("71/2014/QH13)")
    assert [(each.number, each.in_force) for each in second.provenance.amended_by] == [
        ("32/2013/QH13", date(2014, 1, 1)),
        ("71/2014/QH13", None),
    ]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_renderings_say_the_same(ends: str, form: str) -> None:
    other = "\ufeff" + unicodedata.normalize(form, FILE).replace(" ", "\u00a0").replace("Đ", "Ð").replace("\n", ends)
    assert articles_of(other) == articles_of(FILE)


def test_heading_and_provenance_on_one_line_or_a_title_over_two() -> None:
    (one,) = articles_of(f"Điều 20.1.LQ.1. Phạm vi {ONE} Luật này quy định.\n")
    (two,) = articles_of(f"Điều 20.1.LQ.1. Phạm vi\nđiều chỉnh\n\n{ONE}\n".replace("chỉnh\n\n", "chỉnh\n"))
    (apart,) = articles_of(f"Điều 20.1.LQ.1. Phạm vi\n\n\n{ONE}\n")
    assert (one.title, one.provenance.text) == ("Phạm vi", ONE)
    assert (two.title, two.provenance.text) == ("Phạm vi điều chỉnh", ONE)
    assert (apart.title, apart.provenance.text) == ("Phạm vi", ONE)


def test_an_instrument_in_a_title_is_no_amendment() -> None:
    found = parse(
        "(Điều 3 Nghị định số 12/2010/NĐ-CP quy định chi tiết Luật số 14/2008/QH12, có hiệu lực từ ngày 1/2/2010)"
    )
    assert isinstance(found, Provenance)
    assert (found.instrument.number, found.instrument.in_force) == ("12/2010/NĐ-CP", date(2010, 2, 1))
    assert found.amended_by == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Điều 20.1.LQ.1. Phạm vi\nLuật này quy định.\n", "has no provenance line"),
        ("Điều 20.1.LQ.1. Phạm vi\n", "has no provenance line"),
        ("Điều 20.1.LQ.1. Phạm vi\nĐiều 20.1.LQ.2. Hai\n(Điều 2 Luật số 1/2008/QH12)\n", "has no provenance line"),
        ("Điều 20.1.LQ.1. X\n(Điều 2 Luật số 14/2008/QH12)\n", "is article 1, its provenance says 2"),
        ("Điều 20.1.NĐ.1.1. X\n(Điều 1 Luật số 14/2008/QH12)\n", "is of a Nghị định"),
        ("Điều 20.1.LQ.1. X\n(Điều 1 Luật số 14/2008/QH12\n", "no closing bracket"),
        ("Điều 20.1.LQ.1. X\n(Điều 1 Luật Thử)\n", "no instrument with a number"),
        ("Điều 20.1.LQ.1. X\n(Điều 1 Luật số 1/2008/QH12, có hiệu lực từ ngày 31/02/2009)\n", "no such day"),
        ("Điều 20.1.1. X\n(Điều 1 Luật số 14/2008/QH12)\n", "begins like a codified article"),
        ("Điền 20.1.LQ.1. X\n(Điều 1 Luật số 14/2008/QH12)\n", "begins like a codified article"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, said: str) -> None:
    problem = next(each for each in read("Lời đầu\n" + text) if isinstance(each, LineProblem))
    assert (problem.line, problem.code) == (2, "malformed")
    assert said in problem.message
    assert problem.remedy


def test_names_lead_to_the_articles_of_the_law() -> None:
    matched = match(read(FILE), law_number=LAW, articles=ARTICLES, known={})
    assert [(each.text, each.article.address, each.rationale[:8]) for each in matched.named] == [
        ("Điều 20.1.LQ.1.", "L1-DIEU1", "(Điều 1 "),
        ("Điều 20.1.LQ.8a.", "L1-DIEU8A", "(Điều 8a"),
    ]
    assert (matched.known, matched.problems) == (0, ())


def test_what_is_known_or_said_twice_is_nothing_new() -> None:
    known = {"Điều 20.1.LQ.1.": "L1-DIEU1"}
    matched = match(read(FILE + FILE), law_number="014/2008/qh12", articles=ARTICLES, known=known)
    assert [each.text for each in matched.named] == ["Điều 20.1.LQ.8a."]
    assert (matched.known, matched.problems) == (1, ())


def test_every_problem_is_told_at_once() -> None:
    text = (
        FILE
        + "Điều 20.1.LQ.7. Thiếu\n(Điều 7 Luật số 14/2008/QH12)\n"
        + "Điều 20.1.LQ.9. Hai lần\n(Điều 9 Luật số 14/2008/QH12)\n"
        + "Điều 20.1.NĐ.1.1. Khác\n(Điều 1 Nghị định số 5/2009/NĐ-CP)\n"
        + "Điều 20.2.LQ.1. Hỏng\n"
    )
    matched = match(read(text), law_number=LAW, articles=ARTICLES, known={"Điều 20.1.LQ.1.": "L1-DIEU8A"})
    assert [(each.line, each.code) for each in matched.problems] == [
        (3, "contradiction"),
        (11, "no_article"),
        (13, "no_article"),
        (15, "other_law"),
        (17, "malformed"),
    ]
    assert "2 articles 9" in matched.problems[2].message


def test_one_name_for_two_articles_is_a_contradiction() -> None:
    other = "Điều 20.1.LQ.1. X\n(Điều 1 Luật số 14/2008/QH12)\n"
    two = [*ARTICLES[1:], Article(address="L1-DIEU1", number="1")]
    found = match(read(other + other), law_number=LAW, articles=two, known={"Điều 20.1.LQ.1.": "L1-DIEU9"})
    assert [each.code for each in found.problems] == ["contradiction", "contradiction"]


def test_the_laws_own_number() -> None:
    assert law_number_in("HP2013", "QUỐC HỘI\nLuật số: 14/2008/QH12\nLUẬT THỬ\n") == LAW
    assert law_number_in("L14-2008-QH12", "LUẬT THỬ\n") == LAW
    assert law_number_in("X", "LUẬT THỬ\n") is None
    assert same_number("05/2009/NÐ-CP") == same_number("5/2009/NĐ-CP")
    assert same_number("5/2009/NĐ-CP") != same_number("50/2009/NĐ-CP")


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.sampled_from("Điều 20.1.LQ.1. (Điều 1 Luật số 14/2008/QH12)\nab12.().;,Đ"), max_size=300))
def test_any_text_is_read_to_its_end(text: str) -> None:
    lines = text.count("\n") + 1
    for each in read(text):
        assert 1 <= each.line <= lines
        if isinstance(each, Codified):
            assert spelled(str(each.citation)) == str(each.citation)
            assert tidy(each.provenance.text) == each.provenance.text
