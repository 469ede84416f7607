"""SHA-256, spelt one way: 64 lower-case hexadecimal digits."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sealing.canonical import JsonValue, canonical_bytes


def sha256_hex(data: bytes | bytearray | memoryview) -> str:
    """The digest of exactly these bytes."""
    return hashlib.sha256(data).hexdigest()


def canonical_digest(value: JsonValue) -> str:
    """The digest of the canonical JSON spelling of ``value``. Raises ``CanonicalTypeError``."""
    return sha256_hex(canonical_bytes(value))


def file_sha256(path: Path) -> str:
    """The digest of a file's bytes, read in constant memory. Raises ``OSError``."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
