"""Ed25519 keys (RFC 8032): made, kept at mode 0600, named by the digest of their public half.

A private key never shows itself: its ``repr`` holds the key id only.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from sealing.digest import sha256_hex
from sealing.errors import KeyUnusable

_PEM_BLOCK = re.compile(rb"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """The half that verifies. ``keyid`` is the sha256 of the 32 raw key bytes.

    ``earlier`` are keys that the same signer used before this one: what they signed is still theirs to prove.
    """

    keyid: str
    raw: bytes
    earlier: tuple[PublicKey, ...] = ()

    @classmethod
    def from_raw(cls, raw: bytes) -> PublicKey:
        """From the 32 raw bytes of RFC 8032. Raises ``KeyUnusable``."""
        if len(raw) != 32:
            raise KeyUnusable(f"an Ed25519 public key has 32 bytes, not {len(raw)}", remedy="Export the key again.")
        return cls(keyid=sha256_hex(raw), raw=raw)

    @classmethod
    def load(cls, path: Path) -> PublicKey:
        """From a PEM file: the key that signs now, and below it those that signed before. Raises ``KeyUnusable``."""
        remedy = "Give the path of an Ed25519 public key in PEM; keys that signed before stand below it."
        try:
            blocks = _PEM_BLOCK.findall(path.read_bytes())
            found = [load_pem_public_key(block) for block in blocks]
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            raise KeyUnusable(f"{path}: {error}", remedy=remedy) from error
        if not found:
            raise KeyUnusable(f"{path}: holds no public key", remedy=remedy)
        raw = [_raw_of(key, path) for key in found]
        return replace(cls.from_raw(raw[0]), earlier=tuple(cls.from_raw(each) for each in raw[1:]))

    def named(self, keyid: object) -> PublicKey:
        """The one of this key and the earlier ones that has ``keyid``; this key where none has."""
        return next((key for key in self.earlier if key.keyid == keyid), self)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` is this key's over exactly ``message``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def pem(self) -> bytes:
        """SubjectPublicKeyInfo in PEM."""
        return Ed25519PublicKey.from_public_bytes(self.raw).public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )


def _raw_of(key: object, path: Path) -> bytes:
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{path}: not an Ed25519 key", remedy="Only Ed25519 keys are accepted.")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


class SigningKey:
    """The half that signs. Its ``repr`` shows the key id only, and it cannot be pickled."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey.from_raw(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh key from the system's random source."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """From a PEM file that nobody but its owner can read.

        Raises:
            KeyUnusable: missing, group- or world-accessible, encrypted, or not Ed25519.
        """
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                raise KeyUnusable(f"{path}: mode {mode:04o} lets others read a private key", remedy=f"chmod 600 {path}")
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyUnusable(
                f"{path}: {type(error).__name__}", remedy="Give the path of an unencrypted Ed25519 key in PEM."
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyUnusable(f"{path}: not an Ed25519 key", remedy="Only Ed25519 keys are accepted.")
        return cls(key)

    def save(self, path: Path) -> None:
        """Write the PEM at mode 0600, whole or not at all; ``FileExistsError`` if there is one."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            stream.flush()
            os.fsync(stream.fileno())

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over exactly ``message``."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey(keyid={self.public.keyid[:16]}…)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a private key is not pickled")
