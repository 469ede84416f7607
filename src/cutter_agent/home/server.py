"""The embedded server of a data folder, ready for a lane: made on first use, completed after a crash, else just used.

Set-up is a row of steps that may each be repeated: passwords and keys (files, whole or not at all), database, schema,
roles. It runs under the folder's lock, and ``ready.json`` is written last; as long as that note is true of this release
and this cluster, nobody needs the lock or the superuser again. It runs in a process of its own (``python -m
cutter_agent.home``), because it sees the secrets of both lanes and a lane's process must not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cutter_agent import config
from cutter_agent.config import DatabasePlace, LaneSettings
from cutter_agent.db_adapter import setup
from cutter_agent.db_adapter.setup import Administrator
from cutter_agent.deployment import admit_migration
from cutter_agent.errors import ConfigError, Internal
from cutter_agent.home import secrets
from cutter_agent.home.folder import DataFolder, write_bytes
from cutter_agent.model import Lane
from pg_embedded import resident
from pg_embedded.resident import ResidentServer

DATABASE = "iu_cutter"

_SET_UP_TIMEOUT_S = 300.0

CONNECTION_LIMIT = 20
"""Per lane. Several commands of one person may run at once on his own server."""


class SetUpFailed(ConfigError):
    """The set-up's process said no; this is its error, with its own code and exit code."""

    def __init__(self, *, code: str, message: str, remedy: str, exit_code: int) -> None:
        super().__init__(message, remedy=remedy)
        self.code = code
        self.exit_code = exit_code


@contextmanager
def attached(folder: DataFolder, lane: Lane, *, sweep_batch: int) -> Iterator[LaneSettings]:
    """The lane's settings, with the server up for as long as the block lasts. Reads no secret of the other lane.

    Raises:
        ConfigError: the folder cannot be used, or a secret in it is lost.
        pg_embedded.errors.EmbeddedError: the server cannot be started.
        DatabaseError: the set-up failed.
    """
    folder.make()
    with resident.attach(folder.server) as server:
        if not _is_ready(folder, server):
            _set_up_apart(folder)
        yield LaneSettings(
            lane=lane,
            place=_place(server),
            user=lane.value,
            password=secrets.read_password(folder, lane),
            signing_key=folder.signing_key(lane),
            exec_public_key=folder.public_key(Lane.EXEC),
            verify_public_key=folder.public_key(Lane.VERIFY),
            sweep_batch=sweep_batch,
        )


@contextmanager
def administrator(folder: DataFolder) -> Iterator[Administrator]:
    """The superuser of the embedded server, for ``db``; the server is up and the database there for the block."""
    folder.make()
    with resident.attach(folder.server) as server:
        setup.ensure_database(_superuser(server, "postgres"), DATABASE)
        yield _superuser(server, DATABASE)


@contextmanager
def as_found(folder: DataFolder) -> Iterator[tuple[Administrator, bool]]:
    """The superuser's login and whether a lane would find all ready. Nothing is made; the server is up for the block.

    Only where ``pg_embedded.resident.exists``: else a new database would begin.
    """
    with resident.attach(folder.server) as server:
        yield _superuser(server, DATABASE), _is_ready(folder, server)


def set_up(folder: DataFolder) -> setup.Prepared:
    """Complete whatever is missing, whether or not the folder says that it is ready."""
    folder.make()
    with resident.attach(folder.server) as server:
        return _set_up(folder, server)


def _set_up_apart(folder: DataFolder) -> None:
    command = [sys.executable, "-P", "-m", "cutter_agent.home", str(folder.root)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SET_UP_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise SetUpFailed(
            code=ConfigError.code,
            message=f"{folder.root}: setting up took longer than {_SET_UP_TIMEOUT_S:.0f} s",
            remedy="Run the same command again: it goes on from there.",
            exit_code=ConfigError.exit_code,
        ) from None
    if done.returncode == 0:
        return
    try:
        said = json.loads(done.stdout)
    except ValueError:
        words = done.stderr.decode(errors="replace").strip()
        raise Internal(
            f"{folder.root}: setting up ended with {done.returncode}: {words[-2000:]}",
            remedy="Run the same command again: it goes on from there.",
        ) from None
    raise SetUpFailed(**said)


def _set_up(folder: DataFolder, server: ResidentServer) -> setup.Prepared:
    with folder.locked():
        folder.sweep_partials()
        for lane in Lane:
            secrets.ensure(folder, lane)
        setup.ensure_database(_superuser(server, "postgres"), DATABASE)
        admit_migration(_superuser(server, DATABASE), config.attestation_path(os.environ))
        passwords = {lane: secrets.read_password(folder, lane) for lane in Lane}
        done = setup.prepare(_superuser(server, DATABASE), passwords, connection_limit=CONNECTION_LIMIT)
        write_bytes(folder.ready, json.dumps(_note(server)).encode(), mode=0o600)
        return done


def _is_ready(folder: DataFolder, server: ResidentServer) -> bool:
    files = [
        path for lane in Lane for path in (folder.password(lane), folder.signing_key(lane), folder.public_key(lane))
    ]
    try:
        return json.loads(folder.ready.read_bytes()) == _note(server) and all(path.exists() for path in files)
    except (OSError, ValueError):
        return False


def _note(server: ResidentServer) -> dict[str, object]:
    return {
        "database": DATABASE,
        "schema_version": setup.newest_version(),
        "system_identifier": server.system_identifier,
        "connection_limit": CONNECTION_LIMIT,
    }


def _superuser(server: ResidentServer, dbname: str) -> Administrator:
    return Administrator(**server.admin_of(dbname))


def _place(server: ResidentServer) -> DatabasePlace:
    return DatabasePlace(
        host=str(server.address.socket_dir), port=server.address.port, dbname=DATABASE, sslmode="disable"
    )
