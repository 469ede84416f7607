"""Files that were made to do harm, or are no longer whole: refused with what, where and the remedy; nothing hangs."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.formats_room import docx, html, law_docx, lines, p, pdf, read, relationships, zipped

from cutter_agent import formats
from cutter_agent.errors import FormatRefused
from cutter_agent.formats import Format, Limits, process, readers, recognise

LIMITS = Limits(most_text_bytes=10_000_000)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
MAIN = "word/document.xml"


def refusal(data: bytes, label: str = "luat.docx") -> FormatRefused:
    with pytest.raises(FormatRefused) as refused:
        read(data, label)
    assert refused.value.remedy.endswith(".")
    assert (refused.value.code, refused.value.exit_code) == ("FORMAT_REFUSED", 3)
    return refused.value


@pytest.mark.parametrize(
    ("data", "label", "found"),
    [
        (b"Dieu 1.", "a.txt", Format.TEXT),
        (b"# Title\n\n<div align=center>x</div>\n", "README.md", Format.TEXT),
        (b"<div>x</div>", "a.html", Format.HTML),
        (b"\n<!-- x --><HTML lang=vi>", "a.txt", Format.HTML),
        ("<html>đ".encode("utf-16"), "a", Format.HTML),
        (b'<?xml version="1.0"?><akomaNtoso/>', "a.xml", Format.TEXT),
        (b"%PDF-1.7", "a.txt", Format.PDF),
        (b"\n junk %PDF-1.4", "a.pdf", Format.PDF),
        (law_docx(), "a.txt", Format.DOCX),
        (b"caf\xe9", "a.txt", Format.TEXT),
        (b"", "a.txt", Format.TEXT),
    ],
)
def test_the_content_says_what_a_file_is(data: bytes, label: str, found: Format) -> None:
    assert recognise(data, label=label) is found


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{\\rtf1 x}", "RTF is not read"),
        (OLE + "WordDocument".encode("utf-16-le"), "an old Word document (.doc) is not read"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (OLE, "an old Office file (OLE container) is not read"),
        (
            zipped({"mimetype": b""}).replace(b"mimetype", b"mimetypeapplication/vnd.oasis.opendocument.text")[:99],
            "OpenDocument",
        ),
        (zipped({"xl/workbook.xml": "x"}), "an Excel workbook is not read"),
        (zipped({"ppt/presentation.xml": "x"}), "a PowerPoint file is not read"),
        (zipped({"readme.txt": "x"}), "a ZIP file without a Word document"),
        (b"\0\1\2" * 400, "its content is none"),
        (b"", "there is nothing in it"),
        (law_docx()[:-300], "broken or cut off"),
        (law_docx()[:200], "broken or cut off"),
        (docx(p("x"), more={"../evil.txt": "x"}), "leads out of the container"),
        (docx(p("x"), more={"C:\\evil": "x"}), "leads out of the container"),
        (docx(p("x"), more={"Word/Document.xml": "x"}), "two parts of one name"),
        (docx(p("x"), more={f"m{n}": "" for n in range(10_001)}), "allowed are 10000"),
        (docx("<w:p><w:r></w:p>"), "is not well-formed"),
        (docx("<w:p/>" * 3), "there is no text"),
        (docx("<w:sdt>" * 400 + "</w:sdt>" * 400), "is not well-formed"),
        (zipped({"_rels/.rels": relationships({"officeDocument": "gone.xml"})}), "without a Word document"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(data: bytes, said: str) -> None:
    assert said in refusal(data).message


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE w [<!ENTITY a "b">]>',
        '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE w [<!ENTITY % p SYSTEM "http://192.0.2.1/x.dtd"> %p;]>',
        '<!DOCTYPE w SYSTEM "http://192.0.2.1/x.dtd">',
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_entities_are_never_declared(declared: str, codec: str) -> None:
    body = f"<w:document xmlns:w='urn:w'><w:body>{p('&a;') if 'a ' in declared else p('x')}</w:body></w:document>"
    parts: Mapping[str, str | bytes] = {
        "_rels/.rels": relationships({"officeDocument": MAIN}),
        MAIN: f'<?xml version="1.0" encoding="{codec}"?>{declared}{body}'.encode(codec),
    }
    assert (
        "declares a document type" in refusal(zipped(parts)).message
        or "not well-formed" in refusal(zipped(parts)).message
    )


def test_a_billion_laughs_is_refused_before_it_is_read() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE w [<!ENTITY l0 "lol">{laughs}]><w:document xmlns:w="urn:w"><w:body>&l9;</w:body></w:document>'
    parts = {"_rels/.rels": relationships({"officeDocument": MAIN}), MAIN: text}
    assert "declares a document type" in refusal(zipped(parts)).message


def test_a_zip_bomb_is_refused_by_what_it_says_of_itself() -> None:
    assert "it expands" in refusal(docx(p("x"), more={"word/media/a.png": b"\0" * 40_000_000})).message


def test_a_zip_bomb_that_lies_is_refused_when_it_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    from cutter_agent.formats.docx import container  # noqa: PLC0415 - its limit is made small

    monkeypatch.setattr(container, "MOST_PART_BYTES", 10_000)
    assert "more than 10000 bytes when expanded" in refusal(docx(p("x" * 20_000))).message


def test_a_part_with_a_password_is_refused() -> None:
    data = bytearray(law_docx())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    assert "password" in refusal(bytes(data)).message


def test_a_damaged_part_is_refused() -> None:
    buffer = io.BytesIO(law_docx())
    with zipfile.ZipFile(buffer) as archive:
        entry = archive.getinfo(MAIN)
    data = bytearray(buffer.getvalue())
    place = entry.header_offset + 30 + len(MAIN) + 20
    data[place : place + 8] = b"\xff" * 8
    assert f"its part {MAIN} is broken" in refusal(bytes(data)).message


def test_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(FormatRefused, match="longer than 100 bytes") as refused:
        read(html("x" * 200), most_bytes=100)
    assert "DOT_CUTTER_MAX_INPUT_BYTES" in refused.value.remedy


@pytest.mark.parametrize("data", [html("<p>một</p>"), law_docx(), pdf(lines(["một"]))], ids=["html", "docx", "pdf"])
def test_a_reader_in_its_own_process_says_the_same(data: bytes) -> None:
    wanted = recognise(data, label="x")
    assert formats.read(data, wanted, LIMITS) == readers.convert(data, wanted, most_bytes=LIMITS.most_text_bytes)


def test_a_refusal_comes_out_of_the_process_as_it_is() -> None:
    with pytest.raises(FormatRefused, match="cannot be read") as refused:
        formats.read(b"<html><p>caf\xe9", Format.HTML, LIMITS)
    assert refused.value.start_byte == 12


def test_a_reader_that_takes_too_long_is_ended() -> None:
    with pytest.raises(FormatRefused, match=r"did not come to an end within 0\.05 seconds"):
        formats.read(html("<p>x"), Format.HTML, Limits(most_text_bytes=1000, timeout_s=0.05))


def test_a_reader_that_needs_too_much_memory_is_ended() -> None:
    big = html("<p>" + "x " * 4_000_000)
    with pytest.raises(FormatRefused, match="broke down over it"):
        formats.read(big, Format.HTML, Limits(most_text_bytes=10**9, memory_bytes=64 * 1024 * 1024))


def test_a_reader_that_dies_is_an_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "dies"
    program.write_text(f"#!{sys.executable}\nimport os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    program.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(program))
    with pytest.raises(FormatRefused, match="signal 11"):
        formats.read(html("x"), Format.HTML, LIMITS)


def test_a_reader_does_not_see_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = tmp_path / "environment"
    program = tmp_path / "tells"
    program.write_text(
        f"#!{sys.executable}\nimport os\nopen({str(seen)!r}, 'w').write(' '.join(os.environ))\nraise SystemExit(1)\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(program))
    monkeypatch.setenv("DOT_CUTTER_EXEC_DB_PASSWORD", "geheim")
    monkeypatch.setenv("PGPASSWORD", "geheim")
    with pytest.raises(FormatRefused, match="broke down"):
        formats.read(html("x"), Format.HTML, LIMITS)
    assert not {name for name in seen.read_text().split() if name.startswith(("DOT_CUTTER", "PG"))}


@pytest.mark.parametrize(("wanted", "library"), [(Format.DOCX, "lxml"), (Format.PDF, "pypdfium2")])
def test_without_the_extra_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, wanted: Format, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # what an import of something that is not there finds
    monkeypatch.setattr(readers.importlib.util, "find_spec", lambda name: None if name == library else name)
    with pytest.raises(FormatRefused, match=f"{library}, which is not installed") as refused:
        formats.read(b"x", wanted, LIMITS)
    assert refused.value.remedy == "pip install 'dot-iu-cutter[formats]'"
