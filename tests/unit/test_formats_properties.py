"""What holds for every file: the map covers every byte, in order; damaged bytes end in a conversion or a refusal."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.formats_room import LAW_LINES, docx, html, law_docx, lines, numbering, p, pdf, read, run, table, text_of

from cutter_agent.errors import FormatRefused
from cutter_agent.formats import Conversion, Format, SourceMap
from cutter_agent.formats.readers import convert
from sealing.canonical import canonical_bytes

FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
QUICK = settings(max_examples=400 if FULL else 60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DAMAGED = {"html": 20_000, "docx": 20_000, "pdf": 5_000} if FULL else {"html": 400, "docx": 400, "pdf": 120}

WORDS = st.text(alphabet="aâđ Điều1.)\t\n\u00a0<>&;x\u0301\U0001f600", max_size=30)
SHORT = st.text(alphabet="abĐiềuư 1.-", min_size=1, max_size=40)
TAGS = st.sampled_from(
    ["p", "div", "li", "ol", "ul", "table", "tr", "td", "br", "b", "h2", "pre", "del", "span hidden", "a", "script"]
)


def require_sound(made: Conversion, original: bytes) -> None:
    """Every promise about a map."""
    found = json.loads(made.map)
    assert canonical_bytes(found) == made.map
    assert found["text_byte_length"] == len(made.text)
    places = SourceMap(made.map)
    reached = last_original = 0
    for stretch in places.stretches(0, len(made.text)):
        assert stretch.start_byte == reached < stretch.end_byte
        reached = stretch.end_byte
        made.text[stretch.start_byte : stretch.end_byte].decode("utf-8")  # no character is cut in half
        assert stretch.place
        if stretch.original is not None:
            assert last_original <= stretch.original[0] <= stretch.original[1] <= len(original)
            last_original = stretch.original[0]
    assert reached == len(made.text)
    assert b"\0" not in made.text
    assert all(0 <= finding.start_byte < len(made.text) for finding in made.findings)
    assert [f.start_byte for f in made.findings] == sorted(f.start_byte for f in made.findings)


@st.composite
def markup(draw: st.DrawFn) -> str:
    pieces = []
    for _ in range(draw(st.integers(1, 12))):
        tag = draw(TAGS)
        pieces.append(
            draw(st.sampled_from([f"<{tag}>", f"</{tag.split()[0]}>", f"<{tag}/>", "&amp;", "&#273;", "&khong"]))
        )
        pieces.append(draw(WORDS))
    return "".join(pieces)


@QUICK
@given(markup())
def test_any_html_gives_a_map_that_covers_every_byte(text: str) -> None:
    data = html(f"x{text}")
    require_sound(read(data), data)


@QUICK
@given(markup())
def test_html_text_is_found_at_the_bytes_that_the_map_names(text: str) -> None:
    data = html(f"x{text}")
    made = read(data)
    for stretch in SourceMap(made.map).stretches(0, len(made.text)):
        shown = made.text[stretch.start_byte : stretch.end_byte].decode()
        if stretch.original is not None and "&" not in data.decode() and "[CDATA[" not in data.decode():
            written = data[slice(*stretch.original)].decode()
            assert "".join(shown.split()) == "".join(written.split())


@st.composite
def paragraphs(draw: st.DrawFn) -> str:
    body = []
    for _ in range(draw(st.integers(1, 8))):
        words = draw(st.text(alphabet="aâđĐ1.) \t", max_size=12))
        level = draw(st.one_of(st.none(), st.integers(0, 3)))
        inside = draw(st.sampled_from(["", run("ẩn", "<w:vanish/>"), "<w:r><w:br/><w:tab/></w:r>", "<w:ins/>"]))
        body.append(draw(st.sampled_from([p(words, level=level, inside=inside), table([words, "x"], ["y"]), p()])))
    return "".join(body)


@QUICK
@given(paragraphs())
def test_any_docx_gives_a_map_that_covers_every_byte_in_the_order_of_the_paragraphs(body: str) -> None:
    levels = numbering(("decimal", "Điều %1."), ("decimal", "%1.%2"), ("lowerLetter", "%3)"), ("bullet", "-"))
    data = docx(p("x") + body, {"numbering": levels})
    made = read(data)
    require_sound(made, data)
    numbers = [int(s.place["paragraph"]) for s in SourceMap(made.map).stretches(0, len(made.text))]
    assert numbers == sorted(numbers)


@settings(QUICK, max_examples=100 if FULL else 15)
@given(
    st.lists(st.lists(st.text(alphabet="abĐiềuư 1.-", min_size=1, max_size=40), max_size=12), min_size=1, max_size=4)
)
def test_any_pdf_gives_a_map_that_covers_every_byte_page_by_page(pages: list[list[str]]) -> None:
    data = pdf(*[lines([f"x{number}", *texts]) for number, texts in enumerate(pages)])
    made = read(data)
    require_sound(made, data)
    numbers = [int(s.place["page"]) for s in SourceMap(made.map).stretches(0, len(made.text))]
    assert numbers == sorted(numbers)


def samples() -> dict[str, bytes]:
    body = "".join(f"<p>{line}</p>" for line in LAW_LINES)
    return {
        "html": html(f"{body}<ol><li>x<table><tr><td>a</table></ol><del>y</del>"),
        "docx": law_docx(table(["a", "b"]) + p("z", inside='<w:ins w:author="A"><w:r><w:t>t</w:t></w:r></w:ins>')),
        "pdf": pdf(lines(LAW_LINES), lines(LAW_LINES)),
    }


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, dropped, doubled or moved."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        place, size = chance.randrange(len(changed)), chance.randint(1, 12)
        match chance.randrange(4):
            case 0:
                changed[place : place + size] = chance.randbytes(size)
            case 1:
                del changed[place : place + size]
            case 2:
                changed[place:place] = changed[place : place + size * 10]
            case _:
                changed[place : place + size] = chance.choice([b"<", b"&", b"\xff", b"\0", b"]]>", b"<!ENTITY x"])
        if not changed:
            return b""
    return bytes(changed)


def inside(data: bytes, chance: random.Random) -> bytes:
    """The same damage in one part of a DOCX whose container stays whole."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        names = source.namelist()
        hit = chance.choice(names)
        for name in names:
            target.writestr(name, damaged(source.read(name), chance) if name == hit else source.read(name))
    return buffer.getvalue()


def cases(kind: str, data: bytes) -> Iterator[bytes]:
    for seed in range(DAMAGED[kind]):
        chance = random.Random(seed)  # noqa: S311 - damage that can be made again
        yield inside(data, chance) if kind == "docx" and seed % 2 else damaged(data, chance)


@pytest.mark.parametrize("kind", ["html", "docx", "pdf"])
def test_damaged_files_end_in_a_conversion_or_a_refusal(kind: str) -> None:
    refusals: list[FormatRefused] = []
    converted = 0
    for data in cases(kind, samples()[kind]):
        try:
            made = convert(data, Format(kind), most_bytes=10_000_000)
        except FormatRefused as refusal:
            refusals.append(refusal)
        else:
            require_sound(made, data)
            converted += 1
    assert all(refusal.message and refusal.remedy for refusal in refusals)
    assert converted > DAMAGED[kind] // 10
    assert len(refusals) > DAMAGED[kind] // 20


def test_reading_twice_gives_the_same_bytes() -> None:
    for data in samples().values():
        assert read(data) == read(data)
        assert text_of(read(data)).startswith("Luật số: 12/2020/QH14")
