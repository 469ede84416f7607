"""``pg-dryrun accept``: the effects of one run, frozen as the file that the next run is compared with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pg_dryrun.anyprogram.codes import MEANINGS, Code
from pg_dryrun.anyprogram.differences import warning_line
from pg_dryrun.anyprogram.expectations import FORMAT, FORMAT_VERSION
from pg_dryrun.errors import UsageError
from pg_dryrun.outcome import Status
from pg_dryrun.program_record import ProgramRecord
from pg_dryrun.record import Record
from pg_dryrun.verification import read_report, verify

_CHECKS = ("P-02", "P-03", "P-04", "P-06")
"""What must have passed before effects can be accepted: seen, whole, and nobody still at work."""
_PERCENT = 100


def accept(folder: Path, target: Path, *, spread_percent: int = 0, replace: bool = False) -> ProgramRecord:
    """Write the effects of the run in ``folder`` to ``target``; ``spread_percent`` makes ranges of numbers.

    Raises:
        UsageError: the evidence does not hold, is not of a command, or of one whose effects are not all known; or
            ``target`` is there and ``replace`` is not given.
    """
    record = read_report(folder)
    found = verify(folder)
    if not found.holds:
        broken = next(step for step in found.steps if not step.holds)
        raise UsageError(
            f"{folder}: the evidence does not hold: {broken.title}: {broken.detail}",
            remedy="Rehearse again; nothing that was changed afterwards can be accepted.",
        )
    program = acceptable(record, folder)
    data = render(program, record, spread_percent=spread_percent).encode("utf-8")
    _write(target, data, replace=replace)
    return program


def acceptable(record: Record, folder: Path) -> ProgramRecord:
    """The command's record. Raises ``UsageError`` where its effects are not all known."""
    if record.program is None:
        raise UsageError(f"{folder}: no run of a command", remedy="Give the folder of a `pg-dryrun run`.")
    open_checks = [item.id for item in record.checks if item.id in _CHECKS and item.status is not Status.PASSED]
    if open_checks:
        raise UsageError(
            f"{folder}: the effects are not all known: {', '.join(open_checks)} did not pass",
            remedy="Correct what those checks name, and rehearse again.",
        )
    return record.program


def render(program: ProgramRecord, record: Record, *, spread_percent: int = 0) -> str:
    """The whole file, with the words that a reviewer needs."""
    return render_file(program, origin=f"run {record.run.id} saw it", spread_percent=spread_percent)


def render_file(program: ProgramRecord, *, origin: str, spread_percent: int = 0) -> str:
    """The same for effects that stand in no report. ``origin``: who saw them, as the end of a sentence."""
    words = " ".join(program.command)
    lines = [
        f"# What `{_one_line(words)}` does to the database, as {origin}.",
        '# Numbers are exact, or ranges: "10..14", "10..". What is not named must not happen.',
        "# Compare with: pg-dryrun run --expect THIS-FILE …",
        f"format = {_text(FORMAT)}",
        f"format_version = {FORMAT_VERSION}",
        f"role = {_text(program.role)}",
        f"exit_status = {program.exit_status or 0}",
        *_list("schema", program.schema, "Lines of the schema: - gone, + new."),
        *_list("shared", program.shared, "What belongs to the whole server: roles, settings, databases."),
        *_list("dark_writes", program.dark_writes, "Writes that are no row events."),
        *_list(
            "exclusive_locks",
            [item.relation for item in program.exclusive_locks],
            "Tables and indexes that were locked against everybody.",
        ),
        *_warnings(program),
        *_numbers("sequences", program.sequences, "How far each sequence moves.", spread_percent),
        *_numbers(
            "errors", {item.sqlstate: item.times for item in program.errors}, "Errors by SQLSTATE.", spread_percent
        ),
        *_rows(program, spread_percent),
        *_statements(program, spread_percent),
    ]
    return "\n".join(lines) + "\n"


def _write(target: Path, data: bytes, *, replace: bool) -> None:
    """Whole or not at all."""
    if target.exists() and not replace:
        raise UsageError(f"{target} is there already", remedy="Give --replace, and look at the difference.")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"{target}: {error.strerror or error}", remedy="Give a file that can be written.") from error


def _rows(program: ProgramRecord, spread_percent: int) -> Iterable[str]:
    for table, rows in program.rows.items():
        yield ""
        yield f"[rows.{_text(table)}]"
        for name in ("inserted", "updated", "deleted", "truncated"):
            number = getattr(rows, name)
            if number:
                yield f"{name} = {_amount(number, spread_percent)}"


def _statements(program: ProgramRecord, spread_percent: int) -> Iterable[str]:
    for item in program.statements:
        yield ""
        yield "[[statement]]"
        yield f"fingerprint = {_text(item.fingerprint)}"
        yield f"times = {_amount(item.times, spread_percent)}"
        if item.failed:
            yield f"failed = {_amount(item.failed, spread_percent)}"
        yield f"text = {_long_text(item.text)}"


def _warnings(program: ProgramRecord) -> Iterable[str]:
    lines = []
    for item in (warning for warning in program.warnings if not warning.timing):
        meaning = MEANINGS.get(Code(item.code), "") if item.code in set(Code) else ""
        lines.append(f"    {_text(warning_line(item.code, item.subject))},  # {_one_line(meaning)}")
    if lines:
        yield from ["", "# Warnings that were looked at and accepted.", "warnings = [", *lines, "]"]


def _numbers(name: str, numbers: Mapping[str, int], words: str, spread_percent: int) -> Iterable[str]:
    if numbers:
        yield from ["", f"[{name}]  # {words}"]
        yield from (f"{_text(key)} = {_amount(number, spread_percent)}" for key, number in numbers.items())


def _list(name: str, lines: Sequence[str], words: str) -> Iterable[str]:
    if lines:
        yield from ["", f"# {words}", f"{name} = [", *(f"    {_text(line)}," for line in lines), "]"]


def _amount(number: int, spread_percent: int) -> str:
    spread = -(-number * spread_percent // _PERCENT)
    return _text(f"{max(0, number - spread)}..{number + spread}") if spread else str(number)


def _text(value: str) -> str:
    """A TOML basic string: JSON's, but that DEL is not allowed in it."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _long_text(value: str) -> str:
    """Several lines stay several lines: a diff of them can be read."""
    if "\n" not in value:
        return _text(value)
    lines = (_text(line)[1:-1] for line in value.split("\n"))
    return '"""\n' + "\n".join(lines) + '"""'


def _one_line(value: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
