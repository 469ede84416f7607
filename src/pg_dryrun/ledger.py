"""The run's own ledger: everything created, by exact name, written and fsynced BEFORE it is created (C-13, G-22)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What can be created by a run."""

    DIRECTORY = "directory"
    FILE = "file"
    SOCKET = "socket"
    PROCESS = "process"
    CLUSTER = "cluster"
    DATABASE = "database"
    ROLE = "role"
    SLOT = "slot"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One created thing. ``facts`` are canonical-JSON values; a process has ``pid`` and ``start_time`` (clock ticks)."""

    number: int
    kind: Kind
    name: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TornDown:
    """What became of an entry. ``absent`` was looked at after removal, never inferred."""

    entry: Entry
    absent: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Teardown:
    """The whole teardown, in the order it was done (reverse of creation)."""

    items: tuple[TornDown, ...]

    @property
    def net_zero(self) -> bool:
        """Everything that was created is absent."""
        return all(item.absent for item in self.items)


class RunLedger:
    """Append-only JSON lines. ``RunLedger.create`` for a run, ``RunLedger.open`` to clean up after a killed one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, *, run_id: str) -> RunLedger:
        """A new ledger; the file must not exist."""
        raise NotImplementedError

    @classmethod
    def open(cls, path: Path) -> RunLedger:
        """An existing ledger, read to its last whole line (a torn last line is what a kill leaves)."""
        raise NotImplementedError

    def will_create(self, kind: Kind, name: str, *, remove: Callable[[], None] | None = None, **facts: object) -> Entry:
        """Announce a thing before creating it. ``remove`` is how this process tears it down (default: by kind)."""
        raise NotImplementedError

    def started(self, pid: int, *, name: str) -> Entry:
        """Record a running process by pid and start time, as soon as it exists."""
        raise NotImplementedError

    def live(self) -> tuple[Entry, ...]:
        """Entries not yet verified absent, in order of creation."""
        raise NotImplementedError

    def teardown(self) -> Teardown:
        """Remove everything still there, in reverse order, and look whether it is gone. Never raises for one entry."""
        raise NotImplementedError
