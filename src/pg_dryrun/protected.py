"""G-03, G-25: environments that must not change, by exact id and start time, before and after. Looks, touches
nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pg_dryrun import processes
from pg_dryrun.observer import ServerAnswer, connect
from pg_dryrun.observer.identity import identity
from pg_dryrun.subject import Login

ABSENT = "absent"
_SERVER_COMMANDS = frozenset({"postgres", "postmaster"})


@dataclass(frozen=True, kw_only=True)
class ProtectedEnvironment:
    """One server. ``id`` is its system identifier or postmaster, ``start_time`` the postmaster's (an instant, or clock
    ticks since boot); ``detail`` is where it was looked for."""

    kind: str
    id: str
    start_time: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class ProtectedSnapshot:
    """``protected`` were named to us; ``bystanders`` are other servers seen on the machine: reported, not judged,
    because somebody else may end them at any time."""

    protected: tuple[ProtectedEnvironment, ...]
    bystanders: tuple[ProtectedEnvironment, ...]


@dataclass(frozen=True, kw_only=True)
class ProtectedComparison:
    """``differences`` concern protected environments; ``bystander_changes`` are for the report."""

    differences: tuple[str, ...]
    bystander_changes: tuple[str, ...]

    @property
    def unchanged(self) -> bool:
        """Every protected environment is what it was."""
        return not self.differences


def look(
    *, logins: Sequence[Login] = (), data_dirs: Sequence[Path] = (), own_pids: Sequence[int] = ()
) -> ProtectedSnapshot:
    """The environments now: servers by login, data directories by path, every other PostgreSQL server of the machine.

    ``own_pids`` are this run's server processes: no bystanders. A server that does not answer is ``absent``.
    """
    named = [_by_login(login) for login in logins] + [_by_data_dir(folder) for folder in data_dirs]
    return ProtectedSnapshot(protected=tuple(named), bystanders=tuple(_bystanders(frozenset(own_pids))))


def compare(before: ProtectedSnapshot, after: ProtectedSnapshot) -> ProtectedComparison:
    """What changed, each in words."""
    return ProtectedComparison(
        differences=_differences(before.protected, after.protected),
        bystander_changes=_differences(before.bystanders, after.bystanders),
    )


def _by_login(login: Login) -> ProtectedEnvironment:
    detail = f"{login.user}@{login.host}:{login.port}/{login.dbname}"
    try:
        with connect(login, purpose="protected", read_only=True) as observer:
            found = identity(observer)
    except ServerAnswer as answer:
        return ProtectedEnvironment(kind="server", id=ABSENT, start_time=answer.sqlstate or "no answer", detail=detail)
    return ProtectedEnvironment(
        kind="server", id=found.system_identifier, start_time=found.postmaster_start, detail=detail
    )


def _by_data_dir(folder: Path) -> ProtectedEnvironment:
    """The postmaster's own file says who runs in the folder and since when; without one nobody does."""
    resolved = str(folder.resolve())
    try:
        lines = (folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        state = "stopped" if folder.is_dir() else ABSENT
        return ProtectedEnvironment(kind="data directory", id=state, start_time="never", detail=resolved)
    return ProtectedEnvironment(
        kind="data directory", id=f"postmaster {lines[0]}", start_time=lines[2], detail=resolved
    )


def _bystanders(own: frozenset[int]) -> list[ProtectedEnvironment]:
    """Postmasters: server processes whose parent is none."""
    seen = {process.pid: process for process in processes.everything() if process.command in _SERVER_COMMANDS}
    return [
        ProtectedEnvironment(
            kind="process",
            id=str(process.pid),
            start_time=str(process.start_ticks),
            detail=processes.working_directory(process.pid) or "unknown directory",
        )
        for process in sorted(seen.values(), key=lambda process: process.pid)
        if process.parent not in seen and process.pid not in own
    ]


def _differences(before: Sequence[ProtectedEnvironment], after: Sequence[ProtectedEnvironment]) -> tuple[str, ...]:
    found = []
    for entry in before:
        if entry in after:
            continue
        now = [other for other in after if (other.kind, other.detail) == (entry.kind, entry.detail)]
        shown = f"{now[0].id} since {now[0].start_time}" if now else "gone"
        found.append(f"{entry.kind} {entry.detail}: was {entry.id} since {entry.start_time}, is {shown}")
    known = {(entry.kind, entry.detail) for entry in before}
    found += [f"{entry.kind} {entry.detail}: new" for entry in after if (entry.kind, entry.detail) not in known]
    return tuple(found)
