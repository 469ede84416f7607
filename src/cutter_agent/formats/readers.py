"""Which reader reads which format, and what it needs. A reader is imported when it is asked for."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Protocol

from cutter_agent.errors import FormatRefused
from cutter_agent.formats.detection import Format
from cutter_agent.formats.stream import Conversion

EXTRA = "dot-iu-cutter[formats]"
_MODULES = {Format.HTML: "html", Format.DOCX: "docx", Format.PDF: "pdf"}
_NEEDS = {Format.DOCX: "lxml", Format.PDF: "pypdfium2"}


class _Reader(Protocol):
    def __call__(self, data: bytes, *, most_bytes: int, mark_headings: bool) -> Conversion: ...


def require(wanted: Format) -> None:
    """Raise ``FormatRefused`` where the library that reads the format is not installed."""
    library = _NEEDS.get(wanted)
    if library is not None and importlib.util.find_spec(library) is None:
        raise FormatRefused(
            f"{wanted.value.upper()} is read with {library}, which is not installed",
            remedy=f"pip install '{EXTRA}'",
        )


def convert(data: bytes, wanted: Format, *, most_bytes: int, mark_headings: bool = False) -> Conversion:
    """The text stream of ``data``, in this process. Raises ``FormatRefused``."""
    require(wanted)
    name = _MODULES[wanted]
    reader: _Reader = getattr(importlib.import_module(f"cutter_agent.formats.{name}"), f"read_{name}")
    return reader(data, most_bytes=most_bytes, mark_headings=mark_headings)
