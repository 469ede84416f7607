"""Markdown documents: the block structure of CommonMark with exact byte spans (design 4.4).

The tree is the headings'; under them stand paragraphs, list items, code, quotes, tables of raw HTML, each a
unit. Positions are
the parser's line maps over our own line starts; inline content is never parsed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from markdown_it import MarkdownIt
from markdown_it.token import Token

from cutter_agent.model import Finding, Unit
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.noting import Notes
from cutter_agent.segmenter.placing import Minting

_LINE_END = re.compile(rb"\r\n|\n|\r")
_FRONT_MATTER = re.compile(
    rb"(?:\xef\xbb\xbf)?---[ \t]*(?:\r\n|\n|\r)(?:.*?(?:\r\n|\n|\r))??(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r|\Z)", re.DOTALL
)

_LINE_END_TEXT = re.compile(r"\r\n|\n|\r")
_STRETCH_CHARACTERS = 1 << 17
_OPENS_BLOCK = re.compile(
    r"(?<=\n)#{1,6}[ \t]|(?<=\n)[-+*][ \t]+[^\s*_+-]|(?:(?<=\n\n)|(?<=\n\r\n))[^\W\d_]"
    r"|(?<=\n)(?P<numbered>\d{1,9}[.)][ \t]+[^\s])|(?:(?<====\n)|(?<=---\n))(?P<underlined>[^\W\d_])"
)

# Token type -> (level, kind, address token). A list item is a unit, and so is each block inside it that
# follows its first.
_LEAVES = {
    "paragraph_open": ("paragraph", "paragraph", "P"),
    "fence": ("code", "code", "C"),
    "code_block": ("code", "code", "C"),
    "html_block": ("html", "html", "X"),
    "hr": ("rule", "rule", "R"),
    "blockquote_open": ("quote", "quote", "Q"),
    "list_item_open": ("item", "list_item", "I"),
}


@dataclass(frozen=True, slots=True)
class _Block:
    line: int
    level: str
    kind: str
    token: str
    depth: int  # headings: 1 to 6; 0 for what stands under them
    nesting: int  # list items: how many items it stands in


def cut(data: bytes, profile: Profile, document_code: str) -> tuple[tuple[Unit, ...], tuple[Finding, ...]]:
    """Units of a CommonMark text. A blank line belongs to the block before it; a front matter is a unit of its own."""
    line_starts = [0, *(m.end() for m in _LINE_END.finditer(data))]
    front = _FRONT_MATTER.match(data)
    front_end = front.end() if front else 0
    first_line = (
        next((i for i, start in enumerate(line_starts) if start >= front_end), len(line_starts)) if front else 0
    )
    blocks = _blocks(data[front_end:].decode("utf-8").removeprefix("\ufeff"), first_line)
    starts: list[tuple[int, _Block]] = []
    if front:
        starts.append((0, _Block(0, "front_matter", "front_matter", "FM", 0, -1)))
    for block in blocks:
        at = line_starts[min(block.line, len(line_starts) - 1)]
        if not starts or at > starts[-1][0]:
            starts.append((at, block))
    if not starts or starts[0][0] > 0:
        if starts and not data[: starts[0][0]].strip(b"\xef\xbb\xbf \t\r\n"):
            starts[0] = (0, starts[0][1])
        else:
            p = profile.preamble
            starts.insert(0, (0, _Block(0, p.name, p.kind, p.token, 0, -1)))
    starts = [s for s in starts if s[0] < len(data)]
    return _units(data, starts, document_code)


def _blocks(text: str, first_line: int) -> list[_Block]:
    """Every block that is a unit. The text is parsed in stretches: the parser's tokens are far larger than it."""
    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])
    out: list[_Block] = []
    for tokens, line in _stretches(parser, text, first_line):
        _collect(tokens, line, out)
    return out


def _stretches(parser: MarkdownIt, text: str, first_line: int) -> Iterator[tuple[list[Token], int]]:
    """Tokens of stretches that can be read one by one, with the line each starts at.

    A stretch ends before a line that opens a block of its own at the margin, whatever stands before it: a heading, an
    item, or a word behind a blank line. Only code and raw HTML can go on through such a line; then it is taken in.
    """
    at, size = 0, _STRETCH_CHARACTERS
    while at < len(text):
        split = _OPENS_BLOCK.search(text, at + size)
        upto = split.start() if split else len(text)
        stretch = text[at:upto]
        tokens, lines = parser.parse(stretch), len(_LINE_END_TEXT.findall(stretch))
        if split and _goes_on(tokens, lines, split.lastgroup):
            size *= 2
            continue
        yield tokens, first_line
        at, size, first_line = upto, _STRETCH_CHARACTERS, first_line + lines


_CLOSED_BY = {"numbered": ("ordered_list_close",), "underlined": ("heading_close", "hr")}


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


def _collect(tokens: list[Token], first_line: int, out: list[_Block]) -> None:
    quotes = items = 0
    fresh_item = False
    for token in tokens:
        if token.type == "blockquote_close":
            quotes -= 1
        elif token.type == "list_item_close":
            items -= 1
            fresh_item = False
        if token.map is None or token.nesting < 0:
            continue
        if quotes == 0:
            block = _block(token, items, first_line)
            opens_item = token.type == "list_item_open"
            if block is not None and (not fresh_item or opens_item):
                out.append(block)
            if block is not None:
                fresh_item = opens_item
        if token.type == "blockquote_open":
            quotes += 1
        elif token.type == "list_item_open":
            items += 1


def _block(token: Token, items: int, first_line: int) -> _Block | None:
    line = first_line + (token.map or [0])[0]
    if token.type == "heading_open" and items == 0:
        depth = int(token.tag[1])
        return _Block(line, f"h{depth}", "heading", "S", depth, 0)
    name = "paragraph_open" if token.type == "heading_open" else token.type
    if name not in _LEAVES:
        return None
    level, kind, mark = _LEAVES[name]
    return _Block(line, level, kind, mark, 0, items)


def _units(
    data: bytes, starts: list[tuple[int, _Block]], document_code: str
) -> tuple[tuple[Unit, ...], tuple[Finding, ...]]:
    notes = Notes(data, ())
    minting = Minting(notes)
    counts: Counter[str] = Counter()
    headings: list[tuple[int, str]] = []
    items: list[str] = []
    units = []
    ends = [start for start, _ in starts[1:]] + [len(data)]
    for (start, block), end in zip(starts, ends, strict=True):
        if block.depth:
            while headings and headings[-1][0] >= block.depth:
                headings.pop()
            items = []
        del items[max(block.nesting, 0) :]
        parent = items[-1] if items else headings[-1][1] if headings else None
        stem = f"{parent or document_code}-{block.token}"
        counts[stem] += 1
        number = counts[stem] if block.nesting >= 0 or block.depth else None
        address = minting.mint(f"{stem}{number or ''}", start)
        if block.depth:
            headings.append((block.depth, address))
        elif block.kind == "list_item":
            items.append(address)
        units.append(
            Unit(
                start_byte=start,
                end_byte=end,
                level=block.level,
                number=str(number) if number else None,
                address=address,
                kind=block.kind,
                parent=parent,
                content_sha256=sha256(data[start:end]).hexdigest(),
            )
        )
    return tuple(units), tuple(notes.findings)
