"""A rehearsed command's effects as tables, for every spelling that draws them. Values only (design 3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pg_dryrun.program_record import ProgramRecord
from pg_dryrun.record import Record

_NONE = "–"


@dataclass(frozen=True, kw_only=True)
class ProgramTable:
    """One table. ``numbers`` are the columns, counted from 0, that hold numbers. Without rows it says ``empty``."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()
    empty: str = "none"


def program_tables(record: Record) -> list[ProgramTable]:
    """All that is known of the command, the differences first; nothing for a subject with scenarios."""
    program = record.program
    if program is None:
        return []
    makers: tuple[Callable[[ProgramRecord], Iterable[ProgramTable]], ...] = (
        _differences,
        _command,
        _warnings,
        _rows,
        _lists,
        _locks,
        _statements,
        _errors,
    )
    return [table for maker in makers for table in maker(program)]


def _differences(program: ProgramRecord) -> Iterable[ProgramTable]:
    if program.differences is not None:
        yield ProgramTable(
            title="Against the accepted effects",
            note="! a number outside what was accepted, + new, − no longer there.",
            head=("", "difference"),
            rows=tuple((line[:1], line[2:]) for line in program.differences),
            empty="no difference",
        )


def _command(program: ProgramRecord) -> Iterable[ProgramTable]:
    facts: Mapping[str, str] = {
        "command": " ".join(program.command),
        "role": f"{program.role} ({program.role_origin})",
        "database": program.database,
        "handed over": ", ".join(program.environment) or "nothing but the clone's address",
        "network": "the machine's: what it did over it is not seen" if program.network else "taken away",
        "end": _end(program),
        "took": f"{program.duration_s:.3f} s of at most {program.timeout_s} s",
        "left running": ", ".join(program.survivors) or "nothing",
        "sessions": f"{program.sessions}, at most {program.sessions_at_once} at one time; "
        f"{program.sessions_ended} were still open at the end",
        "transactions": f"{program.transactions_committed} committed, {program.transactions_rolled_back} rolled back",
        "committed without a row": ", ".join(f"{n} × {why}" for why, n in program.transactions_without_rows.items())
        or "none",
        "write-ahead log": f"{program.wal_bytes} bytes",
        "output": ", ".join(
            f"{item.file} ({item.size_bytes} bytes{', its end only' if item.truncated else ''})"
            for item in program.output
        ),
    }
    yield ProgramTable(title="The command", note="", head=("", ""), rows=tuple(facts.items()))


def _end(program: ProgramRecord) -> str:
    if program.not_started is not None:
        return f"not started: {program.not_started}"
    if program.timed_out:
        return "killed at its deadline"
    if program.signal is not None:
        return f"ended by {program.signal}"
    return "–" if program.exit_status is None else f"status {program.exit_status}"


def _warnings(program: ProgramRecord) -> Iterable[ProgramTable]:
    yield ProgramTable(
        title="Warnings",
        note="To be looked at before the command goes to production; none of them changes the verdict by itself.",
        head=("code", "what", "seen here"),
        rows=tuple((item.code, item.subject, item.message) for item in program.warnings),
    )


def _rows(program: ProgramRecord) -> Iterable[ProgramTable]:
    yield ProgramTable(
        title="Rows committed",
        note="From logical decoding: every committed row event, rolled-back work never. Before and after are counted.",
        head=("table", "inserted", "updated", "deleted", "truncated", "rows before", "rows after"),
        rows=tuple(
            (
                table,
                str(rows.inserted),
                str(rows.updated),
                str(rows.deleted),
                str(rows.truncated),
                _number(rows.rows_before),
                _number(rows.rows_after),
            )
            for table, rows in program.rows.items()
        ),
        numbers=(1, 2, 3, 4, 5, 6),
    )


def _lists(program: ProgramRecord) -> Iterable[ProgramTable]:
    lists: Mapping[str, Sequence[str]] = {
        "Schema changes": program.schema,
        "Changes of the server": program.shared,
        "Dark writes": program.dark_writes,
    }
    for title, lines in lists.items():
        if lines or title == "Schema changes":
            yield ProgramTable(title=title, note="", head=("",), rows=tuple((line,) for line in lines))
    if program.sequences:
        yield ProgramTable(
            title="Sequences",
            note="",
            head=("sequence", "moved by"),
            rows=tuple((name, str(number)) for name, number in program.sequences.items()),
            numbers=(1,),
        )


def _locks(program: ProgramRecord) -> Iterable[ProgramTable]:
    yield ProgramTable(
        title="Exclusive locks",
        note="AccessExclusive locks on what was there before: each one is in the write-ahead log. The time is at most: "
        "from the first statement of the transaction to its end.",
        head=("relation", "times", "longest, ms", "time unknown"),
        rows=tuple(
            (item.relation, str(item.times), _ms(item.longest_ms), str(item.unknown))
            for item in program.exclusive_locks
        ),
        numbers=(1, 2, 3),
    )
    if program.lock_waits:
        yield ProgramTable(
            title="Waits for locks",
            note="From the server's log: every wait that outlasted the clone's deadlock_timeout, with its length.",
            head=("lock", "on", "times", "longest, ms", "given up"),
            rows=tuple(
                (item.mode, item.target, str(item.times), _ms(item.longest_ms), str(item.given_up))
                for item in program.lock_waits
            ),
            numbers=(2, 3, 4),
        )


def _statements(program: ProgramRecord) -> Iterable[ProgramTable]:
    yield ProgramTable(
        title="Statements",
        note="By PostgreSQL's own fingerprint, without constants, from the server's log: nothing the command sends "
        "can be missing, however it was sent. What a function does inside is in the rows above.",
        head=("times", "failed", "total, ms", "verbs", "tables", "statement"),
        rows=tuple(
            (
                str(item.times),
                str(item.failed),
                _ms(item.total_ms),
                "/".join(item.verbs) or "?",
                ", ".join(item.tables),
                item.text,
            )
            for item in program.statements
        ),
        numbers=(0, 1, 2),
    )


def _errors(program: ProgramRecord) -> Iterable[ProgramTable]:
    if program.errors:
        yield ProgramTable(
            title="Errors of the server",
            note="",
            head=("SQLSTATE", "severity", "times", "first message"),
            rows=tuple((item.sqlstate, item.severity, str(item.times), item.message) for item in program.errors),
            numbers=(2,),
        )


def _number(value: int | None) -> str:
    return _NONE if value is None else str(value)


def _ms(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1f}"
