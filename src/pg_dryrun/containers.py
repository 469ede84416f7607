"""A container engine's things by exact name, through its own program (``docker``, ``podman``): there or gone."""

from __future__ import annotations

from pathlib import Path

from pg_dryrun import commands
from pg_dryrun.errors import EnvironmentFault

ENGINES = ("docker", "podman")
_TIMEOUT_S = 120.0
_NAMES = {
    "container": ("container", "ls", "--all", "--format", "{{.Names}}"),
    "network": ("network", "ls", "--format", "{{.Name}}"),
    "volume": ("volume", "ls", "--format", "{{.Name}}"),
}


def known(engine: str, kind: str, name: str) -> bool:
    """Whether the engine has a ``container``, ``network`` or ``volume`` of exactly this name.

    Asked from its whole list: an engine that does not answer is an ``EnvironmentFault``, never "gone".
    """
    done = commands.check([_program(engine), *_NAMES[kind]], timeout_s=_TIMEOUT_S)
    return name in done.stdout.decode("utf-8", "replace").split()


def remove(engine: str, kind: str, name: str) -> str:
    """Remove exactly this one; a container ends at once. Says what was done. Raises ``EnvironmentFault``."""
    if not known(engine, kind, name):
        return "was gone already"
    force = [] if kind == "network" else ["--force"]
    commands.check([_program(engine), kind, "rm", *force, name], timeout_s=_TIMEOUT_S)
    return "removed"


def _program(engine: str) -> Path:
    """Only an engine is ever started, whatever a file says."""
    path = Path(engine)
    if path.name not in ENGINES:
        raise EnvironmentFault(f"{engine!r} is no container engine", remedy=f"Use one of {', '.join(ENGINES)}.")
    return path
