"""What a cut is worth, told without any cutter: bytes kept, articles that start a piece, pieces of two articles."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.segment_tools import Pieces

ARTICLES = {
    "vn": re.compile("(?m)^[ \u00a0]*(?:Điều|Ðiều)[ \u00a0]+[0-9]+[a-z]?\\."),
    "de": re.compile(r"(?m)^#{1,6} (?:\(X+\) )?(?:§{1,2}|Art) ?[0-9]+"),
}
"""How a heading of an article looks in each family: a plain expression of this file, not the cutter's."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Sums over texts."""

    size: int
    bytes_kept: int
    articles: int
    articles_started: int
    pieces: int
    pieces_straddling: int


def facts_of(family: str, files: Sequence[bytes], cuts: Sequence[Pieces]) -> Facts:
    """The facts of one tool's pieces over the files of one family."""
    kept = started = articles = straddling = pieces = 0
    for data, cut in zip(files, cuts, strict=True):
        spans = spans_of(cut, data)
        headings = _headings(family, data.decode())
        starts = {start for start, _ in spans}
        kept += _covered(spans)
        articles += len(headings)
        started += sum(_starts_piece(heading, starts, data) for heading in headings)
        pieces += len(spans)
        straddling += sum(_straddles(span, headings, data) for span in spans)
    return Facts(
        size=sum(map(len, files)), bytes_kept=kept, articles=articles, articles_started=started, pieces=pieces,
        pieces_straddling=straddling,
    )  # fmt: skip


def spans_of(pieces: Pieces, data: bytes) -> list[tuple[int, int]]:
    """Where the pieces stand in ``data``: as told, or found one behind the other; what is not there is left out."""
    spans, at = [], 0
    for piece in pieces:
        if isinstance(piece, str):
            raw = piece.encode()
            start = data.find(raw, at)
            if start < 0 or not raw:
                continue
            piece = (start, start + len(raw))
            at = piece[1]
        spans.append(piece)
    return spans


def _headings(family: str, text: str) -> list[int]:
    out, at, byte = [], 0, 0
    for match in ARTICLES[family].finditer(text):
        byte += len(text[at : match.start()].encode())
        at = match.start()
        out.append(byte)
    return out


def _covered(spans: Sequence[tuple[int, int]]) -> int:
    covered = reached = 0
    for start, end in sorted(spans):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def _starts_piece(heading: int, starts: set[int], data: bytes) -> bool:
    """Blanks, line ends and number signs before the heading may go with it, or be left behind."""
    while heading not in starts and heading > 0 and data[heading - 1 : heading] in (b"\n", b" ", b"\r"):
        heading -= 1
    return heading in starts


def _straddles(span: tuple[int, int], headings: Sequence[int], data: bytes) -> bool:
    """Whether an article begins inside the piece with other text before it."""
    start, end = span
    first = bisect_left(headings, start)
    inside = headings[first : bisect_right(headings, end - 1)]
    return any(data[start:heading].strip() for heading in inside[:2])
