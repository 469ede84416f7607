"""The schema fingerprint: what a database *is*, as sorted lines by section, and one digest of them all.

PostgreSQL writes some string casts differently after a dump and restore (``(ARRAY['a'::varchar])::text[]`` becomes
``ARRAY['a'::varchar::text]``) although nothing changed, so casts between its string types are taken out of expressions;
the columns' own types are lines of their own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pg_dryrun.observer.connection import Observer

EXPRESSION_SECTIONS = frozenset({"columns", "constraints", "indexes", "views", "rules", "policies", "triggers"})

_STRING_CAST = re.compile(r"::(?:text|character varying|bpchar|character)(?:\(\d+\))?(?:\[\])?")
_WRAPPED_CONSTANT = re.compile(r"\(('(?:[^']|'')*')\)")
_WRAPPED_ARRAY = re.compile(r"\((ARRAY\[[^\[\]]*\])\)")
_WRAPPED_NAME = re.compile(r"(?<=[ (,=])\(([a-z_][a-z0-9_.]*)\)")


@dataclass(frozen=True, kw_only=True)
class SchemaFingerprint:
    """``digest`` is SHA-256 (hex) of all sections. ``sections`` maps a section to its sorted lines."""

    digest: str
    sections: Mapping[str, tuple[str, ...]]

    def difference(self, other: SchemaFingerprint) -> tuple[str, ...]:
        """Lines of one side only: ``section: - line`` (only here) and ``section: + line`` (only in ``other``)."""
        found: list[str] = []
        for section in sorted(self.sections.keys() | other.sections.keys()):
            mine, theirs = set(self.sections.get(section, ())), set(other.sections.get(section, ()))
            found += [f"{section}: - {line}" for line in sorted(mine - theirs)]
            found += [f"{section}: + {line}" for line in sorted(theirs - mine)]
        return tuple(found)


def fingerprint(observer: Observer) -> SchemaFingerprint:
    """The fingerprint of the connected database, as of the observer's current snapshot. Raises ``ServerAnswer``."""
    sections = {name: _lines(observer, name, statement) for name, statement in _statements().items()}
    return SchemaFingerprint(digest=_digest(sections), sections=sections)


def normalised(line: str) -> str:
    """An expression without casts between string types and without the parentheses that those casts needed."""
    line = _STRING_CAST.sub("", line)
    while (simpler := _unwrapped(line)) != line:
        line = simpler
    return line


def _unwrapped(line: str) -> str:
    line = _WRAPPED_CONSTANT.sub(r"\1", line)
    return _WRAPPED_NAME.sub(r"\1", _WRAPPED_ARRAY.sub(r"\1", line))


def _lines(observer: Observer, section: str, statement: str) -> tuple[str, ...]:
    lines = (str(row["line"]) for row in observer.rows(statement))
    if section in EXPRESSION_SECTIONS:
        return tuple(sorted(_head_kept(section, line) for line in lines))
    return tuple(sorted(lines))


def _head_kept(section: str, line: str) -> str:
    """Of a column, only the default is an expression: its declared type must stay."""
    if section != "columns":
        return normalised(line)
    head, found, tail = line.partition(" default ")
    return head + found + normalised(tail)


def _digest(sections: Mapping[str, tuple[str, ...]]) -> str:
    hasher = hashlib.sha256()
    for name in sorted(sections):
        for part in (name, *sections[name]):
            encoded = part.encode()
            hasher.update(len(encoded).to_bytes(8, "big") + encoded)
        hasher.update(b"\xff")
    return hasher.hexdigest()


@cache
def _statements() -> Mapping[str, str]:
    text = files("pg_dryrun.observer").joinpath("schema.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- section: (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip((name.strip() for name in parts[::2]), (body.strip() for body in parts[1::2]), strict=True))
