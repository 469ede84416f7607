"""New addresses (design 1.8): pieces extend the address of what was split, a merger gets a new number. Pure.

What was ever an address, and what an alias ever said, is taken for good.
"""

from __future__ import annotations

import re

from cutter_agent.errors import GovernanceRefused, UsageError
from cutter_agent.model import Unit
from cutter_agent.topology.ground import Ground

ADDRESS = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*", re.ASCII)
MAX_ADDRESS_LENGTH = 400
PIECE = "P"
_PLAIN_NUMBER = re.compile(r"[0-9A-Za-z]{1,40}", re.ASCII)
_TAIL = re.compile(r"(.*?)(\d*)", re.DOTALL)


def pieces(ground: Ground, address: str, count: int) -> list[tuple[str, str]]:
    """``(address, number)`` of the new pieces of a unit: the next free ``…-P1``, ``…-P2`` below it."""
    return [(f"{address}-{PIECE}{number}", str(number)) for number in _free(ground, f"{address}-{PIECE}", count)]


def merged(ground: Ground, first: Unit) -> tuple[str, str]:
    """The next number after every one that was ever given beside ``first``."""
    stem = _stem(first)
    (number,) = _free(ground, stem, 1)
    return f"{stem}{number}", str(number)


def wanted(ground: Ground, unit: Unit, to: str) -> tuple[str, str]:
    """``(address, number)`` from what was asked for: a whole address, or the number alone.

    Raises:
        UsageError: it is neither.
        GovernanceRefused: it is taken.
    """
    stem, code = _stem(unit), ground.document.document_code
    if to.startswith(f"{code}-"):
        if not to.startswith(stem) or not to[len(stem) :] or "-" in to[len(stem) :]:
            raise UsageError(
                f"{to} does not begin with {stem}: {unit.address} would stand elsewhere",
                remedy=f"Give an address {stem}…, or the number alone. To another parent a re-cut moves it.",
            )
        address, number = to, to[len(stem) :]
        number = number.lower() if unit.number is not None and unit.number.islower() else number
    else:
        number = to.strip()
        if _PLAIN_NUMBER.fullmatch(number) is None:
            raise UsageError(
                f"{to[:80]!r} is no number that an address can spell",
                remedy=f"Give letters and digits (14a), or the whole address: {stem}….",
            )
        address = f"{stem}{number.upper()}"
    if ADDRESS.fullmatch(address) is None or len(address) > MAX_ADDRESS_LENGTH:
        raise UsageError(f"{address[:80]!r} is not an address", remedy="Spell it in A-Z and 0-9 with single hyphens.")
    return address, number


def require_free(ground: Ground, address: str, *, apart: str | None = None) -> None:
    """``apart``: the unit whose own alias it may be. Raises ``GovernanceRefused`` where the address is taken."""
    if not ground.names.is_known(address):
        return
    own = ground.names.own(address)
    reached = ground.names.follow(address).reached
    if own is None and apart is not None and reached == apart:
        return
    what = (
        "the address of a retired unit" if own and own.ended else "the address of another unit" if own else "an alias"
    )
    raise GovernanceRefused(
        f"{address} is taken: it is {what}", remedy="Addresses are given once. Choose one that nobody ever had."
    )


def _stem(unit: Unit) -> str:
    """The address without the spelled number: ``X-DIEU14-K`` of ``X-DIEU14-K2``, ``X-K2-D`` of ``X-K2-DA``."""
    spelled = re.sub(r"[^0-9A-Z]", "", (unit.number or "").upper())
    head, _, last = unit.address.rpartition("-")
    if spelled and last.endswith(spelled) and len(last) > len(spelled):
        stem = last[: -len(spelled)]
    else:
        found = _TAIL.fullmatch(last)
        stem = found[1] if found is not None and found[2] and found[1] else f"{last}-N"
    return f"{head}-{stem}" if head else stem


def _free(ground: Ground, stem: str, count: int) -> list[int]:
    """The next numbers after the highest one that was ever given behind ``stem``, as an address or as an alias."""
    names = [unit.address for unit in ground.names.units.values()]
    names += [row.alias_text for row in ground.names.aliases]
    given = re.compile(re.escape(stem) + r"(\d{1,18})(?:[A-Z-].*)?", re.ASCII)
    highest = max((int(found[1]) for name in names if (found := given.fullmatch(name))), default=0)
    return list(range(highest + 1, highest + 1 + count))
