"""The command itself: its environment, its process group, its deadline, what it left running, what it wrote."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from pg_dryrun import commands
from pg_dryrun.anyprogram.network import words_before
from pg_dryrun.anyprogram.request import ProgramRequest
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.ledger import RunLedger
from pg_dryrun.subject import Login
from pg_dryrun.survivors import MARK, Family

OUTPUT_LIMIT_BYTES = 1 << 20
_LISTEN_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How the command ended. ``exit_status`` and ``signal`` are None where it was ended by its deadline."""

    exit_status: int | None
    signal: str | None
    timed_out: bool
    not_started: str | None
    duration_s: float
    stdout: bytes
    stderr: bytes
    truncated: bool
    survivors: tuple[str, ...]


class _Listener(threading.Thread):
    """Calls ``listen`` again and again while the command runs. What it raises is kept for whoever stops it."""

    def __init__(self, listen: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._listen = listen
        self._over = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        while not self._over.wait(_LISTEN_S):
            try:
                self._listen()
            except BaseException as error:
                self.error = error
                return

    def stop(self) -> None:
        """End it and wait for it."""
        self._over.set()
        if self.is_alive():
            self.join()


def execute(
    request: ProgramRequest, login: Login, *, run_id: str, ledger: RunLedger, home: Path, listen: Callable[[], None]
) -> Execution:
    """Run the command to its end or its deadline, and end everything that it left. ``home`` is an empty private folder.

    Raises what ``listen`` raises, after the command was ended; ``EnvironmentFault`` where the network cannot be taken
    away and should be.
    """
    before = () if request.network else words_before()
    family = Family(run_id, ledger)
    left: list[str] = []

    def hear() -> None:
        family.note()
        listen()

    def started(pid: int) -> None:
        family.leader = pid
        ledger.started(pid, name=f"the command {request.program}")
        listener.start()

    def ended(timed_out: bool) -> None:
        listener.stop()
        left.extend(family.end(grace=not timed_out))

    listener = _Listener(hear)
    done: commands.Completed | None = None
    not_started = None
    with family.adopting_orphans():
        try:
            done = commands.run(
                [*before, request.program, *request.argv[1:]],
                timeout_s=request.timeout_s,
                env=environment(request, login, run_id=run_id, home=home),
                cwd=request.directory,
                limit_bytes=OUTPUT_LIMIT_BYTES,
                on_start=started,
                on_end=ended,
            )
        except EnvironmentFault as fault:
            not_started = fault.message
        finally:
            listener.stop()
            family.end(grace=False)
    if listener.error is not None:
        raise listener.error
    return _execution(done, tuple(left), not_started)


def _execution(done: commands.Completed | None, left: tuple[str, ...], not_started: str | None) -> Execution:
    status = None if done is None or done.timed_out else done.returncode
    return Execution(
        exit_status=status if status is not None and status >= 0 else None,
        signal=_signal_name(-status) if status is not None and status < 0 else None,
        timed_out=done is not None and done.timed_out,
        not_started=not_started,
        duration_s=done.duration_s if done is not None else 0.0,
        stdout=done.stdout if done is not None else b"",
        stderr=done.stderr if done is not None else b"",
        truncated=done is not None and done.truncated,
        survivors=left,
    )


def environment(request: ProgramRequest, login: Login, *, run_id: str, home: Path) -> dict[str, str]:
    """All that the command sees: a search path, a locale, an empty home, the clone, and what the caller handed over.

    Nothing of this process's own environment but PATH: no password file, no service file, no address of production.
    """
    url = database_url(login)
    names = dict.fromkeys(("DATABASE_URL", *request.url_names), url)
    if request.tcp:
        names["JDBC_DATABASE_URL"] = jdbc_url(login)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        **login.environment(),
        **names,
        **request.env,
        MARK: run_id,
    }


def database_url(login: Login) -> str:
    """The clone as a URL: a socket's folder stands in the query, as libpq and most drivers read it."""
    user, password, dbname = (quote(part, safe="") for part in (login.user, login.password, login.dbname))
    if not login.host.startswith("/"):
        return f"postgresql://{user}:{password}@{login.host}:{login.port}/{dbname}"
    place = urlencode({"host": login.host, "port": login.port}, quote_via=quote, safe="/")
    return f"postgresql://{user}:{password}@/{dbname}?{place}"


def jdbc_url(login: Login) -> str:
    """The clone as Java's drivers read it (``jdbc:postgresql://host:port/database?user=…&password=…``)."""
    who = urlencode({"user": login.user, "password": login.password}, quote_via=quote)
    return f"jdbc:postgresql://{login.host}:{login.port}/{quote(login.dbname, safe='')}?{who}"


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
