"""A long list in pages: a law of ten thousand units is read a hundred at a time."""

from __future__ import annotations

from dataclasses import dataclass

UNITS_ON_A_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Paging:
    """``page`` counts from 1. ``[first, end)`` are the places of its rows, from 0."""

    page: int
    count: int
    size: int = UNITS_ON_A_PAGE

    @classmethod
    def at(cls, asked: int, count: int, size: int = UNITS_ON_A_PAGE) -> Paging:
        """The page that was asked for, or the nearest that there is."""
        last = max((count + size - 1) // size, 1)
        return cls(page=min(max(asked, 1), last), count=count, size=size)

    @property
    def pages(self) -> int:
        """How many there are."""
        return max((self.count + self.size - 1) // self.size, 1)

    @property
    def first(self) -> int:
        """The place of the first row."""
        return (self.page - 1) * self.size

    @property
    def end(self) -> int:
        """One behind the place of the last row."""
        return min(self.first + self.size, self.count)

    def of(self, place: int) -> int:
        """The page that a row is on."""
        return place // self.size + 1
