"""The run's own ledger: everything created, by exact name, written and fsynced BEFORE it is created (C-13, G-22).

JSON lines. ``created`` announces a thing, ``absent`` says that it was looked for and is gone. A later process can
open the ledger of a killed run and finish its teardown: directories and files by exact path, processes by pid *and*
start time.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pg_dryrun import containers, processes
from pg_dryrun.errors import ToolFault, UsageError
from pg_embedded.overlay import unlock

_END_S = 10.0
_POLL_S = 0.01


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
    TABLESPACE = "tablespace"
    CONTAINER = "container"
    NETWORK = "network"
    VOLUME = "volume"


_INSIDE_A_SERVER = frozenset({Kind.CLUSTER, Kind.DATABASE, Kind.ROLE, Kind.SLOT, Kind.TABLESPACE})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One created thing. ``facts`` are canonical-JSON values; a process has ``pid`` and ``start_ticks``."""

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
    """Append-only JSON lines. ``RunLedger.create`` for a run, ``RunLedger.open`` to clean up after a killed one.

    The ledger's own file is evidence and stays.
    """

    def __init__(self, path: Path, *, entries: list[Entry], gone: set[int], run_id: str) -> None:
        self.path = path
        self.run_id = run_id
        self._entries = entries
        self._gone = gone
        self._removers: dict[int, Callable[[], object]] = {}
        self._lookers: dict[int, Callable[[], bool]] = {}

    @classmethod
    def create(cls, path: Path, *, run_id: str) -> RunLedger:
        """A new ledger. Raises ``UsageError`` if the file exists: two runs never share one."""
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError as error:
            raise UsageError(f"{path} is the ledger of another run.", remedy="Give each run its own folder.") from error
        ledger = cls(path, entries=[], gone=set(), run_id=run_id)
        ledger._append({"run": run_id})
        return ledger

    @classmethod
    def open(cls, path: Path) -> RunLedger:
        """An existing ledger, read to its last whole line (a torn last line is what a kill leaves)."""
        entries: list[Entry] = []
        gone: set[int] = set()
        run_id = ""
        whole = path.read_bytes()
        whole = whole[: whole.rfind(b"\n") + 1]
        os.truncate(path, len(whole))  # else the next line would be glued to the torn one
        for number, line in enumerate(whole.decode("utf-8").splitlines(), start=1):
            try:
                record = json.loads(line)
                if "created" in record:
                    entries.append(_entry(record))
                elif "absent" in record:
                    gone.add(int(record["absent"]))
                else:
                    run_id = str(record["run"])
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(
                    f"{path}, line {number}: no line of a ledger.", remedy="Name a run's ledger."
                ) from error
        return cls(path, entries=entries, gone=gone, run_id=run_id)

    def will_create(
        self,
        kind: Kind,
        name: str,
        *,
        remove: Callable[[], object] | None = None,
        present: Callable[[], bool] | None = None,
        **facts: object,
    ) -> Entry:
        """Announce a thing before creating it.

        ``remove`` is how this process tears it down, ``present`` how it looks (default for both: by kind and name).
        What lives inside a server needs ``present``, or ``directory=`` of that server: raises ``ToolFault`` without.
        """
        if kind in _INSIDE_A_SERVER and present is None and not isinstance(facts.get("directory"), str):
            raise ToolFault(f"The ledger could never see {kind} {name} gone: it has neither a directory nor a look.")
        entry = Entry(number=len(self._entries) + 1, kind=kind, name=name, facts=facts)
        self._append({"created": entry.number, "kind": kind.value, "name": name, "facts": dict(facts)})
        self._entries.append(entry)
        if remove is not None:
            self._removers[entry.number] = remove
        if present is not None:
            self._lookers[entry.number] = present
        return entry

    def started(self, pid: int, *, name: str) -> Entry:
        """Record a running process by pid and start time, as soon as it exists."""
        return self.will_create(Kind.PROCESS, name, pid=pid, start_ticks=processes.start_ticks(pid))

    def record(self, kind: str, name: str) -> None:
        """The shape in which ``pg_embedded`` reports what it creates: ``directory PATH``, ``process PID TICKS``."""
        if kind == Kind.PROCESS:
            pid, ticks = (int(part) for part in name.split())
            self.will_create(Kind.PROCESS, f"server process {pid}", pid=pid, start_ticks=ticks)
        else:
            self.will_create(Kind(kind), name)

    def entries(self) -> tuple[Entry, ...]:
        """Everything ever announced, in order."""
        return tuple(self._entries)

    def live(self) -> tuple[Entry, ...]:
        """Entries not yet verified absent, in order of creation."""
        return tuple(entry for entry in self._entries if entry.number not in self._gone)

    def teardown(self) -> Teardown:
        """Remove everything still there, in reverse order, and look whether it is gone. One failure stops no other."""
        items = [self._tear_down(entry) for entry in reversed(self.live())]
        return Teardown(items=tuple(items))

    def _tear_down(self, entry: Entry) -> TornDown:
        try:
            remover = self._removers.pop(entry.number, None)
            if remover is not None:
                remover()
            detail = _remove(entry)
        except Exception as error:  # whatever a remover raises, the others still get their turn
            detail = f"{type(error).__name__}: {error}"
        try:
            absent = not self._present(entry)
        except Exception as error:
            absent, detail = False, f"{detail}; could not be looked for: {type(error).__name__}: {error}"
        if absent:
            self._append({"absent": entry.number})
            self._gone.add(entry.number)
        return TornDown(entry=entry, absent=absent, detail=detail)

    def _present(self, entry: Entry) -> bool:
        match entry.kind:
            case Kind.DIRECTORY | Kind.FILE | Kind.SOCKET:
                return os.path.lexists(entry.name)
            case Kind.PROCESS:
                return _running(entry)
            case Kind.CONTAINER | Kind.NETWORK | Kind.VOLUME:
                return containers.known(_engine(entry), entry.kind.value, entry.name)
            case Kind.CLUSTER | Kind.DATABASE | Kind.ROLE | Kind.SLOT | Kind.TABLESPACE:
                return self._present_in_server(entry)

    def _present_in_server(self, entry: Entry) -> bool:
        """What lives in a server is gone with the server's directory; elsewhere its maker must be able to look."""
        look = self._lookers.get(entry.number)
        if look is not None:
            return look()
        directory = entry.facts.get("directory")
        return not isinstance(directory, str) or os.path.lexists(directory)

    def _append(self, record: Mapping[str, object]) -> None:
        line = json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, line.encode("utf-8"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _entry(record: Mapping[str, object]) -> Entry:
    facts = record["facts"]
    if not isinstance(facts, dict):
        raise TypeError("facts")
    return Entry(
        number=int(str(record["created"])), kind=Kind(str(record["kind"])), name=str(record["name"]), facts=facts
    )


def _remove(entry: Entry) -> str:
    match entry.kind:
        case Kind.DIRECTORY:
            return _remove_path(Path(entry.name), wanted=stat.S_ISDIR)
        case Kind.FILE:
            return _remove_path(Path(entry.name), wanted=stat.S_ISREG)
        case Kind.SOCKET:
            return _remove_path(Path(entry.name), wanted=stat.S_ISSOCK)
        case Kind.PROCESS:
            return _end_process(entry)
        case Kind.CONTAINER | Kind.NETWORK | Kind.VOLUME:
            return containers.remove(_engine(entry), entry.kind.value, entry.name)
        case Kind.CLUSTER | Kind.DATABASE | Kind.ROLE | Kind.SLOT | Kind.TABLESPACE:
            return "gone with its server"


def _remove_path(path: Path, *, wanted: Callable[[int], bool]) -> str:
    """Remove exactly what was announced: never through a symbolic link, never a thing of another kind."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return "was gone already"
    if not wanted(mode):
        return "something of another kind has this name now: left alone"
    if stat.S_ISDIR(mode):
        unlock(path)
        shutil.rmtree(path)
    else:
        path.unlink()
    return "removed"


def _end_process(entry: Entry) -> str:
    if not _running(entry):
        return "had ended already"
    pid = int(str(entry.facts["pid"]))
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        deadline = time.monotonic() + _END_S
        while time.monotonic() < deadline:
            if not _running(entry):
                return f"ended by {number.name}"
            time.sleep(_POLL_S)
    return "would not end"


def _engine(entry: Entry) -> str:
    return str(entry.facts.get("engine", ""))


def _running(entry: Entry) -> bool:
    """The process with this pid *and* this start time; a pid alone may be somebody else's by now."""
    ticks = entry.facts.get("start_ticks")
    return ticks is not None and processes.start_ticks(int(str(entry.facts["pid"]))) == ticks
