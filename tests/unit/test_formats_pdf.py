"""PDF to text: lines with page and box; columns, page headers, scans and hyphens recognised and told (design 4.4)."""

from __future__ import annotations

import unicodedata

import pytest
from reportlab.pdfgen.canvas import Canvas
from tests.formats_room import LAW_LINES, codes, lines, messages, pdf, picture, read, text_of, together

from cutter_agent import segmenter
from cutter_agent.errors import FormatRefused
from cutter_agent.formats import SourceMap

HARD = "ữ ự ợ ỹ ẵ ặ ẫ ậ ề ể ễ ộ ổ Đắk Lắk, Nguyễn, kỹ thuật"


def paged(pages: int) -> bytes:
    """Pages of one law with a running head and page numbers."""
    drawn = []
    for page in range(1, pages + 1):
        text = [f"Điều {page}. Quy định số {page}", f"1. Nội dung của điều {page}.", "2. Nội dung khác nhau."]
        drawn.append(
            together(
                lines(["CÔNG BÁO/Số 12"], top=800),
                lines([f"Trang {page}/{pages}"], left=280, top=30),
                lines(text[: 2 + page % 2]),
            )
        )
    return pdf(*drawn)


def test_vietnamese_text_comes_out_letter_by_letter() -> None:
    made = read(pdf(lines([*LAW_LINES, HARD])))
    assert unicodedata.normalize("NFC", text_of(made)).splitlines() == [*LAW_LINES, HARD]
    assert codes(made) == ["hard_wraps"]


def test_a_byte_of_the_text_leads_to_its_page_line_and_box() -> None:
    made = read(pdf(lines(["một", "hai"]), lines(["ba", "bốn đây"])))
    start = made.text.index("bốn".encode())
    place = next(iter(SourceMap(made.map).stretches(start, start + 1))).place
    assert (place["page"], place["line"]) == (2, 2)
    left, bottom, right, top = place["box_centipoints"]
    assert 7200 <= left < 7400
    assert right > left
    assert 71900 <= bottom < 72200 < top < 73500  # its base line is at 722 points
    assert SourceMap(made.map).span(0, len(made.text))["words"] == "page 1, line 1 to page 2, line 2"


def test_pages_only_grow_through_the_text() -> None:
    made = read(paged(6))
    pages = [stretch.place["page"] for stretch in SourceMap(made.map).stretches(0, len(made.text))]
    assert pages == sorted(pages)
    assert set(pages) == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("pages", [2, 5])
def test_lines_that_return_on_the_pages_are_left_out_and_told(pages: int) -> None:
    made = read(paged(pages))
    assert "CÔNG BÁO" not in text_of(made)
    assert "Trang" not in text_of(made)
    assert text_of(made).startswith("Điều 1. Quy định số 1\n1. Nội dung của điều 1.\n")
    told = [*messages(made, "page_number_left_out"), *messages(made, "page_line_left_out")]
    assert [message.rpartition(": ")[2] for message in told] == [f"Trang 1/{pages}", "CÔNG BÁO/Số 12"]
    assert f"(pages 1-{pages})" in told[0]
    assert {row["text"] for row in SourceMap(made.map).left_out} == {"CÔNG BÁO/Số 12", f"Trang 1/{pages}"}


def test_what_begins_every_page_like_text_stays() -> None:
    same = ["MẪU SỐ 01", "Kính gửi: ...", "Nội dung."]
    made = read(pdf(*[lines(same) for _ in range(4)]))
    assert text_of(made).count("MẪU SỐ 01") == 4


def test_articles_that_differ_in_their_number_are_no_page_numbers() -> None:
    made = read(pdf(*[lines([f"Điều {7 * page}.", "Nội dung dài của điều này."]) for page in range(1, 6)]))
    assert text_of(made).count("Điều") == 5


def test_two_columns_drawn_row_by_row_follow_one_another() -> None:
    left = [f"Cột trái dòng thứ {n} của trang" for n in range(8)]
    right = [f"Cột phải dòng thứ {n} của trang" for n in range(8)]

    def rows(canvas: Canvas) -> None:
        canvas.drawString(72, 770, "Một tiêu đề đi qua cả hai cột của trang giấy này và dài lắm, dài lắm, dài lắm")
        for n in range(8):
            canvas.drawString(72, 740 - 18 * n, left[n])
            canvas.drawString(330, 740 - 18 * n, right[n])

    made = read(pdf(rows))
    assert text_of(made).splitlines()[1:] == ["", *left, *right] or text_of(made).splitlines()[1:] == left + right
    assert messages(made, "columns_reordered") == ["page 1 is set in 2 columns: they follow one another in the text"]


def test_two_columns_drawn_one_after_the_other_stay_so_and_are_told() -> None:
    left, right = [f"trái {n} dài thêm chữ" for n in range(9)], [f"phải {n} dài thêm chữ" for n in range(9)]
    made = read(pdf(together(lines(left), lines(right, left=330))))
    found = [line for line in text_of(made).splitlines() if line]
    assert found == left + right
    assert {"columns_reordered", "columns_in_order"} & set(codes(made))


def test_a_table_row_keeps_its_cells_in_one_line() -> None:
    def drawn(canvas: Canvas) -> None:
        for n, row in enumerate([("Mã", "Tên", "Số"), ("A1", "Bàn", "3"), ("A2", "Ghế", "4")]):
            for x, cell in zip((72, 250, 430), row, strict=True):
                canvas.drawString(x, 700 - 18 * n, cell)

    made = read(pdf(drawn))
    assert text_of(made) == "Mã\tTên\tSố\nA1\tBàn\t3\nA2\tGhế\t4\n"
    assert "3 lines of page 1" in messages(made, "side_by_side")[0]


def test_a_head_of_two_blocks_gives_lines_of_their_own() -> None:
    blocks = together(
        lines(["QUỐC HỘI KHÓA XIV", "Luật số: 12/2020/QH14"]),
        lines(["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"], left=290),
        lines(["Điều 1. Phạm vi", "Luật này quy định."], top=660),
    )
    made = read(pdf(blocks))
    assert "Luật số: 12/2020/QH14" in text_of(made).splitlines()
    assert segmenter.document_code("x.pdf", made.text) == "L12-2020-QH14"


def test_a_word_that_is_parted_at_the_end_of_a_line_is_told_and_kept() -> None:
    made = read(pdf(lines(["Die Bundes-", "republik ist ein Staat."])))
    assert text_of(made) == "Die Bundes-\nrepublik ist ein Staat.\n"
    assert messages(made, "hyphen_at_line_end")[0].endswith("Bundes- republik")
    assert "1 of 2 lines" in messages(made, "hard_wraps")[0]


def test_space_between_paragraphs_is_an_empty_line() -> None:
    text = ["một một", "hai hai", "ba ba", "bốn bốn", "năm năm"]
    made = read(pdf(together(lines(text), lines(["sau khoảng trống"], top=740 - 18 * 7))))
    assert text_of(made).endswith("năm năm\n\nsau khoảng trống\n")


def test_a_scan_among_pages_of_text_is_told_page_by_page() -> None:
    made = read(pdf(lines(["Điều 1. Có chữ"]), picture, lines(["Điều 2. Có chữ"])))
    assert messages(made, "page_without_text") == ["page 2 has no text (a picture of it): what is on it is lost"]


def test_a_scan_alone_is_refused_with_its_pages() -> None:
    with pytest.raises(FormatRefused, match="no page has text: pages 1-2 hold pictures or nothing") as refused:
        read(pdf(picture, picture))
    assert "OCR" in refused.value.remedy


def test_unseen_text_over_a_picture_is_told() -> None:
    def scanned(canvas: Canvas) -> None:
        picture(canvas)
        text = canvas.beginText(72, 700)
        text.setTextRenderMode(3)
        text.textLine("nhận dạng từ ảnh")
        canvas.drawText(text)

    made = read(pdf(scanned))
    assert text_of(made) == "nhận dạng từ ảnh\n"
    assert "text_recognised" in codes(made)


def test_notes_and_form_fields_are_told() -> None:
    def drawn(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "Điền vào mẫu")
        canvas.textAnnotation("ghi chú", Rect=[10, 10, 20, 20])
        canvas.acroForm.textfield(name="ten", x=72, y=600)

    assert messages(read(pdf(drawn)), "annotations_left_out")[0].startswith("2 notes or form fields of page 1")


def test_a_protected_pdf_is_refused() -> None:
    with pytest.raises(FormatRefused, match="encrypted"):
        read(pdf(lines(["bí mật"]), password="mật"))


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_pdf_that_is_cut_off_is_refused(share: float) -> None:
    whole = paged(3)
    with pytest.raises(FormatRefused, match="cut off"):
        read(whole[: int(len(whole) * share)])


def test_a_pdf_that_is_no_pdf_is_refused() -> None:
    with pytest.raises(FormatRefused, match="broken"):
        read(b"%PDF-1.7\n" + b"rubbish " * 50 + b"\n%%EOF\n")


def test_a_text_of_nothing_but_numbers_is_a_text() -> None:
    assert text_of(read(pdf(*[lines(["1", "1", "1"]) for _ in range(3)]))).count("1") >= 6
    assert text_of(read(pdf(lines(["1"]), lines(["2"])))) == "1\n2\n"
