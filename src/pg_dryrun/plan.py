"""What a rehearsal is authorised to do: source, commit, protected servers, thresholds, deviations (design 3.1).

A plan is read from TOML (``plan_file``) or built in code; both give the same frozen ``Plan``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from pg_dryrun.subject import Login
from sealing.canonical import JsonValue
from sealing.digest import canonical_digest

DIRTY_TREE = "dirty-tree"
"""The deviation that lets a checkout with uncommitted changes be rehearsed; its evidence never says PASSED."""
OTHER_MAJOR = "other-major"
"""The deviation that lets a dump be restored on another major version of PostgreSQL than the one it was taken from."""

LENDERS = "embedded, local, local:FOLDER, docker:IMAGE, podman:IMAGE, existing:CONNINFO"
"""The words for who lends the throw-away servers (``environments.lenders``)."""


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """Production is made by the subject itself on a server of its own, for as long as the run lasts."""

    kind: Literal["stand-in"] = "stand-in"


@dataclass(frozen=True, kw_only=True)
class DumpFile:
    """Production is known by a file that ``pg_dump`` wrote. ``sha256``: the authorised digest, None if any will do."""

    path: Path
    sha256: str | None = None
    system_identifier: str | None = None
    """Production's, which no dump holds: a server that somebody else lends is compared with it (G-10)."""
    kind: Literal["dump"] = "dump"


@dataclass(frozen=True, kw_only=True)
class LiveSource:
    """Production is a server, read by a role that cannot write. ``system_identifier``: the authorised one."""

    login: Login
    system_identifier: str | None = None
    kind: Literal["dsn"] = "dsn"


@dataclass(frozen=True, kw_only=True)
class BaseBackup:
    """Production is known by a base backup of its whole server (``pg_basebackup``, plain or tar format).

    ``dbname``: the database that is rehearsed on. ``system_identifier``: the authorised one.
    """

    path: Path
    dbname: str
    system_identifier: str | None = None
    kind: Literal["backup"] = "backup"


Source = StandIn | DumpFile | LiveSource | BaseBackup


@dataclass(frozen=True, kw_only=True)
class ProtectedServer:
    """A PostgreSQL server that the run may not touch, by its exact data directory."""

    name: str
    data_dir: Path


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Limits of a run. Bytes and seconds, as the names say."""

    free_bytes: int = 512 * 1024 * 1024
    scenario_timeout_s: int = 600
    command_timeout_s: int = 1800


@dataclass(frozen=True, kw_only=True)
class Pins:
    """Digests that must come out (G-12); None: recorded, not pinned."""

    statements_sha256: str | None = None
    scenarios_sha256: str | None = None
    tool_version: str | None = None


ExpectedRows = Mapping[str, int]
"""Rows above the baseline by table; ``schema.*`` is the sum over the tracked tables of one schema."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One rehearsal.

    ``expected`` (scenario id to rows) overrides nothing that the subject promises: it is a second, independent
    promise, so a difference can be told apart: the subject's own law broken is the product's failure, the law kept
    and the plan's number different is the plan's. ``checks``: the ids in order; None: the tool's order for the subject.
    """

    source: Source = field(default_factory=StandIn)
    lender: str | None = None
    """Who lends the servers, in the words of ``environments.lenders``; None: the default."""
    authorised_commit: str | None = None
    protected: tuple[ProtectedServer, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    pins: Pins = field(default_factory=Pins)
    allowed_deviations: tuple[str, ...] = ()
    hardcode_allowed: Mapping[str, str] = field(default_factory=dict)
    """A literal that G-19 may find in the code, and the reason why it may stand there."""
    expected: Mapping[str, ExpectedRows] = field(default_factory=dict)
    checks: tuple[str, ...] | None = None
    next_gate: str = "Release, with the attestation of this folder, by whoever may decide it."

    def spelling(self) -> dict[str, JsonValue]:
        """The plan as canonical-JSON values, without any password."""
        return {
            "source": _source_spelling(self.source),
            "lender": self.lender,
            "authorised_commit": self.authorised_commit,
            "protected": [{"name": item.name, "data_dir": str(item.data_dir)} for item in self.protected],
            "thresholds": asdict(self.thresholds),
            "pins": asdict(self.pins),
            "allowed_deviations": list(self.allowed_deviations),
            "hardcode_allowed": dict(self.hardcode_allowed),
            "expected": {scenario: dict(rows) for scenario, rows in self.expected.items()},
            "checks": None if self.checks is None else list(self.checks),
            "next_gate": self.next_gate,
        }

    def sha256(self) -> str:
        """The digest of ``spelling``."""
        return canonical_digest(self.spelling())


def _source_spelling(source: Source) -> dict[str, JsonValue]:
    match source:
        case StandIn():
            return {"kind": source.kind}
        case DumpFile():
            return {
                "kind": source.kind,
                "path": str(source.path),
                "sha256": source.sha256,
                "system_identifier": source.system_identifier,
            }
        case BaseBackup():
            return {
                "kind": source.kind,
                "path": str(source.path),
                "dbname": source.dbname,
                "system_identifier": source.system_identifier,
            }
        case LiveSource():
            return {
                "kind": source.kind,
                "host": source.login.host,
                "port": source.login.port,
                "dbname": source.login.dbname,
                "user": source.login.user,
                "system_identifier": source.system_identifier,
            }
