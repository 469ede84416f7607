"""Everything that a fault may touch while it strikes, and the shape of a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from pg_dryrun.environments.interface import Environment
from pg_dryrun.fault_record import FaultKind
from pg_dryrun.faults.interface import Places
from pg_dryrun.faults.small_disk import SmallDisk
from pg_dryrun.faults.turns import Fate, Turn
from pg_dryrun.faults.writers import Writer
from pg_dryrun.subject import Login, TableName


@dataclass(frozen=True, kw_only=True)
class RecordedTurn:
    """One boundary of the undisturbed run. ``held``: tables on which the writer's transaction held a lock *before*
    this turn; ``wrote``: it had a transaction id; ``predicate``: it held predicate locks, so it was SERIALIZABLE and
    had read."""

    text: str
    name: str
    held: frozenset[TableName] = frozenset()
    wrote: bool = False
    predicate: bool = False


@dataclass(kw_only=True)
class Scene:
    """One pair's surroundings. ``admin`` is the superuser on the pair's own database."""

    environment: Environment
    admin: Login
    roles: Sequence[str]
    tables: Sequence[TableName]
    turns: Sequence[RecordedTurn]
    index: int
    disk: SmallDisk | None
    writer: Writer | None = None
    """The process under fault, once it was started."""
    notes: dict[str, str] = field(default_factory=dict)


class Fault:
    """One fault, for one pair. ``strike`` is called when the writer's turn is held back; ``heal`` after the writer's
    word and before the replay: the disk is free again, the server is up, the grant is back."""

    kind: ClassVar[FaultKind]
    made_by: ClassVar[str]
    """What makes it real, for the report."""
    sqlstates: ClassVar[frozenset[str]] = frozenset()
    """At least one of these must have come from the server, or the fault did not strike; empty: no code belongs to
    it."""
    limits: ClassVar[Mapping[str, float]] = {}
    """What differs from the usual limits of a disturbed command."""
    short: ClassVar[tuple[Places, ...]] = (Places.COMMITS,)
    """Where this kind is tried in the short form, beside what the scenarios ask for."""
    in_the_dark: ClassVar[bool] = False
    """The server's side of the connection outlives the writer: nobody tells it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def why_not(self) -> str | None:
        """Why this kind cannot happen at this boundary; None if it can."""
        return None

    def strike(self, turn: Turn) -> Fate:
        """Do it, and say what becomes of the turn."""
        raise NotImplementedError

    def heal(self) -> None:
        """End what is not gone by itself."""

    @property
    def turn(self) -> RecordedTurn:
        """The boundary as it was recorded."""
        return self.scene.turns[self.scene.index]
