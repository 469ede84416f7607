"""in-toto Statement v1, https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sealing.canonical import JsonValue, canonical_bytes

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, kw_only=True)
class ResourceDescriptor:
    """A subject: its name and its digests (algorithm to lower-case hex)."""

    name: str
    digest: Mapping[str, str]


def statement_bytes(
    *, subject: Sequence[ResourceDescriptor], predicate_type: str, predicate: Mapping[str, JsonValue]
) -> bytes:
    """The canonical bytes of a statement. Raises ``CanonicalTypeError``."""
    return canonical_bytes(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": item.name, "digest": dict(item.digest)} for item in subject],
            "predicateType": predicate_type,
            "predicate": dict(predicate),
        }
    )
