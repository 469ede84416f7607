"""DOCX to a text stream: paragraphs and tables in the order of the document, then the notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from cutter_agent.formats.detection import Format
from cutter_agent.formats.docx import names
from cutter_agent.formats.docx.container import Container
from cutter_agent.formats.docx.inline import InlineReader, Lost, Piece, Reference, TextBox
from cutter_agent.formats.docx.numbering import Numbering
from cutter_agent.formats.docx.styles import Styles
from cutter_agent.formats.stream import Conversion, Made, PlaceFacts, TextStream, quote
from sealing.canonical import JsonValue

READER = "docx/1"
_CONTENT = frozenset(["sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "AlternateContent", "Choice"])
_UNSEEN_NOTES = frozenset(("separator", "continuationSeparator", "continuationNotice"))


def read_docx(data: bytes, *, most_bytes: int, mark_headings: bool = False) -> Conversion:
    """The text of a DOCX.

    Raises:
        FormatRefused: a broken, protected or hostile file, no Word document, no text.
    """
    container = Container(data)
    stream = TextStream(original=data, most_bytes=most_bytes, mark_headings=mark_headings)
    _Reader(container, stream).read()
    return stream.finish(format=Format.DOCX, reader=READER)


class _Reader:
    def __init__(self, container: Container, stream: TextStream) -> None:
        self._container = container
        self._stream = stream
        self._main = container.main_part()
        self._targets = list(container.targets(self._main).values())
        self._styles = Styles(self._related("styles"))
        self._numbering = Numbering(self._related("numbering"), self._styles)
        self._inline = InlineReader(self._styles)
        self._part = self._main
        self._paragraphs = 0
        self._tables = 0
        self._boxes = 0
        self._carried: list[Piece] = []
        self._apart = False
        self._note_mark = ""
        self._notes: list[tuple[Reference, int]] = []
        self._labels = 0
        self._first_label: tuple[str, int, str] | None = None

    def read(self) -> None:
        """The whole document."""
        body = names.child(self._container.xml(self._main), "body")
        self._headers()
        if body is not None:
            self._blocks(body, {})
        self._end_of_notes()
        self._comments()
        if self._first_label is not None:
            label, start_byte, where = self._first_label
            self._stream.note(
                "list_numbered", start_byte=start_byte, count=self._labels, first=label.strip(), place=where
            )

    def _related(self, kind: str) -> etree._Element | None:
        part = next((part for found, part in self._targets if found == kind), None)
        if part is None:
            return None
        if not self._container.has(part):
            self._stream.note("part_missing", part=part)
            return None
        return self._container.xml(part)

    # ---------------------------------------------------------------- blocks

    def _blocks(self, parent: etree._Element, where: dict[str, JsonValue]) -> None:
        for element in parent:
            name = names.local(element)
            if name == "p":
                self._paragraph(element, where)
            elif name == "tbl":
                self._table(element, where)
            elif name in _CONTENT:
                self._blocks(element, where)
            elif name == "altChunk":
                self._stream.note("embedded_object", what="a document that is put in here", place=self._said(where))

    def _paragraph(self, element: etree._Element, where: dict[str, JsonValue]) -> None:
        self._paragraphs += 1
        place: PlaceFacts = {"part": self._part, "paragraph": self._paragraphs, **where}
        pieces = [*self._carried, *self._inline.pieces(element)]
        self._carried = []
        mark = names.child(element, "pPr", "rPr")
        if names.child(mark, "del") is not None or names.child(mark, "moveFrom") is not None:
            self._carried = pieces  # its end was deleted: what is left of it belongs to the next one
            return
        self._part_from(where, place)
        if self._note_mark:
            self._stream.emit(self._note_mark, place, made=Made.REFERENCE)
            self._note_mark = ""
        shown = any((isinstance(piece, str) and piece.strip()) or isinstance(piece, Reference) for piece in pieces)
        if shown or not any(isinstance(piece, Lost) and piece.left_out is not None for piece in pieces):
            self._label(element, place)
        boxes = self._emit(pieces, place)
        if not self._stream.at_line_start:
            self._stream.emit("\n", place, made=Made.SEPARATOR)
        for box in boxes:
            self._boxes += 1
            self._stream.note("text_box_moved", place=self._said(place))
            self._blocks(box.content, {**where, "text_box": self._boxes})

    def _part_from(self, where: dict[str, JsonValue], place: PlaceFacts) -> None:
        """An empty line between paragraphs; lines of a table stand together."""
        inside = "table" in where
        if (self._apart or not inside) and self._stream.at_line_start and not self._stream.after_blank_line:
            self._stream.emit("\n", place, made=Made.SEPARATOR)
        self._apart = not inside

    def _label(self, element: etree._Element, place: PlaceFacts) -> None:
        level = self._styles.heading_level(element)
        mark = self._stream.heading_mark(level) if level is not None else None
        if mark is not None:
            self._stream.emit(mark, place, made=Made.HEADING)
        label = self._numbering.label(element)
        if label is None:
            return
        self._labels += 1
        if label.unknown is not None:
            self._stream.note("numbering_unknown", kind=label.unknown, place=self._said(place))
        self._first_label = self._first_label or (label.text, self._stream.length_bytes, self._said(place))
        self._stream.emit(label.text, place, made=Made.BULLET if label.bullet else Made.NUMBER)

    def _emit(self, pieces: list[Piece], place: PlaceFacts) -> list[TextBox]:
        boxes: list[TextBox] = []
        for piece in pieces:
            if isinstance(piece, str):
                self._stream.emit(piece, place)
            elif isinstance(piece, TextBox):
                boxes.append(piece)
            elif isinstance(piece, Reference):
                self._reference(piece, place)
            elif piece.left_out is not None:
                self._stream.leave_out(piece.code, piece.left_out, place, place=self._said(place), **piece.values)
            else:
                self._stream.note(piece.code, **_words(piece, self._said(place)))
        return boxes

    def _reference(self, reference: Reference, place: PlaceFacts) -> None:
        self._notes.append((reference, len(self._notes) + 1))
        mark = _mark(len(self._notes))
        self._stream.note(
            "footnote_moved", what=reference.kind, number=len(self._notes), mark=mark, place=self._said(place)
        )
        self._stream.emit(mark, place, made=Made.REFERENCE)

    # ---------------------------------------------------------------- tables

    def _table(self, table: etree._Element, where: dict[str, JsonValue]) -> None:
        self._tables += 1
        number = self._tables
        rows = list(_rows(table))
        start_byte = self._stream.length_bytes
        drawn = self._styles.has_borders(table)
        for row_number, row in enumerate(rows, start=1):
            cells = [cell for cell in _cells(row) if not _continues(cell)]
            own = {**where, "table": number, "row": row_number}
            if drawn and all(_is_one_line(cell) for cell in cells):
                self._line_of_cells(cells, own)
            else:
                for cell_number, cell in enumerate(cells, start=1):
                    self._blocks(cell, {**own, "cell": cell_number})
        said = ", ".join([self._part, f"table {number}"])
        self._stream.note("table_flattened", start_byte=start_byte, rows=len(rows), place=said)

    def _line_of_cells(self, cells: list[etree._Element], where: dict[str, JsonValue]) -> None:
        boxes: list[tuple[TextBox, dict[str, JsonValue]]] = []
        place: PlaceFacts = {"part": self._part, "paragraph": self._paragraphs, **where}
        self._part_from(where, place)
        for number, cell in enumerate(cells, start=1):
            if number > 1:
                self._stream.emit("\t", place, made=Made.SEPARATOR)
            for paragraph in _paragraphs(cell):
                self._paragraphs += 1
                place = {"part": self._part, "paragraph": self._paragraphs, **where, "cell": number}
                self._label(paragraph, place)
                found = self._emit(self._inline.pieces(paragraph), place)
                boxes += [(box, {**where, "cell": number}) for box in found]
        self._stream.emit("\n", place, made=Made.SEPARATOR)
        for box, own in boxes:
            self._boxes += 1
            self._blocks(box.content, {**own, "text_box": self._boxes})

    # ---------------------------------------------------------------- what stands outside

    def _headers(self) -> None:
        for kind, code in (("header", "header_left_out"), ("footer", "footer_left_out")):
            for part in sorted({part for found, part in self._targets if found == kind}):
                if not self._container.has(part):
                    self._stream.note("part_missing", part=part)
                    continue
                lines = [self._plain(paragraph) for paragraph in _paragraphs(self._container.xml(part))]
                text = "\n".join(line for line in lines if line.strip())
                if text:
                    self._stream.leave_out(code, text, {"part": part}, place=part)

    def _end_of_notes(self) -> None:
        known: dict[str, tuple[str, dict[str, etree._Element]]] = {}
        for kind in ("footnote", "endnote"):
            root = self._related(f"{kind}s")
            part = next((part for found, part in self._targets if found == f"{kind}s"), "")
            known[kind] = (
                part,
                {
                    names.attribute(note, "id") or "": note
                    for note in names.children(root, kind)
                    if names.attribute(note, "type") not in _UNSEEN_NOTES
                },
            )
        written: set[tuple[str, str]] = set()
        for reference, number in self._notes:  # a note may refer to notes: they come behind it
            part, notes = known[reference.kind]
            note = notes.get(reference.note_id)
            if (reference.kind, reference.note_id) in written:
                continue
            written.add((reference.kind, reference.note_id))
            if note is None:
                self._stream.note("part_missing", part=f"{reference.kind} {reference.note_id}")
                continue
            self._part, self._paragraphs = part, 0
            where: dict[str, JsonValue] = {reference.kind: number}
            self._note_mark = f"{_mark(number)} "
            self._blocks(note, where)

    def _comments(self) -> None:
        root = self._related("comments")
        for comment in names.children(root, "comment"):
            text = "\n".join(self._plain(paragraph) for paragraph in _paragraphs(comment))
            author = names.attribute(comment, "author") or "somebody"
            self._stream.leave_out("comments_left_out", text, {"part": "comments"}, author=author)

    def _plain(self, paragraph: etree._Element) -> str:
        return "".join(piece for piece in self._inline.pieces(paragraph) if isinstance(piece, str))

    def _said(self, place: PlaceFacts) -> str:
        words = [str(place.get("part", self._part))]
        words += [f"{name.replace('_', ' ')} {value}" for name, value in place.items() if name != "part"]
        return ", ".join(words)


def _words(lost: Lost, where: str) -> Any:
    return {"place": where} | {
        name: quote(str(value)) if name == "text" else value for name, value in lost.values.items()
    }


def _mark(number: int) -> str:
    return f"[{number}]"


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for element in table:
        name = names.local(element)
        if name == "tr" and names.child(element, "trPr", "del") is None:
            yield element
        elif name in _CONTENT:
            yield from _rows(element)


def _cells(row: etree._Element) -> Iterator[etree._Element]:
    for element in row:
        name = names.local(element)
        if name == "tc":
            yield element
        elif name in _CONTENT:
            yield from _cells(element)


def _continues(cell: etree._Element) -> bool:
    """A cell that is merged with the one above it."""
    merged = names.child(cell, "tcPr", "vMerge")
    return merged is not None and (names.attribute(merged, "val") or "continue") == "continue"


def _paragraphs(element: etree._Element) -> list[etree._Element]:
    return [found for found in element.iter() if names.local(found) == "p"]


def _is_one_line(cell: etree._Element) -> bool:
    """One paragraph directly in it, without a line's end and without a table."""
    inside = [names.local(found) for found in cell.iter()]
    return inside.count("p") <= 1 and not {"tbl", "br", "cr", "txbxContent"} & set(inside)
