"""The ZIP around a DOCX: which parts there are, bounded in number, size and ratio, and parsed without any entity.

Nothing is ever written to a disk, so a name cannot lead anywhere; names that try are refused all the same: such a file
was made to do harm.
"""

from __future__ import annotations

import io
import lzma
import posixpath
import struct
import zipfile
import zlib

from lxml import etree

from cutter_agent.errors import FormatRefused

MOST_PARTS = 10_000
MOST_EXPANDED_BYTES = 512 * 1024 * 1024
MOST_PART_BYTES = 256 * 1024 * 1024
MOST_RATIO = 250
"""Text in XML packs to a tenth, seldom to a hundredth."""
_RATIO_FROM_BYTES = 8 * 1024 * 1024
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    IndexError,
    RuntimeError,  # NotImplementedError of an unknown compression too
)
_AGAIN = "Save it again in the program that made it, or get the file again."
_HARM = "Do not open it. Get the document from a source that you trust."


class Container:
    """The parts of one DOCX."""

    def __init__(self, data: bytes) -> None:
        """Raises ``FormatRefused`` for a broken, protected or hostile container."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            entries = self._zip.infolist()
        except _BROKEN as error:
            raise FormatRefused(f"its ZIP container is broken or cut off: {error}", remedy=_AGAIN) from error
        self._require_bounds(entries, len(data))
        self._entries = {entry.filename.lower().lstrip("/"): entry for entry in entries}
        if len(self._entries) != len(entries):
            raise FormatRefused("its container holds two parts of one name", remedy=_HARM)
        self._left_bytes = MOST_EXPANDED_BYTES

    @staticmethod
    def _require_bounds(entries: list[zipfile.ZipInfo], data_bytes: int) -> None:
        if len(entries) > MOST_PARTS:
            raise FormatRefused(f"{len(entries)} parts, allowed are {MOST_PARTS}", remedy=_HARM)
        expanded = sum(entry.file_size for entry in entries)
        if expanded > MOST_EXPANDED_BYTES:
            raise FormatRefused(f"{expanded} bytes when expanded, allowed are {MOST_EXPANDED_BYTES}", remedy=_HARM)
        if expanded > _RATIO_FROM_BYTES and expanded > MOST_RATIO * data_bytes:
            ratio = expanded // max(data_bytes, 1)
            raise FormatRefused(f"it expands {ratio} times, allowed is {MOST_RATIO} times", remedy=_HARM)
        for entry in entries:
            name = entry.filename
            if ".." in name.replace("\\", "/").split("/") or "\\" in name or ":" in name or name.startswith("/"):
                raise FormatRefused(f"a part is named {name[:80]!r}, which leads out of the container", remedy=_HARM)
            if entry.flag_bits & 1:
                raise FormatRefused(
                    f"the part {name[:80]!r} is protected by a password",
                    remedy="Remove the password in the program that set it, save and cut that.",
                )

    def has(self, part: str) -> bool:
        """Whether the part is there."""
        return part.lower() in self._entries

    def read(self, part: str) -> bytes:
        """The bytes of a part. Raises ``FormatRefused`` where it is not there, broken, or larger than it says."""
        entry = self._entries.get(part.lower())
        if entry is None:
            raise FormatRefused(f"it has no part {part}", remedy=_AGAIN)
        limit = min(MOST_PART_BYTES, self._left_bytes)
        try:
            with self._zip.open(entry) as stream:
                data = stream.read(limit + 1)
        except _BROKEN as error:
            raise FormatRefused(f"its part {part} is broken: {error}", remedy=_AGAIN) from error
        if len(data) > limit:
            raise FormatRefused(f"its part {part} has more than {limit} bytes when expanded", remedy=_HARM)
        self._left_bytes -= len(data)
        return data

    def xml(self, part: str) -> etree._Element:
        """The root element of a part. Raises ``FormatRefused``."""
        data = self.read(part)
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise _declares(part, max(data.find(b"<!DOCTYPE"), 0))
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise FormatRefused(f"its part {part} is not well-formed: {error}", remedy=_AGAIN) from error
        if root is None or root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
            raise _declares(part, 0)
        return root

    def targets(self, part: str) -> dict[str, tuple[str, str]]:
        """Relationships of a part: id to (kind, part that is meant). What lies outside the file is not in it."""
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self.has(listed):
            return {}
        found: dict[str, tuple[str, str]] = {}
        for row in self.xml(listed):
            if not isinstance(row.tag, str) or row.get("TargetMode") == "External":
                continue
            kind, target = (row.get("Type") or "").rpartition("/")[2], row.get("Target") or ""
            found[row.get("Id") or ""] = (kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
        return found

    def main_part(self) -> str:
        """The part that the document begins with. Raises ``FormatRefused`` where the file is no Word document."""
        named = [part for kind, part in self.targets("").values() if kind == "officeDocument"]
        part = named[0] if named else "word/document.xml"
        if not self.has(part):
            raise FormatRefused(
                "a ZIP file without a Word document in it", remedy="Unpack it, and cut the documents in it one by one."
            )
        return part


def _declares(part: str, start_byte: int) -> FormatRefused:
    return FormatRefused(
        f"its part {part} declares a document type (byte {start_byte} of the part); no Word document does", remedy=_HARM
    )
