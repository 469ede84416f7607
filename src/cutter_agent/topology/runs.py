"""Which bytes of an edited text are still those of the old one: runs of equal bytes, in order (design 4.4). Pure.

Common beginning and end, then lines that occur once on both sides, then what is equal beside them: linear but for
sorting.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

from cutter_agent.recut.links import spine

_CONTEXT_BYTES = 8


@dataclass(frozen=True, slots=True)
class Run:
    """``length`` bytes that stand at ``old`` and at ``new``."""

    old: int
    new: int
    length: int


class Runs:
    """The runs of two texts, and where a place of the old one is now."""

    def __init__(self, old: bytes, new: bytes) -> None:
        self._old_length = len(old)
        self._runs = _joined(_gap(old, new, 0, len(old), 0, len(new), by_lines=True))
        self._starts = [run.old for run in self._runs]

    def _run(self, start: int, end: int) -> Run | None:
        """The run that holds all of ``[start, end)``."""
        at = bisect_right(self._starts, start) - 1
        if at < 0:
            return None
        run = self._runs[at]
        return run if end <= run.old + run.length else None

    def boundary(self, place: int) -> int | None:
        """Where the boundary before byte ``place`` is now, if some bytes on both sides are still there."""
        run = self._run(max(0, place - _CONTEXT_BYTES), min(self._old_length, place + _CONTEXT_BYTES))
        return None if run is None else place - run.old + run.new

    def start(self, place: int) -> int | None:
        """Where the byte at ``place``, the first of a unit, is now, whatever stands before it."""
        run = self._run(place, min(self._old_length, place + 1))
        return None if run is None else place - run.old + run.new

    def untouched(self, start: int, end: int) -> bool:
        """Whether these bytes are still together."""
        return self._run(start, end) is not None


def _gap(old: bytes, new: bytes, a: int, b: int, c: int, d: int, *, by_lines: bool) -> list[Run]:
    """Runs of ``old[a:b]`` and ``new[c:d]``.

    ``by_lines``: only whole lines are taken from both ends, for the beginning of a line says little of which one it is.
    """
    head = _common(old, new, a, c, min(b - a, d - c))
    if by_lines and head < max(b - a, d - c):
        head = old.rfind(b"\n", a, a + head) + 1 - a if old.rfind(b"\n", a, a + head) >= 0 else 0
    runs = [Run(a, c, head)] if head else []
    a, c = a + head, c + head
    tail = _common_end(old, new, b, d, min(b - a, d - c))
    if by_lines and tail < max(b - a, d - c):
        start = old.find(b"\n", b - tail, b)
        tail = b - start - 1 if start >= 0 else 0
    b, d = b - tail, d - tail
    if by_lines and a < b and c < d:
        runs += _by_lines(old, new, a, b, c, d)
    return [*runs, Run(b, d, tail)] if tail else runs


def _by_lines(old: bytes, new: bytes, a: int, b: int, c: int, d: int) -> list[Run]:
    left, right = _lines(old, a, b), _lines(new, c, d)
    seen_left, seen_right = Counter(text for _, text in left), Counter(text for _, text in right)
    at_right = {text: place for place, text in right}
    pairs = [
        (place, at_right[text])
        for place, text in left
        if text.strip() and seen_left[text] == 1 and seen_right.get(text) == 1
    ]
    length = {place: len(text) for place, text in left}
    runs: list[Run] = []
    for k in spine(pairs, [length[place] for place, _ in pairs]):
        i, j = pairs[k]
        if i < a or j < c:
            continue
        runs += _gap(old, new, a, i, c, j, by_lines=False)
        runs.append(Run(i, j, length[i]))
        a, c = i + length[i], j + length[i]
    return runs + _gap(old, new, a, b, c, d, by_lines=False)


def _lines(data: bytes, start: int, end: int) -> list[tuple[int, bytes]]:
    out = []
    for line in data[start:end].splitlines(keepends=True):
        out.append((start, line))
        start += len(line)
    return out


def _common(old: bytes, new: bytes, a: int, c: int, limit: int) -> int:
    """How many bytes from ``a`` and from ``c`` on are equal: found by halving, compared at the speed of C."""
    low, high = 0, limit
    while low < high:
        half = (low + high + 1) // 2
        if old[a + low : a + half] == new[c + low : c + half]:
            low = half
        else:
            high = half - 1
    return low


def _common_end(old: bytes, new: bytes, b: int, d: int, limit: int) -> int:
    low, high = 0, limit
    while low < high:
        half = (low + high + 1) // 2
        if old[b - half : b - low] == new[d - half : d - low]:
            low = half
        else:
            high = half - 1
    return low


def _joined(runs: list[Run]) -> list[Run]:
    """Neighbours that are one."""
    out: list[Run] = []
    for run in runs:
        if out and (out[-1].old + out[-1].length, out[-1].new + out[-1].length) == (run.old, run.new):
            out[-1] = Run(out[-1].old, out[-1].new, out[-1].length + run.length)
        else:
            out.append(run)
    return out
