"""A Markdown text as a stream of blocks, as fine as the profile wants them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cutter_agent.segmenter.commonmark.blocks import ENTRY, HEADINGS, LIST, PART, ROW, Opening, leaf
from cutter_agent.segmenter.commonmark.parsing import Parsing
from cutter_agent.segmenter.commonmark.plain import BLANK, BLOCK, LINE, agrees
from cutter_agent.segmenter.grammar import Finest

_KEY = re.compile(rb"([A-Za-z_\xc3-\xf4][^:\r\n]{0,99}):(?=[ \t\r\n])")
_HTML_ROW = re.compile(rb"[ \t]*<(?:(tr)|/?(?:table|thead|tbody|tfoot))(?=[\s/>])", re.IGNORECASE)


def openings(data: bytes, start_byte: int, finest: Finest) -> Iterator[Opening]:
    """The blocks of ``data`` from ``start_byte``, in order."""
    found = _blocks(data, start_byte, tables=finest is Finest.TABLE_ROW)
    if finest is Finest.TABLE_ROW:
        return _with_html_rows(found, data)
    if finest is Finest.LIST_ITEM:
        return found
    return _lists_whole(found) if finest is Finest.PARAGRAPH else (o for o in found if o.block.depth)


def entries(data: bytes, start_byte: int, end_byte: int) -> Iterator[Opening]:
    """The entries of a front matter: lines at the margin that begin with a key; what is indented belongs to them."""
    for line in _lines(data, start_byte, end_byte):
        found = _KEY.match(data, line.start(), line.end())
        if found is not None:
            yield Opening(line.start(), ENTRY, found[1].decode().strip())


def _blocks(data: bytes, at: int, *, tables: bool) -> Iterator[Opening]:
    """Block by block: where one look tells, by its pattern, else as the parser says."""
    parsing = Parsing(data, tables=tables)
    plain: Callable[[bytes, int], re.Match[bytes] | None] = BLOCK.match
    blank = BLANK.match(data, at)
    at = blank.end() if blank else at
    paragraph, item = leaf("paragraph"), leaf("item")
    while at < len(data):
        found = plain(data, at)
        kind = found.lastgroup if found else None
        if found is None or (kind == "table" and not (tables and agrees(found))):
            stretch, at = parsing.stretch(at)
            yield from stretch
            continue
        if kind == "paragraph":
            yield Opening(at, paragraph)
        elif kind == "item":
            yield Opening(at, item, (found["bullet"] or found["dot"]).decode())
        elif kind == "heading":
            yield Opening(at, HEADINGS[len(found["depth"]) - 1])
        else:
            yield Opening(at, leaf(str(kind)))
            if kind == "table":
                start, end = found.span("rows")
                yield from (
                    Opening(row.start(), ROW) for row in LINE.finditer(data, start, end) if row.end() > row.start()
                )
        at = found.end()


def _lines(data: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
    return (line for line in LINE.finditer(data, start, end) if line.start() < end)


def _with_html_rows(found: Iterator[Opening], data: bytes) -> Iterator[Opening]:
    """Rows of raw HTML tables, too, where a row begins on a line of its own."""
    table: Opening | None = None
    for opening in found:
        if table is not None:
            yield from _html_rows(data, table.start_byte, opening.start_byte)
        table = opening if opening.block.level == "html" and opening.block.nesting == 0 else None
        yield opening
    if table is not None:
        yield from _html_rows(data, table.start_byte, len(data))


def _html_rows(data: bytes, start: int, end: int) -> Iterator[Opening]:
    rows = False
    for line in _lines(data, start, end):
        found = _HTML_ROW.match(data, line.start(), line.end())
        if found is None or line.start() == start:
            continue
        if found[1]:
            rows = True
            yield Opening(line.start(), ROW)
        elif rows:
            yield Opening(line.start(), PART)


def _lists_whole(found: Iterator[Opening]) -> Iterator[Opening]:
    """Whole lists for items: one list as long as its marker stays the same, and what stands in it is no unit."""
    marker = ""
    for opening in found:
        if opening.block.nesting > 0:
            continue
        if opening.block.level != "item":
            marker = ""
            yield opening
        elif opening.marker != marker:
            marker = opening.marker
            yield Opening(opening.start_byte, LIST, marker)
