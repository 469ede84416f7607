"""HTML to a text stream: blocks become lines, white space collapses, and each piece of text knows its bytes.

The tokens come from the standard library's parser, the one that tells where each piece of text stands in the file.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from cutter_agent.errors import FormatRefused
from cutter_agent.formats.detection import Format
from cutter_agent.formats.html import elements
from cutter_agent.formats.html.charset import Decoded, decode
from cutter_agent.formats.html.elements import Element, OpenElements
from cutter_agent.formats.html.lists import numbering
from cutter_agent.formats.stream import Conversion, Made, PlaceFacts, TextStream

READER = "html/1"
_SPACE = " \t\n\r\f"
_SPACES = re.compile(r"[ \t\n\r\f]+")
_REFERENCE = re.compile(r"&#?\w*;?")
_SUBSET = re.compile(r"(?i)<!DOCTYPE\s[^>\[]*\[|<!ENTITY\s")
_HIDDEN_STYLE = re.compile(r"(?i)(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b")
_PRE_STYLE = re.compile(r"(?i)(?:^|;)\s*white-space\s*:\s*(?:pre|pre-wrap|break-spaces)\s*(?:;|$)")
_ITEMS_AHEAD = re.compile(r"(?i)<li[\s>]|</ol\s*>|<ol[\s>]")
_MOST_SCANNED = 2000


def read_html(data: bytes, *, most_bytes: int, mark_headings: bool = False) -> Conversion:
    """The text of an HTML file.

    Raises:
        FormatRefused: an unreadable charset, declared entities, nesting without end, no text.
    """
    decoded = decode(data)
    subset = _SUBSET.search(decoded.text)
    if subset is not None:
        raise FormatRefused(
            "the file declares entities or a document type of its own; they are not resolved",
            remedy="Resolve the entities and remove their declarations.",
            start_byte=decoded.mark_bytes + len(decoded.text[: subset.start()].encode(decoded.codec)),
        )
    stream = TextStream(original=data, most_bytes=most_bytes, mark_headings=mark_headings)
    if decoded.contradicted:
        stream.note("charset_contradicted", declared=decoded.declared)
    elif decoded.codec != "utf-8":
        stream.note("charset_converted", declared=decoded.declared)
    _Reader(decoded, stream).read()
    return stream.finish(format=Format.HTML, reader=READER)


class _Reader(HTMLParser):
    """Tokens in, lines out."""

    def __init__(self, decoded: Decoded, stream: TextStream) -> None:
        super().__init__(convert_charrefs=False)
        self._text = decoded.text
        self._codec = decoded.codec
        self._stream = stream
        self._open = OpenElements()
        self._lines = [0, *(match.end() for match in re.finditer("\n", decoded.text))]
        self._known = (0, decoded.mark_bytes)
        self._unseen = 0
        self._pre = 0
        self._hidden: tuple[Element, list[str]] | None = None
        self._space: tuple[int, int] | None = None
        self._breaks = 0
        self._label: tuple[str, Made, PlaceFacts] | None = None
        self._labels = 0
        self._first_label: tuple[str, int, str] | None = None
        self._in_row = 0

    def read(self) -> None:
        """The whole file."""
        self.feed(self._text)
        self.close()
        for element in self._open.all():
            self._ended(element)
        if not self._stream.at_line_start:
            self._stream.emit("\n", self._place(), made=Made.SEPARATOR)
        if self._first_label is not None:
            label, start_byte, where = self._first_label
            self._stream.note(
                "list_numbered", start_byte=start_byte, count=self._labels, first=label.strip(), place=where
            )

    # ---------------------------------------------------------------- tokens

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        attributes = dict(attrs)
        for element in self._open.implied_ends(tag):
            self._ended(element)
        if tag in elements.VOID:
            self._void(tag, attributes)
            return
        start_byte, _ = self._here()
        element = self._open.open(tag, attributes, start_byte=start_byte)
        element.start_char = self._char()
        self._begun(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """``<br/>``. HTML knows no other empty element; XHTML does."""
        self.handle_starttag(tag, attrs)
        if tag not in elements.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and what was left open in it."""
        if tag == "br":
            self._void("br", {})
        for element in self._open.end(tag):
            self._ended(element)

    def handle_data(self, data: str) -> None:
        """Text as it stands."""
        self._written(data, len(data))

    def handle_entityref(self, name: str) -> None:
        """``&amp;``"""
        self._reference(name)

    def handle_charref(self, name: str) -> None:
        """``&#8364;``"""
        self._reference(f"#{name}")

    def unknown_decl(self, data: str) -> None:
        """A CDATA section: text in XHTML, a comment in HTML. Text is kept."""
        if data.startswith("CDATA["):
            self._section(data[6:])

    def handle_comment(self, data: str) -> None:
        """Newer parsers take a CDATA section for a comment."""
        if data.startswith("[CDATA["):
            self._section(data[7:].removesuffix("]]"))

    def parse_html_declaration(self, i: int) -> int:
        """Older parsers end with an assertion over a marked section without a name; to HTML it is a comment."""
        if self.rawdata.startswith("<![", i) and not self.rawdata.startswith("<![CDATA[", i):
            return self.parse_bogus_comment(i)
        return super().parse_html_declaration(i)

    # ---------------------------------------------------------------- elements

    def _begun(self, element: Element) -> None:
        name = element.name
        if name in elements.UNSEEN:
            self._unseen += 1
        if name == "pre" or _PRE_STYLE.search(element.attributes.get("style") or ""):
            self._pre += 1
        if self._hidden is None and self._is_hidden(element):
            self._hidden = (element, [])
        if self._unseen or self._hidden:
            return
        self._named(name, element.attributes, element.path)
        if name in {"ol", "ul", "menu", "dir"}:
            backwards = "reversed" in element.attributes
            element.numbering = numbering(name, element.attributes, self._items_ahead() if backwards else 0)
        if name in elements.BLOCK:
            self._break(2 if name in elements.PARAGRAPH else 1)
        elif name in {"td", "th"}:
            self._cell(element)
        if name in elements.HEADINGS:
            mark = self._stream.heading_mark(elements.HEADINGS[name])
            if mark is not None:
                self._label = (mark, Made.HEADING, {"element": element.path, "line": self._line()})
        if name == "li":
            self._item(element)
        if name == "tr":
            self._count_row()

    def _ended(self, element: Element) -> None:
        name = element.name
        if name in elements.UNSEEN:
            self._unseen -= 1
        if name == "pre" or _PRE_STYLE.search(element.attributes.get("style") or ""):
            self._pre -= 1
        if self._hidden is not None and self._hidden[0] is element:
            self._tell_hidden()
        elif not self._unseen and self._hidden is None:
            if name in elements.HEADINGS and self._label is not None and self._label[1] is Made.HEADING:
                self._label = None  # a heading without text
            if name in elements.BLOCK:
                self._break(2 if name in elements.PARAGRAPH else 1)
            if name == "table" and element.rows > 1:
                self._stream.note("table_flattened", rows=element.rows, place=self._where(element.path))

    def _void(self, tag: str, attributes: dict[str, str | None]) -> None:
        if self._unseen or self._hidden:
            return
        path = self._open.child_path(tag)
        self._named(tag, attributes, path)
        if tag == "br":
            self._space = None
            if self._breaks or self._stream.at_line_start:
                self._breaks = min(self._breaks + 1, 2)
            else:
                self._break(1)
        elif tag == "hr":
            self._break(1)

    def _named(self, tag: str, attributes: dict[str, str | None], path: str) -> None:
        """What text cannot hold."""
        where = self._where(path)
        if tag in {"img", "svg"} or (tag == "input" and attributes.get("type") == "image"):
            alt = (attributes.get("alt") or "").strip()
            self._stream.note("image", place=where, alt=f": {alt}" if alt else "")
        elif tag in elements.OBJECTS:
            self._stream.note("embedded_object", what=elements.OBJECTS[tag], place=where)
        elif tag in elements.FIELDS and attributes.get("type") != "hidden":
            self._stream.note("form_field", what=attributes.get("name") or tag, place=where)

    def _is_hidden(self, element: Element) -> bool:
        attributes = element.attributes
        return (
            element.name == "del"
            or "hidden" in attributes
            or _HIDDEN_STYLE.search(attributes.get("style") or "") is not None
        )

    def _tell_hidden(self) -> None:
        assert self._hidden is not None  # noqa: S101 - asked by the only caller
        element, pieces = self._hidden
        self._hidden = None
        text = "".join(pieces)
        if text.strip():
            code = "struck_deletion" if element.name == "del" else "hidden_text"
            place: PlaceFacts = {"element": element.path, "line": self._line()}
            self._stream.leave_out(code, text, place, place=self._where(element.path))

    def _item(self, element: Element) -> None:
        owner = next((e for e in reversed(self._open.stack[:-1]) if e.numbering is not None), None)
        if owner is None or owner.numbering is None:
            return
        label = owner.numbering.label(element.attributes)
        style = " ".join((e.attributes.get("style") or "") for e in (owner, element))
        if re.search(r"(?i)list-style(?:-type)?\s*:[^;]*\bnone\b", style):
            return
        made = Made.BULLET if owner.numbering.bullet else Made.NUMBER
        self._label = (label, made, {"element": element.path, "line": self._line()})

    def _cell(self, element: Element) -> None:
        row = next((e for e in reversed(self._open.stack[:-1]) if e.name in {"tr", "table"}), None)
        if row is None:
            return
        row.cells += 1
        if row.cells > 1:
            self._space = None
            if not self._breaks and not self._stream.at_line_start:
                self._stream.emit("\t", self._place(element.path), made=Made.SEPARATOR)

    def _count_row(self) -> None:
        table = next((e for e in reversed(self._open.stack) if e.name == "table"), None)
        if table is not None:
            table.rows += 1

    def _items_ahead(self) -> int:
        """How many items the list that begins here has, lists in it not counted."""
        depth, items = 0, 0
        for count, match in enumerate(_ITEMS_AHEAD.finditer(self._text, self._char() + 3)):
            word = match[0].lower()
            depth += word.startswith("<ol") - word.startswith("</ol")
            items += word.startswith("<li") and depth == 0
            if depth < 0 or count > _MOST_SCANNED:
                break
        return items

    # ---------------------------------------------------------------- text

    def _reference(self, name: str) -> None:
        found = _REFERENCE.match(self._text, self._char())
        raw = found[0] if found else f"&{name};"
        meant = html.unescape(raw)
        if meant == raw and not self._unseen and raw.endswith(";"):
            self._stream.note("entity_unknown", text=raw, place=self._where(self._open.top.path))
        self._written(meant, len(raw), whole=True)

    def _section(self, text: str) -> None:
        self._written(text, len("<![CDATA[") + len(text) + len("]]>"), whole=True)

    def _written(self, text: str, length_chars: int, *, whole: bool = False) -> None:
        """``text`` stands in the next ``length_chars`` characters of the file; ``whole``: spelt in another way."""
        if self._unseen:
            return
        if self._hidden is not None:
            self._hidden[1].append(text)
            return
        if self._pre:
            self._preformatted(text, length_chars)
            return
        start = self._char()
        end = start + length_chars if whole else start + len(text)
        shown = text.strip(_SPACE)
        before = len(text) - len(text.lstrip(_SPACE))
        after = len(text) - len(text.rstrip(_SPACE)) if shown else 0
        first, last = (start, end) if whole else (start + before, end - after)
        if before:
            self._space = self._span(start, first)
        if shown:
            self._flow(_SPACES.sub(" ", shown), first, last)
        if after:
            self._space = self._span(last, end)

    def _flow(self, text: str, first_char: int, end_char: int) -> None:
        place = self._place()
        self._settle(place)
        if self._space is not None and not self._stream.at_line_start:
            self._stream.emit(" ", place, original=self._space)
        self._space = None
        self._stream.emit(text, place, original=self._span(first_char, end_char))

    def _preformatted(self, text: str, length_chars: int) -> None:
        start = self._char()
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        top = self._open.top
        if text.startswith("\n") and top.name == "pre" and self._text[start - 1 : start] == ">":
            text = text[1:]
        if text:
            self._settle(self._place())
            self._space = None
            self._stream.emit(text, self._place(), original=self._span(start, start + length_chars))

    def _settle(self, place: PlaceFacts) -> None:
        """The line ends that blocks asked for, then the number of an item."""
        wanted = self._breaks if self._stream.length_bytes else 0
        if wanted and not self._stream.at_line_start:
            self._stream.emit("\n", place, made=Made.SEPARATOR)
        if wanted > 1 and not self._stream.after_blank_line:
            self._stream.emit("\n", place, made=Made.SEPARATOR)
        if wanted:
            self._space = None
        self._breaks = 0
        if self._label is not None:
            label, made, label_place = self._label
            self._label = None
            if made is not Made.HEADING:
                self._labels += 1
                where = self._where(str(label_place["element"]))
                self._first_label = self._first_label or (label, self._stream.length_bytes, where)
            self._stream.emit(label, label_place, made=made)

    def _break(self, wanted: int) -> None:
        self._breaks = max(self._breaks, wanted)
        self._space = None

    # ---------------------------------------------------------------- places

    def _char(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _line(self) -> int:
        return self.getpos()[0]

    def _here(self) -> tuple[int, int]:
        return self._span(self._char(), self._char())

    def _place(self, path: str | None = None) -> PlaceFacts:
        return {"element": path or self._open.top.path or "/", "line": self._line()}

    def _where(self, path: str) -> str:
        return f"line {self._line()}, {path}"

    def _span(self, first_char: int, end_char: int) -> tuple[int, int]:
        """Byte positions in the file. Asked in the file's order, so that each character is measured once or twice."""
        return self._byte(first_char), self._byte(end_char)

    def _byte(self, char: int) -> int:
        at, byte = self._known
        if char >= at:
            byte += len(self._text[at:char].encode(self._codec))
        else:
            byte -= len(self._text[char:at].encode(self._codec))
        self._known = (char, byte)
        return byte
