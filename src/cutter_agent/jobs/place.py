"""Where the queue is, and as whom: the ledger's database, and a login that can do nothing but queue."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutter_agent.config import QUEUE_PASSWORD, QUEUE_USER, DatabasePlace, Settings
from cutter_agent.db_adapter.queue_schema import ROLE, SCHEMA
from cutter_agent.errors import ConfigError, ConfigMissing
from cutter_agent.home.folder import DataFolder, write_bytes
from cutter_agent.home.server import DATABASE
from pg_embedded import resident

_OPTIONS = f"-c search_path={SCHEMA},pg_temp -c statement_timeout=60s -c lock_timeout=15s -c TimeZone=UTC"


@dataclass(frozen=True, kw_only=True)
class QueueLogin:
    """A login to the queue, and to nothing else."""

    place: DatabasePlace
    user: str
    password: str = field(repr=False)

    def connection(self, application: str) -> dict[str, Any]:
        """What a connection is opened with."""
        return {
            "host": self.place.host,
            "port": self.place.port,
            "dbname": self.place.dbname,
            "sslmode": self.place.sslmode,
            "user": self.user,
            "password": self.password,
            "application_name": application,
            "options": _OPTIONS,
            "connect_timeout": 10,
        }


@contextlib.contextmanager
def queue_login(environment: Mapping[str, str]) -> Iterator[QueueLogin]:
    """By the keys of a server, or the data folder's own with its server up for as long as the block lasts.

    Raises:
        ConfigMissing: a key is missing or empty.
        ConfigError: the data folder has no queue yet.
    """
    settings = Settings.from_environment(environment)
    if settings.place is not None:
        user, password = (_required(environment, name) for name in (QUEUE_USER, QUEUE_PASSWORD))
        yield QueueLogin(place=settings.place, user=user, password=password)
        return
    folder = DataFolder.at(settings.home)
    if not _password(folder).exists():
        raise ConfigError(f"{folder.root} has no queue yet", remedy="Make it once: iu-cutter queue init.")
    with resident.attach(folder.server) as server:
        place = DatabasePlace(
            host=str(server.address.socket_dir), port=server.address.port, dbname=DATABASE, sslmode="disable"
        )
        yield QueueLogin(place=place, user=ROLE, password=_password(folder).read_text("ascii"))


def password_for_set_up(environment: Mapping[str, str]) -> str | None:
    """What the role's password shall be: of the data folder (made when it is missing), or of the key if it is set."""
    settings = Settings.from_environment(environment)
    if settings.place is not None:
        return environment.get(QUEUE_PASSWORD) or None
    folder = DataFolder.at(settings.home)
    with folder.locked():
        path = _password(folder)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            write_bytes(path, secrets.token_hex(32).encode(), mode=0o600)
        return path.read_text("ascii")


def _password(folder: DataFolder) -> Path:
    return folder.root / "keys" / ROLE / "password"


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value.strip():
        raise ConfigMissing(name)
    return value
