"""Databases whose home is gone: as root a server's folders lie elsewhere (``residence``), and a home that is deleted by
hand leaves them behind. Found by exact name and by the note in them; nothing else is ever touched."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pg_embedded import places
from pg_embedded.errors import ResidentUnavailable
from pg_embedded.locks import FileLock
from pg_embedded.residence import elsewhere_base

_NAME = re.compile(r"^[0-9a-f]{12}-[0-9a-f]{12}$")


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """A server's folder, and the home that it was made for."""

    folder: Path
    home: Path
    size_bytes: int


def found() -> list[Orphan]:
    """Every folder of ours whose home no longer points to it. None for a user whose servers live in their homes."""
    base = elsewhere_base()
    if not base.is_dir() or base.is_symlink():
        return []
    return [orphan for folder in sorted(base.iterdir()) if (orphan := _orphan(folder)) is not None]


def erase(folder: Path) -> None:
    """Remove one orphan with all its data.

    Raises ``ResidentUnavailable`` where it is none (any more), or something still uses it.
    """
    if not any(orphan.folder == folder for orphan in found()):
        raise ResidentUnavailable(
            f"{folder} is no database whose home is gone.", remedy="Name one that is listed, exactly as it is listed."
        )
    lock = FileLock(folder / "keeper.lock")
    try:
        if not lock.exclusive():
            raise ResidentUnavailable(f"{folder} is in use.", remedy="End the programs that use it, then try again.")
        places.remove(folder)
    finally:
        lock.close()


def _orphan(folder: Path) -> Orphan | None:
    if not _NAME.match(folder.name) or folder.is_symlink() or not folder.is_dir():
        return None
    if folder.stat().st_uid != os.getuid():
        return None
    try:
        home = Path((folder / "home").read_text(encoding="utf-8").rstrip("\n"))
    except (OSError, UnicodeDecodeError):
        return None
    if not home.is_absolute() or _points_to(home, folder):
        return None
    return Orphan(folder=folder, home=home, size_bytes=places.size_bytes(folder))


def _points_to(home: Path, folder: Path) -> bool:
    try:
        return (home / "place").read_text(encoding="utf-8") == str(folder)
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return True  # it cannot be told: then it is nobody's orphan
