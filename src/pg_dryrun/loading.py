"""Digests of the copy's tables while its indexes are still being built (for G-09; ``docs/decisions/clones.md``).

A parallel restore commits each table's rows in a transaction of its own; what comes after builds on them and changes
none. A session beside it digests each table as soon as its rows are there, with processors that would wait otherwise.
Nothing is believed for that: such a digest counts only where the server's own statistics say, after the restore, that
the table's file is still the same and that nothing was ever done to it but one insert for each row that was digested.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from pg_dryrun.observer import Observer, ServerAnswer, connect, quote_literal, slices, table_sql
from pg_dryrun.observer.counts import TableDigest
from pg_dryrun.subject import Login, TableName

_WORTH_ROWS = 10_000
"""A table with fewer rows is digested afterwards sooner than it is asked for now."""
_PAUSE_S = 0.1
_LOCK_TIMEOUT = "1s"
"""A table is locked while it is loaded; another one may be there meanwhile."""
_ENDING_S = 2.0
"""In which a session of the restore that has said goodbye is over, and has told what it did."""
_OTHERS = """
SELECT count(*) FROM pg_catalog.pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()
"""
_STATE = """
SELECT pg_catalog.pg_relation_filenode(c.oid) AS file, s.n_tup_ins AS inserted, s.n_tup_upd + s.n_tup_del AS changed
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid
WHERE c.oid = pg_catalog.to_regclass(%s)
"""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A table's digest, and the file (``pg_relation_filenode``) that it was in."""

    digest: TableDigest
    file: int


@dataclass
class Loading:
    """What was digested so far, by table."""

    found: dict[TableName, Loaded] = field(default_factory=dict)


@contextmanager
def digested(
    target: Login, expected: Mapping[TableName, TableDigest], *, binary: bool, timeout_s: float
) -> Iterator[Loading]:
    """While the block restores into ``target``, digest each table of ``expected`` that is worth it. Never raises of its
    own: what was not digested, for whatever reason, is simply not among what was found."""
    loading, ended = Loading(), Event()
    waiting = [name for name, wanted in expected.items() if wanted.rows >= _WORTH_ROWS]
    if not waiting:
        yield loading
        return

    def work() -> None:
        try:
            with connect(target, purpose="digests", read_only=True, statement_timeout_s=timeout_s) as observer:
                observer.execute(f"SET lock_timeout = {quote_literal(_LOCK_TIMEOUT)}")
                _follow(observer, waiting, loading, ended, binary=binary)
        except ServerAnswer:
            return  # the restore itself will say what is wrong; without its word these tables are digested afterwards

    thread = Thread(target=work, name="digests while loading", daemon=True)
    thread.start()
    try:
        yield loading
    finally:
        ended.set()
        thread.join()


def untouched(observer: Observer, loading: Loading) -> dict[TableName, TableDigest]:
    """The digests that still count; none while anybody else is in the database. Raises ``ServerAnswer``."""
    kept: dict[TableName, TableDigest] = {}
    if not loading.found or not _alone(observer):
        return kept
    for name, loaded in loading.found.items():
        state = observer.rows(_STATE, [table_sql(name)])
        wanted = {"file": loaded.file, "inserted": loaded.digest.rows, "changed": 0}
        if state and {key: int(str(value)) for key, value in state[0].items()} == wanted:
            kept[name] = loaded.digest
    return kept


def _alone(observer: Observer) -> bool:
    """Whether this session is the database's only one: others tell what they did at their end at the latest."""
    deadline = time.monotonic() + _ENDING_S
    while int(str(observer.value(_OTHERS))):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
    return True


def _follow(observer: Observer, waiting: list[TableName], loading: Loading, ended: Event, *, binary: bool) -> None:
    """Look at the tables in turn until each is digested or the restore is over."""
    while waiting and not ended.is_set():
        for name in list(waiting):
            if ended.is_set():
                return
            try:
                loaded = _digest(observer, name, ended, binary=binary)
            except ServerAnswer:
                continue  # not made yet, or locked by its load
            if loaded is not None:
                loading.found[name] = loaded
                waiting.remove(name)
        ended.wait(_PAUSE_S)


def _digest(observer: Observer, name: TableName, ended: Event, *, binary: bool) -> Loaded | None:
    """The digest of a table whose rows are there, None where they are not or the restore is over before its end."""
    if not observer.value(f"SELECT EXISTS (SELECT FROM ONLY {table_sql(name)})"):
        return None
    file = int(str(observer.value("SELECT pg_catalog.pg_relation_filenode(%s::regclass)", [table_sql(name)])))
    total: slices.Part | None = None
    for part in slices.cut(observer, [name], binary=binary):
        if ended.is_set():
            return None
        one = slices.digest_slice(observer, part)
        total = one if total is None else total + one
    return None if total is None else Loaded(digest=total.digest, file=file)
