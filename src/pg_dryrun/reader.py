"""The role that reads production: made so that it cannot write, and proven so (G-05)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pg_dryrun.observer import Observer
from pg_dryrun.subject import Login


@dataclass(frozen=True, kw_only=True)
class ReaderProof:
    """What the reading role could do. ``violations`` empty and ``transaction_id_taken`` False is the proof.

    ``examined`` counts what was asked (tables, sequences, schemas, databases, roles it can become).
    ``reservations`` are write paths that PostgreSQL leaves to everybody and this tool never takes (large objects,
    functions with their owner's rights): reported, not judged.
    """

    role: str
    violations: tuple[str, ...]
    transaction_id_taken: bool
    memberships: tuple[str, ...] = ()
    reservations: tuple[str, ...] = ()
    examined: Mapping[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """No write privilege on anything, and no transaction id taken."""
        return not self.violations and not self.transaction_id_taken


def prove(observer: Observer) -> ReaderProof:
    """Ask the server what the connected role may write, set-wise over the whole catalog."""
    raise NotImplementedError


def create_reader(admin: Login, *, role: str, password: str) -> Login:
    """On a stand-in production: a role that may read everything and write nothing. Returns its login."""
    raise NotImplementedError
