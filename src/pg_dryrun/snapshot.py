"""C-03: dump, digests, sequences and schema fingerprint of production, all from one exported snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pg_dryrun.credentials import Vault
from pg_dryrun.ledger import RunLedger
from pg_dryrun.observer.counts import SequenceState, TableDigest
from pg_dryrun.observer.identity import Footprint, ServerIdentity
from pg_dryrun.observer.schema import SchemaFingerprint
from pg_dryrun.reader import ReaderProof
from pg_dryrun.subject import Login, TableName


class DumpFormat(StrEnum):
    PLAIN = "plain"
    CUSTOM = "custom"
    DIRECTORY = "directory"


class ProofKind(StrEnum):
    """What the restore can be compared with (G-09 says which)."""

    SOURCE_DIGESTS = "digests of every table and sequence from the dump's own snapshot"
    DUMP_CONTENT = "rows per table, sequences and objects as the dump file itself states them"


@dataclass(frozen=True, kw_only=True)
class Dump:
    """The dump file. ``content_sha256`` leaves out the random restrict key, so equal databases give equal digests."""

    path: Path
    format: DumpFormat
    size_bytes: int
    sha256: str
    content_sha256: str


@dataclass(frozen=True, kw_only=True)
class RoleFacts:
    """A role as the source's catalog shows it, without its password."""

    name: str
    attributes: tuple[str, ...]
    member_of: tuple[str, ...]
    settings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a server must have before this dump can be restored on it. ``extensions``: name to version ("" unknown)."""

    server_major: int
    encoding: str
    collate: str
    ctype: str
    locale_provider: str
    extensions: Mapping[str, str]
    roles: tuple[RoleFacts, ...]
    database_settings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Production at one moment. For a dump file ``identity``, ``reader`` and footprints are None."""

    dump: Dump
    proof_kind: ProofKind
    tables: Mapping[TableName, TableDigest]
    sequences: Mapping[str, SequenceState]
    sequences_after: Mapping[str, SequenceState]
    schema: SchemaFingerprint | None
    needs: Needs
    identity: ServerIdentity | None = None
    reader: ReaderProof | None = None
    footprint: Footprint | None = None
    duration_s: float = 0.0


def take(
    source: Login,
    *,
    bin_dir: Path,
    workdir: Path,
    vault: Vault,
    ledger: RunLedger | None = None,
    timeout_s: float = 3600.0,
) -> Snapshot:
    """Dump ``source`` and digest it from the same snapshot.

    ``bin_dir`` holds ``pg_dump``. ``reader`` says whether the role could write: the caller's gate judges it (G-05), but a
    role that can write is never used to dump: raises ``EnvironmentFault``-free, the ``Snapshot`` is not taken. See ``prove``.
    """
    raise NotImplementedError


def from_file(path: Path, *, bin_dir: Path, workdir: Path, ledger: RunLedger | None = None) -> Snapshot:
    """A dump file as the source: plain, custom or directory format. Raises ``UsageError`` where it is none of them."""
    raise NotImplementedError
