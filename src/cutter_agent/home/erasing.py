"""The embedded database erased: of this data folder, or one whose data folder is gone. Keys and passwords stay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cutter_agent.deployment import read_mark
from cutter_agent.errors import ConfigError, GovernanceRefused, UsageError
from cutter_agent.home.folder import DataFolder
from cutter_agent.home.server import administrator
from pg_embedded import orphans, resident
from pg_embedded.errors import EmbeddedError


@dataclass(frozen=True, kw_only=True)
class Erasable:
    """A database that can be erased. ``folder`` is how it is named."""

    folder: Path
    what: str


def erasable(data: DataFolder) -> list[Erasable]:
    """What there is: the data folder's own database, and those whose home was deleted."""
    own = [Erasable(folder=data.root, what="the database of the data folder")] if data.server.exists() else []
    return own + [
        Erasable(folder=each.folder, what=f"{each.size_bytes / 1e6:.0f} MB, of {each.home}, which is gone")
        for each in orphans.found()
    ]


def erase(data: DataFolder, folder: Path) -> None:
    """Erase one of ``erasable``, named exactly. For ever: units, ledger, everything in that database.

    Raises:
        UsageError: it is none of them.
        GovernanceRefused: the database is marked as production, or it cannot be asked whether it is.
        pg_embedded.errors.EmbeddedError: it is in use.
    """
    if folder not in {each.folder for each in erasable(data)}:
        raise UsageError(f"{folder} is no database of ours", remedy="`iu-cutter db erase` lists what can be erased.")
    if folder != data.root:
        orphans.erase(folder)
        return
    _require_no_production(data)
    with data.locked():
        data.ready.unlink(missing_ok=True)
        resident.erase(data.server)


def _require_no_production(data: DataFolder) -> None:
    """A set-up that never came to its end holds nothing that anybody marked."""
    if not data.ready.exists():
        return
    try:
        with administrator(data) as login:
            found = read_mark(login)
    except (EmbeddedError, ConfigError) as error:
        raise GovernanceRefused(
            f"{data.root}: whether this database is a production cannot be asked: {error}",
            remedy="Repair it, or move the data folder away by hand.",
        ) from error
    if found is not None and found.is_production:
        raise GovernanceRefused(
            f"{data.root}: this database is marked as production",
            remedy='Take the mark away first: iu-cutter db mark none --because "…".',
        )
