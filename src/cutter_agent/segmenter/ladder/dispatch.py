"""Many forms in one pattern, tried only where their first character stands.

The regular expression engine tries the alternatives of a pattern one by one. Most lines of a law begin with a letter
that no form begins with; told apart by their first character, they are passed over at once.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

_LARGEST_RANGE = 128
_SETS = ("BRANCH", "IN", "LITERAL", "SUBPATTERN", "ATOMIC_GROUP")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_ZERO_WIDTH = ("AT", "ASSERT", "ASSERT_NOT")

First = tuple[
    frozenset[str] | None, bool
]  # the characters a form may begin with, None: any; and whether it may be empty
ANY: First = (None, False)


def first_characters(form: str) -> frozenset[str] | None:
    """The characters that a match of ``form`` can begin with, perhaps more than it really does; None: any.

    Read from the tree that the standard library's own parser makes of the form. Where an interpreter keeps that parser
    elsewhere, every form may begin with anything: slower, and right.
    """
    try:
        tree = importlib.import_module("re._parser").parse(form)
    except (ImportError, AttributeError):
        return None
    characters, empty = _of_sequence(tree)
    return None if empty else characters


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> First:
    found: frozenset[str] = frozenset()
    for operation, argument in items:
        characters, empty = _of_item(str(operation), argument)
        if characters is None:
            return ANY
        found |= characters
        if not empty:
            return found, False
    return found, True


def _of_item(operation: str, argument: Any) -> First:
    if operation in _ZERO_WIDTH:
        return frozenset(), True
    if operation in _REPEATS:
        least, _, inner = argument
        characters, empty = _of_sequence(inner)
        return characters, empty or least == 0
    return _of_set(operation, argument) if operation in _SETS else ANY


def _of_set(operation: str, argument: Any) -> First:
    if operation == "LITERAL":
        return frozenset(chr(argument)), False
    if operation == "ATOMIC_GROUP":
        return _of_sequence(argument)
    if operation == "SUBPATTERN":
        _, added, removed, inner = argument
        return ANY if added or removed else _of_sequence(inner)
    if operation == "IN":
        return _of_class(argument)
    read = [_of_sequence(branch) for branch in argument[1]]
    if any(characters is None for characters, _ in read):
        return ANY
    return frozenset().union(*(characters or () for characters, _ in read)), any(empty for _, empty in read)


def _of_class(members: Iterable[tuple[Any, Any]]) -> First:
    found: set[str] = set()
    for operation, argument in members:
        if str(operation) == "LITERAL":
            found.add(chr(argument))
        elif str(operation) == "RANGE" and argument[1] - argument[0] <= _LARGEST_RANGE:
            found.update(map(chr, range(argument[0], argument[1] + 1)))
        else:
            return ANY
    return frozenset(found), False


def dispatched(forms: Sequence[str]) -> tuple[str, list[int]]:
    """One pattern for all ``forms``, the first that matches winning, and the form of each alternative in it, in order.

    Each alternative is its form in a group. A form that begins with several characters may stand there several times.
    """
    firsts = [first_characters(form) for form in forms]
    named = sorted(frozenset().union(*(first or () for first in firsts)))
    same: dict[tuple[int, ...], list[str]] = {}
    for character in named:
        fitting = tuple(i for i, first in enumerate(firsts) if first is None or character in first)
        same.setdefault(fitting, []).append(character)
    everywhere = tuple(i for i, first in enumerate(firsts) if first is None)
    order: list[int] = []
    parts = []
    for fitting, characters in same.items():
        parts.append(f"(?=[{_class(characters)}])(?:{_alternatives(forms, fitting)})")
        order += fitting
    if everywhere:
        head = f"(?![{_class(named)}])" if named else ""
        parts.append(f"{head}(?:{_alternatives(forms, everywhere)})")
        order += everywhere
    return "|".join(parts), order


def _alternatives(forms: Sequence[str], fitting: Iterable[int]) -> str:
    return "|".join(f"({forms[i]})" for i in fitting)


def _class(characters: Iterable[str]) -> str:
    return "".join(re.escape(character) for character in characters)
