"""A store that grows law by law to a million units, by one process: what a unit costs in each tenth, and its memory."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
from benchmarks.bulk_laws import law
from tests import pipeline_room as room

from pg_embedded.server import AdminLogin
from sealing.keys import SigningKey

UNITS_OF_A_LAW = 10_000

Govern = Callable[[AdminLogin, bytes, str, Mapping[str, SigningKey]], dict[str, Any]]


def server_s(postmaster_pid: int) -> float:
    """Processor seconds of a server so far: those of its processes, and of those that ended."""
    postmaster = psutil.Process(postmaster_pid)
    while True:
        children = postmaster.children()
        times = postmaster.cpu_times()
        spent = times.user + times.system + times.children_user + times.children_system
        try:
            for each in (child.cpu_times() for child in children):
                spent += each.user + each.system
        except psutil.NoSuchProcess:
            continue  # it ended meanwhile: now its time is among those of the ended
        if postmaster.children() == children:
            return float(spent)


def grown(
    pipe: Any,
    login: AdminLogin,
    passwords: Mapping[Any, str],
    keys: Mapping[str, Path],
    units: int,
    govern: Govern,
) -> None:
    """Govern laws of 10,000 units until ``units`` are stored; figures of each go through ``pipe``, None at the end."""
    room.PASSWORDS.update(passwords)
    own = {name: SigningKey.load(path) for name, path in keys.items()}
    stored, number = 0, 0
    while stored < units:
        found = govern(login, law(UNITS_OF_A_LAW), f"G{number}", own)
        stored, number = stored + found["units"], number + 1
        found["stored"] = stored
        found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found["held_mb"] = psutil.Process().memory_info().rss / 2**20
        pipe.send(found)
    pipe.send(None)
