"""Where pairs are run: one server, a relay in front of it, the processes of the writer, and copies of databases."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_dryrun.environments.interface import Environment
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.faults import shortages
from pg_dryrun.faults.interface import Breakable, Call, Command, Limits
from pg_dryrun.faults.relay import Relay
from pg_dryrun.faults.small_disk import SmallDisk
from pg_dryrun.faults.state import StateReader
from pg_dryrun.faults.writers import Nursery
from pg_dryrun.observer import Observer, connect, quote
from pg_dryrun.subject import Login

SERVER_SETTINGS: Mapping[str, str] = {"deadlock_timeout": "40ms", "max_connections": "40"}
"""Of the servers that pairs are run on: a deadlock is looked for at once."""
_ACL_AS_OF = """
UPDATE pg_catalog.pg_database SET datacl = (SELECT datacl FROM pg_catalog.pg_database WHERE datname = %s)
WHERE datname = %s
"""
_SESSIONS = """
SELECT pid || ' ' || coalesce(state, 'starting') || ' ' || coalesce(wait_event, 'working') || ': ' || left(query, 80)
    AS what
FROM pg_catalog.pg_stat_activity
WHERE datname = %s AND backend_type = 'client backend' AND application_name NOT LIKE 'pg_dryrun%%'
"""
_TABLESPACE = "faults_small_disk"
_POLL_S = 0.003


@dataclass(kw_only=True)
class Ground:
    """One server with everything around it. Use ``prepared`` to make one."""

    environment: Environment
    restored: str
    """The restored database; the undisturbed run walks on it."""
    logins: Mapping[str, Login]
    breakable: Breakable
    relay: Relay
    nursery: Nursery
    states: StateReader
    disk: SmallDisk | None
    _stack: ExitStack
    _numbers: Iterator[int]
    _admin: Observer | None = None

    @classmethod
    def prepared(
        cls,
        environment: Environment,
        *,
        restored: str,
        logins: Mapping[str, Login],
        breakable: Breakable,
        workdir: Path,
        small_disk: bool = True,
    ) -> Ground:
        """On a running clone. Raises ``EnvironmentFault`` and ``ToolFault``; then nothing is left."""
        admin = environment.login(restored)
        modules = sorted({command.function.partition(":")[0] for command in breakable.commands})
        with ExitStack() as stack:
            relay = stack.enter_context(Relay(admin.host, admin.port))
            log = workdir / f"{environment.name}-writers.log"
            nursery = stack.enter_context(Nursery(modules, log=log))
            disk = _small_disk(environment, stack) if small_disk else None
            with connect(admin, purpose="faults", read_only=True) as observer:
                states = StateReader(observer, breakable.state)
            return cls(
                environment=environment,
                restored=restored,
                logins=logins,
                breakable=breakable,
                relay=relay,
                nursery=nursery,
                states=states,
                disk=disk,
                _stack=stack.pop_all(),
                _numbers=itertools.count(1),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._admin is not None:
            self._admin.close()
        self._stack.close()

    def admin(self) -> Observer:
        """The superuser on ``postgres``: one session for all pairs, another one after the server was stopped."""
        if self._admin is not None:
            with suppress(EnvironmentFault):
                self._admin.value("SELECT 1")
                return self._admin
            self._admin.close()
        self._admin = connect(self.environment.admin, purpose="faults")
        return self._admin

    def call(self, command: Command, dbname: str, limits: Limits, *, through_relay: bool) -> Call:
        """What a command is called with, for ``dbname`` of this server."""
        host = self.relay.host if through_relay else self.environment.admin.host
        logins = {name: replace(login, host=host, dbname=dbname) for name, login in self.logins.items()}
        return Call(logins=logins, limits=limits, arguments=command.arguments)

    def look(self, dbname: str) -> Observer:
        """The superuser on ``dbname``, to be used in a ``with`` statement."""
        return connect(self.environment.login(dbname), purpose="faults")

    def copy(self, template: str, name: str) -> None:
        """A database like ``template``, its own grants included."""
        admin = self.admin()
        admin.execute(f"CREATE DATABASE {quote(name)} TEMPLATE {quote(template)} STRATEGY FILE_COPY")
        admin.execute(_ACL_AS_OF, [template, name])

    @contextmanager
    def copied(self, template: str, purpose: str, *, on_small_disk: bool = False) -> Iterator[str]:
        """A database for one pair, dropped by its exact name when the block ends."""
        name = f"{purpose}_{next(self._numbers)}"
        if on_small_disk:
            shortages.small_database(self.admin(), name, template=template, tablespace=_TABLESPACE)
            self.admin().execute(_ACL_AS_OF, [template, name])
        else:
            self.copy(template, name)
        try:
            if on_small_disk:
                with self.look(name) as observer:
                    shortages.make_room_scarce(observer, list(self.breakable.state))
            yield name
        finally:
            if self.environment.running:
                self.admin().execute(f"DROP DATABASE {quote(name)} WITH (FORCE)")

    def wait_for_silence(self, dbname: str, *, within_s: float = 5.0) -> str | None:
        """Until no session of the writer is left on ``dbname``; None, or who is still there after that time."""
        until = time.monotonic() + within_s
        while found := self.admin().rows(_SESSIONS, [dbname]):
            if time.monotonic() > until:
                return "; ".join(str(row["what"]) for row in found)
            time.sleep(_POLL_S)
        return None


def _small_disk(environment: Environment, stack: ExitStack) -> SmallDisk | None:
    """None where this machine, or the server's own walls, do not allow one."""
    data_dir = environment.describe().facts.get("data_dir")
    if not isinstance(data_dir, str):
        return None
    with ExitStack() as own:
        try:
            disk = own.enter_context(SmallDisk(Path(data_dir)))
            with connect(environment.admin, purpose="faults") as admin:
                shortages.small_tablespace(admin, _TABLESPACE, str(disk.path))
        except (EnvironmentFault, OSError):
            return None
        stack.push(own.pop_all())
    return disk
