"""Text behind a list that belongs to the list's parent and not to its last item (design 4.4).

A last item whose first paragraph ends a sentence, in a list whose other items are one paragraph each, ends with that
paragraph. What follows is the parent's again, and a unit of its own: the parent's heading stands before the list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.marks import Mark, block_mark
from cutter_agent.segmenter.placing import Placed
from cutter_agent.segmenter.shadow import BLANK

_ENDS_SENTENCE = re.compile(rb"[.;](?:\xe2\x80\x9d|\")?" + BLANK + rb"*\Z")
_EMPTY = re.compile(rb"(?:\n|" + BLANK + rb")*")
_CAP_ITEMS = 64  # a list longer than this is judged by its last items


def split(placed: Placed, data: bytes, profile: Profile) -> Placed:
    """The same units, with flush texts cut off. ``data`` has a line feed at every line end."""
    labels = [rank for rank, level in enumerate(profile.levels) if not level.keywords]
    if profile.flush is None or not labels:
        return placed
    mark, innermost = block_mark(profile.flush), labels[-1]
    cuts = [
        (index, at)
        for index in _last_items(placed, innermost, data)
        if (at := _flush_start(placed, index, data)) is not None
    ]
    return _with(placed, cuts, mark) if cuts else placed


def _last_items(placed: Placed, rank: int, data: bytes) -> list[int]:
    """Units of the innermost level that no other of their list follows, and that have more than one line."""
    parents, ends = placed.parents, (*placed.starts[1:], len(data))
    after: Sequence[str | None] = [*parents[1:], ""]
    columns = zip(placed.starts, ends, placed.marks, parents, after, strict=True)
    return [
        index
        for index, (start, end, mark, parent, following) in enumerate(columns)
        if parent != following and mark.rank == rank and parent is not None and data.find(b"\n", start, end - 1) >= 0
    ]


def _flush_start(placed: Placed, index: int, data: bytes) -> int | None:
    end = placed.starts[index + 1] if index + 1 < len(placed.starts) else len(data)
    at = _second_paragraph(data, placed.starts[index], end)
    if at is None or not _ENDS_SENTENCE.search(data[placed.starts[index] : at].rstrip(b"\n")[-64:]):
        return None
    parent, start = placed.parents[index], placed.starts[index]
    for before in range(index - 1, max(-1, index - _CAP_ITEMS), -1):
        if placed.parents[before] != parent or placed.marks[before].rank != placed.marks[index].rank:
            break
        if _second_paragraph(data, placed.starts[before], start) is not None:
            return None
        start = placed.starts[before]
    return at


def _second_paragraph(data: bytes, start: int, end: int) -> int | None:
    """Start of the line on which the second paragraph of ``[start, end)`` begins."""
    first_end = data.find(b"\n", start, end - 1)
    if first_end < 0:  # one line: nearly every item
        return None
    empty = _EMPTY.match(data, first_end, end)
    return None if empty is None or empty.end() == end else data.rfind(b"\n", start, empty.end()) + 1


def _with(placed: Placed, cuts: list[tuple[int, int]], mark: Mark) -> Placed:
    out = Placed()
    taken = set(placed.addresses)
    done = 0
    for index, at in cuts:
        parent = placed.parents[index]
        address = wanted = f"{parent}{mark.suffix}"
        count = 1
        while address in taken:
            count += 1
            address = f"{wanted}{count}"
        taken.add(address)
        _copy(placed, out, done, index + 1)
        out.starts.append(at)
        out.marks.append(mark)
        out.addresses.append(address)
        out.parents.append(parent)
        done = index + 1
    _copy(placed, out, done, len(placed.starts))
    return out


def _copy(placed: Placed, out: Placed, low: int, high: int) -> None:
    out.starts += placed.starts[low:high]
    out.marks += placed.marks[low:high]
    out.addresses += placed.addresses[low:high]
    out.parents += placed.parents[low:high]
