"""Errors of the ground.

SealingError
├── CanonicalTypeError      a value outside the closed set of canonical JSON
├── SignatureInvalid        no acceptable signature over exactly these bytes
└── KeyUnusable             a key file that is missing, unsafe or not Ed25519
"""


class SealingError(Exception):
    """Root of this package's errors. ``code`` is stable, ``remedy`` says what to do."""

    code = "SEALING"

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class CanonicalTypeError(SealingError):
    """A value that canonical JSON does not admit (RFC 8785 over a closed set of types)."""

    code = "CANONICAL_TYPE"


class SignatureInvalid(SealingError):
    """No signature of the envelope verifies with an accepted key."""

    code = "SIGNATURE_INVALID"


class KeyUnusable(SealingError):
    """A key cannot be read, is readable by others, or is not an Ed25519 key."""

    code = "KEY_UNUSABLE"
