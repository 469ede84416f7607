"""What the enumeration must be told of a writer: its commands in order, its tables, and the names of its statements.

A command runs in a process of its own, started for it alone, as a user would start it; the replay is the same command
in another process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from pg_dryrun.fault_record import FaultKind, Said
from pg_dryrun.subject import Login, TableName


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Time limits that the writer is to set for one command. Seconds. Server-side, but for ``deadline_s`` and
    ``resolve_s``."""

    statement_s: float
    lock_s: float
    idle_in_transaction_s: float
    deadline_s: float
    """How long the writer waits for one answer."""
    resolve_s: float
    """How long it tries to learn what became of a COMMIT without an answer."""
    connect_s: int


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a command's function is called with, in its process."""

    logins: Mapping[str, Login]
    limits: Limits
    arguments: Mapping[str, object]
    """JSON values, from ``Command.arguments``."""

    def spelling(self) -> dict[str, object]:
        """JSON values."""
        return {
            "logins": {name: asdict(login) for name, login in self.logins.items()},
            "limits": asdict(self.limits),
            "arguments": dict(self.arguments),
        }


@dataclass(frozen=True, kw_only=True)
class Word:
    """A writer's answer about one command."""

    said: Said
    message: str = ""
    code: str | None = None
    sqlstate: str | None = None


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command. ``function`` is ``package.module:name`` of a ``Callable[[Call], Word]``; it runs in a process that
    has imported the module and nothing of this run."""

    name: str
    function: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Breakable:
    """A writer to be broken.

    ``commands`` run one after another, each from the state that the one before it left. ``state`` names every table
    whose rows are compared, with its volatile columns: those whose values hang on the moment and not on what was
    done. ``statement_names`` maps texts as they go over the wire to declared names.
    """

    commands: tuple[Command, ...]
    state: Mapping[TableName, tuple[str, ...]]
    statement_names: Mapping[str, str] = field(default_factory=dict)


class Places(StrEnum):
    """Which boundaries of a command."""

    ALL = "all"
    COMMITS = "commits"
    """Every COMMIT of a transaction that has written."""
    MIDDLE = "middle"
    """One boundary in the middle of a transaction that has written."""


@dataclass(frozen=True, kw_only=True)
class EnumeratedScenario:
    """A scenario that consists of pairs: those of its ``kinds`` at its ``places``, at every command."""

    id: str
    title: str
    kinds: tuple[FaultKind, ...]
    places: Places = Places.ALL


class Form(StrEnum):
    """How much of the enumeration."""

    SHORT = "short"
    """The scenarios, and every other kind where it matters most: at the COMMIT that has written, or before it."""
    FULL = "full"
    """Every boundary × every kind."""
    ONE = "one"
    """The pairs that were asked for, and nothing else."""


@dataclass(frozen=True, kw_only=True)
class FaultOrder:
    """What is to be broken, and how much. ``make`` gets a private folder that goes with the run. ``only``: a pair's id,
    or ``command:statement:kind``; ``*`` for any part (form ``one``)."""

    make: Callable[[Path], Breakable]
    scenarios: tuple[EnumeratedScenario, ...] = ()
    form: Form = Form.SHORT
    only: str | None = None
