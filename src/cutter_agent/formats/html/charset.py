"""The charset of an HTML file: byte order mark, then declaration, then UTF-8. Never guessed from letters."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from cutter_agent.errors import FormatRefused

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(
    rb"""(?i)<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]+)|<meta[^>]{0,400}?\bcharset\s*=\s*["']?\s*([\w.:-]+)"""
)
_SCANNED_BYTES = 4096
# The labels that the encoding standard gives to windows-1252, and one that Python does not know.
_SAME_AS = {"iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252"}
_UTF16 = {"utf-16", "utf-16le", "utf-16be"}  # declared inside ASCII bytes: the standard reads them as UTF-8
_REMEDY = "Convert the file to UTF-8, and declare that."


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """The text, how its characters were spelt in bytes, and how many bytes stand before it.

    ``declared`` is the label in the file, None where there is none; ``contradicted``: the bytes were UTF-8 after all.
    """

    text: str
    codec: str
    mark_bytes: int
    declared: str | None
    contradicted: bool


def decode(data: bytes) -> Decoded:
    """The text of an HTML file. Raises ``FormatRefused`` for an unknown charset, or bytes that it does not know."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            text = _strict(data[len(mark) :], codec, codec, len(mark))
            return Decoded(text=text, codec=codec, mark_bytes=len(mark), declared=codec, contradicted=False)
    found = _DECLARED.search(data[:_SCANNED_BYTES])
    declared = (found[1] or found[2]).decode("ascii") if found else None
    codec = _codec(declared)
    if codec != "utf-8" and _is_utf8_beyond_ascii(data):
        return Decoded(text=data.decode("utf-8"), codec="utf-8", mark_bytes=0, declared=declared, contradicted=True)
    text = _strict(data, codec, declared or "nothing, so as UTF-8", 0)
    return Decoded(text=text, codec=codec, mark_bytes=0, declared=declared, contradicted=False)


def _codec(declared: str | None) -> str:
    label = (declared or "utf-8").lower()
    if label in _UTF16:
        return "utf-8"
    try:
        found = codecs.lookup(_SAME_AS.get(label, label))
        "".encode(found.name)  # some codecs of Python are no charsets
    except LookupError:
        raise FormatRefused(
            f"it is declared as {declared!r}, a charset that is not known here", remedy=_REMEDY
        ) from None
    return found.name


def _is_utf8_beyond_ascii(data: bytes) -> bool:
    if data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _strict(data: bytes, codec: str, declared: str, offset: int) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        place = offset + error.start
        raise FormatRefused(
            f"byte {place} (0x{data[error.start]:02x}) cannot be read; the file is declared as {declared}",
            remedy=_REMEDY,
            start_byte=place,
        ) from error
