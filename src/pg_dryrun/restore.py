"""C-05: check what the dump needs, restore it, and compare the copy with the snapshot line by line (G-08, G-09)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pg_dryrun.credentials import Vault
from pg_dryrun.snapshot import Needs, ProofKind, Snapshot
from pg_dryrun.subject import Login


@dataclass(frozen=True, kw_only=True)
class Missing:
    """One thing the environment lacks."""

    kind: str
    name: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Restored:
    """The restored copy. ``admin`` is the environment's superuser on the copy's database."""

    admin: Login
    created_roles: tuple[str, ...]
    deviations: tuple[str, ...]
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that differs. ``kind``: table, sequence, schema."""

    kind: str
    name: str
    expected: str
    found: str


@dataclass(frozen=True, kw_only=True)
class RestoreComparison:
    """The copy against the snapshot. ``compared`` counts what was looked at, by kind."""

    proof_kind: ProofKind
    differences: tuple[Difference, ...]
    compared: Mapping[str, int] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Nothing differs, and something was compared."""
        return not self.differences and sum(self.compared.values()) > 0


def missing(needs: Needs, admin: Login) -> tuple[Missing, ...]:
    """Everything the server of ``admin`` lacks for a restore, all at once."""
    raise NotImplementedError


def restore(
    snapshot: Snapshot,
    admin: Login,
    *,
    bin_dir: Path,
    vault: Vault,
    dbname: str | None = None,
    timeout_s: float = 3600.0,
) -> Restored:
    """Create roles and database, restore, stop at the first error. Raises ``EnvironmentFault`` with the server's words."""
    raise NotImplementedError


def compare(snapshot: Snapshot, restored: Login) -> RestoreComparison:
    """Look at the copy and list every difference."""
    raise NotImplementedError
