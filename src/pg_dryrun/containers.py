"""A container engine's things by exact name, through its own program (``docker``, ``podman``): there or gone."""

from __future__ import annotations

import os
from pathlib import Path

from pg_dryrun import commands
from pg_dryrun.commands import Completed
from pg_dryrun.errors import EnvironmentFault

ENGINES = ("docker", "podman")
_TIMEOUT_S = 120.0
_NAMES = {
    "container": ("container", "ls", "--all", "--format", "{{.Names}}"),
    "network": ("network", "ls", "--format", "{{.Name}}"),
    "volume": ("volume", "ls", "--format", "{{.Name}}"),
}
_VARIABLES = (
    *("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR", "DBUS_SESSION_BUS_ADDRESS"),
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),
    *("CONTAINER_HOST", "CONTAINER_CONNECTION", "CONTAINER_SSHKEY", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF"),
)
"""What an engine's program reads to find its service, its user's settings and its storage."""
_ADMINISTRATORS_PATH = "/usr/sbin:/sbin"
"""Podman calls iptables by its name."""


def environment() -> dict[str, str]:
    """This process's environment as far as an engine's program needs it; it holds no password."""
    found = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    return {**found, "PATH": f"{os.environ.get('PATH', os.defpath)}:{_ADMINISTRATORS_PATH}"}


def ask(words: list[str], *, timeout_s: float = _TIMEOUT_S) -> Completed:
    """The engine's answer to a command, whatever it is."""
    return commands.run(words, timeout_s=timeout_s, env=environment())


def tell(words: list[str], *, timeout_s: float = _TIMEOUT_S) -> str:
    """What the engine says to a command, without white space around it. Raises ``EnvironmentFault`` unless it ended
    well."""
    done = commands.check(words, timeout_s=timeout_s, env=environment())
    return done.stdout.decode("utf-8", "replace").strip()


def known(engine: str, kind: str, name: str) -> bool:
    """Whether the engine has a ``container``, ``network`` or ``volume`` of exactly this name.

    Asked from its whole list: an engine that does not answer is an ``EnvironmentFault``, never "gone".
    """
    return name in tell([str(_program(engine)), *_NAMES[kind]]).split()


def remove(engine: str, kind: str, name: str) -> str:
    """Remove exactly this one; a container ends at once. Says what was done. Raises ``EnvironmentFault``."""
    if not known(engine, kind, name):
        return "was gone already"
    force = [] if kind == "network" else ["--force"]
    tell([str(_program(engine)), kind, "rm", *force, name])
    return "removed"


def _program(engine: str) -> Path:
    """Only an engine is ever started, whatever a file says."""
    path = Path(engine)
    if path.name not in ENGINES:
        raise EnvironmentFault(f"{engine!r} is no container engine", remedy=f"Use one of {', '.join(ENGINES)}.")
    return path
