"""What a command did against what was accepted, as lines that a person reads like a diff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pg_dryrun.anyprogram.codes import TIMING
from pg_dryrun.anyprogram.expectations import Amount, ExpectationFile, Rows, as_range
from pg_dryrun.program_record import ProgramRecord

_EVENTS = ("inserted", "updated", "deleted", "truncated")


def differences(accepted: ExpectationFile, seen: ProgramRecord) -> tuple[str, ...]:
    """Every difference, section by section; none: the effects are the accepted ones.

    ``! what: accepted A, found B`` for numbers, ``+ what`` for what is new, ``- what`` for what is gone.
    """
    return (
        *_end(accepted, seen),
        *_rows(accepted, seen),
        *_statements(accepted, seen),
        *_lines("schema", accepted.schema, seen.schema),
        *_lines("server", accepted.shared, seen.shared),
        *_numbers("sequence", accepted.sequences, seen.sequences),
        *_lines("dark write", accepted.dark_writes, seen.dark_writes),
        *_lines("exclusive lock", accepted.exclusive_locks, [item.relation for item in seen.exclusive_locks]),
        *_numbers("error", accepted.errors, {item.sqlstate: item.times for item in seen.errors}),
        *_warnings(accepted, seen),
    )


def warning_line(code: str, subject: str) -> str:
    """A warning as the file names it."""
    return f"{code} {subject}".strip()


def _end(accepted: ExpectationFile, seen: ProgramRecord) -> Iterator[str]:
    if accepted.role is not None and accepted.role != seen.role:
        yield f"! role: accepted {accepted.role}, found {seen.role}"
    if seen.exit_status is not None and seen.exit_status != accepted.exit_status:
        yield f"! exit status: accepted {accepted.exit_status}, found {seen.exit_status}"


def _rows(accepted: ExpectationFile, seen: ProgramRecord) -> Iterator[str]:
    for table in sorted(accepted.rows.keys() | seen.rows.keys()):
        wanted, found = accepted.rows.get(table, Rows()), seen.rows.get(table)
        for event in _EVENTS:
            number = getattr(found, event) if found is not None else 0
            yield from _number(f"rows {table} {event}", getattr(wanted, event), number)


def _statements(accepted: ExpectationFile, seen: ProgramRecord) -> Iterator[str]:
    wanted = {item.fingerprint: item for item in accepted.statement}
    found = {item.fingerprint: item for item in seen.statements}
    for print_ in (*wanted, *(other for other in found if other not in wanted)):
        known, now = wanted.get(print_), found.get(print_)
        if now is None and known is not None:
            if not as_range(known.times).holds(0):
                yield f"- statement (accepted {as_range(known.times)} times): {_short(known.text)}"
        elif now is not None and known is None:
            yield f"+ statement ({now.times} times): {_short(now.text)}"
        elif now is not None and known is not None:
            yield from _number(f"statement {_short(now.text)} times", known.times, now.times)
            yield from _number(f"statement {_short(now.text)} failed", known.failed, now.failed)


def _numbers(what: str, accepted: Mapping[str, Amount], seen: Mapping[str, int]) -> Iterator[str]:
    for name in sorted(accepted.keys() | seen.keys()):
        yield from _number(f"{what} {name}", accepted.get(name, 0), seen.get(name, 0))


def _number(what: str, accepted: Amount, seen: int) -> Iterator[str]:
    allowed = as_range(accepted)
    if not allowed.holds(seen):
        yield f"! {what}: accepted {allowed}, found {seen}"


def _lines(what: str, accepted: Sequence[str], seen: Sequence[str]) -> Iterator[str]:
    yield from (f"- {what}: {line}" for line in accepted if line not in seen)
    yield from (f"+ {what}: {line}" for line in seen if line not in accepted)


def _warnings(accepted: ExpectationFile, seen: ProgramRecord) -> Iterator[str]:
    """Those that depend on the speed of the machine are shown in the report and never compared."""
    found = [warning_line(item.code, item.subject) for item in seen.warnings if not item.timing]
    wanted = [line for line in accepted.warnings if line.partition(" ")[0] not in TIMING]
    yield from _lines("warning", wanted, found)


def _short(text: str, limit: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
