"""A statement by PostgreSQL's own grammar: fingerprint, every verb, every target. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class StatementPrint:
    """What a text *is*, whatever its first keyword says. ``hex`` is equal for texts that differ in constants only.

    ``verbs`` holds every verb found anywhere in the tree; ``targets`` every (verb, relation) written or read;
    ``functions`` every function called by name. ``parse_error`` is set, and the rest empty, where the text does not parse.
    """

    hex: str
    verbs: frozenset[str]
    targets: frozenset[tuple[str, str]]
    functions: frozenset[str]
    statements: int
    parse_error: str | None = None


def of(text: str) -> StatementPrint:
    """The print of ``text``. Never raises: a text that does not parse has ``hex`` ``unparsed:<sha256>``."""
    raise NotImplementedError
