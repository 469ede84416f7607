"""G-26, C-08: what the writer emits against what the deployed schema demands. All mismatches at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pg_dryrun.subject import Emission, Login


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """One thing the deployed schema will not accept. ``code``: missing_table, missing_column, not_filled, not_writable, rule."""

    code: str
    statement: str
    table: str
    column: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class ContractReport:
    """``mismatches`` and, per table, what the schema demands (CHECKs, foreign keys, triggers, rules, defaults)."""

    mismatches: tuple[Mismatch, ...]
    demands: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    emissions_examined: int = 0

    @property
    def holds(self) -> bool:
        """No mismatch, and something was examined."""
        return not self.mismatches and self.emissions_examined > 0


def check(admin: Login, emissions: Sequence[Emission]) -> ContractReport:
    """Compare ``emissions`` with the catalog of the restored copy."""
    raise NotImplementedError
