"""What may be cut at all: UTF-8 text without NUL, not empty (design 1.9)."""

from __future__ import annotations

from cutter_agent.errors import InputRefused


def text_of(data: bytes) -> str:
    """The decoded text. Raises ``InputRefused``, with the byte offset, for what cannot be kept byte for byte."""
    if not data:
        raise InputRefused(
            "the document is empty", remedy="Give a document with at least one byte of text.", start_byte=0
        )
    nul = data.find(0)
    if nul >= 0:
        raise InputRefused(
            f"byte {nul} is NUL; this is not a text",
            remedy="Remove the NUL bytes, or convert the document to text.",
            start_byte=nul,
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputRefused(
            f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8: {error.reason}",
            remedy="Convert the document to UTF-8.",
            start_byte=error.start,
        ) from error
