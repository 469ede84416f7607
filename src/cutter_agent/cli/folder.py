"""A folder that an export owns: what it wrote before is replaced, what somebody else put there is never touched.

``.iu-export.json`` lists the files of the export. While one is written, ``.iu-export.partial`` lists each file before
it is there, so that a run that is killed leaves nothing unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cutter_agent.cli import output
from cutter_agent.errors import UsageError

MARKER = ".iu-export.json"
PARTIAL = ".iu-export.partial"
FORMAT = "iu-export-tree/1"


def write_tree(folder: Path, head: dict[str, Any], files: Iterable[tuple[str, str]]) -> int:
    """Make ``folder`` hold exactly ``files`` (and whatever is not an export's). Says how many.

    Raises:
        UsageError: it is a file, or a folder with contents that no export wrote, or it cannot be written.
    """
    before = _listed(folder)
    written: set[str] = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / PARTIAL).open("a", encoding="utf-8") as names:
            for name, text in files:
                path = _inside(folder, name)
                names.write(f"{name}\n")
                names.flush()
                path.parent.mkdir(parents=True, exist_ok=True)
                output.write_file(path, text.encode("utf-8"))
                written.add(name)
        for name in sorted(before - written):
            _remove(folder, name)
        _mark(folder, head, written)
        (folder / PARTIAL).unlink()
    except OSError as error:
        raise output.not_written(folder, error) from error
    return len(written)


def _listed(folder: Path) -> set[str]:
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", remedy="A Markdown tree is a folder: give the path of one.")
    marker, partial = folder / MARKER, folder / PARTIAL
    begun = set(partial.read_text("utf-8").split("\n")[:-1]) if partial.is_file() else set()
    if marker.is_file():
        return begun | _marked(marker)
    if not begun and any(folder.iterdir()):
        raise UsageError(
            f"{folder} is not empty, and no export wrote it", remedy="Give a new folder, or one of an earlier export."
        )
    return begun


def _marked(marker: Path) -> set[str]:
    try:
        found = json.loads(marker.read_text("utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(found["format"])
        return {str(name) for name in found["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{marker} is not one of ours: {error}", remedy="Give a new folder.") from error


def _mark(folder: Path, head: dict[str, Any], names: set[str]) -> None:
    record = {"format": FORMAT, **head, "files": sorted(names)}
    text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True)
    output.write_file(folder / MARKER, text.encode("utf-8") + b"\n")


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.parent.resolve().is_relative_to(folder.resolve()) or ".." in Path(name).parts:
        raise UsageError(f"{path} leads out of {folder}", remedy="Remove the link that stands there.")
    return path


def _remove(folder: Path, name: str) -> None:
    path = _inside(folder, name)
    path.unlink(missing_ok=True)
    for above in path.parents:
        if above == folder or not above.is_dir() or any(above.iterdir()):
            return
        above.rmdir()
