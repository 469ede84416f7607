"""``iu-cutter db erase``: the embedded database, or what a deleted data folder left behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cutter_agent.cli import options, output
from cutter_agent.config import Settings
from cutter_agent.errors import UsageError
from cutter_agent.home import erasing
from cutter_agent.home.folder import DataFolder

Folder = Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help="Which one, exactly as it is listed.")]
Yes = Annotated[bool, typer.Option("--yes", help="Really erase it, for ever. Without it nothing is changed.")]


def erase(folder: Folder = None, yes: Yes = False, as_json: options.Json = False) -> None:
    """Erase an embedded database with all its data, for ever. Without a folder: list what could be erased.

    It is the database of the data folder, or, as root, one whose data folder was deleted by hand. Keys and passwords in
    the data folder stay. A database that is marked as production is not erased. Never a server of your own.

    Examples:
      iu-cutter db erase
      iu-cutter db erase /srv/laws --yes
    """
    settings = Settings.from_environment(os.environ)
    if not settings.embedded:
        raise UsageError(
            "a server of your own is configured, and only the embedded one is erased",
            remedy="Drop that database with PostgreSQL's own means.",
        )
    data = DataFolder.at(settings.home)
    if folder is not None and yes:
        erasing.erase(data, folder)
    left = erasing.erasable(data)
    if folder is not None and not yes and folder not in {each.folder for each in left}:
        raise UsageError(f"{folder} is no database of ours", remedy="`iu-cutter db erase` lists what can be erased.")
    erased = str(folder) if folder is not None and yes else None
    if as_json:
        listed = [{"folder": str(each.folder), "what": each.what} for each in left]
        output.print_json({"erased": erased, "erasable": listed})
        return
    if erased:
        output.print_line(f"{erased}: erased")
        return
    for each in left:
        output.print_line(f"{each.folder}  {each.what}")
    output.print_line("nothing was erased" + ("; name one of them with --yes" if left else ": there is no database"))
