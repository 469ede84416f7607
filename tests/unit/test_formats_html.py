"""HTML to text: lines as a browser lays them out, with the bytes of the file behind each piece (design 4.4)."""

from __future__ import annotations

import itertools

import pytest
from tests.formats_room import codes, html, messages, read, text_of

from cutter_agent.errors import FormatRefused
from cutter_agent.formats import SourceMap
from cutter_agent.formats.html.elements import MOST_DEEP


def body(text: str) -> str:
    return text_of(read(html(text)))


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<p>một\n  hai</p><p>ba</p>", "một hai\n\nba\n"),
        ("<div>một</div><div>hai</div>", "một\nhai\n"),
        ("<h1>Tên</h1>chữ", "Tên\n\nchữ\n"),
        ("một<br>hai<br><br>ba", "một\nhai\n\nba\n"),
        ("<p>một<p>hai", "một\n\nhai\n"),
        ("<b>Điều</b> <i>1</i>.", "Điều 1.\n"),
        ("a&amp;b &lt; &#273; &eacute; &nbsp;|", "a&b < đ é \u00a0|\n"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a\tb\nc\td\n"),
        ("<table><tr><td><p>QUỐC HỘI<br>---</td><td><p>CỘNG HÒA</td></tr></table>", "QUỐC HỘI\n---\n\nCỘNG HÒA\n"),
        ("<pre>a  b\n  c</pre>", "a  b\n  c\n"),
        ("x<script>y</script><style>z</style><!-- w -->", "x\n"),
        ("<ol><li>một<li>hai</ol>", "1. một\n2. hai\n"),
        ("<ol type=a start=3><li>x</ol>", "c. x\n"),
        ("<ol type=I><li>x<li value=9>y<li>z</ol>", "I. x\nIX. y\nX. z\n"),
        ("<ol reversed><li>x<li>y</ol>", "2. x\n1. y\n"),
        ("<ul><li>x<ol><li>y</ol><li>z</ul>", "- x\n1. y\n- z\n"),
        ("<ol style='list-style-type:none'><li>a) x</ol>", "a) x\n"),
        ("</p></div><p>x</b></p>y", "x\n\ny\n"),
        ("<![CDATA[một]]> hai", "một hai\n"),
        ("một<![if !vml]>hai<![endif]><![<![x>", "mộthai\n"),
    ],
)
def test_text_stands_as_a_browser_shows_it(markup: str, shown: str) -> None:
    assert body(markup) == shown


def test_a_piece_of_text_knows_its_element_its_line_and_its_bytes() -> None:
    data = html("<p>một</p>\n<p>Điều &amp; <b>hai</b></p>")
    made = read(data)
    places = SourceMap(made.map)
    for word, path, written in (
        ("Điều", "/html/body/p[2]", "Điều"),
        ("&", "/html/body/p[2]", "&amp;"),
        ("hai", "/html/body/p[2]/b", "hai"),
    ):
        start = made.text.index(word.encode())
        stretch = next(iter(places.stretches(start, start + 1)))
        assert dict(stretch.place) == {"element": path, "line": 4}
        assert stretch.original is not None
        assert written in data[slice(*stretch.original)].decode()


def test_positions_grow_with_the_text() -> None:
    made = read(html("<p>một <b>hai</b> &nbsp; ba</p><ul><li>bốn<li>năm</ul>" * 20))
    runs = [stretch.original for stretch in SourceMap(made.map).stretches(0, len(made.text)) if stretch.original]
    assert len(runs) > 60
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(runs))


@pytest.mark.parametrize(
    ("markup", "code", "said"),
    [
        ("x<img alt='Con dấu'>", "image", "Con dấu"),
        ("x<iframe src=a></iframe>", "embedded_object", "a frame"),
        ("x<p hidden>giấu</p>", "hidden_text", "giấu"),
        ("x<p style='color:red; display:none'>giấu<b>kín</b></p>", "hidden_text", "giấukín"),
        ("x<del>bỏ</del>", "struck_deletion", "bỏ"),
        ("x<input name=ten>", "form_field", "ten"),
        ("x &khong; y", "entity_unknown", "&khong;"),
        ("<table><tr><td>a<tr><td>b</table>", "table_flattened", "2 rows"),
        ("<ol><li>x</ol>", "list_numbered", "the first is 1."),
        ("x\x01y", "control_character", "U+0001"),
    ],
)
def test_what_text_cannot_hold_is_told(markup: str, code: str, said: str) -> None:
    made = read(html(markup))
    assert codes(made) == [code]
    assert said in messages(made, code)[0]
    if code in {"hidden_text", "struck_deletion"}:
        assert text_of(made) == "x\n"
        assert SourceMap(made.map).left_out[0]["code"] == code


def test_a_hundred_losses_of_a_kind_are_counted() -> None:
    made = read(html("x" + "<img>" * 120))
    assert len(messages(made, "image")) == 51
    assert "and 70 more" in messages(made, "image")[-1]


@pytest.mark.parametrize(
    ("data", "shown", "told"),
    [
        (html("<p>\u20ac đ</p>").replace(b"\xc4\x91", b"d"), "\u20ac d\n", []),
        (b"\xef\xbb\xbf<html><p>\xc4\x91</p>", "đ\n", []),
        ("<html><p>đường".encode("utf-16"), "đường\n", ["charset_converted"]),
        (b"<html><meta charset=windows-1252><p>caf\xe9", "café\n", ["charset_converted"]),
        (b'<html><meta http-equiv=x content="text/html; charset=ISO-8859-1"><p>\x80', "€\n", ["charset_converted"]),
        ("<html><meta charset=iso-8859-1><p>đường".encode(), "đường\n", ["charset_contradicted"]),
        (b"<html><p>plain", "plain\n", []),
    ],
)
def test_the_charset_is_what_the_file_says(data: bytes, shown: str, told: list[str]) -> None:
    made = read(data)
    assert text_of(made) == shown
    assert codes(made) == told
    last = next(iter(SourceMap(made.map).stretches(0, len(made.text)))).original
    assert last is not None
    assert last[1] <= len(data)


@pytest.mark.parametrize(
    ("data", "said", "start_byte"),
    [
        (b"<html><p>caf\xe9", "byte 12 (0xe9) cannot be read", 12),
        (b"<html><meta charset=utf-8><p>\xff", "declared as utf-8", 29),
        (b"<html><meta charset=x-viscii><p>x", "'x-viscii', a charset that is not known", None),
        (b"<html><meta charset=rot13><p>x", "not known", None),
        (b'<!DOCTYPE html [<!ENTITY a "b">]><html><p>&a;', "declares entities", 0),
        (b"<html><body>" + b"<div>" * 100_000 + b"x", f"more than {MOST_DEEP} deep", None),
        (b"<html><body><p> </p><img>", "there is no text", None),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(data: bytes, said: str, start_byte: int | None) -> None:
    with pytest.raises(FormatRefused) as refused:
        read(data)
    assert said in refused.value.message
    assert refused.value.remedy
    if start_byte is not None:
        assert refused.value.start_byte == start_byte


def test_headings_are_marked_only_where_that_is_asked() -> None:
    data = html("<h2>Tên</h2><h3></h3><p>đoạn</p>")
    assert text_of(read(data)) == "Tên\n\nđoạn\n"
    assert text_of(read(data, mark_headings=True)) == "## Tên\n\nđoạn\n"


def test_xhtml_without_a_subset_is_read() -> None:
    data = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml"><body>'
        "<p>một<br/>hai</p><p/>ba</body></html>"
    ).encode()
    assert text_of(read(data)) == "một\nhai\n\nba\n"
