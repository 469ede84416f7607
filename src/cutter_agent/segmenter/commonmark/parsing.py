"""Blocks as a full CommonMark parser sees them, stretch by stretch: the parser's tokens are far larger than the text.

Positions are the parser's line maps over our own line starts; inline content is never parsed.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from cutter_agent.segmenter.commonmark.blocks import HEADINGS, ROW, Block, Opening, leaf

_LINE_END = re.compile(rb"\r\n?|\n")
_OPENS_BLOCK = re.compile(
    rb"(?<=[\r\n])#{1,6}[ \t]|(?<=[\r\n])[-+*][ \t]+[^\s*_+-]|(?:(?<=\n\n)|(?<=\n\r\n)|(?<=\r\r))[A-Za-z\xc3-\xf4]"
    rb"|(?<=[\r\n])(?P<numbered>\d{1,9}[.)][ \t]+[^\s])|(?:(?<====\n)|(?<=---\n))(?P<underlined>[A-Za-z\xc3-\xf4])"
)
_CLOSED_BY = {"numbered": ("ordered_list_close",), "underlined": ("heading_close", "hr")}
_LEAST_BYTES, _MOST_BYTES = 1, 1 << 17

# A list item is a unit, and so is each block inside it that follows its first.
_LEAVES = {
    "paragraph_open": "paragraph",
    "fence": "code",
    "code_block": "code",
    "html_block": "html",
    "hr": "rule",
    "blockquote_open": "quote",
    "list_item_open": "item",
    "table_open": "table",
}


class Parsing:
    """Reads stretches of one text. A stretch that follows the last one at once is larger: such texts are hard."""

    def __init__(self, data: bytes, *, tables: bool) -> None:
        self._data = data
        self._parser = MarkdownIt("commonmark")
        if tables:
            self._parser.enable("table")
        self._parser.core.ruler.enableOnly(["normalize", "block"])
        self._size, self._read_upto = _LEAST_BYTES, -1

    def stretch(self, at: int) -> tuple[list[Opening], int]:
        """The blocks of a stretch from ``at``, where no block is open, and its end, where none is either.

        A stretch ends before a line that opens a block of its own at the margin, whatever stands before it: a heading,
        an item, or a word behind a blank line. Only code and raw HTML can go on through such a line; then it is taken
        in.
        """
        data = self._data
        size = self._size = min(self._size * 2, _MOST_BYTES) if at == self._read_upto else _LEAST_BYTES
        while True:
            split = _OPENS_BLOCK.search(data, at + size)
            upto = split.start() if split else len(data)
            lines = [at, *(m.end() for m in _LINE_END.finditer(data, at, upto))]
            tokens = self._parser.parse(data[at:upto].decode("utf-8"))
            if split is None or not _goes_on(tokens, len(lines) - 1, split.lastgroup):
                self._read_upto = upto
                return _openings(tokens, lines), upto
            size = max(size * 2, 1024)


def _goes_on(tokens: list[Token], lines: int, opening: str | None) -> bool:
    """Whether the last block may go on behind the stretch.

    A numbered item opens a block only behind a list, not in a paragraph; a word only behind the heading or the rule
    that the line before it may be.
    """
    if not tokens:
        return False
    last = tokens[-1]
    if last.type in ("fence", "html_block"):
        return last.map is None or last.map[1] >= lines
    return opening is not None and last.type not in _CLOSED_BY[opening]


def _openings(tokens: list[Token], lines: list[int]) -> list[Opening]:
    out: list[Opening] = []
    quotes = items = 0
    fresh_item = in_body = False
    for token in tokens:
        if token.nesting < 0:
            quotes -= token.type == "blockquote_close"
            if token.type == "list_item_close":
                items -= 1
                fresh_item = False
            in_body = in_body and token.type != "tbody_close"
        if token.map is None or token.nesting < 0:
            continue
        in_body = in_body or token.type == "tbody_open"
        block = _block(token, items, in_body=in_body) if quotes == 0 else None
        if block is not None:
            opens_item = token.type == "list_item_open"
            if not fresh_item or opens_item or block is ROW:
                out.append(Opening(lines[min(token.map[0], len(lines) - 1)], block, token.markup if opens_item else ""))
            fresh_item = opens_item
        if token.type == "blockquote_open":
            quotes += 1
        elif token.type == "list_item_open":
            items += 1
    return out


def _block(token: Token, items: int, *, in_body: bool) -> Block | None:
    if token.type == "heading_open":
        return HEADINGS[int(token.tag[1]) - 1] if items == 0 else leaf("paragraph", items)
    if token.type == "tr_open":
        return ROW if in_body else None
    level = _LEAVES.get(token.type)
    return None if level is None else leaf(level, items)
