"""A throw-away PostgreSQL cluster: there in a tenth of a second, gone without a trace (design 3.4, 6.2).

::

    with ThrowawayCluster.create() as cluster:
        connection = psycopg.connect(**cluster.admin)

Its data directory is copied from a template, its server listens on a unix socket in a private folder and nowhere else,
everybody needs a password, and it dies with the process that made it.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_embedded import account as accounts
from pg_embedded import copying, folders, initialise, password, places, processes, relocation, server
from pg_embedded import programs as installations
from pg_embedded.account import ServerAccount
from pg_embedded.copying import CopyMethod
from pg_embedded.errors import ServerStateError, TeardownIncomplete
from pg_embedded.folders import Recorder, ServerFolders
from pg_embedded.overlay import lay, possible
from pg_embedded.programs import Programs
from pg_embedded.server import AdminLogin, PrivateServer, ServerProcess, ServerSettings, StopMode


@dataclass(frozen=True, kw_only=True)
class TeardownFacts:
    """What was looked for after the removal, and what of it was still there (nothing, if ``complete``)."""

    data_dir: Path
    looked_for: tuple[str, ...]
    survivors: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not self.survivors


class ThrowawayCluster:
    """One cluster and its server. Made by ``create`` or ``clone``; ended by ``close`` or as a context manager.

    Not to be shared with a forked child: only the process that made it may end it.
    """

    def __init__(
        self,
        *,
        name: str,
        programs: Programs,
        account: ServerAccount,
        folders_: ServerFolders,
        settings: ServerSettings,
        password_: str,
        record: Recorder | None,
    ) -> None:
        """Takes over existing folders; ``create`` and ``clone`` fill them."""
        self.name = name
        self.programs = programs
        self.account = account
        self.folders = folders_
        self.settings = settings
        self.copied_by: CopyMethod | None = None
        """How the data directory was made: copied from a template or another cluster, or None for a fresh initdb."""
        self._password = password_
        self._record = record
        self._processes: list[ServerProcess] = []
        """Every server of this cluster, the last one last."""
        self._clones_over_it: list[ThrowawayCluster] = []
        self._closed: TeardownFacts | None = None
        self._owner = os.getpid()
        # For an interpreter that exits without ``close``.
        self._safety_net = weakref.finalize(self, _abandon, folders_, self._processes, self._owner)

    # -- making ---------------------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        *,
        base_dir: Path | None = None,
        settings: Mapping[str, str] | None = None,
        name: str = "cluster",
        json_log: bool = False,
        fresh_identity: bool = False,
        expected_bytes: int = 0,
        programs: Programs | None = None,
        account: ServerAccount | None = None,
        record: Recorder | None = None,
        deadline_s: float = 60.0,
    ) -> Self:
        """A running cluster.

        ``base_dir`` is taken if the server account can enter it (else see ``places.throwaway_base``). A copied cluster
        has its template's system identifier; ``fresh_identity`` runs initdb instead (a third of a second) and has its
        own. ``expected_bytes`` is what will be loaded into it: memory is used for small ones only. ``settings`` are
        lines of ``postgresql.conf``. Raises ``EmbeddedError``; then nothing is left behind.
        """
        account = account or accounts.choose()
        programs = relocation.reachable(programs or installations.embedded(), account)
        base = places.throwaway_base(account, wanted=base_dir, expected_bytes=expected_bytes)
        template = None if fresh_identity else initialise.template(programs, account)
        own_password = password.new()
        cluster = cls(
            name=name,
            programs=programs,
            account=account,
            folders_=folders.make(base, name=name, account=account, record=record),
            settings=ServerSettings(durable=False, settings=dict(settings or {}), json_log=json_log),
            password_=own_password if template is None else template.password,
            record=record,
        )
        with cluster._gone_if_it_fails():
            if template is None:
                cluster._initialise()
            else:
                cluster._copy_from(template.data_dir)
            cluster.start(deadline_s=deadline_s)
            if template is not None:  # all copies share its password
                password.change(programs, account, cluster.admin, own_password)
                cluster._password = own_password
        return cluster

    def clone(
        self,
        *,
        name: str | None = None,
        base_dir: Path | None = None,
        settings: Mapping[str, str] | None = None,
        json_log: bool | None = None,
        record: Recorder | None = None,
        start: bool = True,
        overlay: bool = False,
        deadline_s: float = 60.0,
    ) -> ThrowawayCluster:
        """A copy of this *stopped* cluster, started unless told otherwise; same roles, passwords and identity.

        By reflink where the file system has it: lies beside this cluster unless ``base_dir`` says otherwise. With
        ``overlay`` it is laid over this cluster where there is no reflink: it then can neither be started nor
        closed before its clone is. ``settings`` and ``json_log`` replace this cluster's. Raises ``ServerStateError`` if
        this one is running.
        """
        self._must_be_open()
        if self.running:
            raise ServerStateError(
                f"Cluster {self.name!r} is running: a copy of a data directory in use would be torn.",
                remedy="Stop it first.",
            )
        base = places.throwaway_base(
            self.account,
            wanted=base_dir or self.folders.private_dir.parent,
            expected_bytes=sum(places.size_bytes(layer) for layer in self.folders.layers),
        )
        name = name or f"{self.name}-clone"
        copy = ThrowawayCluster(
            name=name,
            programs=self.programs,
            account=self.account,
            folders_=folders.make(base, name=name, account=self.account, record=record),
            settings=ServerSettings(
                durable=False,
                settings=dict(self.settings.settings if settings is None else settings),
                json_log=self.settings.json_log if json_log is None else json_log,
            ),
            password_=self._password,
            record=record,
        )
        with copy._gone_if_it_fails():
            self._copy_to(copy, overlay=overlay)
            if start:
                copy.start(deadline_s=deadline_s)
        return copy

    # -- looking --------------------------------------------------------------------------------------------------

    @property
    def server(self) -> PrivateServer:
        """Facts of the running server. Raises ``ServerStateError`` if it is not running."""
        if not self.running:
            raise ServerStateError(f"Cluster {self.name!r} is not running.", remedy="Start it first.")
        return self._processes[-1].facts

    @property
    def admin(self) -> AdminLogin:
        """The superuser's login to the database ``postgres``; valid again after a stop and start."""
        return self.admin_of("postgres")

    def admin_of(self, dbname: str) -> AdminLogin:
        """The superuser's login to ``dbname``."""
        return AdminLogin(
            host=str(self.folders.socket_dir),
            port=folders.PORT,
            dbname=dbname,
            user=initialise.SUPERUSER,
            password=self._password,
        )

    @property
    def running(self) -> bool:
        return bool(self._processes) and self._processes[-1].running

    @property
    def closed(self) -> bool:
        return self._closed is not None

    @property
    def data_dir(self) -> Path:
        return self.folders.data_dir

    @property
    def pid(self) -> int:
        return self.server.pid

    @property
    def system_identifier(self) -> str:
        """Decimal digits; asked from the control file, so it is there while the server is stopped, too."""
        if self.running:
            return self.server.system_identifier
        return initialise.system_identifier(self.programs, self.account, self.folders.control_dir)

    @property
    def in_memory(self) -> bool:
        """Whether the data lies in memory (tmpfs) and not on a disk."""
        return places.is_memory(self.data_dir)

    # -- running --------------------------------------------------------------------------------------------------

    def start(self, *, deadline_s: float = 60.0) -> None:
        """Start the server again, on the same socket. Raises ``ServerStateError`` if it runs, ``ServerStartFailed``."""
        self._must_be_open()
        if self.running:
            raise ServerStateError(f"Cluster {self.name!r} is running already.", remedy="Stop it first.")
        self._must_bear_nobody("started")
        process = server.start(
            programs=self.programs,
            account=self.account,
            folders=self.folders,
            settings=self.settings,
            password=self._password,
            deadline_s=deadline_s,
        )
        self._processes.append(process)
        if self._record is not None:
            self._record("process", f"{process.facts.pid} {process.facts.start_ticks}")

    def stop(self, mode: StopMode = StopMode.FAST, *, deadline_s: float = 60.0) -> None:
        """Stop the server and reap it; nothing to do if it is not running."""
        self._must_be_ours()
        if self._processes:
            self._processes[-1].stop(mode, deadline_s=deadline_s)

    def crash(self) -> None:
        """End the server at once, as if the machine had lost its processes; the next start recovers."""
        self.stop(StopMode.IMMEDIATE)

    def close(self) -> TeardownFacts:
        """End the server, remove everything, and look whether it is gone. A second call returns the same facts.

        Raises ``TeardownIncomplete`` if anything is left, with its exact name.
        """
        self._must_be_ours()
        if self._closed is not None:
            return self._closed
        self._must_bear_nobody("removed")
        self.stop(StopMode.IMMEDIATE)
        self._safety_net.detach()
        folders.remove(self.folders, self._owner)
        facts = self._look_for_remains()
        if not facts.complete:
            raise TeardownIncomplete(
                f"Cluster {self.name!r} left something behind: " + ", ".join(facts.survivors),
                remedy="End these processes and remove these folders by hand.",
            )
        self._closed = facts
        return facts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _initialise(self) -> None:
        initialise.initdb(
            self.programs,
            self.account,
            data_dir=self.folders.data_dir,
            aside=self.folders.log_dir,
            password=self._password,
            lasting=False,
        )

    def _copy_from(self, source: Path) -> None:
        self.copied_by = copying.copy_tree(source, self.folders.data_dir, account=self.account)

    def _copy_to(self, copy: ThrowawayCluster, *, overlay: bool) -> None:
        """By reflink; else laid over, where that is wanted and possible; else a plain copy."""
        layers, base = self.folders.layers, copy.folders.private_dir
        reflink = copying.method_between(layers[-1], copy.data_dir, account=self.account) is CopyMethod.REFLINK
        if len(layers) == 1 and (reflink or not overlay or not possible(layers, base, self.account)):
            copy._copy_from(self.data_dir)
            return
        copy.folders = replace(copy.folders, overlay=lay(layers, base, copy.data_dir, self.account))
        copy.copied_by = CopyMethod.OVERLAY
        self._clones_over_it.append(copy)
        copy._renew_safety_net()

    def _renew_safety_net(self) -> None:
        self._safety_net.detach()
        self._safety_net = weakref.finalize(self, _abandon, self.folders, self._processes, self._owner)

    def _must_bear_nobody(self, done: str) -> None:
        over = [clone.name for clone in self._clones_over_it if not clone.closed]
        if over:
            raise ServerStateError(
                f"Cluster {self.name!r} cannot be {done}: {', '.join(over)} lies over it.", remedy="Close these first."
            )

    @contextmanager
    def _gone_if_it_fails(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _look_for_remains(self) -> TeardownFacts:
        paths = (self.folders.private_dir, self.folders.data_dir, self.folders.socket_dir)
        looked_for = [f"directory {path}" for path in paths]
        servers = [process.facts for process in self._processes]
        looked_for += [f"process {facts.pid}" for facts in servers]
        survivors = [f"directory {path}" for path in paths if os.path.lexists(path)]
        survivors += [
            f"process {facts.pid}" for facts in servers if processes.start_ticks(facts.pid) == facts.start_ticks
        ]
        survivors += [f"process {pid}" for pid in processes.working_in(self.data_dir)]
        return TeardownFacts(
            data_dir=self.data_dir, looked_for=tuple(looked_for), survivors=tuple(dict.fromkeys(survivors))
        )

    def _must_be_open(self) -> None:
        self._must_be_ours()
        if self._closed is not None:
            raise ServerStateError(f"Cluster {self.name!r} is closed and removed.", remedy="Create another one.")

    def _must_be_ours(self) -> None:
        if os.getpid() != self._owner:
            raise ServerStateError(
                f"Cluster {self.name!r} belongs to process {self._owner}, this is process {os.getpid()}.",
                remedy="Start and end a cluster in the process that made it.",
            )


def _abandon(made: ServerFolders, started: list[ServerProcess], owner: int) -> None:
    """What ``close`` does, without its looks; a forked child must not do it."""
    if os.getpid() == owner:
        for process in started:
            process.stop(StopMode.IMMEDIATE)
        folders.remove(made, owner)
