"""Accepted effects of a command: a small TOML file, made to be reviewed like code (design 3.7).

Numbers are exact (``12``) or ranges (``"10..14"``, ``"10.."``). What is not named is zero or absent: every difference
is one. Never compared, because they depend on the machine: durations, bytes, locks' times, session numbers, the number
of transactions, and the warnings that depend on time (``codes.TIMING``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from pg_dryrun.errors import PlanFault
from sealing.canonical import MAX_SAFE_INTEGER
from sealing.digest import file_sha256

FORMAT = "pg-dryrun.expectations"
FORMAT_VERSION = 1
_RANGE = re.compile(r"^(\d+)\.\.(\d*)$")
_REMEDY = "Correct the file; its keys are listed in docs/reference/pg-dryrun.md. Or accept a run anew."

_Whole = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
Amount = _Whole | str
"""A whole number, or a range in words."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: unknown keys are refused."""


class Rows(_Table, frozen=True, kw_only=True):
    """``[rows."schema.table"]``: committed row events."""

    inserted: Amount = 0
    updated: Amount = 0
    deleted: Amount = 0
    truncated: Amount = 0


class Statement(_Table, frozen=True, kw_only=True):
    """``[[statement]]``: one shape; the fingerprint is compared, the text is for the reader."""

    fingerprint: str
    times: Amount
    failed: Amount = 0
    text: str = ""


class ExpectationFile(_Table, frozen=True, kw_only=True):
    """The whole file."""

    format: str
    format_version: int
    role: str | None = None
    exit_status: _Whole = 0
    rows: dict[str, Rows] = {}
    statement: tuple[Statement, ...] = ()
    schema: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    sequences: dict[str, Amount] = {}
    dark_writes: tuple[str, ...] = ()
    exclusive_locks: tuple[str, ...] = ()
    errors: dict[str, Amount] = {}
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Range:
    """From ``low`` to ``high``, both included; no ``high``: at least."""

    low: int
    high: int | None

    def holds(self, number: int) -> bool:
        """Whether ``number`` is in it."""
        return number >= self.low and (self.high is None or number <= self.high)

    def __str__(self) -> str:
        if self.high == self.low:
            return str(self.low)
        return f"{self.low}..{'' if self.high is None else self.high}"


@dataclass(frozen=True, kw_only=True)
class Expectations:
    """A file that was read. Every amount in it is well formed."""

    path: Path
    sha256: str
    accepted: ExpectationFile


def load(path: Path) -> Expectations:
    """Read and check. Raises ``PlanFault`` (not TOML, unknown key, malformed range …) that says where."""
    try:
        text = path.read_text(encoding="utf-8")
        accepted = msgspec.convert(tomllib.loads(text), ExpectationFile)
        if (accepted.format, accepted.format_version) != (FORMAT, FORMAT_VERSION):
            raise ValueError(f"format {accepted.format!r} {accepted.format_version}, not {FORMAT!r} {FORMAT_VERSION}")
        for where, amount in _amounts(accepted):
            try:
                as_range(amount)
            except ValueError as error:
                raise ValueError(f"{error} - at {where}") from error
    except (OSError, UnicodeDecodeError, ValueError) as error:  # TOMLDecodeError and ValidationError are ValueErrors
        raise PlanFault(f"{path}: {error}", remedy=_REMEDY) from error
    return Expectations(path=path, sha256=file_sha256(path), accepted=accepted)


def as_range(amount: Amount) -> Range:
    """The numbers that ``amount`` allows. Raises ``ValueError``."""
    if isinstance(amount, int):
        return Range(low=amount, high=amount)
    match = _RANGE.match(amount)
    if match is None:
        raise ValueError(f'{amount!r} is no number and no range such as "10..14" or "10.."')
    low, high = int(match.group(1)), int(match.group(2)) if match.group(2) else None
    if high is not None and high < low:
        raise ValueError(f"{amount!r} ends before it begins")
    return Range(low=low, high=high)


def _amounts(file: ExpectationFile) -> list[tuple[str, Amount]]:
    found: list[tuple[str, Amount]] = []
    for table, rows in file.rows.items():
        found += [(f"rows.{table}.{name}", value) for name, value in msgspec.structs.asdict(rows).items()]
    for number, statement in enumerate(file.statement, start=1):
        found += [(f"statement {number}, times", statement.times), (f"statement {number}, failed", statement.failed)]
    for section, amounts in (("sequences", file.sequences), ("errors", file.errors)):
        named: Mapping[str, Amount] = amounts
        found += [(f"{section}.{name}", value) for name, value in named.items()]
    return found
