"""What the kernel says about processes (``/proc``): who they are, since when, with which arguments. Looks, touches
nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process. Pid and ``start_ticks`` (clock ticks since boot) together name it for good."""

    pid: int
    parent: int
    start_ticks: int
    command: str
    arguments: bytes


def start_ticks(pid: int) -> int | None:
    """Start time of a living process; None if there is none or it is a zombie."""
    fields = _fields(pid)
    return None if fields is None or fields[0] in {"Z", "X"} else int(fields[19])


def everything() -> Iterator[Process]:
    """Every process this user can see, arguments as the kernel has them (separated by NUL)."""
    for name in os.listdir(_PROC):  # noqa: PTH208 - hundreds of names, no Path objects
        if not name.isdigit():
            continue
        fields = _fields(int(name))
        if fields is None or fields[0] in {"Z", "X"}:
            continue
        folder = _PROC / name
        try:
            command = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
            arguments = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        yield Process(
            pid=int(name), parent=int(fields[1]), start_ticks=int(fields[19]), command=command, arguments=arguments
        )


def working_directory(pid: int) -> str | None:
    """The directory a process works in; None where it is gone or not ours to see."""
    try:
        return str((_PROC / str(pid) / "cwd").readlink())
    except OSError:
        return None


def _fields(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command stands in brackets and may hold brackets and spaces itself: count from the last one.
    return text.rpartition(")")[2].split()
