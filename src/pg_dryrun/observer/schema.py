"""The schema fingerprint: what a database *is*, as sorted lines by section, and one digest of them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pg_dryrun.observer.connection import Observer


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
    """The fingerprint of the connected database, as of the observer's current snapshot."""
    raise NotImplementedError
