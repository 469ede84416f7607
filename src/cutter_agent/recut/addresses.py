"""Addresses of a re-cut (design 1.8): living units keep theirs, new ones get one that nobody ever had.

A fresh cut names every unit by what the source says today. Under a parent that kept an older address its children
extend the parent's, so a fresh address is first led back to the living parent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cutter_agent.errors import InputRefused

_NUMBERED = re.compile(r"(.*[A-Z])(\d+)")
_NEXT = "N"


class Register:
    """Every address ever minted in a document. ``positional``: the last number of an address counts places."""

    def __init__(self, taken: Iterable[str], *, positional: bool) -> None:
        self._taken = set(taken)
        self._positional = positional
        self._counted: dict[str, int] | None = None

    def _highest(self, stem: str) -> int:
        """The highest number behind ``stem``. All addresses are read when the first number is asked for."""
        if self._counted is None:
            self._counted = {}
            for address in self._taken:
                self._note(address)
        return self._counted[stem]

    def _note(self, address: str) -> None:
        found = _NUMBERED.fullmatch(address) if self._counted is not None else None
        if found is not None and self._counted is not None:
            self._counted[found[1]] = max(self._counted.get(found[1], 0), int(found[2]))

    def is_taken(self, address: str) -> bool:
        """Whether some unit, living or retired, has it."""
        return address in self._taken

    def reserve(self, address: str) -> None:
        """For one new unit, which was given it by a person. Raises ``InputRefused`` where some unit has it."""
        if address in self._taken:
            raise InputRefused(
                f"{address} is or was another unit's address, and addresses are given once",
                remedy="Answer with an address that nobody ever had, or with: new.",
            )
        self._taken.add(address)
        self._note(address)

    def mint(self, wanted: str) -> tuple[str, bool]:
        """``(address, as wanted)``, minted once.

        A place that is taken is no conflict where addresses count places: the next number is. Elsewhere the unit
        gets ``-N2`` for the reviewer to decide on: a collision is never silent.
        """
        address, plain = wanted, True
        if wanted in self._taken:
            found = _NUMBERED.fullmatch(wanted) if self._positional else None
            if found is not None:
                address = f"{found[1]}{self._highest(found[1]) + 1}"
            else:
                address, plain = self._second(wanted), False
        self._taken.add(address)
        self._note(address)
        return address, plain

    def _second(self, wanted: str) -> str:
        count = 2
        while f"{wanted}-{_NEXT}{count}" in self._taken:
            count += 1
        return f"{wanted}-{_NEXT}{count}"


def led_back(fresh: str, fresh_parent: str | None, living_parent: str | None) -> str:
    """The fresh address under the living parent's: ``X-DIEU15-K3`` under a parent still named ``X-DIEU14``."""
    if fresh_parent is None or living_parent is None or not fresh.startswith(fresh_parent + "-"):
        return fresh
    return living_parent + fresh[len(fresh_parent) :]
