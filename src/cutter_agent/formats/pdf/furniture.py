"""Page headers, footers and page numbers: lines at the edge of the pages that return at the same height.

A line returns when its text is the same, or differs only in a number that grows with the page. It is left out only
where it stands apart from the text, by space or by its left edge: what begins every page like other lines may be text.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cutter_agent.formats.pdf.lines import Line, leading

_EDGE_LINES = 3
_SHARE_OF_PAGES = 0.3
_HEIGHT_POINTS = 8.0
_DIGITS = re.compile(r"\d+")
_NUMBER_ONLY = re.compile(r"[\W\d_]*\d[\W\d_]*")
_SAME_ROW_POINTS = 3.0
_SPACE_LEADS = 1.2
_Found = tuple[int, int, Line]


@dataclass(frozen=True, kw_only=True)
class Returning:
    """One line that returns: its words on the first page, and where it stands as (page, line index)."""

    text: str
    numbered: bool
    places: tuple[tuple[int, int], ...]


def returning(pages: Sequence[Sequence[Line]]) -> list[Returning]:
    """What returns on the pages, ``pages`` being their lines in order. Pages count from 0 here."""
    groups: dict[tuple[str, int], list[_Found]] = defaultdict(list)
    for page, lines in enumerate(pages):
        for index in _edges(lines):
            line = lines[index]
            shape = _DIGITS.sub("#", " ".join(line.text.split()))
            groups[shape, round(line.base / _HEIGHT_POINTS)].append((page, index, line))
    needed = _needed(len(pages))
    kept = [part for group in _neighbours(groups) if len(part := _same_or_counting(group)) >= needed]
    again = {(page, index) for part in kept for page, index, _ in part}
    outside = {place for page, lines in enumerate(pages) for place in _outside(page, lines, again)}
    apart = [[found for found in part if found[:2] in outside] for part in kept]
    return [_told(part) for part in apart if len({page for page, _, _ in part}) >= needed]


def _told(part: Sequence[_Found]) -> Returning:
    text = part[0][2].text
    return Returning(
        text=text,
        numbered=len({line.text for _, _, line in part}) > 1,
        places=tuple((page, index) for page, index, _ in part),
    )


def _outside(page: int, lines: Sequence[Line], again: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The returning lines of a page that stand between its edge and its text, with space between them and the text."""
    rows = _rows(lines)
    step = leading(lines)
    margin = Counter(round(line.box[0]) for line in lines).most_common(1)[0][0] if lines else 0
    for ordered, sign in ((rows, 1.0), (rows[::-1], -1.0)):
        edge: list[list[int]] = []
        for row in ordered:
            if not all((page, index) in again for index in row):
                break
            edge.append(row)
            if _stands_apart(edge, ordered, lines, sign=sign, step=step, margin=margin):
                yield from ((page, index) for found in edge for index in found)
                break  # the first space from the outside: what stands behind it is text


def _stands_apart(
    edge: list[list[int]], ordered: list[list[int]], lines: Sequence[Line], *, sign: float, step: float, margin: float
) -> bool:
    """Whether the innermost row of the edge is no line of the text."""
    innermost = [lines[index] for index in edge[-1]]
    alone = len(edge) == 1 and all(_NUMBER_ONLY.fullmatch(line.text) for line in innermost)
    if alone or len(edge) == len(ordered):
        return alone
    space = sign * (innermost[0].base - lines[ordered[len(edge)][0]].base)
    return space > _SPACE_LEADS * step or all(abs(line.box[0] - margin) > _SAME_ROW_POINTS for line in innermost)


def _rows(lines: Sequence[Line]) -> list[list[int]]:
    """Lines of one height together, from the top down."""
    rows: list[list[int]] = []
    for index in sorted(range(len(lines)), key=lambda index: -lines[index].base):
        if rows and lines[rows[-1][0]].base - lines[index].base < _SAME_ROW_POINTS:
            rows[-1].append(index)
        else:
            rows.append([index])
    return rows


def _needed(pages: int) -> int:
    return 2 if pages <= 3 else max(3, round(pages * _SHARE_OF_PAGES))


def _edges(lines: Sequence[Line]) -> list[int]:
    by_height = sorted(range(len(lines)), key=lambda index: -lines[index].base)
    return sorted({*by_height[:_EDGE_LINES], *by_height[-_EDGE_LINES:]})


def _neighbours(
    groups: dict[tuple[str, int], list[_Found]],
) -> list[list[_Found]]:
    """Groups of one shape whose heights round to neighbouring steps are one group."""
    joined: list[list[_Found]] = []
    last: tuple[str, int] | None = None
    for key in sorted(groups):
        if last is not None and key[0] == last[0] and key[1] - last[1] == 1:
            joined[-1] += groups[key]
        else:
            joined.append(list(groups[key]))
        last = key
    return joined


def _same_or_counting(group: list[_Found]) -> list[_Found]:
    """The largest part of a group that says the same, or counts with the pages."""
    parts: dict[tuple[str, object], list[_Found]] = defaultdict(list)
    for page, index, line in group:
        text = " ".join(line.text.split())
        parts["same", text].append((page, index, line))
        for place, number in enumerate(_DIGITS.findall(text)):
            parts["counts", (place, int(number[:9]) - page)].append((page, index, line))
    return max(parts.values(), key=len)
