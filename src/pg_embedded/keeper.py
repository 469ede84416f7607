"""The keeper of a persistent database: ``python -m pg_embedded.keeper HOME TOKEN``.

Starts the server as its child, so that the server dies with it; waits until no client holds the lease any more; stops
the server in good order and ends. Started by ``resident.attach`` and by nobody else. Any number of keepers may be
started at once: one gets ``keeper.lock``, the others end without a word.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

from pg_embedded import account as accounts
from pg_embedded import initialise, places, processes, relocation, server
from pg_embedded import programs as installations
from pg_embedded.account import ServerAccount
from pg_embedded.errors import EmbeddedError, ResidentUnavailable
from pg_embedded.folders import ServerFolders
from pg_embedded.locks import FileLock
from pg_embedded.programs import Programs
from pg_embedded.residence import Address, Failure, Residence, flush_folder
from pg_embedded.server import ServerProcess, ServerSettings, StopMode

LINGER_S = 0.5
"""How long the server waits for another client after the last one has left: a start costs a fifth of a second."""
_POLL_S = 0.1
_ORPHAN_S = 15.0
_LOG_BYTES = 1 << 20
_SETTINGS = {"cluster_name": "dot-iu-cutter"}


def main(arguments: list[str]) -> int:
    """Detach, keep, and leave word if it fails."""
    home, token = arguments
    residence = Residence.at(Path(home))
    if os.fork() != 0:
        return 0  # our starter waits for this one and so never has a zombie of ours
    os.setsid()  # Ctrl-C in the client's terminal is none of the server's business
    _take_over_output(residence)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        keep(residence)
    except EmbeddedError as failure:
        residence.write_failure(Failure(token=token, message=failure.message, remedy=failure.remedy))
        return 1
    except Exception:
        words = traceback.format_exc()
        residence.write_failure(
            Failure(
                token=token, message=words, remedy=f"Report it with {residence.keeper_log} and what was done before."
            )
        )
        raise
    return 0


def keep(residence: Residence) -> None:
    """Run the server for as long as somebody uses it. Returns at once if there is another keeper."""
    alone, served, lease = (
        FileLock(path) for path in (residence.keeper_lock, residence.server_lock, residence.lease_lock)
    )
    # A client that asks whether there is a keeper holds the lock for an instant: do not take that for a keeper.
    if not alone.exclusive(deadline_s=0.3):
        return
    earlier = residence.address()
    residence.forget_address()
    if not served.exclusive(deadline_s=5.0):
        raise ResidentUnavailable(
            f"{residence.server_lock} is held by an unknown process.", remedy="Find it (lsof) and end it."
        )
    account = accounts.choose()
    programs = relocation.reachable(installations.embedded(), account)
    if earlier is not None:
        _remove_outlying_socket(Path(earlier.socket_dir), residence.private_dir(account), account)
    folders = residence.folders(account)
    claim = residence.claim(folders.private_dir)
    _furnish(residence, programs, account, folders)
    _clear_the_way(folders)
    process = server.start(
        programs=programs,
        account=account,
        folders=folders,
        settings=ServerSettings(durable=True, settings=_SETTINGS),
        password=residence.superuser_password(),
        deadline_s=300.0,  # recovery after a power cut replays what was written since the last checkpoint
    )
    try:
        residence.write_address(_address_of(process, programs))
        _serve(process, lease)
    finally:
        process.stop(StopMode.FAST)
        residence.forget_address()
        _remove_outlying_socket(folders.socket_dir, folders.private_dir, account)
        claim.close()


def _serve(process: ServerProcess, lease: FileLock) -> None:
    """Until nobody has held the lease for ``LINGER_S``; returns holding it alone. Also returns when the server ends."""
    idle_since: float | None = None
    while process.running:
        if not lease.exclusive():
            idle_since = None
        else:
            now = time.monotonic()
            idle_since = now if idle_since is None else idle_since
            if now - idle_since >= LINGER_S:
                return
            lease.release()
        time.sleep(_POLL_S)


def _furnish(residence: Residence, programs: Programs, account: ServerAccount, folders: ServerFolders) -> None:
    """Make the data directory if there is none: built aside, flushed, renamed. Refuse one of another major version."""
    version_file = folders.data_dir / "PG_VERSION"
    if version_file.exists():
        made_by = version_file.read_text(encoding="ascii").strip()
        if made_by != str(programs.major):
            raise ResidentUnavailable(
                f"The database in {folders.data_dir} was made by PostgreSQL {made_by}, these programs are "
                f"{programs.version}.",
                remedy=f"Install PostgreSQL {made_by}'s programs again, or dump and restore into a new folder.",
            )
        return
    for left_over in folders.private_dir.glob("data.partial-*"):
        places.remove_if_possible(left_over)
    aside = folders.private_dir / f"data.partial-{secrets.token_hex(4)}"  # a killed keeper's initdb may live on a while
    aside.mkdir(mode=0o700)
    account.give(aside)
    initialise.initdb(
        programs,
        account,
        data_dir=aside,
        aside=folders.log_dir,
        password=residence.superuser_password(),
        lasting=True,
    )
    aside.rename(folders.data_dir)
    flush_folder(folders.private_dir)


def _clear_the_way(folders: ServerFolders) -> None:
    """Wait for the remains of a killed keeper's server, end them if they stay, remove their pid files.

    ``keeper.lock`` is ours, so whoever works in this data directory is an orphan. A pid file without any such process
    is stale even if its pid lives: it was reused (after a reboot that is common), and the server would refuse to start.
    """
    end = time.monotonic() + _ORPHAN_S
    asked = False
    while orphans := processes.working_in(folders.data_dir):
        if time.monotonic() > end:
            raise ResidentUnavailable(
                f"Processes of an earlier server still work in {folders.data_dir}: {orphans}.",
                remedy="Look at them and end them.",
            )
        if not asked and time.monotonic() > end - _ORPHAN_S / 2:
            asked = True
            for pid in orphans:
                os.kill(pid, signal.SIGQUIT)
        time.sleep(0.02)
    (folders.data_dir / "postmaster.pid").unlink(missing_ok=True)
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (folders.socket_dir / name).unlink(missing_ok=True)


def _remove_outlying_socket(socket_dir: Path, private: Path, account: ServerAccount) -> None:
    """A socket folder outside the server's own folder is made anew for every start."""
    if socket_dir.parent != private and socket_dir.is_dir() and socket_dir.lstat().st_uid == account.uid:
        places.remove(socket_dir)


def _address_of(process: ServerProcess, programs: Programs) -> Address:
    facts = process.facts
    return Address(
        socket_dir=str(facts.socket_dir),
        port=facts.port,
        pid=facts.pid,
        start_ticks=facts.start_ticks,
        system_identifier=facts.system_identifier,
        version=programs.version,
        data_dir=str(facts.data_dir),
        keeper_pid=os.getpid(),
        isolation=facts.isolation.facts(),
    )


def _take_over_output(residence: Residence) -> None:
    log = residence.keeper_log
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        flags |= os.O_TRUNC
    handle = os.open(log, flags, 0o600)
    for descriptor in (1, 2):
        os.dup2(handle, descriptor)
    os.close(handle)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
