"""Whether own spans tile a snapshot (design 1.3): an independent check that trusts no segmenter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One place where the spans do not tile: ``code`` is gap, overlap, empty, outside or split_character."""

    code: str
    index: int
    start_byte: int
    end_byte: int


def defects(spans: Iterable[tuple[int, int]], data: bytes) -> list[Defect]:
    """Every defect of the spans over the whole of ``data``, in order. Empty: concatenating them gives ``data`` back."""
    found: list[Defect] = []
    at = 0
    index = -1
    for index, (start, end) in enumerate(spans):
        if start > at:
            found.append(Defect(code="gap", index=index, start_byte=at, end_byte=start))
        elif start < at:
            found.append(Defect(code="overlap", index=index, start_byte=start, end_byte=at))
        if end <= start:
            found.append(Defect(code="empty", index=index, start_byte=start, end_byte=end))
        if end > len(data) or start < 0:
            found.append(Defect(code="outside", index=index, start_byte=start, end_byte=end))
        elif 0 < start < len(data) and data[start] & 0xC0 == 0x80:
            found.append(Defect(code="split_character", index=index, start_byte=start, end_byte=end))
        at = max(at, end)
    if at < len(data):
        found.append(Defect(code="gap", index=index + 1, start_byte=at, end_byte=len(data)))
    return found
