"""DSSE envelopes, https://github.com/secure-systems-lab/dsse v1.0: the bytes verified are the bytes kept."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import TypedDict

from sealing.errors import SignatureInvalid
from sealing.keys import PublicKey, SigningKey


class EnvelopeSignature(TypedDict):
    """One signature: ``keyid`` (sha256 hex of the raw public key) and ``sig`` (base64)."""

    keyid: str
    sig: str


class Envelope(TypedDict):
    """The JSON form of a DSSE envelope; ``payload`` is base64 of the signed bytes."""

    payloadType: str
    payload: str
    signatures: list[EnvelopeSignature]


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """PAE of the DSSE protocol: what is really signed."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, *, payload_type: str, key: SigningKey) -> Envelope:
    """Sign ``payload`` and wrap it."""
    signature = key.sign(pre_authentication_encoding(payload_type, payload))
    return Envelope(
        payloadType=payload_type,
        payload=base64.b64encode(payload).decode("ascii"),
        signatures=[EnvelopeSignature(keyid=key.public.keyid, sig=base64.b64encode(signature).decode("ascii"))],
    )


def open_sealed(envelope: Mapping[str, object], *, payload_type: str, keys: Iterable[PublicKey]) -> bytes:
    """The payload of an envelope that one of ``keys`` signed.

    Raises:
        SignatureInvalid: malformed, of another payload type, or no signature by an accepted key verifies.
    """
    accepted = {key.keyid: key for key in keys}
    try:
        found_type, payload_text, signatures = envelope["payloadType"], envelope["payload"], envelope["signatures"]
        if not (isinstance(found_type, str) and isinstance(payload_text, str) and isinstance(signatures, list)):
            raise TypeError("wrong member types")
        payload = base64.b64decode(payload_text, validate=True)
        candidates = [(str(item["keyid"]), base64.b64decode(item["sig"], validate=True)) for item in signatures]
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise SignatureInvalid(
            f"not a DSSE envelope: {error}", remedy="Take the envelope as it was written."
        ) from error
    if found_type != payload_type:
        raise SignatureInvalid(
            f"payload type {found_type!r}, expected {payload_type!r}", remedy="Check the envelope's kind."
        )
    message = pre_authentication_encoding(payload_type, payload)
    for keyid, signature in candidates:
        key = accepted.get(keyid)
        if key is not None and key.verifies(signature, message):
            return payload
    raise SignatureInvalid(
        f"no signature of {[keyid[:16] for keyid, _ in candidates]} verifies with an accepted key "
        f"{[keyid[:16] for keyid in accepted]}",
        remedy="Check that the content is unchanged and that the right public key was given.",
    )
