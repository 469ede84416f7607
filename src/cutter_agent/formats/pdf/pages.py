"""What PDFium says of the pages of a file: characters with their boxes, pictures, notes. Nobody else asks it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from cutter_agent.errors import FormatRefused

MOST_PAGES = 20_000
_TAIL_BYTES = 4096
_AGAIN = "Get the file again, or save it again from the program that made it."
_UNSEEN_MODE = 3
_LINK, _POPUP = 2, 16
_HYPHEN = frozenset({0x2, 0xFFFE, 0xAD})


@dataclass(frozen=True, slots=True)
class Char:
    """One character; positions in points from the lower left corner of the page."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    base: float


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page. ``runs`` are its characters in the order of the file, parted where PDFium sees the end of a line."""

    number: int
    runs: list[list[Char]] = field(repr=False)
    pictures: int
    unseen: bool
    unreadable: int
    notes: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of the file as a whole."""

    page_count: int
    attachments: int


class PdfFile:
    """An open PDF."""

    def __init__(self, data: bytes) -> None:
        """Raises ``FormatRefused`` for a broken, cut off or protected file."""
        if b"%%EOF" not in data[-_TAIL_BYTES:]:
            raise FormatRefused("the PDF is cut off: its end mark is missing", remedy=_AGAIN)
        try:
            self._document = pdfium.PdfDocument(data)
            pages = len(self._document)
        except pdfium.PdfiumError as error:
            if "password" in str(error).lower():
                raise FormatRefused(
                    "the PDF is encrypted and opens only with a password",
                    remedy="Open it with its password, print or save it without, and cut that.",
                ) from None
            raise FormatRefused(f"the PDF is broken: {error}", remedy=_AGAIN) from error
        if not 0 < pages <= MOST_PAGES:
            raise FormatRefused(f"the PDF has {pages} pages, allowed are 1 to {MOST_PAGES}", remedy=_AGAIN)
        attachments = max(raw.FPDFDoc_GetAttachmentCount(self._document), 0)
        self.facts = Facts(page_count=pages, attachments=attachments)

    def pages(self) -> Iterator[Page]:
        """Every page in order. Raises ``FormatRefused`` for a page that cannot be loaded."""
        for index in range(self.facts.page_count):
            try:
                page = self._document[index]
                text = page.get_textpage()
            except pdfium.PdfiumError as error:
                raise FormatRefused(f"page {index + 1} of the PDF is broken: {error}", remedy=_AGAIN) from error
            runs, unreadable = _characters(text)
            pictures, unseen = _objects(page)
            yield Page(
                number=index + 1,
                runs=runs,
                pictures=pictures,
                unseen=unseen,
                unreadable=unreadable,
                notes=_notes(page),
            )
            text.close()
            page.close()


def _characters(page: pdfium.PdfTextPage) -> tuple[list[list[Char]], int]:
    left, right, bottom, top, x, y = (ctypes.c_double() for _ in range(6))
    box = [ctypes.byref(value) for value in (left, right, bottom, top)]
    origin = [ctypes.byref(value) for value in (x, y)]
    runs: list[list[Char]] = [[]]
    unreadable = 0
    for index in range(page.count_chars()):
        code = raw.FPDFText_GetUnicode(page, index)
        if code in {0x0A, 0x0D}:
            if runs[-1]:
                runs.append([])
            continue
        if code in _HYPHEN:
            code = 0x2D
        elif raw.FPDFText_HasUnicodeMapError(page, index) == 1 or code == 0 or 0xE000 <= code < 0xF900:
            unreadable += 1
            code = 0xFFFD if code == 0 else code
        raw.FPDFText_GetCharBox(page, index, *box)
        if not raw.FPDFText_GetCharOrigin(page, index, *origin):
            y.value = bottom.value
        runs[-1].append(Char(chr(code), left.value, right.value, bottom.value, top.value, y.value))
    return [_whole(run) for run in runs if run], unreadable


def _whole(run: list[Char]) -> list[Char]:
    """Characters beyond U+FFFF come as halves: put together again."""
    if not any("\ud800" <= char.text < "\ue000" for char in run):
        return run
    joined: list[Char] = []
    for char in run:
        if joined and "\ud800" <= joined[-1].text < "\udc00" and "\udc00" <= char.text < "\ue000":
            text = (joined[-1].text + char.text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            joined[-1] = Char(text, joined[-1].left, char.right, char.bottom, char.top, char.base)
        else:
            joined.append(char)
    return joined


def _objects(page: pdfium.PdfPage) -> tuple[int, bool]:
    """How many pictures are on a page, and whether all of its text lies unseen over one."""
    pictures = seen = unseen = 0
    for item in page.get_objects(max_depth=4):
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            pictures += 1
        elif item.type == raw.FPDF_PAGEOBJ_TEXT:
            if raw.FPDFTextObj_GetTextRenderMode(item) == _UNSEEN_MODE:
                unseen += 1
            else:
                seen += 1
    return pictures, unseen > 0 and seen == 0 and pictures > 0


def _notes(page: pdfium.PdfPage) -> int:
    count = 0
    for index in range(max(raw.FPDFPage_GetAnnotCount(page), 0)):
        note = raw.FPDFPage_GetAnnot(page, index)
        if note:
            count += raw.FPDFAnnot_GetSubtype(note) not in {_LINK, _POPUP}
            raw.FPDFPage_CloseAnnot(note)
    return count
