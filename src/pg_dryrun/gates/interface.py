"""What a gate is: one question with its own copy of the evidence, which renders its own failure (design 5.1)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from pg_dryrun.outcome import Blame, Check, RootCause, Status

Observed = Mapping[str, object]
"""A gate's own evidence: canonical-JSON values by name."""
NOTHING: Observed = MappingProxyType({})


class Gate(ABC):
    """A question of the run. Subclasses are frozen dataclasses over the facts that answer it; they look at nothing.

    ``blames`` are the words that a broken gate may use: whose failure it can be.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    step: ClassVar[str]
    blames: ClassVar[tuple[Blame, ...]]

    @abstractmethod
    def check(self) -> Check:
        """The answer: kept or broken. "Could not run" is for whoever could not gather the facts."""

    def kept(self, detail: str, observed: Observed = NOTHING) -> Check:
        """The promise holds."""
        return Check(
            id=self.id, title=self.title, step=self.step, status=Status.PASSED, detail=detail, observed=observed
        )

    def broken(
        self,
        detail: str,
        observed: Observed = NOTHING,
        *,
        blame: Blame,
        remedy: str | None = None,
        cause: RootCause | None = None,
    ) -> Check:
        """The promise does not hold, and whose failure that is. Without a ``cause`` the detail is the cause."""
        return Check(
            id=self.id,
            title=self.title,
            step=self.step,
            status=Status.FAILED,
            detail=detail,
            blame=blame,
            root_cause=cause or RootCause(message=detail, remedy=remedy),
            observed=observed,
        )


def some(items: object, limit: int = 8) -> str:
    """A list in words, cut after ``limit`` items with the number left out."""
    words = [str(item) for item in items] if isinstance(items, (list, tuple, set, frozenset, dict)) else [str(items)]
    shown = "; ".join(words[:limit])
    return shown if len(words) <= limit else f"{shown}; and {len(words) - limit} more"
