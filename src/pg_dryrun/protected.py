"""G-03, G-25: environments that must not change, by exact id and start time, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pg_dryrun.subject import Login


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One server. ``id`` is the system identifier (or the data directory), ``start_time`` the postmaster's."""

    kind: str
    id: str
    start_time: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class ProtectedSnapshot:
    """``protected`` were named to us; ``bystanders`` are other servers seen on the machine: reported, not judged."""

    protected: tuple[Environment, ...]
    bystanders: tuple[Environment, ...]


@dataclass(frozen=True, kw_only=True)
class ProtectedComparison:
    """``differences`` concern protected environments; ``bystander_changes`` are for the report."""

    differences: tuple[str, ...]
    bystander_changes: tuple[str, ...]

    @property
    def unchanged(self) -> bool:
        """Every protected environment is what it was."""
        return not self.differences


def look(
    *, logins: Sequence[Login] = (), data_dirs: Sequence[Path] = (), own_pids: Sequence[int] = ()
) -> ProtectedSnapshot:
    """The environments now. ``own_pids`` are servers of this run: no bystanders."""
    raise NotImplementedError


def compare(before: ProtectedSnapshot, after: ProtectedSnapshot) -> ProtectedComparison:
    """What changed."""
    raise NotImplementedError
