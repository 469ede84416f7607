"""All instruments on one clone, asked together after every step, and the equations between them (design 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

from pg_dryrun.dark_writes import DarkWrites
from pg_dryrun.effects import StepEffects
from pg_dryrun.statements import LogSlice
from pg_dryrun.subject import Login, TableName


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One step as every instrument saw it. ``counts`` are totals now, ``deltas`` against the previous step, for every
    tracked table (zeros included); ``totals`` against the baseline. ``contradictions`` is empty when the instruments agree:
    count after − before = inserts − deletes, and no bystander's digest moved without an effect naming it."""

    label: str
    counts: Mapping[TableName, int]
    deltas: Mapping[TableName, int]
    totals: Mapping[TableName, int]
    effects: StepEffects
    dark: DarkWrites
    log: LogSlice
    bystanders_changed: tuple[TableName, ...]
    contradictions: tuple[str, ...]
    duration_ms: float


class Instruments:
    """Attached to one clone. Use as a context manager; ``step`` closes a step and opens the next."""

    baseline: Mapping[TableName, int]

    @classmethod
    def attach(cls, admin: Login, *, tracked: Sequence[TableName]) -> Instruments:
        """Make slot, log reader and counting connection; take the baseline. Bystanders are all other user tables."""
        raise NotImplementedError

    def __enter__(self) -> Instruments:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def step(self, label: str) -> Observation:
        """What happened since the last step."""
        raise NotImplementedError

    def rebase(self) -> None:
        """Forget everything so far: the present becomes the baseline."""
        raise NotImplementedError

    def close(self) -> None:
        """Drop the slot and the connections."""
        raise NotImplementedError
