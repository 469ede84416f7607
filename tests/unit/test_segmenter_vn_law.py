"""Vietnamese law: every rule of the profile ``vn-law`` on texts written for it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest

from cutter_agent.model import Segmentation, Severity, Unit
from cutter_agent.segmenter import coverage, profiles, segment

LAW = """QUỐC HỘI -------
CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập - Tự do - Hạnh phúc
Luật số: 12/2034/QH20
LUẬT
VƯỜN CÂY
Căn cứ Hiến pháp nước Cộng hòa xã hội chủ nghĩa Việt Nam;
Quốc hội ban hành Luật vườn cây.
Phần thứ nhất
QUY ĐỊNH CHUNG
Chương I
MỞ ĐẦU
Mục 1. PHẠM VI
Tiểu mục 1. TÊN GỌI
Điều 1. Phạm vi điều chỉnh
Luật này quy định về vườn cây.
Điều 2. Giải thích từ ngữ
Trong Luật này:
1. Vườn là nơi trồng cây.
Vườn có thể có hồ.
2. Cây gồm các loại sau đây:
a) Cây gỗ;
b) Cây bụi;
c) Cây leo;
d) Cây cỏ;
đ) Cây thủy sinh;
e) Cây khác.
3. Quả là phần ăn được.
Chương II
CHĂM SÓC
Điều 3. Tưới nước
a) Buổi sáng;
b) Buổi chiều.
Phần thứ hai
ĐIỀU KHOẢN THI HÀNH
Chương I
HIỆU LỰC
Điều 4. Hiệu lực thi hành
Luật này có hiệu lực từ ngày mai.
Luật này đã được Quốc hội nước Cộng hòa xã hội chủ nghĩa Việt Nam khóa XX thông qua.
CHỦ TỊCH QUỐC HỘI
Người Ký Tên
"""


def cut(text: str | bytes) -> Segmentation:
    data = text.encode() if isinstance(text, str) else text
    result = segment(data, profile=profiles.load("vn-law"), document_code="VC")
    assert coverage.defects([(u.start_byte, u.end_byte) for u in result.units], data) == []
    assert len({u.address for u in result.units}) == len(result.units)
    return result


def short(units: Sequence[Unit]) -> list[str]:
    return [u.address.removeprefix("VC-") for u in units]


def said(result: Segmentation, severity: Severity | None = None) -> list[str]:
    return [f.code for f in result.findings if severity in (None, f.severity)]


def article(body: str) -> Segmentation:
    return cut("Điều 1. Vườn\n" + body)


def test_a_whole_law_becomes_a_tree_of_addressed_units() -> None:
    result = cut(LAW)
    assert short(result.units) == [
        "QUOCHIEU",
        "TEN",
        "CANCU",
        "BANHANH",
        "PHAN1",
        "PHAN1-CHUONG1",
        "PHAN1-CHUONG1-MUC1",
        "PHAN1-CHUONG1-MUC1-TIEUMUC1",
        "DIEU1",
        "DIEU2",
        "DIEU2-K1",
        "DIEU2-K2",
        "DIEU2-K2-DA",
        "DIEU2-K2-DB",
        "DIEU2-K2-DC",
        "DIEU2-K2-DD",
        "DIEU2-K2-DDD",
        "DIEU2-K2-DE",
        "DIEU2-K3",
        "PHAN1-CHUONG2",
        "DIEU3",
        "DIEU3-DA",
        "DIEU3-DB",
        "PHAN2",
        "PHAN2-CHUONG1",
        "DIEU4",
        "THONGQUA",
        "CHUKY",
    ]
    assert result.findings == ()


def test_parents_kinds_numbers_and_own_text() -> None:
    data = LAW.encode()
    units = {u.address.removeprefix("VC-"): u for u in cut(LAW).units}
    assert units["DIEU2"].parent == "VC-PHAN1-CHUONG1-MUC1-TIEUMUC1"
    assert units["DIEU2-K2-DDD"].parent == "VC-DIEU2-K2"
    assert units["DIEU3"].parent == "VC-PHAN1-CHUONG2"
    assert units["PHAN2"].parent is None
    assert [units[a].kind for a in ("QUOCHIEU", "TEN", "CANCU", "DIEU1", "DIEU2-K1", "DIEU3-DA", "CHUKY")] == [
        "header",
        "title",
        "legal_basis",
        "article",
        "clause",
        "point",
        "signature",
    ]
    assert [units[a].number for a in ("PHAN2", "PHAN1-CHUONG2", "DIEU2", "DIEU2-K2-DDD")] == ["2", "2", "2", "đ"]
    first = units["DIEU2-K1"]
    assert data[first.start_byte : first.end_byte].decode() == "1. Vườn là nơi trồng cây.\nVườn có thể có hồ.\n"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_composed_and_decomposed_letters_give_the_same_addresses(form: str) -> None:
    assert short(cut(unicodedata.normalize(form, LAW)).units) == short(cut(LAW).units)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "rendered",
    [
        LAW.replace("Điều 2. ", "Điều\u00a02.\u00a0").replace("\n1. ", "\n\u00a0 1. "),
        LAW.replace("\n", "\r\n"),
        LAW.replace("\n", "\r"),
        LAW.replace("\n", "\u2028"),
        "\ufeff" + LAW,
        LAW.replace("\n", "\n\n\n"),
        LAW.replace("Điều 3.", "Điều ３."),
        LAW.replace("Chương II\n", "CHƯƠNG 2:\n").replace("Phần thứ nhất", "PHẦN THỨ NHẤT").replace("Mục 1.", "MỤC I:"),
    ],
    ids=["no-break space", "CRLF", "CR", "U+2028", "byte order mark", "blank lines", "full width", "case and numerals"],
)
def test_renderings_of_one_law_give_the_same_addresses(rendered: str) -> None:
    assert short(cut(rendered).units) == short(cut(LAW).units)


def test_a_look_alike_letter_is_read_and_noted() -> None:
    result = cut(LAW.replace("Điều 3.", "Ðiều 3."))  # U+00D0
    assert short(result.units) == short(cut(LAW).units)
    assert said(result) == ["odd_heading"]
    assert result.findings[0].severity is Severity.NOTICE


@pytest.mark.parametrize(
    ("heading", "severity"),
    [
        ("Điền 3. Tưới nước", Severity.EXCEPTION),
        ("Diều 3. Tưới nước", Severity.EXCEPTION),
        ("Điêu 3. Tưới nước", Severity.EXCEPTION),
        ("Điều3. Tưới nước", Severity.NOTICE),
        ("Điều 3 Tưới nước", Severity.NOTICE),
        ("Điều 3:Tưới nước", Severity.NOTICE),
    ],
)
def test_an_oddly_written_heading_in_its_place_is_a_heading_and_a_finding(heading: str, severity: Severity) -> None:
    result = cut(LAW.replace("Điều 3. Tưới nước", heading))
    assert short(result.units) == short(cut(LAW).units)
    assert [(f.code, f.severity) for f in result.findings] == [("odd_heading", severity)]
    found = result.findings[0]
    assert LAW.replace("Điều 3. Tưới nước", heading).encode()[found.start_byte :].startswith(heading.encode())


@pytest.mark.parametrize(
    "line",
    [
        "Điều 3 của Luật này.",
        "Điều 3 và Điều 4 của Luật này;",
        "Điều 3, Điều 9;",
        "Điều 12 thì áp dụng khoản 1.",
        "Chương II của Luật này.",
        "Mục 3 Chương II gồm các Điều 3 và 4;",
    ],
)
def test_a_reference_at_the_start_of_a_line_is_text_and_a_notice(line: str) -> None:
    result = cut(LAW.replace("Luật này quy định về vườn cây.", "Theo quy định tại\n" + line))
    assert short(result.units) == short(cut(LAW).units)
    assert said(result) == ["line_start_reference"]
    assert said(result, Severity.EXCEPTION) == []


def test_a_heading_form_out_of_sequence_is_text_and_an_exception() -> None:
    result = cut(LAW.replace("Luật này quy định về vườn cây.", "Điều 54. Của luật khác"))
    assert short(result.units) == short(cut(LAW).units)
    assert said(result) == ["number_out_of_sequence"]


def test_a_missing_article_is_an_exception_and_is_not_invented() -> None:
    result = cut("Điều 1. A\nĐiều 2. B\nĐiều 5. C\nĐiều 6. D\n")
    assert short(result.units) == ["DIEU1", "DIEU2", "DIEU5", "DIEU6"]
    assert [(f.code, f.severity) for f in result.findings] == [("numbering_gap", Severity.EXCEPTION)]
    assert "dieu 3 to 4 missing before dieu 5" in result.findings[0].message


def test_an_article_number_twice_is_a_collision_said_aloud() -> None:
    result = cut("Điều 1. A\nĐiều 2. B\nĐiều 2. C\nĐiều 3. D\n")
    assert short(result.units) == ["DIEU1", "DIEU2", "DIEU2-TRUNG2", "DIEU3"]
    assert sorted(said(result, Severity.EXCEPTION)) == ["address_collision", "duplicate_number"]


def test_inserted_articles_clauses_and_points() -> None:
    result = cut("Điều 1. A\nĐiều 1a. B\n1. X\n1a. Y\n1b. Z\n2. T:\na) U\na1) V\nb) W\nđ) Q\nĐiều 1b. C\nĐiều 2. D\n")
    assert short(result.units) == [
        "DIEU1", "DIEU1A", "DIEU1A-K1", "DIEU1A-K1A", "DIEU1A-K1B", "DIEU1A-K2", "DIEU1A-K2-DA", "DIEU1A-K2-DA1",
        "DIEU1A-K2-DB", "DIEU1A-K2-DDD", "DIEU1B", "DIEU2",
    ]  # fmt: skip
    assert said(result) == ["numbering_gap"]
    assert "diem c to d missing before diem đ" in result.findings[0].message


def test_the_whole_alphabet_of_points_runs_without_a_finding() -> None:
    letters = "abcdđeghiklmnopqrstuvxy"
    result = article("1. Gồm:\n" + "".join(f"{letter}) Mục này;\n" for letter in letters))
    assert [u.number for u in result.units if u.level == "diem"] == list(letters)
    assert result.findings == ()


def test_f_between_e_and_g_is_tolerated() -> None:
    result = article("".join(f"{letter}) Mục này;\n" for letter in "abcdđefgh"))
    assert [u.number for u in result.units if u.level == "diem"] == list("abcdđefgh")
    assert result.findings == ()


# ---- quotations


def test_quoted_articles_of_an_amending_law_are_not_its_own() -> None:
    result = cut(
        "Điều 1. Sửa đổi\n1. Sửa đổi Điều 54 như sau:\n“Điều 54. Hưu\n1. Một.\na) Hai;\n2. Ba “bốn” năm.”;\n"
        "2. Sửa đổi khoản 1:\n“1. Sáu:\na) Bảy.”.\nĐiều 2. Hiệu lực\n"
    )
    assert short(result.units) == ["DIEU1", "DIEU1-K1", "DIEU1-K2", "DIEU2"]
    assert said(result) == ["quoted_provision", "quoted_provision"]
    assert said(result, Severity.EXCEPTION) == []


def test_a_quotation_opened_after_a_colon_and_straight_marks() -> None:
    result = cut('Điều 1. Sửa đổi\n1. Như sau: “1. Một.\n2. Hai.”\n2. Thay:\n"Điều 9. Ba\n1. Bốn."\nĐiều 2. Hiệu lực\n')
    assert short(result.units) == ["DIEU1", "DIEU1-K1", "DIEU1-K2", "DIEU2"]


def test_words_in_marks_inside_a_line_hide_nothing() -> None:
    result = cut("Điều 1. A\nGọi là “vườn và\n1. Một\n2. Hai\nĐiều 2. “Huân chương”\n")
    assert short(result.units) == ["DIEU1", "DIEU1-K1", "DIEU1-K2", "DIEU2"]


def test_a_quotation_that_nothing_closes_swallows_no_article() -> None:
    result = cut("Điều 1. A\nNhư sau:\n“Điều 7. Hưu\nMột hai.\nĐiều 2. B\nĐiều 3. C\n")
    assert short(result.units) == ["DIEU1", "DIEU2", "DIEU3"]
    assert said(result, Severity.EXCEPTION) == ["unclosed_quotation"]


# ---- lists with faults


def test_a_misread_letter_takes_the_place_that_is_free() -> None:
    result = article("1. Gồm:\na) A;\nb) B;\ne) C;\nd) D;\nđ) Đ;\ne) E.\n2. Hết\n")
    assert short(result.units)[2:-1] == [f"DIEU1-K1-D{x}" for x in ("A", "B", "C", "D", "DD", "E")]
    assert said(result) == ["odd_heading"]
    assert result.findings[0].severity is Severity.EXCEPTION


def test_a_stray_number_between_two_neighbours_is_text() -> None:
    result = article("1. Một\n2. Hai, ngày\n12. tháng\n3. Ba\n4. Bốn\n")
    assert short(result.units)[1:] == ["DIEU1-K1", "DIEU1-K2", "DIEU1-K3", "DIEU1-K4"]
    assert said(result) == ["number_out_of_sequence"]


def test_a_list_that_begins_again_gets_addresses_that_say_so() -> None:
    result = article("1. Một\n2. Hai\n1. Khác\n2. Khác nữa\n")
    assert short(result.units)[1:] == ["DIEU1-K1", "DIEU1-K2", "DIEU1-K1-TRUNG2", "DIEU1-K2-TRUNG2"]
    assert said(result, Severity.EXCEPTION).count("numbering_restart") == 1
    assert said(result, Severity.EXCEPTION).count("address_collision") == 2


def test_a_list_inside_a_clause_returns_to_the_outer_count() -> None:
    result = article("1. Một:\n1. Nhóm A\n2. Nhóm B\n3. Nhóm C\n")
    assert [u.number for u in result.units[1:]] == ["1", "1", "2", "3"]
    assert said(result).count("numbering_restart") == 1


@pytest.mark.parametrize("label", ["2 Hai", "2, Hai", "2 . Hai", "2) Hai"])
def test_a_clause_without_its_full_stop_is_found_where_its_number_is_missing(label: str) -> None:
    result = article(f"1. Một\n{label}\n3. Ba\n")
    assert short(result.units)[1:] == ["DIEU1-K1", "DIEU1-K2", "DIEU1-K3"]
    assert said(result, Severity.EXCEPTION) == []


def test_points_on_one_line_are_found_where_their_letters_are_missing() -> None:
    body = "1. Gồm:\na) Một;\nb) Hai; c) Ba; d) Bốn;\nđ) Năm.\n"
    result = article(body)
    assert short(result.units)[2:] == [f"DIEU1-K1-D{x}" for x in ("A", "B", "C", "D", "DD")]
    assert said(result) == ["odd_heading", "odd_heading"]
    data = ("Điều 1. Vườn\n" + body).encode()
    assert data[result.units[4].start_byte :].startswith(b"c) Ba; ")


def test_an_article_inside_a_line_is_found_where_its_number_is_missing() -> None:
    result = cut("Điều 1. A\nMột hai ba. Điều 2. Bốn năm\nSáu.\nĐiều 3. B\n")
    assert short(result.units) == ["DIEU1", "DIEU2", "DIEU3"]
    assert said(result, Severity.EXCEPTION) == []


def test_a_reference_inside_a_line_does_not_fill_a_gap() -> None:
    result = cut("Điều 1. A\nTheo quy định tại Điều 2. Một hai.\nĐiều 3. B\n")
    assert short(result.units) == ["DIEU1", "DIEU3"]
    assert said(result) == ["numbering_gap"]


def test_chapters_that_run_on_over_parts_and_chapters_that_restart_are_both_plain() -> None:
    running = cut("Phần thứ nhất\nChương I\nĐiều 1. A\nPhần thứ hai\nChương II\nĐiều 2. B\n")
    restarting = cut("Phần thứ nhất\nChương I\nĐiều 1. A\nPhần thứ hai\nChương I\nĐiều 2. B\n")
    assert short(running.units)[4] == "PHAN2-CHUONG2"
    assert short(restarting.units)[4] == "PHAN2-CHUONG1"
    assert running.findings == restarting.findings == ()


# ---- flush text


def test_text_behind_the_last_point_belongs_to_the_clause() -> None:
    body = "1. Gồm:\na) Một;\nb) Hai.\nCác loại trên được trồng.\nTrừ mùa đông.\n2. Hết:\na) Ba;\nb) Bốn.\n"
    result = article(body)
    assert short(result.units)[1:] == [
        "DIEU1-K1", "DIEU1-K1-DA", "DIEU1-K1-DB", "DIEU1-K1-DOAN", "DIEU1-K2", "DIEU1-K2-DA", "DIEU1-K2-DB",
    ]  # fmt: skip
    flush = result.units[4]
    assert (flush.kind, flush.parent) == ("flush", "VC-DIEU1-K1")
    assert ("Điều 1. Vườn\n" + body).encode()[flush.start_byte : flush.end_byte].decode() == (
        "Các loại trên được trồng.\nTrừ mùa đông.\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "1. Gồm:\na) Một.\nThêm về một.\nb) Hai.\nThêm về hai.\n",
        "1. Gồm:\na) Một;\nb) Hai như sau:\nBa.\n",
        "1. Gồm:\na) Một;\nb) Hai mà dòng\nbị ngắt.\n",
    ],
    ids=["points of several paragraphs", "a colon", "a broken line"],
)
def test_text_that_may_belong_to_the_last_point_stays_with_it(body: str) -> None:
    assert [u.kind for u in article(body).units] == ["article", "clause", "point", "point"]


# ---- annexes, and texts without a grammar


def test_annexes_without_articles_are_kept_whole_and_numbered() -> None:
    result = cut(LAW + "PHỤ LỤC I\nDANH MỤC\n1.\nCây\nĐiều 7, Điều 8\nPHỤ LỤC SỐ 02\nBẢNG\n")
    assert short(result.units)[-2:] == ["PHULUC1", "PHULUC2"]
    assert said(result) == []


def test_an_annex_with_articles_counts_on_its_own() -> None:
    result = cut(LAW + "PHỤ LỤC\nĐiều 1. Một\n1. A\n2. B\nĐiều 2. Hai\n")
    assert short(result.units)[-5:] == ["PHULUC", "PHULUC-DIEU1", "PHULUC-DIEU1-K1", "PHULUC-DIEU1-K2", "PHULUC-DIEU2"]
    assert result.units[-1].parent == "VC-PHULUC"
    assert said(result) == []


def test_the_word_annex_inside_the_body_opens_none() -> None:
    result = cut(LAW.replace("Luật này quy định về vườn cây.", "Phụ lục I ban hành kèm theo Luật này."))
    assert short(result.units) == short(cut(LAW).units)


@pytest.mark.parametrize("text", ["Chỉ có một câu.", "\n", "một\nhai\nba\n", "\ufeff", "a" * 1_000_000])
def test_a_text_without_headings_is_one_opaque_unit(text: str) -> None:
    result = cut(text)
    assert short(result.units) == ["LOIDAU"]
    assert result.units[0].end_byte == len(text.encode())


def test_points_before_the_first_clause_do_not_stand_under_it() -> None:
    """The quick way had entered clause 1 before it found the list faulty; the careful way must not start inside it."""
    result = cut("Mở đầu\na) điểm\n1. Khoản\n1. Khoản nữa\n")
    assert [(u.level, u.parent) for u in result.units][1] == ("diem", None)
    addresses = [u.address for u in result.units]
    assert all(u.parent is None or u.parent in addresses[:index] for index, u in enumerate(result.units))
