"""A server in a container of an image that the user names, through the program of Docker or Podman."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_dryrun import containers, processes
from pg_dryrun.environments.container_words import PORT, ContainerNames
from pg_dryrun.environments.interface import Returned, ServerIdentity
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.observer import ServerAnswer, connect
from pg_dryrun.observer.identity import identity
from pg_dryrun.record import EnvironmentFacts
from pg_dryrun.subject import Login

_COMMAND_S = 300.0
_READY_S = 120.0
_POLL_S = 0.1
_QUIET = {"autovacuum": "off"}
_PROGRAMS = ("pg_dump", "pg_restore", "psql")
_DEVIATIONS = ("fsync off", "full_page_writes off", "autovacuum off", "wal_level logical")


class ContainerEnvironment:
    """An ``Environment`` in a container with a network and a volume of its own."""

    restarts = True
    ours = True

    def __init__(
        self,
        name: str,
        *,
        lender: str,
        words: ContainerNames,
        folder: Path,
        password: str,
        ledger: RunLedger | None,
        settings: Mapping[str, str],
    ) -> None:
        self.name = name
        self._lender = lender
        self._words = words
        self._folder = folder
        self._password = password
        self._ledger = ledger
        self._settings = dict(settings)
        self._method: str | None = None
        self._identifier = ""
        self._version = ""
        self._closed: Returned | None = None

    # -- making ---------------------------------------------------------------------------------------------------

    def make(self, source: str | None = None) -> None:
        """Network, volume, container; the contents from the volume ``source``, if named. Gone again if it fails."""
        try:
            for kind, words in (
                (Kind.NETWORK, self._words.create_network()),
                (Kind.VOLUME, self._words.create_volume()),
            ):
                self._note(kind)
                _engine(words)
            if source is not None:
                _engine(self._words.copy_volume_from(source), timeout_s=3600.0)
                self._method = "plain copy"
            self._note(Kind.CONTAINER)
            _engine(self._words.run({**_QUIET, **self._settings}))
            self._wait_ready()
        except BaseException:
            self.close()
            raise

    def clone(
        self, name: str, *, settings: Mapping[str, str] | None = None, start: bool = True
    ) -> ContainerEnvironment:
        if self.running:
            raise EnvironmentFault(
                f"{self.name} is running: a copy of a data directory in use would be torn.", remedy="Stop it first."
            )
        copy = ContainerLender(self._lender, image=self._words.image, engine=self._words.engine).prepare(
            name,
            settings=self._settings if settings is None else settings,
            workdir=self._folder.parent,
            ledger=self._ledger,
            password=self._password,
        )
        copy.make(self._words.name)
        if not start:
            copy.stop()
        return copy

    # -- looking --------------------------------------------------------------------------------------------------

    @property
    def admin(self) -> Login:
        return self.login("postgres")

    def login(self, dbname: str) -> Login:
        return Login(
            host=str(self._words.socket_dir), port=PORT, dbname=dbname, user="pgadmin", password=self._password
        )

    @property
    def major(self) -> int:
        return int(self._version.split(".")[0])

    def program(self, name: str) -> Path:
        path = self._folder / "bin" / name
        if not path.is_file():
            raise EnvironmentFault(f"no program {name} is taken from images", remedy=f"Use {', '.join(_PROGRAMS)}.")
        return path

    @property
    def system_identifier(self) -> str:
        return self._identifier

    @property
    def identity(self) -> ServerIdentity:
        if not self.running:
            raise EnvironmentFault(f"{self.name} is not running.", remedy="Start it first.")
        pid = int(_engine(self._words.inspect("{{.State.Pid}}")) or "0")
        with connect(self.admin, purpose="identity", read_only=True) as observer:
            found = identity(observer)
        return ServerIdentity(
            system_identifier=found.system_identifier,
            pid=pid,
            start_ticks=processes.start_ticks(pid) or 0,
            start_time=found.postmaster_start,
        )

    @property
    def running(self) -> bool:
        done = containers.ask(self._words.inspect("{{.State.Running}}"), timeout_s=_COMMAND_S)
        return done.ok and done.stdout.strip() == b"true"

    @property
    def server_log(self) -> Path:
        """A copy of the jsonlog, fetched now; no file where there is none."""
        target = self._folder / "server.json"
        containers.ask(self._words.fetch_log(target), timeout_s=_COMMAND_S)
        return target

    def announce(self, kind: Kind, name: str) -> None:
        """Nothing to note: what is made in this server goes with its volume."""

    def describe(self) -> EnvironmentFacts:
        return EnvironmentFacts(
            name=self.name,
            lender=self._lender,
            system_identifier=self._identifier,
            server_version=self._version,
            clone_method=self._method or "fresh initdb",
            deviations=_DEVIATIONS,
            facts={
                "engine": str(self._words.engine),
                "image": self._words.image,
                "container": self._words.name,
                "network": f"{self._words.name} (internal, no published port)",
                "socket_dir": str(self._words.socket_dir),
                "listen_addresses": "",
            },
        )

    # -- running --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        if self.running:
            raise EnvironmentFault(f"{self.name} is running already.", remedy="Stop it first.")
        _engine(self._words.start())
        self._wait_ready()

    def stop(self) -> None:
        if self.running:
            _engine(self._words.stop())

    def crash(self) -> None:
        if self.running:
            _engine(self._words.crash())
        deadline = time.monotonic() + _READY_S
        while self.running and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def close(self) -> Returned:
        """Container, volume, network, folder; each looked for again. Raises ``EnvironmentFault`` naming what is
        left."""
        if self._closed is not None:
            return self._closed
        engine, name = str(self._words.engine), self._words.name
        survivors = []
        for kind in ("container", "volume", "network"):
            containers.remove(engine, kind, name)
            survivors += [f"{kind} {name}"] if containers.known(engine, kind, name) else []
        shutil.rmtree(self._folder)
        if survivors:
            raise EnvironmentFault(f"left behind: {', '.join(survivors)}", remedy="Remove them by hand.")
        looked_for = (*(f"{kind} {name}" for kind in ("container", "volume", "network")), f"directory {self._folder}")
        self._closed = Returned(looked_for=looked_for, survivors=())
        return self._closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _note(self, kind: Kind) -> None:
        if self._ledger is not None:
            self._ledger.will_create(kind, self._words.name, engine=str(self._words.engine))

    def _wait_ready(self) -> None:
        """The image sets itself up first, by a server on another port."""
        deadline = time.monotonic() + _READY_S
        while True:
            try:
                with connect(self.admin, purpose="ready", connect_timeout_s=2) as observer:
                    found = identity(observer)
                break
            except ServerAnswer as answer:
                if not self.running or time.monotonic() > deadline:
                    said = self._last_words() or answer.message
                    raise EnvironmentFault(
                        f"the server of image {self._words.image} does not answer: {said}",
                        remedy="Change what it complains of; the image is taken as the official ones are made.",
                    ) from answer
            time.sleep(_POLL_S)
        self._identifier, self._version = found.system_identifier, found.server_version

    def _last_words(self) -> str:
        done = containers.ask(self._words.said(), timeout_s=_COMMAND_S)
        return (done.stdout + done.stderr).decode("utf-8", "replace").strip().replace(self._password, "***")


class ContainerLender:
    """Lends containers of ``image``. ``name`` is the engine's: ``docker`` or ``podman``."""

    def __init__(self, name: str, *, image: str, engine: Path | None = None) -> None:
        self.name = name
        self._image = image
        self._engine = engine

    def engine(self) -> Path:
        """The engine's program, if it answers. Raises ``EnvironmentFault``."""
        found = self._engine or shutil.which(self.name)
        if found is None:
            raise EnvironmentFault(f"no program {self.name} on this machine", remedy="Install it, or take a lender.")
        path = Path(found).absolute()
        done = containers.ask([str(path), "info"], timeout_s=60.0)
        if not done.ok:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise EnvironmentFault(
                f"{self.name} does not answer: {said[-1] if said else 'it said nothing'}",
                remedy="Start its service, or take another lender.",
            )
        return path

    def lend(
        self,
        name: str,
        *,
        settings: Mapping[str, str] | None = None,
        own_identity: bool = False,  # noqa: ARG002 - every container runs its own initdb
        expected_bytes: int = 0,  # noqa: ARG002 - the engine's disk
        workdir: Path | None = None,
        ledger: RunLedger | None = None,
        major: int | None = None,  # noqa: ARG002 - the image's; G-08 says if it is another one than wished
    ) -> ContainerEnvironment:
        """As ``Lender.lend``. Raises ``EnvironmentFault`` where no engine answers, or it has no such image."""
        if workdir is None:
            raise EnvironmentFault("no work place for the container's socket", remedy="Give a workdir.")
        made = self.prepare(
            name, settings=settings or {}, workdir=workdir, ledger=ledger, password=secrets.token_urlsafe(24)
        )
        made.make()
        return made

    def prepare(
        self, name: str, *, settings: Mapping[str, str], workdir: Path, ledger: RunLedger | None, password: str
    ) -> ContainerEnvironment:
        """Names and folders; no container yet."""
        engine = self.engine()
        exact = f"{name}-{secrets.token_hex(4)}"
        folder = workdir / exact
        if ledger is not None:
            ledger.will_create(Kind.DIRECTORY, str(folder))
        folder.mkdir(mode=0o700)
        words = ContainerNames(
            name=exact,
            engine=engine,
            image=self._image,
            socket_dir=folder / "s",
            password_file=folder / "password",
        )
        words.socket_dir.mkdir()
        words.socket_dir.chmod(0o777)  # the image's own account writes here; nobody else can enter the folder above
        words.password_file.write_text(password, encoding="ascii")
        _write_programs(words, folder, [workdir])
        return ContainerEnvironment(
            name, lender=self.name, words=words, folder=folder, password=password, ledger=ledger, settings=settings
        )


def _write_programs(words: ContainerNames, folder: Path, visible: Sequence[Path]) -> None:
    (folder / "bin").mkdir()
    for program in _PROGRAMS:
        path = folder / "bin" / program
        path.write_text(words.wrapper(program, visible, containers.environment()), encoding="utf-8")
        os.chmod(path, 0o700)  # noqa: PTH101 - a program


def _engine(words: list[str], *, timeout_s: float = _COMMAND_S) -> str:
    return containers.tell(words, timeout_s=timeout_s)
