"""The way to production (design 3.6): a database that is marked is not worked on without a PASS for this very commit.

The mark is a row of the database itself (``iu.deployment_mark``, written by an administrator, read by every lane before
its first block). This room says what the mark means and whom to ask; the attestation is read by whoever knows both
houses (``cutter_dryrun.admission``), found by its entry point. Nobody there: refused. There is no override.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from cutter_agent.config import ATTESTATION as KEY
from cutter_agent.errors import AttestationRequired

ENTRY_POINTS = "iu_cutter.admission"
THROWAWAY = "pg-dryrun-"
"""How ``cluster_name`` begins on a server that a rehearsal started. Only who starts a server can set it."""


class MarkKind(StrEnum):
    """What a database was declared to be. The newest row holds."""

    PRODUCTION = "production"
    COPY = "copy"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class AllowedKey:
    """A public key that may vouch for a commit: ``keyid`` (SHA-256 hex) and the 32 raw bytes in hex."""

    keyid: str
    raw_hex: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The newest mark. ``system_identifier`` is that of the server on which it was made; ``max_age_s`` is how old a
    rehearsal may be."""

    kind: MarkKind
    system_identifier: str
    allowed_keys: tuple[AllowedKey, ...]
    max_age_s: int
    marked_by: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A database as it says it is, on the server where it lies now. ``asked_at`` is the server's clock, RFC 3339."""

    mark: Mark | None
    system_identifier: str
    cluster_name: str
    asked_at: str

    @property
    def is_production(self) -> bool:
        """Whether an attestation is needed. A copy's mark that has wandered to another server says nothing there:
        then the answer is yes."""
        if self.mark is None or self.mark.kind is MarkKind.NONE or self.cluster_name.startswith(THROWAWAY):
            return False
        return self.mark.kind is MarkKind.PRODUCTION or self.mark.system_identifier != self.system_identifier


@dataclass(frozen=True, kw_only=True)
class DatabaseLogin:
    """A login that may look at the catalog, in libpq's words."""

    host: str
    port: int
    dbname: str
    user: str
    password: str = field(repr=False)
    sslmode: str


class Admission(Protocol):
    """Whoever can read an attestation."""

    def __call__(self, deployment: Deployment, login: DatabaseLogin, attestation: Path) -> Sequence[str]:
        """What is missing, all at once; nothing: come in."""
        ...


def deployment_of(row: Mapping[str, Any]) -> Deployment:
    """From the row of the declared statement ``read_deployment``."""
    mark = None
    if row["kind"] is not None:
        mark = Mark(
            kind=MarkKind(row["kind"]),
            system_identifier=row["marked_system_identifier"],
            allowed_keys=tuple(
                AllowedKey(keyid=item["keyid"], raw_hex=item["public_key"]) for item in row["allowed_keys"]
            ),
            max_age_s=row["max_age_s"],
            marked_by=row["marked_by"],
            because=row["because"],
        )
    return Deployment(
        mark=mark,
        system_identifier=row["system_identifier"],
        cluster_name=row["cluster_name"],
        asked_at=row["asked_at"].isoformat(),
    )


def admit(deployment: Deployment, login: DatabaseLogin, attestation: Path | None) -> None:
    """Return where work may begin. Raises ``AttestationRequired`` with everything that is missing."""
    if not deployment.is_production:
        return
    if attestation is None:
        raise _refused(login, [f"{KEY} is not set: no attestation was given"])
    missing = _admission()(deployment, login, attestation)
    if missing:
        raise _refused(login, missing)


def _admission() -> Admission:
    found = list(metadata.entry_points(group=ENTRY_POINTS))
    if len(found) != 1:
        raise AttestationRequired(
            f"{len(found)} readers of attestations are installed, and there must be one",
            remedy="Install the whole distribution, dot-iu-cutter.",
            missing=("a reader of attestations",),
        )
    admission: Admission = found[0].load()
    return admission


def _refused(login: DatabaseLogin, missing: Sequence[str]) -> AttestationRequired:
    listed = "\n".join(f"  - {item}" for item in missing)
    return AttestationRequired(
        f"{login.dbname} is marked as production, and this is missing:\n{listed}",
        remedy="Rehearse this commit on this production (iu-cutter dry-run --plan PLAN, a clean tree, an allowed key), "
        f"then give the folder of the run that passed: {KEY}=FOLDER.",
        missing=tuple(missing),
    )
