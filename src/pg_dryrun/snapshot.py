"""C-03: dump, digests, sequences and schema fingerprint of production, all from one exported snapshot.

The reading session exports its snapshot; ``pg_dump --snapshot`` dumps it, by parallel jobs where the database is large,
while other sessions digest it. Sequences are not transactional: they are read before and after.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pg_dryrun import dumps, needs, reader
from pg_dryrun.credentials import Vault
from pg_dryrun.dumps import Dump, DumpFormat
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.needs import Needs
from pg_dryrun.observer import Observer, ServerAnswer, connect, counts, identity, quote_literal, schema, slices
from pg_dryrun.observer.counts import SequenceState, TableDigest
from pg_dryrun.observer.identity import Footprint, ServerIdentity
from pg_dryrun.observer.schema import SchemaFingerprint
from pg_dryrun.reader import ReaderProof
from pg_dryrun.subject import Login, TableName

PARALLEL_FROM_BYTES = 64 << 20
"""A smaller database is dumped and digested by one session: more would take longer to begin than they save."""
_TOO_MANY_SESSIONS = "53300"


class ProofKind(StrEnum):
    """What the restore can be compared with (G-09 says which)."""

    SOURCE_DIGESTS = "digests of every table and sequence from the dump's own snapshot"
    BACKUP_MANIFEST = "every file of the base backup by its own manifest"
    DUMP_CONTENT = "rows per table, sequences and objects as the dump file itself states them"


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
    binary_digests: bool = False
    """Whether rows were digested by their binary form; a comparison must use the same."""
    planner_statistics: bool = False
    """Whether the dump holds what the planner knew of the tables."""


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
    major: int | None = None,
    ledger: RunLedger | None = None,
    timeout_s: float = 3600.0,
    parallel_from_bytes: int = PARALLEL_FROM_BYTES,
) -> Snapshot:
    """Dump ``source`` into ``workdir`` and digest it from the same snapshot. ``bin_dir`` holds ``pg_dump``.

    ``major`` is the version of these programs and of the server on which the dump will be restored; None: the source's.

    Raises ``ReaderCanWrite`` before anything is dumped, ``EnvironmentFault`` where the server or ``pg_dump`` refuses.
    """
    began = time.monotonic()
    with connect(source, purpose="snapshot", read_only=True, statement_timeout_s=timeout_s) as observer:
        who = identity.identity(observer)
        before = identity.footprint(observer)
        large = before.database_size_bytes >= parallel_from_bytes
        form, jobs = (DumpFormat.DIRECTORY, dumps.jobs()) if large else (DumpFormat.PLAIN, 1)
        path = workdir / f"snapshot-{secrets.token_hex(8)}{'' if large else '.sql'}"
        version = who.server_version_num
        older = version if major is None else min(version, major * 10000)
        statistics = large and older // 10000 >= dumps.STATISTICS_SINCE_MAJOR
        binary = older >= slices.BINARY_SINCE

        def dump(exported: str) -> Dump:
            dumps.write(
                source,
                exported,
                path,
                form=form,
                bin_dir=bin_dir,
                vault=vault,
                timeout_s=timeout_s,
                sessions=jobs,
                statistics=statistics,
            )
            return dumps.describe_directory(path, bin_dir=bin_dir) if large else dumps.describe_plain(path)

        with observer.block():
            exported = str(observer.value("SELECT pg_catalog.pg_export_snapshot()"))
            proof = reader.prove(observer)
            if not proof.holds:
                raise ReaderCanWrite(proof)
            if ledger is not None:
                ledger.will_create(Kind.DIRECTORY if large else Kind.FILE, str(path))
            with ThreadPoolExecutor(max_workers=1) as pool:
                sequences = counts.sequences(observer)
                dumping = pool.submit(dump, exported)
                fingerprint = schema.fingerprint(observer)
                wanted = needs.gather(observer, who)
                large_objects = int(str(observer.value("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata")))
                parts = slices.cut(observer, counts.readable(observer), binary=binary)
                with _sessions(source, exported, jobs - 1, timeout_s) as others:
                    tables = slices.digests([observer, *others], parts)
                    taken = any(reader.transaction_id_taken(other) for other in others)
                dumped = dumping.result()
            sequences_after = counts.sequences(observer)
            proof = replace(proof, transaction_id_taken=taken or reader.transaction_id_taken(observer))
        if not proof.holds:
            raise ReaderCanWrite(proof)
        after = identity.footprint(observer)
    return Snapshot(
        dump=dumped,
        proof_kind=ProofKind.SOURCE_DIGESTS,
        tables=tables,
        sequences=sequences,
        sequences_after=sequences_after,
        large_objects=large_objects,
        schema=fingerprint,
        needs=wanted,
        identity=who,
        reader=proof,
        footprint_before=before,
        footprint_after=after,
        duration_s=time.monotonic() - began,
        binary_digests=binary,
        planner_statistics=statistics,
    )


@contextmanager
def _sessions(source: Login, exported: str, number: int, timeout_s: float) -> Iterator[list[Observer]]:
    """More reading sessions that see the exported snapshot; fewer where the server or the role has no room for them."""
    with ExitStack() as stack:
        made: list[Observer] = []
        for _ in range(number):
            try:
                observer = stack.enter_context(
                    connect(source, purpose="digests", read_only=True, statement_timeout_s=timeout_s)
                )
            except ServerAnswer as answer:
                if answer.sqlstate == _TOO_MANY_SESSIONS or "too many connections" in answer.message:
                    break
                raise
            stack.enter_context(observer.block())
            observer.execute(f"SET TRANSACTION SNAPSHOT {quote_literal(exported)}")
            made.append(observer)
        yield made
