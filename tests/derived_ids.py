"""Ids in a spelling of the tests' own, by the bits of RFC 9562 (5.8): product code is compared with it."""

from __future__ import annotations

import hashlib
import uuid

HOUSE = uuid.UUID("8f4cf3a2-6f0e-5b1c-9f0d-7a1de1c0c077")


def within(kind: str, owner: str, part: str) -> str:
    """``uuid8`` of 32 bits of the owner and 90 of the part."""
    near = hashlib.sha256(HOUSE.bytes + f"{kind}\n{owner}\n".encode()).digest()[:4]
    own = hashlib.sha256(HOUSE.bytes + f"{kind}\n{owner}\n{part}".encode()).digest()[:12]
    bits = int.from_bytes(near + own)
    bits = bits & ~(0xF << 76) | 8 << 76  # version
    bits = bits & ~(0x3 << 62) | 2 << 62  # variant
    made = uuid.UUID(int=bits)
    assert (made.version, made.variant) == (8, uuid.RFC_4122)
    return str(made)
