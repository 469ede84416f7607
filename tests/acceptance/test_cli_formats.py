"""HTML, DOCX and PDF through the real command: to verified units, back to the text and to the file (design 4.4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.command_room import CommandLine
from tests.formats_room import CODE, LAW_LINES, docx, html, law_docx, lines, p, pdf, picture

TRACKED = '<w:del w:author="An"><w:r><w:delText>bớt đi</w:delText></w:r></w:del>'


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def test_a_docx_with_exceptions_goes_to_verified_and_comes_back_byte_for_byte(
    embedded: CommandLine, put: Callable[[str, bytes], Path], tmp_path: Path
) -> None:
    data = law_docx(p("Cuối cùng", inside=TRACKED))
    path = put("luat.docx", data)
    waiting = embedded("cut", str(path), "--json")
    assert waiting.code == 10
    record = waiting.json["documents"][0]
    assert record["document_code"] == CODE
    assert "tracked_deletion" in record["error"]["message"]
    approved = embedded("review", CODE, "--approve", "--rationale", "read it", "--reviewer", "bà Hai", "--json")
    assert approved.code == 0, approved.err
    done = embedded("cut", str(path), "--json").json["documents"][0]
    assert (done["status"], done["steps"]) == ("verified_complete", ["cut", "verify"])
    assert done["original"]["byte_length"] == len(data)

    back = tmp_path / "back.docx"
    assert embedded("rebuild", CODE, "--original", "-o", str(back)).code == 0
    assert back.read_bytes() == data
    text = embedded("rebuild", CODE).out.decode()
    assert text.startswith("Luật số: 12/2020/QH14\n\nLUẬT\n\nVỀ VIỆC THỬ\n\nĐiều 1. Phạm vi\n")
    assert "bớt đi" not in text

    original = embedded("show", f"{CODE}-DIEU1-K2-DB", "--json").json["origin"]["originals"][0]
    assert original["place"]["words"] == "word/document.xml, paragraph 8"
    assert original["approved"] is True

    before = embedded.counts()
    again = embedded("cut", str(path), "--json").json["documents"][0]
    assert (again["steps"], again["original"]["another"]) == ([], False)
    assert embedded.counts() == before
    assert embedded.query("SELECT count(*) FROM iu.source_original") == [(1,)]


def test_a_pdf_is_cut_without_a_person_and_a_unit_says_its_page(
    embedded: CommandLine, put: Callable[[str, bytes], Path]
) -> None:
    printed = put("in.pdf", pdf(lines(LAW_LINES)))
    done = embedded("cut", str(printed), "--json").json["documents"][0]
    assert (done["status"], done["exceptions"]) == ("verified_complete", 0)
    shown = embedded("show", f"{CODE}-DIEU1-K2-DA").out.decode()
    assert "in the original in.pdf" in shown
    assert "page 1, line 9" in shown


def test_match_and_validate_and_profiles_read_them_too(
    iu_cutter: CommandLine, put: Callable[[str, bytes], Path]
) -> None:
    old = put("old.docx", law_docx())
    new = put("new.html", html("".join(f"<p>{line}</p>" for line in LAW_LINES)))
    pairs = iu_cutter("match", str(old), str(new), "--json").json["pairs"]
    assert any(pair["change"] == "unchanged" for pair in pairs)
    proposal = iu_cutter("segment", str(old), "--manifest").out
    assert json.loads(proposal)["original"]["reader"] == "docx/1"
    assert iu_cutter("validate", str(put("m.json", proposal)), "--source", str(old)).code == 0
    assert b"vn-law" in iu_cutter("profiles", "explain", str(old)).out


def test_headings_of_a_text_without_law_become_units(iu_cutter: CommandLine, put: Callable[[str, bytes], Path]) -> None:
    page = put("noi-quy.html", html("<h1>Nội quy</h1><p>Mở đầu.</p><h2>Giờ giấc</h2><p>Đến đúng giờ.</p>"))
    levels = [unit["level"] for unit in iu_cutter("segment", str(page), "--json").json["units"]]
    assert {"h1", "h2"} <= set(levels)
    plain = iu_cutter("segment", str(page), "--format", "text", "--json").json
    assert "original" not in plain


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("quet.pdf", pdf(picture), "no page has text: page 1"),
        ("khoa.pdf", pdf(lines(["x"]), password="mật"), "encrypted"),
        ("hong.docx", law_docx()[:400], "broken or cut off"),
        ("cu.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "WordDocument".encode("utf-16-le"), "(.doc)"),
        ("bom.docx", docx(p("x"), more={"word/media/a.png": b"\0" * 40_000_000}), "it expands"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_written(
    iu_cutter: CommandLine, put: Callable[[str, bytes], Path], name: str, data: bytes, said: str
) -> None:
    path = put(name, data)
    answer = iu_cutter("segment", str(path), "--json")
    assert answer.code == 3
    error = answer.error
    assert error["code"] == "FORMAT_REFUSED"
    assert said in error["message"]
    assert error["path"] == str(path)
    assert not iu_cutter.home.exists()


def test_the_format_that_is_named_is_the_one_that_is_read(
    iu_cutter: CommandLine, put: Callable[[str, bytes], Path]
) -> None:
    wrong = iu_cutter("segment", str(put("x.txt", b"plain text")), "--format", "pdf", "--json")
    assert wrong.error["code"] == "FORMAT_REFUSED"
    loose = iu_cutter("segment", str(put("y.txt", b"<p>m\xe1y</p>")), "--format", "html", "--json")
    assert loose.error["start_byte"] == 4
