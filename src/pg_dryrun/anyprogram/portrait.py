"""What a command did, put together from its end and from what every instrument saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pg_dryrun.anyprogram.differences import differences
from pg_dryrun.anyprogram.execution import Execution
from pg_dryrun.anyprogram.locks import exclusive_locks
from pg_dryrun.anyprogram.notices import notices
from pg_dryrun.anyprogram.request import ProgramRequest
from pg_dryrun.anyprogram.watch import Look, Seen
from pg_dryrun.effects import Verb
from pg_dryrun.program_record import KeptOutput, ProgramRecord, RowChanges

_REPORTED_ELSEWHERE = ("sequences: ", "schema: ", "transactions: ", "truncated: ")


def portrait(
    draft: ProgramRecord,
    done: Execution,
    seen: Seen,
    request: ProgramRequest,
    *,
    output: tuple[KeptOutput, ...],
    printed: tuple[str, ...],
    redact: Callable[[str], str],
) -> ProgramRecord:
    """``draft`` with everything that is known now; the differences from the accepted effects come last."""
    ended = replace(
        draft,
        exit_status=done.exit_status,
        signal=done.signal,
        timed_out=done.timed_out,
        not_started=done.not_started,
        duration_s=round(done.duration_s, 3),
        output=output,
        survivors=done.survivors,
    )
    record = program_record(ended, seen, long_lock_ms=request.long_lock_ms, printed=printed, redact=redact)
    if request.expectations is None:
        return record
    return replace(record, differences=differences(request.expectations.accepted, record))


def program_record(
    draft: ProgramRecord,
    seen: Seen,
    *,
    long_lock_ms: int,
    printed: tuple[str, ...] = (),
    redact: Callable[[str], str] = str,
) -> ProgramRecord:
    """``draft`` with what the instruments saw, warnings included; whoever did it."""
    talk = seen.conversation
    names = {oid: item.name for oid, item in {**seen.after.relations, **seen.before.relations}.items()}
    there_before = {oid: item.name for oid, item in seen.before.relations.items()}
    record = replace(
        draft,
        sessions=talk.sessions,
        sessions_at_once=talk.sessions_at_once,
        sessions_ended=seen.sessions_ended,
        transactions_committed=len(seen.effects.transactions),
        transactions_rolled_back=len(seen.effects.aborted),
        transactions_without_rows=_silent(seen),
        wal_bytes=seen.effects.wal_bytes,
        rows=_rows(seen),
        statements=talk.statements(redact),
        errors=tuple(replace(item, message=redact(item.message)) for item in talk.errors()),
        schema=seen.dark.schema,
        shared=_difference(seen.before, seen.after),
        sequences=_sequences(seen),
        dark_writes=(*(line for line in seen.dark.lines() if not line.startswith(_REPORTED_ELSEWHERE)), *_views(seen)),
        exclusive_locks=exclusive_locks(seen.locks, talk.transactions, there_before, seen.database_oid),
        lock_waits=talk.waits(names),
        disagreements=seen.disagreements,
    )
    return replace(record, warnings=notices(seen, record, long_lock_ms=long_lock_ms, printed=printed))


def _rows(seen: Seen) -> dict[str, RowChanges]:
    by_verb = {verb: seen.effects.totals(verb) for verb in Verb}
    tables = sorted({table for rows in by_verb.values() for table in rows})
    return {
        table: RowChanges(
            inserted=by_verb[Verb.INSERT].get(table, 0),
            updated=by_verb[Verb.UPDATE].get(table, 0),
            deleted=by_verb[Verb.DELETE].get(table, 0),
            truncated=by_verb[Verb.TRUNCATE].get(table, 0),
            rows_before=seen.before.tables[table].rows if table in seen.before.tables else None,
            rows_after=seen.after.tables[table].rows if table in seen.after.tables else None,
        )
        for table in tables
    }


def _silent(seen: Seen) -> dict[str, int]:
    found: dict[str, int] = {}
    for transaction in seen.effects.without_rows():
        found[transaction.why] = found.get(transaction.why, 0) + 1
    return dict(sorted(found.items()))


def _sequences(seen: Seen) -> Mapping[str, int]:
    """How far each moved (a new one: how often it was called); one set back counts as far as it was moved back."""
    found = {}
    for name, now in seen.after.dark.sequences.items():
        was = seen.before.dark.sequences.get(name)
        start = 0 if was is None else was.last_value - (not was.is_called)
        moved = abs(now.last_value - (not now.is_called) - start)
        if moved or (was is not None and was != now):
            found[name] = moved
    return found


def _views(seen: Seen) -> list[str]:
    """Materialized views whose contents moved: a refresh has no row event."""
    views = [item.name for item in seen.before.relations.values() if item.kind == "m"]
    before, after = seen.before.tables, seen.after.tables
    return [
        f"materialized view: {name}" for name in sorted(views) if name in after and before.get(name) != after.get(name)
    ]


def _difference(before: Look, after: Look) -> tuple[str, ...]:
    gone = [f"- {line}" for line in sorted(before.shared - after.shared)]
    return (*gone, *(f"+ {line}" for line in sorted(after.shared - before.shared)))
