"""What is above a unit, from what came before it: memory for the way down to it, whatever the document's length.

Units come with every parent before its children. Almost always the parent is then still around, on the way from the top
to the unit before. Where it is not (a manifest made elsewhere may order units so), it is a *stray*: ``strays`` names
them beforehand, and only of these something is kept after they have passed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Chain(Generic[T]):
    """The way down to the current unit: addresses from the top, each with what is to be remembered of it."""

    def __init__(self, strays: Collection[str] = ()) -> None:
        self._strays = strays
        self._way: list[tuple[str, T]] = []
        self._kept: dict[str, tuple[tuple[str, T], ...]] = {}

    def above(self, parent: str | None) -> tuple[tuple[str, T], ...]:
        """Everything above a unit with this parent, outermost first. Of an unknown parent nothing is known."""
        if parent is None:
            return ()
        for place in range(len(self._way) - 1, -1, -1):
            if self._way[place][0] == parent:
                return tuple(self._way[: place + 1])
        return self._kept.get(parent, ())

    def down(self, above: Iterable[tuple[str, T]], address: str, remembered: T) -> None:
        """The unit ``address`` is the current one now, below ``above``."""
        self._way = [*above, (address, remembered)]
        if address in self._strays:
            self._kept[address] = tuple(self._way)


def strays(units: Iterable[tuple[str, str | None]]) -> frozenset[str]:
    """Units that are somebody's parent where they are not around any more. ``units``: address and parent, in order."""
    found: set[str] = set()
    way: Chain[None] = Chain()
    for address, parent in units:
        above = way.above(parent)
        if parent is not None and not above:
            found.add(parent)
        way.down(above, address, None)
    return frozenset(found)
