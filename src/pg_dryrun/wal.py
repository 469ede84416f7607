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


@dataclass(frozen=True, kw_only=True)
class WalTransaction:
    """A committed transaction. ``records`` maps a record kind (``Sequence LOG``) to its number, subtransactions
    included."""

    xid: int
    records: Mapping[str, int]

    @property
    def why(self) -> str:
        """What a transaction without rows did, as far as its records say."""
        kinds = {kind for kind in self.records if not kind.startswith(("Transaction ", "Standby "))}
        if not kinds:
            return "an id taken, or unlogged or temporary rows"
        if kinds <= {"Heap LOCK", "Heap2 LOCK_UPDATED", "MultiXact CREATE_ID"}:
            return "rows locked"
        if kinds <= {"Sequence LOG"}:
            return "a sequence moved"
        if "LogicalMessage MESSAGE" in kinds:
            return "a logical message"
        return (
            "catalog changes"
            if any(kind.startswith(("Storage ", "Heap")) for kind in kinds)
            else ", ".join(sorted(kinds))
        )


@dataclass(frozen=True, kw_only=True)
class WalSlice:
    """A stretch of the log. ``bytes_written`` counts records, page images included."""

    committed: tuple[WalTransaction, ...]
    aborted: tuple[int, ...]
    bytes_written: int


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
