"""Canonical JSON: RFC 8785 (JCS) over a closed set of types.

Admitted: ``str``, ``bool``, ``None``, ``int`` within ±(2**53 - 1), ``list``, ``tuple`` and ``dict`` with ``str`` keys.
Refused, with the path of the culprit: floats, larger integers, ``uuid.UUID``, dates, bytes and everything else.
Identifiers and 64-bit numbers (a ``system_identifier``) are spelt as strings by the caller, on purpose: the same
id is a string in memory and a ``UUID`` when it comes back from PostgreSQL, and only one spelling may be signed.

Two spellers, one spelling. Over this closed set ``msgspec``'s encoder (in C) writes what RFC 8785 asks, with
one exception: it orders keys by code point, JCS by UTF-16 code unit. For ASCII keys these are the same order, so such
values, which are all that a manifest of 100,000 units is made of, take the fast speller; all others take ``rfc8785``.
A property test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
import rfc8785

from sealing.errors import CanonicalTypeError

_ADMITTED = "str, bool, None, int within 2^53-1, list, tuple, dict with str keys"
_KEY = frozenset({str})
_WHOLE = frozenset({str, int, bool, type(None), list, tuple, dict})
_LISTS: frozenset[type] = frozenset({list, tuple})
_RECORDS: frozenset[type] = frozenset({dict})
_HOLDING = _LISTS | _RECORDS
_DEEPEST = 64
"""A value that is nested deeper, or in itself, is left to the walk that names a path."""
_fast = msgspec.json.Encoder(order="sorted").encode

JsonValue = str | int | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

MAX_SAFE_INTEGER = 2**53 - 1


def canonical_bytes(value: JsonValue) -> bytes:
    """The one spelling of ``value`` as UTF-8 bytes (RFC 8785).

    Raises:
        CanonicalTypeError: a value outside the closed set; the message names its path and type.
    """
    if is_plain(value):
        try:
            return _fast(value)
        except UnicodeEncodeError:
            pass  # a lone surrogate: the walk below names its path
    _refuse_foreign(value, "$")
    return rfc8785.dumps(value)


def plain_bytes(value: object) -> bytes:
    """``canonical_bytes`` of what ``is_plain``, and of ``msgspec`` structs whose members all are: the caller has asked.

    Raises:
        UnicodeEncodeError: a lone surrogate.
    """
    return _fast(value)


def is_plain(value: object) -> bool:
    """Whether every type is exactly an admitted one, integer fits and key is ASCII: the fast speller's ground.

    Level by level, each question asked of a whole level at once: a document of 100,000 units has a million values.
    """
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        if not level:
            return True
        kinds = set(map(type, level))
        if not kinds <= _WHOLE:
            return False
        if int in kinds and not are_safe([item for item in level if type(item) is int]):
            return False
        if kinds.isdisjoint(_HOLDING):
            return True  # the deepest level, and mostly the longest: nobody walks through it twice
        records, lists = _those(level, kinds, _RECORDS), _those(level, kinds, _LISTS)
        names: set[object] = set().union(*records)
        if not (set(map(type, names)) <= _KEY and "".join(names).isascii()):  # type: ignore[arg-type]
            return False
        level = list(chain(chain.from_iterable(map(dict.values, records)), chain.from_iterable(lists)))
    return False


def _those(level: list[object], kinds: set[type], wanted: frozenset[type]) -> list[Any]:
    """What of a level is of the ``wanted`` types: mostly all of it, or nothing."""
    if kinds <= wanted:
        return level
    return [item for item in level if type(item) in wanted] if kinds & wanted else []


def are_safe(numbers: Sequence[int]) -> bool:
    """Whether every integer fits 53 bits."""
    return not numbers or (min(numbers) >= -MAX_SAFE_INTEGER and max(numbers) <= MAX_SAFE_INTEGER)


def _refuse_foreign(value: object, path: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _refuse_surrogate(value, path)
    elif isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise CanonicalTypeError(
                f"{path}: the integer {value} does not fit 53 bits", remedy="Spell it as a string."
            )
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _refuse_foreign(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise CanonicalTypeError(
                    f"{path}: a key of type {type(key).__name__}", remedy="Object keys are strings."
                )
            _refuse_surrogate(key, path)
            _refuse_foreign(item, f"{path}.{key}")
    else:
        raise CanonicalTypeError(
            f"{path}: {type(value).__module__}.{type(value).__qualname__} is not canonical JSON",
            remedy=f"Admitted are {_ADMITTED}. Spell ids and times as strings where the value is made.",
        )


def _refuse_surrogate(text: str, path: str) -> None:
    if text.isascii():
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalTypeError(
            f"{path}: a lone surrogate at character {error.start}", remedy="Only well-formed Unicode can be signed."
        ) from error
