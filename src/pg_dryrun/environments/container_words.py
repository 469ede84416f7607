"""The words of a container engine's commands: values in, argument lists out.

A server has its own internal network (no way out, none in), publishes no port, listens on no address and speaks through
a unix socket in a folder that only we can enter. Names are exact. The image is the user's; nothing is pulled.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pg_dryrun.environments.interface import cluster_name

PORT = 5432
_SET_UP_PORT = 5433
"""Of the server that the image starts and stops to set itself up: it must not answer in the real one's stead."""
_DATA = "/pgdryrun"
_SOCKETS = "/pgdryrun-sockets"
_OWN_SOCKETS = "/var/run/postgresql"
"""Where the image's own set-up looks for its first server; it exists in every image of the official family."""
PROGRAM_VARIABLES = (
    "PGHOST",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    "PGPASSFILE",
    "PGOPTIONS",
    "PGCONNECT_TIMEOUT",
    "PGAPPNAME",
    "PGSSLMODE",
)
"""What libpq reads, handed on by name: no value is ever a word of a command."""


@dataclass(frozen=True, kw_only=True)
class ContainerNames:
    """What one server is called: container, network and volume have one name."""

    name: str
    engine: Path
    image: str
    socket_dir: Path
    password_file: Path

    def create_network(self) -> list[str]:
        return [str(self.engine), "network", "create", "--internal", self.name]

    def create_volume(self) -> list[str]:
        return [str(self.engine), "volume", "create", self.name]

    def run(self, settings: Mapping[str, str]) -> list[str]:
        """Start the server, detached. The password is in a file, not in a word or a variable."""
        return [
            *(str(self.engine), "run", "--detach", "--pull=never", f"--name={self.name}", f"--hostname={self.name}"),
            *(
                f"--network={self.name}",
                "--security-opt=no-new-privileges",
                "--shm-size=256m",
                "--log-driver=json-file",
            ),
            f"--volume={self.name}:{_DATA}",
            f"--volume={self.socket_dir}:{_SOCKETS}",
            f"--volume={self.password_file}:/run/pgdryrun-password:ro",
            *("--env=POSTGRES_USER=pgadmin", "--env=POSTGRES_PASSWORD_FILE=/run/pgdryrun-password"),
            f"--env=PGPORT={_SET_UP_PORT}",
            *(f"--env=PGDATA={_DATA}/data", "--env=POSTGRES_INITDB_ARGS=--auth=scram-sha-256 --no-sync"),
            *(self.image, "postgres"),
            *(word for name, value in self._settings(settings).items() for word in ("-c", f"{name}={value}")),
        ]

    def copy_volume_from(self, other: str) -> list[str]:
        """Fill this volume from that of the stopped ``other``, by the image's own ``cp``, without any network."""
        return [
            *(str(self.engine), "run", "--rm", "--pull=never", "--network=none", "--entrypoint=cp"),
            *(f"--volume={other}:/from:ro", f"--volume={self.name}:/to", self.image, "-a", "/from/.", "/to/"),
        ]

    def start(self) -> list[str]:
        return [str(self.engine), "container", "start", self.name]

    def stop(self) -> list[str]:
        """The image's stop signal is SIGINT: a fast shutdown with a checkpoint."""
        return [str(self.engine), "container", "stop", "--time=60", self.name]

    def crash(self) -> list[str]:
        """SIGQUIT to the postmaster: an immediate stop."""
        return [str(self.engine), "container", "kill", "--signal=QUIT", self.name]

    def inspect(self, template: str) -> list[str]:
        return [str(self.engine), "container", "inspect", f"--format={template}", self.name]

    def said(self) -> list[str]:
        """What the image and the server said before the server kept a log of its own."""
        return [str(self.engine), "container", "logs", "--tail=20", self.name]

    def fetch_log(self, target: Path) -> list[str]:
        return [str(self.engine), "cp", f"{self.name}:{_DATA}/data/log/server.json", str(target)]

    def wrapper(self, program: str, folders: Sequence[Path], environment: Mapping[str, str]) -> str:
        """A shell script that runs PostgreSQL's own ``program`` of the image as if it were installed here.

        ``environment`` is the engine's: whoever calls the script gives PostgreSQL's variables only.
        """
        mounts = " ".join(f"'--volume={folder}:{folder}'" for folder in (self.socket_dir, *folders))
        variables = " ".join(f"--env={name}" for name in PROGRAM_VARIABLES)
        return (
            "#!/bin/sh\n"
            + "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
            + f"exec '{self.engine}' run --rm --interactive --pull=never --network=host --user=\"$(id -u):$(id -g)\" "
            f"{variables} {mounts} --entrypoint={program} '{self.image}' \"$@\"\n"
        )

    def _settings(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {
            "fsync": "off",
            "full_page_writes": "off",
            "wal_level": "logical",
            **settings,
            "cluster_name": cluster_name(self.name),
            "listen_addresses": "",
            "unix_socket_directories": f"{_SOCKETS},{_OWN_SOCKETS}",
            "port": str(PORT),
        }
