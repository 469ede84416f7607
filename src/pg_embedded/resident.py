"""The persistent database of a program without configuration: there when somebody uses it, stopped when nobody does.

::

    with resident.attach(home) as server:
        connection = psycopg.connect(**server.admin)

Any number of processes may attach at once, and any of them may be killed at any moment: what each holds is a shared
lock on a file, which the kernel drops. Commits are flushed to disk before they are answered (fsync on).
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_embedded import account as accounts
from pg_embedded import initialise, locks, places
from pg_embedded.errors import ResidentUnavailable
from pg_embedded.locks import FileLock
from pg_embedded.residence import Address, Residence
from pg_embedded.server import AdminLogin

DEADLINE_S = 120.0
_POLL_S = 0.02
_INHERITED = ("PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG")


class ResidentServer:
    """A lease on the running server; while it is held the server is not stopped. Made by ``attach``."""

    def __init__(self, residence: Residence, address: Address, lease: FileLock) -> None:
        self.home = residence.home
        self.address = address
        self._residence = residence
        self._lease = lease

    @property
    def admin(self) -> AdminLogin:
        """The superuser's login to the database ``postgres``."""
        return self.admin_of("postgres")

    def admin_of(self, dbname: str) -> AdminLogin:
        """The superuser's login to ``dbname``. Whoever never asks never has the password in memory."""
        return AdminLogin(
            host=self.address.socket_dir,
            port=self.address.port,
            dbname=dbname,
            user=initialise.SUPERUSER,
            password=self._residence.superuser_password(),
        )

    @property
    def system_identifier(self) -> str:
        """The cluster's identity as decimal digits: the same for the life of the home."""
        return self.address.system_identifier

    def close(self) -> None:
        """Give the lease back; the server stops a little later if nobody else holds one. A second call does nothing."""
        self._lease.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def attach(home: Path, *, deadline_s: float = DEADLINE_S) -> ResidentServer:
    """Use the database that lives in ``home`` (made if missing, 0700); starts its server if it is not running.

    Raises ``ResidentUnavailable`` if that fails (with the keeper's own reason) or takes longer than ``deadline_s``.
    """
    residence = Residence.at(home)
    end = time.monotonic() + deadline_s
    lease = FileLock(residence.lease_lock)
    try:
        if not lease.shared(deadline_s=deadline_s):  # held alone: the keeper is stopping the server
            raise _too_late(residence, deadline_s)
        return ResidentServer(residence, _reach(residence, end, deadline_s), lease)
    except BaseException:
        lease.close()
        raise


def _reach(residence: Residence, end: float, deadline_s: float) -> Address:
    token = secrets.token_hex(8)
    while time.monotonic() < end:
        if locks.is_held_alone(residence.server_lock):
            address = residence.address()
            if address is not None:
                return address
        elif not locks.is_held_alone(residence.keeper_lock):
            _raise_failure_of(residence, token)
            _start_keeper(residence, token)
        time.sleep(_POLL_S)
    raise _too_late(residence, deadline_s)


def _start_keeper(residence: Residence, token: str) -> None:
    """Returns when the keeper has detached; it may then still lose against another one, or fail."""
    environment = {name: value for name in _INHERITED if (value := os.environ.get(name)) is not None}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pg_embedded.keeper", str(residence.home), token],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**environment, **_import_path(environment)},
        timeout=60,
        start_new_session=True,
    )
    if done.returncode != 0:
        raise ResidentUnavailable(
            f"The keeper of {residence.home} could not be started: {(done.stderr or done.stdout).strip()[-2000:]}",
            remedy="Check that this Python installation is complete.",
        )


def _import_path(environment: Mapping[str, str]) -> dict[str, str]:
    """Our own package first, wherever this process found it."""
    here = str(Path(__file__).resolve().parents[1])
    known = environment.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join(part for part in (here, known) if part)}


def _raise_failure_of(residence: Residence, token: str) -> None:
    failure = residence.failure()
    if failure is not None and failure.token == token:
        raise ResidentUnavailable(failure.message, remedy=failure.remedy)


def _too_late(residence: Residence, deadline_s: float) -> ResidentUnavailable:
    return ResidentUnavailable(
        f"The database in {residence.home} was not to be had within {deadline_s:g} s.",
        remedy=f"See {residence.keeper_log} and the server's own log in {residence.home}.",
    )


def exists(home: Path) -> bool:
    """Whether a database lives in ``home``: its data are where the home says. Touches nothing."""
    try:
        noted = (home / "place").read_text(encoding="utf-8")
        return (home / noted / "data" / "PG_VERSION").is_file()
    except OSError:
        return False


def erase(home: Path, *, deadline_s: float = DEADLINE_S) -> None:
    """Remove the database of ``home`` with all its data, wherever it lies. Other files in ``home`` stay.

    Waits until nobody uses it. Raises ``ResidentUnavailable`` if somebody still does at the deadline.
    """
    residence = Residence.at(home)
    lease = FileLock(residence.lease_lock)
    keeper = FileLock(residence.keeper_lock)
    end = time.monotonic() + deadline_s
    try:
        # Both or none: whoever waits for one while he holds the other would keep the keeper from stopping.
        while not (keeper.exclusive() and lease.exclusive()):
            keeper.release()
            if time.monotonic() > end:
                raise ResidentUnavailable(
                    f"The database in {residence.home} is in use.",
                    remedy="End the programs that use it, then try again.",
                )
            time.sleep(_POLL_S)
        places.remove(residence.private_dir(accounts.choose()))
        for path in residence.own_files():
            path.unlink(missing_ok=True)
    finally:
        lease.close()
        keeper.close()
