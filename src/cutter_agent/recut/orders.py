"""Fractional render orders (design 1.6, 1.7): an insertion takes numbers between its neighbours, who keep theirs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction


def fill(fixed: Sequence[Decimal | None]) -> list[Decimal]:
    """Rising numbers for all places, those that are given unchanged, with as few digits as the gaps allow.

    The given ones must rise. Without any, 1, 2, 3 and so on.
    """
    out: list[Decimal] = []
    low: Decimal | None = None
    waiting = 0
    for number in fixed:
        if number is None:
            waiting += 1
            continue
        out.extend(_between(low, number, waiting))
        out.append(number)
        low, waiting = number, 0
    out.extend(_between(low, None, waiting))
    return out


def _between(low: Decimal | None, high: Decimal | None, count: int) -> list[Decimal]:
    """``count`` numbers strictly between two, evenly spread."""
    if count == 0:
        return []
    if high is None:
        base = int(low or 0)
        return [Decimal(base + step) for step in range(1, count + 1)]
    if low is None:
        low = Decimal(0) if high > 0 else high - 1
    start, width = Fraction(low), Fraction(high) - Fraction(low)
    step = width / (count + 1)
    digits = 0
    while Fraction(1, 10**digits) > step:
        digits += 1
    scale = 10**digits
    return [Decimal(f"{(start + step * place) * scale // 1}e-{digits}") for place in range(1, count + 1)]
