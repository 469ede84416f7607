"""What the kernel says about processes (Linux ``/proc``): start time, and who still works in a data directory."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def start_ticks(pid: int) -> int | None:
    """Kernel start time of a process in clock ticks since boot; None if there is none or it is a zombie.

    Pid and start time together name a process for good: a pid alone is reused.
    """
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name is in brackets and may hold anything, brackets and spaces too: count from the last bracket.
    fields = stat.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    return int(fields[19])


def working_in(folder: Path) -> tuple[int, ...]:
    """Process ids whose working directory is ``folder`` (every PostgreSQL process works in its data directory).

    A folder that was removed meanwhile still counts: the kernel then appends " (deleted)" to the link. Processes of
    other users are invisible to an ordinary user; the server's are his own.
    """
    wanted = {str(folder), f"{folder} (deleted)"}
    found = []
    for entry in os.scandir(_PROC):
        if not entry.name.isdigit():
            continue
        try:
            target = os.readlink(f"/proc/{entry.name}/cwd")  # noqa: PTH115 - hundreds of links, no Path objects
        except OSError:
            continue
        if target in wanted:
            found.append(int(entry.name))
    return tuple(sorted(found))
