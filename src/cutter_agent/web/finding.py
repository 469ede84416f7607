"""Where in a law is what somebody types: an address, its end, or how a unit begins. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_FIRST_CHARACTERS = 400


def found_place(asked: str, addresses: Sequence[str], text: Callable[[int], str]) -> int | None:
    """The place of the first unit that has this address, whose address ends like this, or whose text begins so.

    ``text``: the text of the unit at a place. White space and case do not matter. None where there is no such unit.
    """
    address = asked.strip().upper()
    words = " ".join(asked.split()).casefold()
    if not words:
        return None
    ways: tuple[Callable[[int], bool], ...] = (
        lambda place: addresses[place] == address,
        lambda place: addresses[place].endswith(f"-{address}"),
        lambda place: _begins(text(place), words),
    )
    for fits in ways:
        found = next((place for place in range(len(addresses)) if fits(place)), None)
        if found is not None:
            return found
    return None


def _begins(text: str, words: str) -> bool:
    """Whether a text begins with these words, and not in the middle of one: ``Điều 2`` is not ``Điều 20``."""
    start = " ".join(text[:_FIRST_CHARACTERS].split()).casefold().lstrip("#*_>-+ ")
    return start.startswith(words) and not start[len(words) : len(words) + 1].isalnum()
