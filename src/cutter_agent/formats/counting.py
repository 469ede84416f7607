"""Whole numbers as lists show them: figures, letters, Roman numerals, words of Vietnamese lists."""

from __future__ import annotations

_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_MOST_ROMAN = 3999
_MOST_LETTERS = 780  # thirty times round the alphabet


def decimal(number: int) -> str:
    """``12``."""
    return str(number)


def padded(number: int) -> str:
    """``01`` to ``09``, then ``10``."""
    return f"{number:02d}" if number >= 0 else str(number)


def roman(number: int) -> str:
    """``xiv``; plain figures outside 1 to 3999."""
    if not 1 <= number <= _MOST_ROMAN:
        return str(number)
    text = ""
    for value, letters_of_it in _ROMAN:
        count, number = divmod(number, value)
        text += letters_of_it * count
    return text


def letters(number: int) -> str:
    """``a`` to ``z``, ``aa``, ``ab``, … as HTML lists go on; plain figures below 1."""
    if number < 1:
        return str(number)
    text = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("a") + rest) + text
    return text


def doubled_letters(number: int) -> str:
    """``a`` to ``z``, ``aa``, ``bb``, … as Word goes on (ISO 29500-1, 17.18.59)."""
    if not 1 <= number <= _MOST_LETTERS:
        return str(number)
    rounds, rest = divmod(number - 1, 26)
    return chr(ord("a") + rest) * (rounds + 1)


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``3rd``, ``4th``."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"
