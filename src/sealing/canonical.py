"""Canonical JSON: RFC 8785 (JCS) over a closed set of types.

Admitted: ``str``, ``bool``, ``None``, ``int`` within ±(2**53 - 1), ``list``, ``tuple`` and ``dict`` with ``str`` keys.
Refused, with the path of the culprit: floats, larger integers, ``uuid.UUID``, dates, bytes and everything else.
Identifiers and 64-bit numbers (a ``system_identifier``) are spelt as strings by the caller, on purpose: the same
id is a string in memory and a ``UUID`` when it comes back from PostgreSQL, and only one spelling may be signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import rfc8785

from sealing.errors import CanonicalTypeError

_ADMITTED = "str, bool, None, int within 2^53-1, list, tuple, dict with str keys"

JsonValue = str | int | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

MAX_SAFE_INTEGER = 2**53 - 1


def canonical_bytes(value: JsonValue) -> bytes:
    """The one spelling of ``value`` as UTF-8 bytes (RFC 8785).

    Raises:
        CanonicalTypeError: a value outside the closed set; the message names its path and type.
    """
    _refuse_foreign(value, "$")
    return rfc8785.dumps(value)


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
