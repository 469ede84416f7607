"""The machine's own server programs, of whatever major version lies there: started and isolated as the embedded ones.

Looked for on PATH and in the folders of the distributions. The one of the wanted major version is taken; without a
wish the newest.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pg_dryrun.environments.embedded import EmbeddedEnvironment, EmbeddedLender
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.ledger import RunLedger
from pg_embedded.adoption import Backup
from pg_embedded.errors import EmbeddedError
from pg_embedded.programs import Programs, in_folder

_VERSIONED_FOLDERS = (
    ("/usr/lib/postgresql", "*/bin"),  # Debian, Ubuntu
    ("/usr", "pgsql-*/bin"),  # PostgreSQL's own packages for RPM systems
    ("/usr/local", "pgsql*/bin"),  # the default of a build from source
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)


def installed(folders: tuple[Path, ...] | None = None) -> tuple[Programs, ...]:
    """Every installation whose server can be run, the newest major version first. ``folders``: look only there."""
    found: dict[Path, Programs] = {}
    for folder in folders if folders is not None else _candidates():
        server = (folder / "postgres").resolve()
        if server.is_file() and server.parent not in found:
            try:
                found[server.parent] = in_folder(server.parent, source="local")
            except EmbeddedError:
                continue
    return tuple(sorted(found.values(), key=lambda programs: programs.major, reverse=True))


def _candidates() -> tuple[Path, ...]:
    on_path = [Path(word) for word in os.environ.get("PATH", "").split(os.pathsep) if word.startswith("/")]
    return (*on_path, *(found for base, pattern in _VERSIONED_FOLDERS for found in sorted(Path(base).glob(pattern))))


class LocalLender:
    """Lends clusters of the machine's own PostgreSQL. ``bin_dir``: these programs and no others."""

    name = "local"

    def __init__(self, *, bin_dir: Path | None = None) -> None:
        self._bin_dir = bin_dir

    def lend(
        self,
        name: str,
        *,
        settings: Mapping[str, str] | None = None,
        own_identity: bool = False,
        expected_bytes: int = 0,
        workdir: Path | None = None,
        ledger: RunLedger | None = None,
        major: int | None = None,
    ) -> EmbeddedEnvironment:
        """As ``Lender.lend``. Raises ``EnvironmentFault`` naming what was found where nothing fits."""
        return EmbeddedLender(programs=self._choose(major), name=self.name).lend(
            name,
            settings=settings,
            own_identity=own_identity,
            expected_bytes=expected_bytes,
            workdir=workdir,
            ledger=ledger,
        )

    def programs_for(self, major: int) -> Programs:
        """As ``EmbeddedLender.programs_for``."""
        return self._choose(major)

    def adopt(
        self, backup: Backup, name: str, *, marker: str, workdir: Path | None = None, ledger: RunLedger | None = None
    ) -> EmbeddedEnvironment:
        """As ``EmbeddedLender.adopt``, by the programs of the backup's major version."""
        lender = EmbeddedLender(programs=self._choose(backup.major), name=self.name)
        return lender.adopt(backup, name, marker=marker, workdir=workdir, ledger=ledger)

    def _choose(self, major: int | None) -> Programs:
        if self._bin_dir is not None:
            try:
                return in_folder(self._bin_dir.resolve(), source="local")
            except EmbeddedError as failure:
                raise EnvironmentFault(failure.message, remedy="Name the folder that holds `postgres`.") from failure
        found = installed()
        fitting = [programs for programs in found if major in {None, programs.major}]
        if not fitting:
            seen = ", ".join(f"{programs.version} in {programs.bin_dir}" for programs in found) or "none"
            raise EnvironmentFault(
                f"no server programs of PostgreSQL {major or ''} on this machine (found: {seen})".replace("  ", " "),
                remedy=f"Install the package of PostgreSQL {major}, or name its folder: --lender local:FOLDER."
                if major
                else "Install PostgreSQL's server package, or name its folder: --lender local:FOLDER.",
            )
        return fitting[0]
