"""What DOT-991 may ask about judgements: envelopes, decisions, answers, and which entry waits for which (``ports``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cutter_agent.rows import Decision, Dependency, Entry, Envelope, UnitBlock


class ReviewStore(Protocol):
    """The tables of REVIEW, ANSWER and DEPEND."""

    def envelope(self, entry_id: str, manifest_digest: str) -> Envelope | None:
        """The envelope of one manifest of an entry."""
        ...

    def add_envelope(self, row: Envelope) -> None:
        """Write it."""
        ...

    def add_blocks(self, rows: Iterable[UnitBlock]) -> int:
        """Write all blocks of an envelope at once."""
        ...

    def decisions(self, envelope_id: str) -> list[Decision]:
        """Decisions on an envelope as a whole, oldest first."""
        ...

    def block_decisions(self, envelope_id: str) -> list[Decision]:
        """Decisions on single blocks of an envelope, block by block, oldest first."""
        ...

    def successor(self, entry_id: str) -> Entry | None:
        """The entry that took the place of this one."""
        ...

    def find_dependency(self, dependency_id: str) -> Dependency | None:
        """One edge between two entries."""
        ...

    def reached(self, entry_id: str, kind: str) -> set[str]:
        """Every entry that is reached from this one by dependencies of one kind."""
        ...

    def add_dependency(self, row: Dependency) -> None:
        """Write it. The server refuses one that closes a cycle."""
        ...

    def add_decision(self, row: Decision) -> None:
        """Write it."""
        ...

    def supersede(self, prior_id: str, successor_id: str) -> None:
        """Stamp a decision, once. Raises ``IllegalTransition`` when it is stamped already."""
        ...

    def escalations_of(self, entry_id: str) -> list[Entry]:
        """Open escalation entries that a failed verification of this entry made, locked."""
        ...

    def open_blockers(self, entry_id: str) -> list[Entry]:
        """Entries that block this one and are not ``verified_complete``."""
        ...
