"""What a worker can do, one Protocol for each lane. Each call is safe to repeat, at any time, by anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cutter_agent.model import EntryStatus

Told = dict[str, object]
"""An error in the documented shape: ``code``, ``message``, ``remedy``, ``exit_code``."""


@dataclass(frozen=True, kw_only=True)
class Stood:
    """Where a document stands after a job. ``waits``: why a person must decide, None where nobody must."""

    entry_id: str
    document_ref: str
    status: EntryStatus
    steps: tuple[str, ...] = ()
    waits: Told | None = None


class Hands(Protocol):
    """Of both lanes."""

    def describe(self, error: Exception) -> Told:
        """An error for the queue's notes."""
        ...


class ExecHands(Hands, Protocol):
    """DOT-991."""

    def cut_file(self, path: str, file_sha256: str, words: Mapping[str, Any]) -> Stood:
        """MARK to CUT of a file that must still hold these bytes. Raises what the pipeline raises."""
        ...

    def carry_on(self, entry_id: str) -> Stood:
        """An entry from where it stands to CUT. Raises what the pipeline raises."""
        ...

    def sweep(self) -> Sequence[Stood]:
        """SWEEP, then the entries that somebody should carry on: promoted, approved, or cut and not verified."""
        ...


class VerifyHands(Hands, Protocol):
    """DOT-992."""

    def verify(self, entry_id: str) -> Mapping[str, Any]:
        """VERIFY; what it found. Raises ``VerificationFailed`` on a defect, and what the phase raises."""
        ...
