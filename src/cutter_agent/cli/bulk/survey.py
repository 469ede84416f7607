"""What each file of a call is, before anything is written: its bytes' digest, and the document that it says it is.

Two files with the same bytes are one document: the first by order is cut, the others are said to be the same. Files
with different texts that say they are one document are all refused: cutting them in turn would make each the edited
edition of the other, again with every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cutter_agent.cli import failures, inputs, orders
from cutter_agent.errors import DocumentTwice
from cutter_agent.phases.mark import Source
from sealing.digest import sha256_hex

Record = dict[str, Any]
"""What a call says of one file (docs/reference/cli-json.md)."""

_NAMED = 3
"""So many of the other files a refusal names; there may be thousands."""


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """One file: digests of its bytes and of its text, the document's reference, its size. No digest: it was not read
    (standard input can be read once only)."""

    path: str
    file_sha256: str | None = None
    text_sha256: str | None = None
    document_ref: str | None = None
    size_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Task:
    """Files that one process takes in this order: several only where they are one text in several files."""

    files: tuple[Surveyed, ...]

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done, and what is known already: files that cannot be taken, and files that are another's twin."""

    tasks: tuple[Task, ...]
    refused: Mapping[str, Record] = field(default_factory=dict)
    twins: Mapping[str, str] = field(default_factory=dict)
    """A file to the one with the same bytes that stands for it."""


def look(path: str, words: orders.Words) -> Surveyed | Record:
    """Read one file as a cut would; a record with its error where it cannot be taken."""
    if path == inputs.STANDARD_INPUT:
        return Surveyed(path=path)
    try:
        source, _ = orders.read(path, words)
    except Exception as error:  # one file's defect does not stop the others
        return {"file": path, "error": failures.describe(error)}
    return Surveyed(
        path=path,
        file_sha256=file_digest(source),
        text_sha256=sha256_hex(source.data),
        document_ref=source.document_ref,
        size_bytes=len(source.data),
    )


def file_digest(source: Source) -> str:
    """Of the file's own bytes, also where a text was made from them."""
    return sha256_hex(source.converted.rendition.data if source.converted else source.data)


def plan(paths: Sequence[str], looked: Sequence[Surveyed | Record]) -> Plan:
    """Who is cut, who is whose twin, who is refused. ``looked``: what was found, file by file, in the same order."""
    refused: dict[str, Record] = {}
    twins: dict[str, str] = {}
    first: dict[str, str] = {}
    by_document: dict[str, list[Surveyed]] = {}
    for number, (path, found) in enumerate(zip(paths, looked, strict=True)):
        if not isinstance(found, Surveyed):
            refused[path] = found
        elif found.file_sha256 in first and path != first[found.file_sha256]:
            twins[path] = first[found.file_sha256]
        elif found.file_sha256 not in first:
            by_document.setdefault(found.document_ref or f"{path} {number}", []).append(found)
            if found.file_sha256 is not None:
                first[found.file_sha256] = path
    tasks = []
    for files in by_document.values():
        if len({file.text_sha256 for file in files}) > 1:
            refused |= {file.path: _twice(file, files) for file in files}
        else:
            tasks.append(Task(files=tuple(files)))
    return Plan(tasks=tuple(tasks), refused=refused, twins=twins)


def _twice(file: Surveyed, files: Sequence[Surveyed]) -> Record:
    others = [other.path for other in files if other.path != file.path]
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    error = DocumentTwice(
        f"says it is {file.document_ref}, and so, with another text, do {', '.join(others[:_NAMED])}{more}; "
        "none of them was cut",
        remedy="Keep the newest in the folder, or cut one by itself; a document of its own gets --code.",
        path=file.path,
    )
    return {"file": file.path, "document_ref": file.document_ref, "error": failures.describe(error)}


def completed(paths: Sequence[str], plan: Plan, done: Mapping[str, Record]) -> Iterator[Record]:
    """The records of all files in the order of the call. A twin's is that of the file that stands for it.

    A path that is named twice is told twice.
    """
    told: set[str] = set()
    known = {**plan.refused, **done}
    for path in paths:
        if path in plan.twins:
            yield twin_record(path, plan.twins[path], known[plan.twins[path]])
        elif path in told:
            yield twin_record(path, path, done[path]) if path in done else known[path]
        else:
            told.add(path)
            yield known[path]


def twin_record(path: str, same_as: str, record: Record) -> Record:
    """The record of a file whose bytes are another's: nothing was done for it."""
    own = {**record, "file": path, "same_as": same_as}
    if "steps" in own:
        own["steps"] = []
    return own
