"""C-03: dump, digests, sequences and schema fingerprint of production, all from one exported snapshot.

The reading session exports its snapshot; ``pg_dump --snapshot`` dumps it while the same session digests it. Sequences
are not transactional: they are read before and after. The dump is plain SQL: with the random restrict key left out,
equal databases give equal digests (custom and directory formats carry a time stamp).
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pg_dryrun import commands, reader
from pg_dryrun.credentials import Vault
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.observer import Observer, connect, counts, identity, schema
from pg_dryrun.observer.counts import SequenceState, TableDigest
from pg_dryrun.observer.identity import Footprint, ServerIdentity
from pg_dryrun.observer.roles import RoleFacts, database_privileges, database_settings, referenced_roles
from pg_dryrun.observer.schema import SchemaFingerprint
from pg_dryrun.reader import ReaderProof
from pg_dryrun.subject import Login, TableName

_CHUNK_BYTES = 1 << 20
_LOCK_WAIT_MS = 30_000
_RESTRICT_LINE = re.compile(rb"^\\(un)?restrict [0-9A-Za-z]+$", re.MULTILINE)
_EDGE_BYTES = 1 << 14


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
    """The dump. ``script`` is the plain SQL that is restored (``path`` itself where that is plain).

    ``sha256`` is of the bytes of ``path``; ``content_sha256`` of the script without its random restrict key.
    """

    path: Path
    script: Path
    format: DumpFormat
    size_bytes: int
    sha256: str
    content_sha256: str


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a server must have before this dump can be restored on it. ``extensions``: name to version ("" unknown).

    Empty ``encoding``, ``collate``, ``ctype``, ``locale_provider``, ``locale``: the dump does not say, the server's
    own do.
    """

    server_major: int
    encoding: str
    collate: str
    ctype: str
    locale_provider: str
    locale: str
    extensions: Mapping[str, str]
    roles: tuple[RoleFacts, ...]
    database_settings: tuple[str, ...] = ()
    database_privileges: tuple[str, ...] | None = None
    """``CONNECT TO role`` and so on, which a dump does not hold; None: not known, the server's defaults stay."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Production at one moment. For a dump file ``schema``, ``identity``, ``reader`` and footprints are None, and
    digests are empty strings: a file states rows, not digests."""

    dump: Dump
    proof_kind: ProofKind
    tables: Mapping[TableName, TableDigest]
    sequences: Mapping[str, SequenceState]
    sequences_after: Mapping[str, SequenceState]
    large_objects: int
    schema: SchemaFingerprint | None
    needs: Needs
    objects: tuple[str, ...] = ()
    identity: ServerIdentity | None = None
    reader: ReaderProof | None = None
    footprint_before: Footprint | None = None
    footprint_after: Footprint | None = None
    duration_s: float = 0.0


class ReaderCanWrite(EnvironmentFault):
    """The reading role could write, or took a transaction id. Nothing was dumped, or the dump is void."""

    code = "READER_CAN_WRITE"

    def __init__(self, proof: ReaderProof) -> None:
        taken = " A transaction id was taken." if proof.transaction_id_taken else ""
        super().__init__(
            f"{proof.role} can write: {'; '.join(proof.violations[:20]) or 'no privilege, but'}{taken}",
            remedy="Read production as a role that is only a member of pg_read_all_data, and"
            " REVOKE TEMPORARY ON DATABASE … FROM PUBLIC.",
        )
        self.proof = proof


def take(
    source: Login,
    *,
    bin_dir: Path,
    workdir: Path,
    vault: Vault,
    ledger: RunLedger | None = None,
    timeout_s: float = 3600.0,
) -> Snapshot:
    """Dump ``source`` into ``workdir`` and digest it from the same snapshot. ``bin_dir`` holds ``pg_dump``.

    Raises ``ReaderCanWrite`` before anything is dumped, ``EnvironmentFault`` where the server or ``pg_dump`` refuses.
    """
    began = time.monotonic()
    path = workdir / f"snapshot-{secrets.token_hex(8)}.sql"
    with connect(source, purpose="snapshot", read_only=True, statement_timeout_s=timeout_s) as observer:
        who = identity.identity(observer)
        before = identity.footprint(observer)
        with observer.block():
            exported = str(observer.value("SELECT pg_catalog.pg_export_snapshot()"))
            proof = reader.prove(observer)
            if not proof.holds:
                raise ReaderCanWrite(proof)
            if ledger is not None:
                ledger.will_create(Kind.FILE, str(path))
            with ThreadPoolExecutor(max_workers=1) as pool:
                sequences = counts.sequences(observer)
                dumping = pool.submit(_dump, source, exported, path, bin_dir, vault, timeout_s)
                fingerprint = schema.fingerprint(observer)
                needs = _needs(observer, who)
                tables = counts.digests(observer, counts.readable(observer))
                large = int(str(observer.value("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata")))
                dumping.result()
            sequences_after = counts.sequences(observer)
            proof = replace(proof, transaction_id_taken=reader.transaction_id_taken(observer))
        if not proof.holds:
            raise ReaderCanWrite(proof)
        after = identity.footprint(observer)
    return Snapshot(
        dump=describe_plain(path),
        proof_kind=ProofKind.SOURCE_DIGESTS,
        tables=tables,
        sequences=sequences,
        sequences_after=sequences_after,
        large_objects=large,
        schema=fingerprint,
        needs=needs,
        identity=who,
        reader=proof,
        footprint_before=before,
        footprint_after=after,
        duration_s=time.monotonic() - began,
    )


def describe_plain(path: Path) -> Dump:
    """Size and both digests of a plain dump, in one reading."""
    raw, content = hashlib.sha256(), hashlib.sha256()
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_EDGE_BYTES)
        raw.update(head)
        content.update(_RESTRICT_LINE.sub(rb"\\\1restrict", head))
        rest = max(0, size - len(head) - _EDGE_BYTES)
        while rest and (chunk := file.read(min(_CHUNK_BYTES, rest))):
            raw.update(chunk)
            content.update(chunk)
            rest -= len(chunk)
        tail = file.read()
        raw.update(tail)
        content.update(_RESTRICT_LINE.sub(rb"\\\1restrict", tail))
    return Dump(
        path=path,
        script=path,
        format=DumpFormat.PLAIN,
        size_bytes=size,
        sha256=raw.hexdigest(),
        content_sha256=content.hexdigest(),
    )


def _dump(source: Login, exported: str, path: Path, bin_dir: Path, vault: Vault, timeout_s: float) -> None:
    argv: list[str | Path] = [
        bin_dir / "pg_dump",
        "--format=plain",
        f"--snapshot={exported}",
        f"--lock-wait-timeout={_LOCK_WAIT_MS}",
        "--no-sync",
        "--no-password",
    ]
    environment = {**vault.environment(source), "PGOPTIONS": "-c default_transaction_read_only=on"}
    commands.check(argv, timeout_s=timeout_s, env=environment, stdout_to=path, redact=vault.redact)


def _needs(observer: Observer, who: ServerIdentity) -> Needs:
    row = observer.rows(
        "SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding, datcollate, datctype,"
        " datlocprovider::text AS provider,"
        " coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '') AS locale"
        " FROM pg_catalog.pg_database d WHERE datname = current_database()"
    )[0]
    extensions = observer.rows(
        "SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension ORDER BY 1"
    )
    return Needs(
        server_major=who.server_version_num // 10000,
        encoding=str(row["encoding"]),
        collate=str(row["datcollate"]),
        ctype=str(row["datctype"]),
        locale_provider=str(row["provider"]),
        locale=str(row["locale"]),
        extensions={str(item["name"]): str(item["version"]) for item in extensions},
        roles=referenced_roles(observer),
        database_settings=database_settings(observer),
        database_privileges=database_privileges(observer),
    )
