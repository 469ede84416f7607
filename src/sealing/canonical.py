"""Canonical JSON: RFC 8785 (JCS) over a closed set of types.

Admitted: ``str``, ``bool``, ``None``, ``int`` within ±(2**53 - 1), ``list``, ``tuple`` and ``dict`` with ``str`` keys.
Refused, with the path of the culprit: floats, larger integers, ``uuid.UUID``, dates, bytes and everything else.
Identifiers and 64-bit numbers (a ``system_identifier``) are spelt as strings by the caller, on purpose: the same
id is a string in memory and a ``UUID`` when it comes back from PostgreSQL, and only one spelling may be signed.

Two spellers, one spelling. Over this closed set the standard library's encoder (in C) writes what RFC 8785 asks, with
one exception: it orders keys by code point, JCS by UTF-16 code unit. For ASCII keys these are the same order, so such
values, which are all that a manifest of 100,000 units is made of, take the fast speller; all others take ``rfc8785``.
A property test holds the two against each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import rfc8785

from sealing.errors import CanonicalTypeError

_ADMITTED = "str, bool, None, int within 2^53-1, list, tuple, dict with str keys"
_PLAIN = frozenset({str, bool, type(None)})
_fast = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode

JsonValue = str | int | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

MAX_SAFE_INTEGER = 2**53 - 1


def canonical_bytes(value: JsonValue) -> bytes:
    """The one spelling of ``value`` as UTF-8 bytes (RFC 8785).

    Raises:
        CanonicalTypeError: a value outside the closed set; the message names its path and type.
    """
    try:
        fast = _fast(value).encode("utf-8")
    except (TypeError, ValueError):
        pass  # something foreign, or a lone surrogate: the walk below names its path
    else:
        if _is_plain(value):
            return fast
    _refuse_foreign(value, "$")
    return rfc8785.dumps(value)


def _is_plain(value: object) -> bool:
    """Whether every type is exactly an admitted one and every key is ASCII: the fast speller's ground."""
    waiting: list[object] = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind in _PLAIN:
            continue
        if kind is int:
            if not -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER:  # type: ignore[operator]
                return False
        elif kind is dict:
            for key in item:  # type: ignore[attr-defined]
                if type(key) is not str or not key.isascii():
                    return False
            waiting.extend(item.values())  # type: ignore[attr-defined]
        elif kind is list or kind is tuple:
            waiting.extend(item)  # type: ignore[arg-type]
        else:
            return False
    return True


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
