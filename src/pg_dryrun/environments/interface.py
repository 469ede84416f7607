"""The shape of a throw-away PostgreSQL, whoever lends it (design 3.4).

A ``Lender`` lends an ``Environment``: a server of our own with a superuser login, its programs, and a way to be
stopped, copied and removed. The callers (restore, clones, gates, runner) know this shape and no lender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.record import EnvironmentFacts
from pg_dryrun.subject import Login

CLUSTER_NAME_PREFIX = "pg-dryrun-"
"""How ``cluster_name`` begins on every server that a lender starts. Only who starts a server can set it, so a program
under rehearsal may trust it to know that it is on a throw-away copy, whatever the data say."""


def cluster_name(name: str) -> str:
    """What the server of the environment ``name`` calls itself (``cluster_name`` holds 63 bytes)."""
    return (name if name.startswith(CLUSTER_NAME_PREFIX) else CLUSTER_NAME_PREFIX + name)[:63]


@dataclass(frozen=True, kw_only=True)
class ServerIdentity:
    """One run of one server process. ``pid`` and ``start_ticks`` (clock ticks since boot) name it for good."""

    system_identifier: str
    pid: int
    start_ticks: int
    start_time: str
    """UTC, ISO 8601, whole seconds, by the server's own word."""


@dataclass(frozen=True, kw_only=True)
class Returned:
    """What was looked for after an environment was given back, and what of it was still there."""

    looked_for: tuple[str, ...]
    survivors: tuple[str, ...]

    @property
    def verified_absent(self) -> bool:
        """Something was looked for, and nothing was found."""
        return bool(self.looked_for) and not self.survivors


class Environment(Protocol):
    """A throw-away PostgreSQL. A context manager: leaving it gives it back."""

    @property
    def name(self) -> str: ...

    @property
    def admin(self) -> Login:
        """The superuser's login to the database ``postgres``."""
        ...

    def login(self, dbname: str) -> Login:
        """The superuser's login to ``dbname``."""
        ...

    @property
    def major(self) -> int:
        """Major version of server and programs."""
        ...

    def program(self, name: str) -> Path:
        """PostgreSQL's own program ``name`` (``pg_dump``, ``pg_restore``, ``psql``) of the server's version.

        Raises ``EnvironmentFault`` if there is none.
        """
        ...

    @property
    def system_identifier(self) -> str:
        """The cluster's identity as decimal digits; known while it is stopped, too. A clone has its original's."""
        ...

    @property
    def identity(self) -> ServerIdentity:
        """The running server. Raises ``EnvironmentFault`` if it is stopped."""
        ...

    @property
    def running(self) -> bool: ...

    @property
    def restarts(self) -> bool:
        """Whether ``stop``, ``start`` and ``crash`` can be had: not of a server that somebody else runs."""
        ...

    @property
    def ours(self) -> bool:
        """Whether the server itself is made and removed by us. If not, only what ``announce`` names is removed."""
        ...

    def announce(self, kind: Kind, name: str) -> None:
        """Told before a database, role or tablespace is made in the server: one that stays must lose it again."""
        ...

    @property
    def server_log(self) -> Path:
        """The log of an environment whose settings ask for a jsonlog, or its equal (``log_records.direct``).

        Readable while the server writes to it.
        """
        ...

    def start(self) -> None:
        """Start a stopped server; same logins. Raises ``EnvironmentFault``."""
        ...

    def stop(self) -> None:
        """Stop it in good order (checkpoint), as a copy needs it."""
        ...

    def crash(self) -> None:
        """End it at once, as a crash would; ``start`` then recovers."""
        ...

    def clone(self, name: str, *, settings: Mapping[str, str] | None = None, start: bool = True) -> Environment:
        """A copy of this *stopped* environment with its own server; ``settings`` replace this one's if given.

        Raises ``EnvironmentFault`` if this one runs, or the copy cannot be made; then nothing of it is left.
        """
        ...

    def describe(self) -> EnvironmentFacts:
        """For the evidence: lender, version, isolation reached, how it was made."""
        ...

    def close(self) -> Returned:
        """Give it back: everything removed and looked for. A second call returns the same facts.

        Raises ``EnvironmentFault`` naming exactly what is left.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Lender(Protocol):
    """Somebody who lends environments."""

    @property
    def name(self) -> str:
        """``embedded``, ``local``, ``docker``, ``podman``, ``existing``."""
        ...

    def lend(
        self,
        name: str,
        *,
        settings: Mapping[str, str] | None = None,
        own_identity: bool = False,
        expected_bytes: int = 0,
        workdir: Path | None = None,
        ledger: RunLedger | None = None,
        major: int | None = None,
    ) -> Environment:
        """A running, empty environment.

        ``own_identity`` asks for a system identifier that no other environment has (a stand-in production must have
        one: G-10 tells it from its copy by that). ``expected_bytes`` is the size of what will be loaded. ``workdir`` is
        used if the server can reach it. ``major`` is the wished version, where there is a choice. Everything created is
        announced in ``ledger`` first. Raises ``EnvironmentFault``.
        """
        ...
