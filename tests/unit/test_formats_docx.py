"""DOCX to text: what Word shows, with every place; what it hides or loses is a finding (design 4.4)."""

from __future__ import annotations

import pytest
from tests.formats_room import (
    W,
    codes,
    docx,
    law_docx,
    messages,
    numbering,
    p,
    read,
    relationships,
    run,
    table,
    text_of,
    zipped,
)

from cutter_agent import segmenter
from cutter_agent.formats import SourceMap
from cutter_agent.model import Severity

NOTES = (
    f'<w:footnotes {W}><w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>'
    f'<w:footnote w:id="2">{p("Xem Luật khác.")}</w:footnote></w:footnotes>'
)


def test_numbers_that_word_makes_stand_in_the_text_and_give_the_units() -> None:
    made = read(law_docx())
    assert text_of(made).split("\n\n") == [
        "Luật số: 12/2020/QH14",
        "LUẬT",
        "VỀ VIỆC THỬ",
        "Điều 1. Phạm vi",
        "1. Luật này quy định việc thử.",
        "2. Gồm có:",
        "a) việc một;",
        "b) việc hai.",
        "Điều 2. Hiệu lực",
        "Luật này có hiệu lực.\n",
    ]
    cut = segmenter.segment(made.text, profile=segmenter.profiles.load("vn-law"), document_code="L1")
    assert {"L1-DIEU1-K1", "L1-DIEU1-K2-DB", "L1-DIEU2"} <= {unit.address for unit in cut.units}
    assert messages(made, "list_numbered")[0].startswith("6 numbers or bullets")


def test_a_byte_of_the_text_leads_to_its_paragraph() -> None:
    made = read(law_docx())
    places = SourceMap(made.map)
    at = made.text.index("Gồm có".encode())
    stretch = next(iter(places.stretches(at, at + 3)))
    assert dict(stretch.place) == {"part": "word/document.xml", "paragraph": 6}
    label = next(iter(places.stretches(made.text.index("Điều 1".encode()), at)))
    assert (label.made, label.place["paragraph"]) == ("number", 4)
    assert places.span(at, at + 3)["words"] == "word/document.xml, paragraph 6"


@pytest.mark.parametrize(
    ("levels", "asked", "shown"),
    [
        ([("upperRoman", "Chương %1")], [0, 0, 0, 0], ["Chương I", "Chương II", "Chương III", "Chương IV"]),
        ([("decimal", "%1."), ("decimal", "%1.%2")], [0, 1, 1, 0, 1], ["1.", "1.1", "1.2", "2.", "2.1"]),
        ([("decimal", "%1."), ("lowerLetter", "%2)")], [1, 1, 0, 1], ["a)", "b)", "2.", "a)"]),
        ([("decimalZero", "%1")], [0, 0], ["01", "02"]),
        ([("lowerRoman", "(%1)")], [0, 0], ["(i)", "(ii)"]),
        ([("bullet", "\uf0b7")], [0], ["-"]),
        ([("none", "")], [0], [""]),
    ],
)
def test_levels_count_as_word_counts(levels: list[tuple[str, str]], asked: list[int], shown: list[str]) -> None:
    made = read(docx("".join(p("x", level=level) for level in asked), {"numbering": numbering(*levels)}))
    assert text_of(made).split("\n\n") == [f"{label} x".strip() for label in shown[:-1]] + [f"{shown[-1]} x\n".lstrip()]


def test_a_list_that_starts_anew_does() -> None:
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    numbers = numbering(("decimal", "%1."), nums={"1": "", "2": again})
    body = p("a", level=0) + p("b", level=0) + p("c", level=0, number="2") + p("d", level=0, number="2")
    assert text_of(read(docx(body, {"numbering": numbers}))) == "1. a\n\n2. b\n\n1. c\n\n2. d\n"


def test_a_list_goes_on_after_other_paragraphs_and_under_another_id() -> None:
    numbers = numbering(("decimal", "%1."), nums={"1": "", "2": ""})
    body = p("a", level=0) + p("ngoài") + p("b", level=0, number="2")
    assert text_of(read(docx(body, {"numbering": numbers}))) == "1. a\n\nngoài\n\n2. b\n"


def test_a_number_may_come_from_the_style_and_be_taken_away() -> None:
    styles = (
        f'<w:styles {W}><w:style w:type="paragraph" w:styleId="Base"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr>'
        '</w:pPr></w:style><w:style w:type="paragraph" w:styleId="Dieu"><w:basedOn w:val="Base"/></w:style></w:styles>'
    )
    body = p("một", style="Dieu") + p("không", style="Dieu", level=0, number="0") + p("hai", style="Dieu")
    made = read(docx(body, {"numbering": numbering(("decimal", "Điều %1.")), "styles": styles}))
    assert text_of(made) == "Điều 1. một\n\nkhông\n\nĐiều 2. hai\n"


def test_a_way_of_counting_that_is_not_known_is_an_exception() -> None:
    made = read(docx(p("x", level=0), {"numbering": numbering(("japaneseLegal", "%1."))}))
    assert text_of(made) == "1. x\n"
    assert messages(made, "numbering_unknown")[0].startswith("automatic numbers of the kind japaneseLegal")
    assert next(f for f in made.findings if f.code == "numbering_unknown").severity is Severity.EXCEPTION


def test_tracked_changes_are_taken_as_accepted_and_told() -> None:
    inside = (
        f'<w:ins w:author="An">{run("thêm")}</w:ins>'
        '<w:del w:author="Bình"><w:r><w:delText>bớt</w:delText></w:r></w:del>'
    )
    made = read(docx(p("Có ", inside=inside)))
    assert text_of(made) == "Có thêm\n"
    assert "by Bình" in messages(made, "tracked_deletion")[0]
    assert "bớt" in messages(made, "tracked_deletion")[0]
    assert "thêm" in messages(made, "tracked_insertion")[0]
    assert SourceMap(made.map).left_out[0]["text"] == "bớt"


def test_a_paragraph_whose_end_was_deleted_goes_on_in_the_next_one() -> None:
    gone = f'<w:p><w:pPr><w:rPr><w:del w:author="An"/></w:rPr></w:pPr>{run("nửa ")}</w:p>'
    assert text_of(read(docx(gone + p("sau")))) == "nửa sau\n"


def test_a_deleted_paragraph_takes_no_number() -> None:
    gone = (
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:rPr><w:del w:author="A"/></w:rPr>'
        '</w:pPr><w:del w:author="A"><w:r><w:delText>bỏ</w:delText></w:r></w:del></w:p>'
    )
    made = read(docx(p("a", level=0) + gone + p("b", level=0), {"numbering": numbering(("decimal", "%1."))}))
    assert text_of(made) == "1. a\n\n2. b\n"


def test_hidden_text_is_left_out_and_told() -> None:
    made = read(docx(p("Thấy", inside=run("giấu", "<w:vanish/>"))))
    assert text_of(made) == "Thấy\n"
    assert messages(made, "hidden_text") == ["hidden text is not in the text (word/document.xml, paragraph 1): giấu"]


def test_notes_stand_at_the_end_and_their_references_are_visible() -> None:
    body = p("Căn cứ", inside='<w:r><w:footnoteReference w:id="2"/></w:r>') + p("Hết")
    made = read(docx(body, {"footnotes": NOTES}))
    assert text_of(made) == "Căn cứ[1]\n\nHết\n\n[1] Xem Luật khác.\n"
    assert codes(made) == ["footnote_moved"]
    note = SourceMap(made.map).span(made.text.index(b"Xem"), len(made.text))
    assert note["words"] == "word/footnotes.xml, paragraph 1, footnote 1"


def test_a_note_that_refers_to_itself_is_written_once() -> None:
    itself = NOTES.replace("</w:t></w:r>", '</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>')
    made = read(docx(p("x", inside='<w:r><w:footnoteReference w:id="2"/></w:r>'), {"footnotes": itself}))
    assert text_of(made).count("Xem Luật khác.") == 1


def test_headers_and_footers_are_left_out_and_told() -> None:
    parts = {"header": f"<w:hdr {W}>{p('CÔNG BÁO')}</w:hdr>", "footer": f"<w:ftr {W}>{p('Trang 1')}</w:ftr>"}
    made = read(docx(p("Nội dung"), parts))
    assert text_of(made) == "Nội dung\n"
    assert codes(made) == ["header_left_out", "footer_left_out"]
    assert "CÔNG BÁO" in messages(made, "header_left_out")[0]


def test_a_drawn_table_has_a_line_for_each_row_and_a_layout_table_a_line_for_each_paragraph() -> None:
    made = read(docx(table(["a", "b"], ["c", "d"]) + p("giữa") + table(["QUỐC HỘI", "CỘNG HÒA"], drawn=False)))
    assert text_of(made) == "a\tb\nc\td\n\ngiữa\n\nQUỐC HỘI\nCỘNG HÒA\n"
    assert codes(made) == ["table_flattened", "table_flattened"]
    cell = SourceMap(made.map).span(made.text.index(b"d\n"), made.text.index(b"d\n") + 1)
    assert cell["first"] == {"part": "word/document.xml", "paragraph": 4, "table": 1, "row": 2, "cell": 2}


def test_pictures_boxes_formulas_symbols_and_comments_are_told() -> None:
    box = f"<w:r><w:pict><w:txbxContent>{p('trong khung')}</w:txbxContent></w:pict></w:r>"
    picture = '<w:r><w:drawing><x:docPr xmlns:x="urn:x" descr="Con dấu"/><x:pic xmlns:x="urn:x"/></w:drawing></w:r>'
    formula = '<m:oMath xmlns:m="urn:m"><m:r><m:t>a+b</m:t></m:r></m:oMath>'
    symbol = '<w:r><w:sym w:font="Symbol" w:char="F0B3"/><w:sym w:font="Odd" w:char="F041"/></w:r>'
    comment = f'<w:comments {W}><w:comment w:author="An">{p("xem lại")}</w:comment></w:comments>'
    made = read(docx(p("x", inside=box + picture + formula + symbol), {"comments": comment}))
    assert text_of(made) == "xa+b≥\ufffd\n\ntrong khung\n"
    assert set(codes(made)) == {
        "image",
        "formula_flattened",
        "symbol_unknown",
        "text_box_moved",
        "comments_left_out",
    }
    assert messages(made, "image")[0].endswith("Con dấu")


def test_tabs_breaks_and_hyphens_are_kept() -> None:
    inside = "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>"
    assert text_of(read(docx(p(inside=inside)))) == "a\tb\nc\u2011d\n"


def test_headings_are_marked_only_where_that_is_asked() -> None:
    styles = (
        f'<w:styles {W}><w:style w:type="paragraph" w:styleId="H2"><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
        "</w:styles>"
    )
    data = docx(p("Tên", style="H2") + p("đoạn"), {"styles": styles})
    assert (text_of(read(data)), read(data).headings) == ("Tên\n\nđoạn\n", 1)
    assert text_of(read(data, mark_headings=True)) == "## Tên\n\nđoạn\n"


def test_the_strict_dialect_reads_the_same() -> None:
    strict = 'xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"'
    parts = {
        "_rels/.rels": relationships({"officeDocument": "word/document.xml"}),
        "word/document.xml": f"<w:document {strict}><w:body>{p('Một')}{p('Hai')}</w:body></w:document>",
    }
    assert text_of(read(zipped(parts))) == "Một\n\nHai\n"
