"""Warnings from what was seen: pure, from the record of the command and the two looks at the clone."""

from __future__ import annotations

from collections.abc import Iterator

from pg_dryrun.anyprogram.codes import TIMING, Code
from pg_dryrun.anyprogram.watch import Seen
from pg_dryrun.program_record import Notice, ProgramRecord, SeenStatement

MANY_SESSIONS = 50
_TOO_MANY_CONNECTIONS = frozenset({"53300"})
_DEADLOCK = "40P01"


def notices(seen: Seen, record: ProgramRecord, *, long_lock_ms: int, printed: tuple[str, ...]) -> tuple[Notice, ...]:
    """Every warning, by code and subject. ``printed``: streams in which the command wrote its own password."""
    found = [
        *_changes(record),
        *_files(seen, record),
        *_statements(seen, record),
        *_sessions(seen, record),
        *_locks(record, long_lock_ms),
        *(_notice(Code.PRINTED_SECRET, stream, "its password, in clear") for stream in printed),
    ]
    return tuple(sorted(found, key=lambda item: (item.code, item.subject)))


def _notice(code: Code, subject: str, message: str) -> Notice:
    return Notice(code=code.value, subject=subject, message=message, timing=code in TIMING)


def _changes(record: ProgramRecord) -> Iterator[Notice]:
    if record.schema:
        yield _notice(Code.SCHEMA_CHANGED, "", f"{len(record.schema)} lines of the schema differ")
    prepared = [line for line in record.shared if line.startswith("+ prepared transaction: ")]
    if len(record.shared) > len(prepared):
        yield _notice(Code.SERVER_CHANGED, "", f"{len(record.shared) - len(prepared)} facts of the server differ")
    if prepared:
        yield _notice(Code.TWO_PHASE_LEFT, "", f"{len(prepared)} left")
    for table, rows in record.rows.items():
        if rows.truncated:
            held = "" if rows.rows_before is None else f"; it held {rows.rows_before} rows before"
            yield _notice(Code.TRUNCATE, table, f"truncated {rows.truncated} times{held}")
    changed = record.rows or record.schema or record.shared or record.sequences or record.dark_writes
    if not changed:
        yield _notice(Code.WROTE_NOTHING, "", f"{record.sessions} sessions, and nothing changed")


def _files(seen: Seen, record: ProgramRecord) -> Iterator[Notice]:
    """A relation's file changes when all of it is written anew; so it does by TRUNCATE, which has an event."""
    truncated = {table for table, rows in record.rows.items() if rows.truncated}
    rewritten: set[int] = set()
    for oid, was in seen.before.relations.items():
        now = seen.after.relations.get(oid)
        if now is None:
            rows = seen.before.tables.get(was.name)
            if was.kind == "r" and rows is not None and rows.rows:
                yield _notice(Code.ROWS_DROPPED, was.name, f"dropped with {rows.rows} rows")
        elif now.node != was.node and was.name not in truncated:
            rewritten.add(oid)
    for oid in sorted(rewritten):
        was = seen.before.relations[oid]
        if was.kind in {"r", "m"}:
            yield _notice(Code.TABLE_REWRITE, was.name, "every row of it was written anew")
        elif was.kind == "i" and was.of_table not in rewritten:
            table = seen.before.relations.get(was.of_table or 0)
            if table is None or table.name not in truncated:
                yield _notice(Code.INDEX_REBUILT, was.name, f"on {table.name if table else 'a table'}")


def _statements(seen: Seen, record: ProgramRecord) -> Iterator[Notice]:
    lone = sum(item.writes and not item.begun for item in seen.conversation.transactions)
    if lone:
        yield _notice(Code.OUTSIDE_TRANSACTION, "", f"{lone} writing statements were committed by themselves")
    if seen.conversation.silencing:
        words = f"{seen.conversation.silencing} statements name a setting of the log; rows are seen all the same"
        yield _notice(Code.LOG_SILENCED, "", words)
    existing = {item.name for item in seen.before.relations.values()}
    for statement in record.statements:
        if statement.failed < statement.times and _blocks_writes(statement):
            for table in statement.tables:
                if table in existing or f"public.{table}" in existing:
                    message = f"{statement.longest_ms:.0f} ms here: {' '.join(statement.text.split())[:120]}"
                    yield _notice(Code.INDEX_BLOCKS_WRITES, table, message)
    if record.exit_status == 0 and record.errors:
        words = ", ".join(f"{item.times} × {item.sqlstate} ({item.message})" for item in record.errors)
        yield _notice(Code.ERROR_IGNORED, ", ".join(item.sqlstate for item in record.errors), words)


def _blocks_writes(statement: SeenStatement) -> bool:
    return bool({"INDEX", "REINDEX"} & set(statement.verbs)) and "CONCURRENTLY" not in statement.text.upper()


def _sessions(seen: Seen, record: ProgramRecord) -> Iterator[Notice]:
    if record.sessions_at_once >= MANY_SESSIONS:
        yield _notice(Code.MANY_SESSIONS, "", f"{record.sessions_at_once} at one time, {record.sessions} in all")
    refused = sum(item.times for item in record.errors if item.sqlstate in _TOO_MANY_CONNECTIONS)
    if refused:
        yield _notice(Code.CONNECTIONS_REFUSED, "", f"{refused} times: too many clients")
    if record.sessions_ended:
        yield _notice(Code.SESSIONS_LEFT, "", f"{record.sessions_ended} sessions were still open and had to be ended")
    for database, number in sorted(seen.conversation.databases.items()):
        if database != record.database:
            yield _notice(Code.OTHER_DATABASE, database, f"{number} sessions")


def _locks(record: ProgramRecord, long_lock_ms: int) -> Iterator[Notice]:
    for lock in record.exclusive_locks:
        if lock.longest_ms is not None and lock.longest_ms >= long_lock_ms:
            message = f"locked against everybody for at most {lock.longest_ms:.0f} ms (threshold {long_lock_ms} ms)"
            yield _notice(Code.LONG_EXCLUSIVE_LOCK, lock.relation, message)
    for target in sorted({wait.target for wait in record.lock_waits}):
        waits = [wait for wait in record.lock_waits if wait.target == target]
        longest, times = max(wait.longest_ms for wait in waits), sum(wait.times for wait in waits)
        yield _notice(Code.LOCK_WAIT, target, f"{times} times, at longest {longest:.0f} ms")
    deadlocks = sum(item.times for item in record.errors if item.sqlstate == _DEADLOCK)
    if deadlocks:
        yield _notice(Code.DEADLOCK, "", f"{deadlocks} ended by the server")
