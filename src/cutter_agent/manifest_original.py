"""The part ``original`` of a manifest: which file the text was made from, by which reader, with which map. Pure.

It is there only where the text was made from another format, so that the manifest of a text is spelt as it always was.
What is approved and signed binds the original and the map through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from cutter_agent.originals import Original
from sealing.canonical import JsonValue

MEMBER = "original"
_NAMES = tuple(each.name for each in fields(Original))
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_READER = re.compile(r"[a-z][a-z0-9]{0,30}/[0-9]{1,6}", re.ASCII)
_LONGEST_MEDIA_TYPE = 200


def as_json(original: Original) -> JsonValue:
    """The member's JSON value."""
    return asdict(original)


def shape_problems(value: object) -> Iterator[str]:
    """What is not as it must be, one line each."""
    if not isinstance(value, dict) or value.keys() != set(_NAMES):
        yield f"original: an object with exactly {', '.join(_NAMES)} is required"
        return
    for name in ("sha256", "map_sha256"):
        if not isinstance(value[name], str) or _DIGEST.fullmatch(value[name]) is None:
            yield f"original: {name} is no SHA-256 in hexadecimal"
    if type(value["byte_length"]) is not int or value["byte_length"] < 1:
        yield "original: byte_length is no count of bytes"
    media_type = value["media_type"]
    if not isinstance(media_type, str) or not 1 <= len(media_type) <= _LONGEST_MEDIA_TYPE:
        yield "original: media_type is no media type"
    if not isinstance(value["reader"], str) or _READER.fullmatch(value["reader"]) is None:
        yield "original: reader is no reader with its version"


def read(value: dict[str, Any]) -> Original:
    """From its JSON value, whose shape was checked."""
    return Original(**value)
