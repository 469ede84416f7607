"""What the probe found after a run had failed: all further defects of the same commit, as values (design 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Driven(StrEnum):
    """What the probe drives."""

    STATEMENT = "statement"
    PHASE = "phase"


@dataclass(frozen=True, kw_only=True)
class ProbeDefect:
    """One thing that the deployed database, or the writer itself, refuses. ``principal`` is "" for a phase."""

    driven: Driven
    name: str
    principal: str
    sqlstate: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class ProbeRecord:
    """``statements`` and ``phases`` are how many were driven. ``trouble``: why it was not driven to its end, or at
    all. Nothing here changes the verdict."""

    statements: int = 0
    phases: tuple[str, ...] = ()
    defects: tuple[ProbeDefect, ...] = ()
    trouble: str | None = None
