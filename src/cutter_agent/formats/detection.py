"""What a file is, by its content: the first bytes decide, a name only where the content leaves it open.

What cannot be read is refused by name, with the way round it: old Word, RTF, OpenDocument, password-protected Office.
"""

from __future__ import annotations

import re
from enum import StrEnum

from cutter_agent.errors import FormatRefused


class Format(StrEnum):
    """What can be cut. ``text`` is cut as it is, the others as the text stream that is made of them."""

    TEXT = "text"
    HTML = "html"
    DOCX = "docx"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        """The registered media type of the original."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Format.TEXT: "text/plain",
    Format.HTML: "text/html",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.PDF: "application/pdf",
}
_PDF_HEAD_BYTES = 1024  # ISO 32000-2, 7.5.2, and what readers accept: the header may stand a little later
_SNIFFED_BYTES = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BEFORE_ROOT = r"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s+html\b[^>\[]*(?:\[.*?\]\s*)?>)"
_HTML_HEAD = re.compile(rf"(?is)\A\ufeff?{_BEFORE_ROOT}*+(?:<html[\s>/]|<head[\s>/]|<body[\s>/])")
_HTML_DOCTYPE = re.compile(r"(?is)\A\ufeff?(?:\s+|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE\s+html[\s>\[]")
_HTML_TAG = re.compile(r"(?i)<(?:p|div|br|table|h[1-6]|ul|ol|span|body|html|meta|a|b|i|article|section)[\s>/]")
_HTML_SUFFIXES = (".html", ".htm", ".xhtml", ".xht")
_AS_WORD = "Save it as .docx (Word, LibreOffice: File, Save as), or as PDF or text, and cut that."


def recognise(data: bytes, *, label: str) -> Format:
    """The format of ``data``.

    Raises:
        FormatRefused: a format that is known and cannot be read.
    """
    if b"%PDF-" in data[:_PDF_HEAD_BYTES]:
        return Format.PDF
    if data.startswith(_ZIP):
        return _zip(data)
    if data.startswith(_OLE):
        raise _ole(data)
    if data.startswith(b"{\\rtf"):
        raise FormatRefused("RTF is not read", remedy=_AS_WORD)
    head = _head(data)
    if _HTML_HEAD.match(head) or _HTML_DOCTYPE.match(head):
        return Format.HTML
    if label.lower().endswith(_HTML_SUFFIXES) and _HTML_TAG.search(head):
        return Format.HTML
    _refuse_by_name(data, label)
    return Format.TEXT


def _head(data: bytes) -> str:
    for mark, codec in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[2:_SNIFFED_BYTES].decode(codec, "replace")
    return data[:_SNIFFED_BYTES].decode("utf-8", "replace")


def _zip(data: bytes) -> Format:
    """An Office file says what it is in the names and types inside; the container itself is checked by its reader."""
    if b"mimetypeapplication/vnd.oasis.opendocument" in data[:200]:
        raise FormatRefused("OpenDocument (.odt) is not read", remedy=_AS_WORD)
    if b"mimetypeapplication/epub+zip" in data[:200]:
        raise FormatRefused("EPUB is not read", remedy="Unpack it and cut the HTML files in it.")
    for folder, name in ((b"xl/workbook.xml", "an Excel workbook"), (b"ppt/presentation.xml", "a PowerPoint file")):
        if folder in data:
            raise FormatRefused(f"{name} is not read", remedy="Save the text in it as .docx, PDF or text.")
    return Format.DOCX


def _ole(data: bytes) -> FormatRefused:
    names = [name for name in ("EncryptedPackage", "WordDocument", "Workbook") if name.encode("utf-16-le") in data]
    if "EncryptedPackage" in names:
        return FormatRefused(
            "an Office file protected by a password",
            remedy="Open it with its password, remove the password (File, Info, Protect document), save and cut that.",
        )
    if "WordDocument" in names:
        return FormatRefused("an old Word document (.doc) is not read", remedy=_AS_WORD)
    return FormatRefused("an old Office file (OLE container) is not read", remedy=_AS_WORD)


def _refuse_by_name(data: bytes, label: str) -> None:
    """Bytes that are no text under a name that promises a document: the name tells what went wrong."""
    suffix = label.lower().rpartition(".")[2]
    if suffix in {"docx", "docm", "pdf"} and b"\0" in data[:_SNIFFED_BYTES]:
        raise FormatRefused(
            f"named .{suffix}, and its content is none: it is damaged, or something else under this name",
            remedy="Get the file again, or save it again from the program that made it.",
        )
    if suffix in {"docx", "docm", "pdf"} and not data.strip(b"\0 \r\n\t"):
        raise FormatRefused(f"named .{suffix}, and there is nothing in it", remedy="Get the file again.")
