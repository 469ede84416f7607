"""The folder of a run: fresh, private, written file by file and each whole or not at all (design 3.5)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pg_dryrun.errors import UsageError
from sealing.digest import file_sha256

REPORT = "report.json"
LATEST = "latest"
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


@dataclass(frozen=True, kw_only=True)
class Folder:
    """``<out>/<UTC stamp>-<run id>/``, mode 0700. Nothing of an earlier run is ever in it."""

    path: Path

    @classmethod
    def create(cls, out_dir: Path, *, run_id: str, started: datetime) -> Folder:
        """Make the folder. Raises ``UsageError`` where ``out_dir`` cannot hold it."""
        path = cls.name_for(out_dir, run_id=run_id, started=started)
        try:
            out_dir.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700)
            path.chmod(0o700)  # whatever the umask says
        except OSError as error:
            raise UsageError(
                f"{path}: {error.strerror or error}", remedy="Give an output folder that can be written to."
            ) from error
        return cls(path=path)

    @staticmethod
    def name_for(out_dir: Path, *, run_id: str, started: datetime) -> Path:
        """Where the folder of that run lies."""
        return out_dir.resolve() / f"{started:%Y%m%dT%H%M%SZ}-{run_id}"

    def write(self, name: str, data: bytes) -> Path:
        """One file, whole or not at all, mode 0600, on disk when this returns. Raises ``OSError``."""
        if not _NAME.match(name):
            raise ValueError(f"not a plain file name: {name!r}")
        target = self.path / name
        partial = self.path / f".{name}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)
        return target

    def discard(self, name: str) -> None:
        """Remove a file of this run, if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def digests(self, *, leaving_out: frozenset[str] = frozenset()) -> Mapping[str, str]:
        """SHA-256 of every file of the folder, by name."""
        return {
            path.name: file_sha256(path)
            for path in sorted(self.path.iterdir())
            if path.is_file() and path.name not in leaving_out
        }

    def publish(self) -> bool:
        """Let ``<out>/latest`` point here, in one step. False where something else than a link has that name."""
        link = self.path.parent / LATEST
        if link.exists() and not link.is_symlink():
            return False
        fresh = self.path.parent / f".{LATEST}-{self.path.name}"
        with suppress(FileNotFoundError):
            fresh.unlink()
        fresh.symlink_to(self.path.name)
        fresh.replace(link)
        return True
