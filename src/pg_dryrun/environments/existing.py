"""A throw-away server that somebody else runs, named by a DSN: used, cleaned of what we made, never torn down.

A clone is a database made from the restored one as a template (PostgreSQL 18 ``file_copy_method=clone`` where the
file system has reflinks). What the instruments ask of a server must be in effect already: we change nobody's server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_dryrun.environments import local
from pg_dryrun.environments.interface import Returned, ServerIdentity
from pg_dryrun.environments.template_clones import TemplateClones
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.observer import Observer, ServerAnswer, connect, quote
from pg_dryrun.observer.identity import identity
from pg_dryrun.observer.marks import production_marks
from pg_dryrun.record import EnvironmentFacts
from pg_dryrun.subject import Login
from pg_embedded import programs as installations

_REMOVAL = {Kind.DATABASE: "DATABASE", Kind.ROLE: "ROLE", Kind.TABLESPACE: "TABLESPACE"}
_LOOK = {
    Kind.DATABASE: "SELECT count(*) FROM pg_catalog.pg_database WHERE datname = %s",
    Kind.ROLE: "SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = %s",
    Kind.TABLESPACE: "SELECT count(*) FROM pg_catalog.pg_tablespace WHERE spcname = %s",
}
_NOT_OURS = "This server belongs to somebody else: it is never stopped, started or crashed."


class ExistingEnvironment:
    """An ``Environment`` on a server that stays. A clone of it is the same server with other databases."""

    restarts = False
    ours = False

    def __init__(
        self,
        name: str,
        login: Login,
        *,
        workdir: Path,
        ledger: RunLedger | None,
        clones: TemplateClones | None = None,
    ) -> None:
        """``login`` is the superuser's. ``clones``: what stands for the original's databases in this clone."""
        self.name = name
        self._login = login
        self._workdir = workdir
        self._ledger = ledger
        self._clones = clones
        self._made: list[tuple[Kind, str]] = []
        self._closed: Returned | None = None
        with self._ask() as observer:
            found = identity(observer)
            self.major = found.server_version_num // 10000
        self._version = found.server_version
        self._start_time = found.postmaster_start
        self.system_identifier = found.system_identifier

    @property
    def admin(self) -> Login:
        return self._login

    def login(self, dbname: str) -> Login:
        return replace(self._login, dbname=self._clones.name_of(dbname) if self._clones is not None else dbname)

    def program(self, name: str) -> Path:
        """Of this machine, of the server's major version."""
        for programs in (installations.embedded(), *local.installed()):
            if programs.major == self.major and (programs.bin_dir / name).is_file():
                return programs.bin_dir / name
        raise EnvironmentFault(
            f"no {name} of PostgreSQL {self.major} on this machine",
            remedy=f"Install the client programs of PostgreSQL {self.major}.",
        )

    @property
    def identity(self) -> ServerIdentity:
        """Its process may run on another machine: ``pid`` and ``start_ticks`` are 0, its start time names it."""
        return ServerIdentity(
            system_identifier=self.system_identifier, pid=0, start_ticks=0, start_time=self._start_time
        )

    @property
    def running(self) -> bool:
        return self._closed is None

    @property
    def server_log(self) -> Path:
        """A copy of the server's jsonlog, fetched now through SQL; no file where it writes none."""
        target = self._workdir / f"{self.name}.existing.json"
        with self._ask() as observer:
            path = observer.value("SELECT pg_catalog.pg_current_logfile('jsonlog')")
            data = observer.value("SELECT pg_catalog.pg_read_binary_file(%s)", [path]) if path is not None else None
        if isinstance(data, bytes | bytearray | memoryview):
            target.write_bytes(bytes(data))
            target.chmod(0o600)
        return target

    def start(self) -> None:
        raise EnvironmentFault(_NOT_OURS, remedy="Lend a server of our own for this: --lender embedded or local.")

    stop = start
    crash = start

    def announce(self, kind: Kind, name: str) -> None:
        """Note it for ``close``. One that is there already is not ours: it is left out, and so never removed."""
        with self._ask() as observer:
            if observer.value(_LOOK[kind], [name]):
                return
        self._made.append((kind, name))
        if self._ledger is not None:
            self._ledger.will_create(
                kind, name, remove=lambda: self._remove(kind, name), present=lambda: self._present(kind, name)
            )

    def clone(self, name: str, *, settings: Mapping[str, str] | None = None, start: bool = True) -> ExistingEnvironment:
        if not start:
            raise EnvironmentFault(_NOT_OURS, remedy="Ask for a clone that is started.")
        clones = TemplateClones(name, [made for kind, made in self._made if kind is Kind.DATABASE])
        copy = ExistingEnvironment(name, self._login, workdir=self._workdir, ledger=self._ledger, clones=clones)
        with self._ask() as observer:
            clones.require(observer, settings or {})
            try:
                for made in clones.names:
                    copy.announce(Kind.DATABASE, made)
                clones.make(observer, settings or {})
            except BaseException:
                copy.close()
                raise
        return copy

    def describe(self) -> EnvironmentFacts:
        return EnvironmentFacts(
            name=self.name,
            lender=ExistingLender.name,
            system_identifier=self.system_identifier,
            server_version=self._version,
            clone_method=self._clones.method if self._clones is not None else "existing server",
            deviations=(
                "the server is lent by its owner: its settings, its network and its other sessions are as they are",
                *(self._clones.deviations if self._clones is not None else ()),
            ),
            facts={
                "host": self._login.host,
                "port": self._login.port,
                "start_time": self._start_time,
                "made here": [f"{kind.value} {name}" for kind, name in self._made],
            },
        )

    def close(self) -> Returned:
        """Remove what was announced and made, in reverse; the server stays. Raises ``EnvironmentFault``."""
        if self._closed is not None:
            return self._closed
        troubles = [word for kind, name in reversed(self._made) if (word := self._remove(kind, name))]
        survivors = [f"{kind.value} {name}" for kind, name in self._made if self._present(kind, name)]
        if survivors:
            raise EnvironmentFault(
                f"left on the existing server: {', '.join(survivors)} ({'; '.join(troubles)})",
                remedy="Drop these by hand.",
            )
        looked_for = tuple(f"{kind.value} {name}" for kind, name in self._made) or (f"nothing made by {self.name}",)
        self._closed = Returned(looked_for=looked_for, survivors=())
        return self._closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self) -> Observer:
        return connect(self._login, purpose="existing", settings={"log_statement": "none"})

    def _remove(self, kind: Kind, name: str) -> str:
        force = " WITH (FORCE)" if kind is Kind.DATABASE else ""
        try:
            with self._ask() as observer:
                if observer.value(_LOOK[kind], [name]):
                    observer.execute(f"DROP {_REMOVAL[kind]} {quote(name)}{force}")
        except ServerAnswer as answer:
            return answer.message
        return ""

    def _present(self, kind: Kind, name: str) -> bool:
        with self._ask() as observer:
            return bool(observer.value(_LOOK[kind], [name]))


class ExistingLender:
    """Lends the server behind ``login``. A stand-in production is made on a server of our own: that one stays clean."""

    name = "existing"

    def __init__(self, login: Login) -> None:
        self._login = login

    def lend(
        self,
        name: str,
        *,
        settings: Mapping[str, str] | None = None,  # noqa: ARG002 - we change nobody's server; a clone checks them
        own_identity: bool = False,
        expected_bytes: int = 0,  # noqa: ARG002 - its owner's disk
        workdir: Path | None = None,
        ledger: RunLedger | None = None,
        major: int | None = None,  # noqa: ARG002 - it has one version; G-08 says if it is another one than wished
    ) -> ExistingEnvironment:
        """As ``Lender.lend``. Raises ``EnvironmentFault`` if it looks like production, or is no superuser's login."""
        if own_identity:
            raise EnvironmentFault(
                "an existing server cannot be given an identity of its own",
                remedy="Make a stand-in production with another lender.",
            )
        with connect(self._login, purpose="lend") as observer:
            if not observer.value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"):
                raise EnvironmentFault(
                    f"{self._login.user} is no superuser of the existing server",
                    remedy="A rehearsal makes roles and reads the server's log: name a superuser of a throw-away.",
                )
            rows = observer.rows("SELECT datname::text AS name FROM pg_catalog.pg_database WHERE datallowconn")
        marks = self._marks([str(row["name"]) for row in rows])
        if marks:
            raise EnvironmentFault(
                f"the existing server is marked as production: {'; '.join(marks)}",
                remedy="Lend a throw-away clone. Nothing was written.",
            )
        if workdir is None:
            raise EnvironmentFault("no work place for the existing server's log", remedy="Give a workdir.")
        return ExistingEnvironment(name, self._login, workdir=workdir, ledger=ledger)

    def _marks(self, databases: Sequence[str]) -> list[str]:
        """Every mark of production that any of its databases bears, each once."""
        found: dict[str, None] = {}
        for dbname in databases:
            with connect(replace(self._login, dbname=dbname), purpose="lend", read_only=True) as observer:
                found |= dict.fromkeys(production_marks(observer))
        return list(found)
