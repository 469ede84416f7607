"""What the write-ahead log says about transactions: who committed, with what kinds of records, how many bytes.

Logical decoding is silent about transactions that wrote no permanent row: a sequence moved, an unlogged or temporary
table written, a lock or an id taken. Their commit records are in the log all the same. ``pg_walinspect`` reads them
through SQL; it is installed in another database of the throw-away server, so that the rehearsed one stays as it was
restored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.observer import Observer, connect
from pg_dryrun.subject import Login

_MAINTENANCE_DATABASES = ("postgres", "template1")
_SUBTRANSACTIONS = re.compile(r"; subxacts:((?: \d+)+)")
_RECORDS = """
SELECT xid::text::bigint AS xid, resource_manager || ' ' || split_part(record_type, '+', 1) AS kind, count(*) AS n,
       sum(record_length + fpi_length) AS bytes,
       string_agg(description, E'\\n') FILTER (WHERE resource_manager = 'Transaction'
                                               AND record_type LIKE ANY (ARRAY['COMMIT%%', 'ABORT%%'])) AS endings
FROM pg_get_wal_records_info(%s::pg_lsn, %s::pg_lsn) GROUP BY 1, 2
"""

# A standby must know of AccessExclusive locks, hence each one on a relation is logged (any wal_level from replica up).
_LOCKS = """
SELECT xid::text::bigint AS xid, description FROM pg_get_wal_records_info(%s::pg_lsn, %s::pg_lsn)
WHERE resource_manager = 'Standby' AND record_type = 'LOCK'
   OR resource_manager = 'Transaction' AND record_type ~ '^(COMMIT|ABORT)' ORDER BY start_lsn
"""
_LOCK = re.compile(r"xid (\d+) db (\d+) rel (\d+)")

# What the server does to pages on the way, under the id of whoever comes by: dead row versions are pruned by the next
# one who reads a full page, hint bits are logged under checksums, a page of a shared log is begun. Nobody sees other
# rows for it. Names as in the resource managers' rm_identify of PostgreSQL 15 to 18.
_HOUSEKEEPING = re.compile(
    r"Heap2 (PRUNE\w*|VACUUM|VISIBLE|FREEZE_PAGE)|Btree (DELETE|VACUUM)|XLOG FPI(_FOR_HINT)?|MultiXact ZERO_\w+"
    r"|CLOG ZEROPAGE|CommitTs ZEROPAGE"
)
_ROW_LOCKS = frozenset({"Heap LOCK", "Heap2 LOCK_UPDATED", "MultiXact CREATE_ID"})
_CATALOG_WRITES = re.compile(r"Heap (INSERT|DELETE|UPDATE|HOT_UPDATE|INPLACE|TRUNCATE)|Heap2 MULTI_INSERT|Storage \w+")


@dataclass(frozen=True, kw_only=True)
class WalTransaction:
    """A committed transaction. ``records`` maps a record kind (``Sequence LOG``) to its number, subtransactions
    included."""

    xid: int
    records: Mapping[str, int]

    @property
    def why(self) -> str:
        """What a transaction without rows did, as far as its records say."""
        kinds = {
            kind
            for kind in self.records
            if not kind.startswith(("Transaction ", "Standby ")) and not _HOUSEKEEPING.fullmatch(kind)
        }
        if not kinds:
            return "an id taken, or unlogged or temporary rows"
        if kinds <= _ROW_LOCKS:
            return "rows locked"
        if kinds <= {"Sequence LOG"}:
            return "a sequence moved"
        if "LogicalMessage MESSAGE" in kinds:
            return "a logical message"
        return "catalog changes" if any(map(_CATALOG_WRITES.fullmatch, kinds)) else ", ".join(sorted(kinds))


@dataclass(frozen=True, kw_only=True)
class WalSlice:
    """A stretch of the log. ``bytes_written`` counts records, page images included."""

    committed: tuple[WalTransaction, ...]
    aborted: tuple[int, ...]
    bytes_written: int


@dataclass(frozen=True, kw_only=True)
class WalLock:
    """One AccessExclusive lock. ``xid`` may be a subtransaction's."""

    xid: int
    database_oid: int
    relation_oid: int


@dataclass(frozen=True, kw_only=True)
class WalLocks:
    """All AccessExclusive locks of a stretch; ``ended``: the moment at which a (sub)transaction did."""

    locks: tuple[WalLock, ...]
    ended: Mapping[int, datetime]


class WalReader:
    """Reads stretches of the log of one server. ``end`` of one stretch is the begin of the next."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    @classmethod
    def open(cls, admin: Login) -> WalReader:
        """Connect beside the rehearsed database. Raises ``EnvironmentFault`` where ``pg_walinspect`` is not to be
        had."""
        name = next(name for name in _MAINTENANCE_DATABASES if name != admin.dbname)
        observer = connect(replace(admin, dbname=name), purpose="wal", settings={"search_path": "public", **QUIET})
        try:
            observer.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect SCHEMA public")
        except EnvironmentFault as error:
            observer.close()
            raise EnvironmentFault(
                f"The write-ahead log cannot be read: {error.message}",
                remedy="Take a lender whose PostgreSQL (15 or later) has the contrib extension pg_walinspect.",
            ) from error
        return cls(observer)

    @property
    def session_id(self) -> str:
        """The reader's own session, for the log reader to leave out."""
        return self._observer.session_id()

    def between(self, begin: str, end: str) -> WalSlice:
        """The log from LSN ``begin`` (inclusive) to ``end`` (exclusive)."""
        rows = self._observer.rows(_RECORDS, [begin, end])
        kinds: dict[int, dict[str, int]] = {}
        endings: list[tuple[int, str, str]] = []
        for row in rows:
            xid, kind = int(str(row["xid"])), str(row["kind"])
            kinds.setdefault(xid, {})[kind] = int(str(row["n"]))
            if row["endings"] is not None:
                endings.append((xid, kind, str(row["endings"])))
        return WalSlice(
            committed=tuple(
                WalTransaction(xid=xid, records=_with_children(xid, text, kinds))
                for xid, kind, text in sorted(endings)
                if "COMMIT" in kind
            ),
            aborted=tuple(sorted(xid for xid, kind, _ in endings if "ABORT" in kind)),
            bytes_written=sum(int(str(row["bytes"])) for row in rows),
        )

    def exclusive_locks(self, begin: str, end: str) -> WalLocks:
        """AccessExclusive locks on relations taken between two LSNs, and when their transactions ended."""
        taken: dict[tuple[int, int, int], None] = {}
        ended: dict[int, datetime] = {}
        for row in self._observer.rows(_LOCKS, [begin, end]):
            xid, text = int(str(row["xid"])), str(row["description"])
            lock = _LOCK.match(text)
            if lock:
                taken.setdefault((int(lock.group(1)), int(lock.group(2)), int(lock.group(3))))
            else:
                at = datetime.fromisoformat(text.partition(";")[0])
                children = _SUBTRANSACTIONS.search(text)
                for member in (xid, *(int(child) for child in (children.group(1).split() if children else ()))):
                    ended.setdefault(member, at)
        return WalLocks(
            locks=tuple(WalLock(xid=xid, database_oid=db, relation_oid=rel) for xid, db, rel in taken), ended=ended
        )

    def close(self) -> None:
        """Close the connection. The extension stays: the server is thrown away."""
        self._observer.close()


QUIET: Mapping[str, str] = {"log_statement": "none", "log_min_duration_statement": "-1"}
"""For this tool's own sessions: they are left out of the log anyway, this keeps it small. Needs a superuser."""


def _with_children(xid: int, commit: str, kinds: Mapping[int, Mapping[str, int]]) -> Mapping[str, int]:
    total = dict(kinds.get(xid, {}))
    match = _SUBTRANSACTIONS.search(commit)
    for child in match.group(1).split() if match else ():
        for kind, number in kinds.get(int(child), {}).items():
            total[kind] = total.get(kind, 0) + number
    return dict(sorted(total.items()))
