"""G-23, G-24: is a secret in a log, a report, a left file or a process's arguments?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Where a secret was found. ``where`` is a path or ``pid N argv``; ``encoding``: raw, base64, url, hex."""

    secret: str
    where: str
    start_byte: int
    encoding: str


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What was looked at and what was found. ``unreadable`` was not looked at: that is not a clean result."""

    findings: tuple[Finding, ...]
    files: int
    processes: int
    bytes_read: int
    unreadable: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Nothing found and nothing left unread."""
        return not self.findings and not self.unreadable


def scan(secrets: Mapping[str, str], *, paths: Iterable[Path] = (), processes: bool = True) -> Scan:
    """Look for every secret in files (folders are walked) and in the arguments of every visible process."""
    raise NotImplementedError
