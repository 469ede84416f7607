"""PDF to a text stream: page by page, line by line, every line with its page, number and box."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cutter_agent.errors import FormatRefused
from cutter_agent.formats.detection import Format
from cutter_agent.formats.pdf.furniture import Returning, returning
from cutter_agent.formats.pdf.lines import Laid, Line, begins_column, begins_paragraph, lay_out, leading
from cutter_agent.formats.pdf.pages import Page, PdfFile
from cutter_agent.formats.stream import Conversion, Made, PlaceFacts, TextStream, quote

READER = "pdf/1"
_HYPHENATED = re.compile(r"[^\W\d_]{2,}-$")
_CONTINUES = re.compile(r"[^\W\d_]")
_SCAN = "Recognise its text first (OCR), or get the document in another form."


def read_pdf(data: bytes, *, most_bytes: int, mark_headings: bool = False) -> Conversion:
    """The text of a PDF.

    Raises:
        FormatRefused: broken, cut off or encrypted; no page with text.
    """
    file = PdfFile(data)
    stream = TextStream(original=data, most_bytes=most_bytes, mark_headings=mark_headings)
    if file.facts.attachments:
        stream.note("file_attached", count=file.facts.attachments)
    laid: list[Laid] = []
    pages: list[Page] = []
    for page in file.pages():
        laid.append(lay_out(page))
        pages.append(page)
        page.runs.clear()  # characters are many; the lines hold what is needed
    empty = [page.number for page, found in zip(pages, laid, strict=True) if not found.lines]
    if len(empty) == len(pages):
        raise FormatRefused(f"no page has text: {_pages(empty)} hold pictures or nothing", remedy=_SCAN)
    _write(stream, pages, laid)
    return stream.finish(format=Format.PDF, reader=READER)


def _write(stream: TextStream, pages: list[Page], laid: list[Laid]) -> None:
    left_out = returning([found.lines for found in laid])
    if sum(len(again.places) for again in left_out) == sum(len(found.lines) for found in laid):
        left_out = []  # a text of nothing but such lines is still the text
    skipped = {place for again in left_out for place in again.places}
    for again in left_out:
        _tell(stream, again, laid)
    hyphens = lines = 0
    last: Line | None = None
    for index, (page, found) in enumerate(zip(pages, laid, strict=True)):
        _notes_of(stream, page, found)
        step = leading(found.lines)
        before: Line | None = None
        for number, line in enumerate(found.lines):
            if (index, number) in skipped:
                continue
            place = _place(page.number, number + 1, line)
            if before is not None and begins_paragraph(before, line, step) and not stream.after_blank_line:
                stream.emit("\n", place, made=Made.SEPARATOR)
            if before is not None and begins_column(before, line):
                stream.note("columns_in_order", page=page.number)
            hyphens += _hyphen(stream, last, line, place)
            stream.emit(line.text, place)
            stream.emit("\n", place, made=Made.SEPARATOR)
            before = last = line
            lines += 1
    if lines:
        stream.note("hard_wraps", start_byte=0, lines=lines, hyphens=hyphens)


def _hyphen(stream: TextStream, before: Line | None, line: Line, place: PlaceFacts) -> bool:
    if before is None or not _HYPHENATED.search(before.text) or not _CONTINUES.match(line.text):
        return False
    word, rest = before.text.split()[-1], line.text.split()[0]
    said = f"page {place['page']}, line {place['line']}"
    stream.note(
        "hyphen_at_line_end",
        start_byte=max(stream.length_bytes - 2, 0),
        place=said,
        text=quote(f"{word} {rest}"),
    )
    return True


def _notes_of(stream: TextStream, page: Page, found: Laid) -> None:
    number = page.number
    if not found.lines:
        stream.note("page_without_text", page=number, what="a picture of it" if page.pictures else "nothing")
    elif page.pictures and not page.unseen:
        for _ in range(page.pictures):
            stream.note("image", place=f"page {number}", alt="")
    if page.unseen:
        stream.note("text_recognised", page=number)
    if page.unreadable:
        stream.note("unreadable_glyph", page=number, count=page.unreadable)
    if found.columns > 1:
        stream.note("columns_reordered", page=number, columns=found.columns)
    if found.side_by_side:
        stream.note("side_by_side", page=number, count=found.side_by_side)
    if page.notes:
        stream.note("annotations_left_out", page=number, count=page.notes)


def _tell(stream: TextStream, found: Returning, laid: list[Laid]) -> None:
    page, index = found.places[0]
    line = laid[page].lines[index]
    code = "page_number_left_out" if found.numbered else "page_line_left_out"
    numbers = sorted({page + 1 for page, _ in found.places})
    stream.leave_out(code, found.text, _place(page + 1, index + 1, line), count=len(numbers), pages=_pages(numbers))


def _place(page: int, number: int, line: Line) -> PlaceFacts:
    return {"page": page, "line": number, "box_centipoints": [round(edge * 100) for edge in line.box]}


def _pages(numbers: Iterable[int]) -> str:
    """``pages 1-3, 7``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    said = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
    return f"page {said}" if len(runs) == 1 and runs[0][0] == runs[0][1] else f"pages {said}"
