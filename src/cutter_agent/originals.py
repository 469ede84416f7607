"""The file that a text was made from: kept by its hash, named by the manifest, with the map from text to file.

One text may have been made from several files (a document that was saved again): each is kept, with a map of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """What a manifest says of it. ``reader`` names the reader and its version, ``map_sha256`` the digest of the map."""

    sha256: str
    byte_length: int
    media_type: str
    reader: str
    map_sha256: str


@dataclass(frozen=True, kw_only=True)
class SourceOriginal:
    """``iu.source_original``."""

    sha256: str
    data: bytes = field(repr=False)
    byte_length: int
    media_type: str
    captured_at: datetime
    captured_by: str


@dataclass(frozen=True, kw_only=True)
class SourceRendering:
    """``iu.source_rendering``: how a text was made from an original."""

    snapshot_sha256: str
    original_sha256: str
    map_sha256: str
    map: bytes = field(repr=False)
    reader: str
    label: str
    origin: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, kw_only=True)
class StoredRendering:
    """A rendering with its original, as they stand in the store."""

    rendering: SourceRendering
    original: SourceOriginal


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """A file of another format and the map of the text that was made from it, on their way into the store."""

    data: bytes = field(repr=False)
    media_type: str
    reader: str
    map: bytes = field(repr=False)
    map_sha256: str

    @property
    def named(self) -> Original:
        """As a manifest names it."""
        return Original(
            sha256=sha256(self.data).hexdigest(),
            byte_length=len(self.data),
            media_type=self.media_type,
            reader=self.reader,
            map_sha256=self.map_sha256,
        )

    def rows(
        self, *, snapshot_sha256: str, label: str, origin: str, now: datetime, by: str
    ) -> tuple[SourceOriginal, SourceRendering]:
        """The two rows that keep it."""
        named = self.named
        return (
            SourceOriginal(
                sha256=named.sha256,
                data=self.data,
                byte_length=named.byte_length,
                media_type=self.media_type,
                captured_at=now,
                captured_by=by,
            ),
            SourceRendering(
                snapshot_sha256=snapshot_sha256,
                original_sha256=named.sha256,
                map_sha256=self.map_sha256,
                map=self.map,
                reader=self.reader,
                label=label,
                origin=origin,
                recorded_at=now,
                recorded_by=by,
            ),
        )


class OriginalStore(Protocol):
    """What DOT-991 may ask about the files that texts were made from."""

    def has_original(self, sha256: str) -> bool:
        """Whether this file is kept."""
        ...

    def add_original(self, row: SourceOriginal) -> None:
        """Keep the file that a text was made from."""
        ...

    def has_rendering(self, snapshot_sha256: str, original_sha256: str, map_sha256: str) -> bool:
        """Whether it is known that this text was made from this file, with this map."""
        ...

    def add_rendering(self, row: SourceRendering) -> None:
        """Write how a text was made from a file."""
        ...


class RenderingStore(Protocol):
    """What DOT-992 may ask about them."""

    def renderings(self, snapshot_sha256: str) -> list[StoredRendering]:
        """Every file that a text was made from, with its map."""
        ...
