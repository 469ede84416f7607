"""Which stretches of a text are quoted provisions: their headings are not headings of this document (design 4.4).

A mark opens a quotation that runs over lines when it stands at the start of its line or right after a colon
and is not closed on
that line. The first closing mark without a partner on its own line ends it. Marks that open and close on one
line are words in
quotation marks and say nothing here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from cutter_agent.segmenter.shadow import BLANK

_AT_LINE_START_OR_COLON = re.compile(rb"(?:\A|\n|:)" + BLANK + rb"*\Z")
_LOOK_BACK_BYTES = 64


@dataclass(frozen=True, kw_only=True)
class Quotations:
    """Quoted stretches ``[start, end)`` in order, and the opening marks that nothing closes."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    unclosed: tuple[int, ...]

    def holds(self, byte: int) -> bool:
        """Whether the line that starts at ``byte`` begins inside a quotation."""
        index = bisect_right(self.starts, byte) - 1
        return index >= 0 and self.starts[index] < byte < self.ends[index]


def find(data: bytes, text: str, pairs: tuple[tuple[str, str], ...]) -> Quotations:
    """The quotations of a text over all pairs of marks; ``text`` is ``data`` decoded. Linear in the text."""
    stretches: list[tuple[int, int]] = []
    unclosed: list[int] = []
    for opening, closing in pairs:
        if opening in text:
            _of_pair(data, opening.encode(), closing.encode(), stretches, unclosed)
    kept: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return Quotations(
        starts=tuple(s for s, _ in kept), ends=tuple(e for _, e in kept), unclosed=tuple(sorted(unclosed))
    )


def _of_pair(
    data: bytes, opening: bytes, closing: bytes, stretches: list[tuple[int, int]], unclosed: list[int]
) -> None:
    outer = -1  # where the quotation over lines began that is open now
    inline: list[int] = []  # marks opened on the current line
    line_of_last = 0
    either = re.escape(opening) if opening == closing else re.escape(opening) + b"|" + re.escape(closing)
    for mark in re.finditer(either, data):
        at = mark.start()
        if inline and data.find(b"\n", line_of_last, at) >= 0:
            outer = _left_open(data, inline[0], outer, unclosed)
            inline.clear()
        line_of_last = at
        opens = mark[0] == opening
        if opening == closing:
            opens = not inline and (outer < 0 or not _ends_line(data, mark.end()))
        if opens:
            inline.append(at)
        elif inline:
            inline.pop()
        elif outer >= 0:
            stretches.append((outer, mark.end()))
            outer = -1
    if inline:
        outer = _left_open(data, inline[0], outer, unclosed)
    if outer >= 0:
        unclosed.append(outer)


def _left_open(data: bytes, at: int, outer: int, unclosed: list[int]) -> int:
    """A line ended with this mark open: it opens a quotation over lines if it stands where one may begin."""
    if not _AT_LINE_START_OR_COLON.search(data[max(0, at - _LOOK_BACK_BYTES) : at]):
        return outer
    if outer >= 0:
        unclosed.append(outer)
    return at


def _ends_line(data: bytes, byte: int) -> bool:
    return re.match(rb"[.;,:]*" + BLANK + rb"*(?:\n|\Z)", data[byte : byte + _LOOK_BACK_BYTES]) is not None
