"""What a person sees of a command's rehearsal: each check as it is answered, then what the command did."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.text import Text

from commandline import colour
from pg_dryrun.outcome import Check, Status, Verdict
from pg_dryrun.program_record import ProgramRecord
from pg_dryrun.terminal import plain_table

if TYPE_CHECKING:  # the runner's libraries are not needed to say what came out
    from pg_dryrun.runner import Outcome

_STYLES: Mapping[Status, str] = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.COULD_NOT_RUN: "bold yellow",
    Status.NOT_REACHED: "dim",
}
_DIFF = {"+": "green", "-": "red", "!": "yellow"}
_SHOWN = 20


class ConsoleProgress:
    """A line for each step and each check, on standard error. Obeys NO_COLOR."""

    def __init__(self) -> None:
        self._console = colour.console(sys.stderr)

    def step(self, step: str, title: str) -> None:
        """A step begins."""
        self._console.print(Text(f"{step}  {title}", style="bold"))

    def answered(self, check: Check) -> None:
        """A check has its answer."""
        line = Text("   ").append(f"{check.status.value:<12}", style=_STYLES[check.status])
        line.append(f"{check.id:<6} {check.title}")
        if check.detail:
            line.append(f": {_short(check.detail)}", style="dim")
        self._console.print(line)


def print_outcome(outcome: Outcome) -> None:
    """What the command did, then verdict and where the report lies, on standard output."""
    console = colour.console(sys.stdout)
    program = outcome.record.program if outcome.record is not None else None
    if program is not None:
        _print_program(console, program)
    style = "bold green" if outcome.verdict is Verdict.PASS else "bold red"
    console.print(Text(f"\nVerdict: {outcome.verdict.value}", style=style), Text(f"(exit code {outcome.exit_code})"))
    console.print(Text(outcome.summary))
    console.print(Text(f"Report:  {outcome.folder / 'report.html'}"))
    if program is not None and program.expectations_sha256 is None:
        console.print(Text(f"Accept these effects: pg-dryrun accept {outcome.folder} -o expectations.toml"))


def outcome_json(outcome: Outcome) -> dict[str, object]:
    """The stable shape of ``run --json``."""
    record = outcome.record
    return {
        "verdict": outcome.verdict.value,
        "exit_code": outcome.exit_code,
        "summary": outcome.summary,
        "folder": str(outcome.folder),
        "report": str(outcome.folder / "report.json"),
        "checks": [{"id": check.id, "status": check.status.value, "detail": check.detail} for check in outcome.checks],
        "program": msgspec.to_builtins(record.program) if record is not None and record.program is not None else None,
    }


def _print_program(console: Console, program: ProgramRecord) -> None:
    if program.rows:
        table = plain_table("rows committed")
        table.add_column("table", overflow="fold")
        for name in ("inserted", "updated", "deleted", "truncated", "before", "after"):
            table.add_column(name, justify="right")
        for name, rows in program.rows.items():
            counts = (rows.inserted, rows.updated, rows.deleted, rows.truncated, rows.rows_before, rows.rows_after)
            table.add_row(name, *("–" if number is None else str(number) for number in counts))
        console.print(table)
    said = plain_table("statements")
    said.add_column("times", justify="right")
    said.add_column("statement", overflow="fold")
    for item in program.statements[:_SHOWN]:
        said.add_row(str(item.times), Text(_short(item.text, 110)))
    if program.statements:
        console.print(said)
    left = len(program.statements) - _SHOWN
    if left > 0:
        console.print(Text(f"and {left} more shapes of statements, in the report", style="dim"))
    _print_lines(console, program)


def _print_lines(console: Console, program: ProgramRecord) -> None:
    sections = {
        "schema": program.schema,
        "server": program.shared,
        "sequences": [f"{name} moved by {number}" for name, number in program.sequences.items()],
        "dark writes": program.dark_writes,
        "exclusive locks": [
            f"{item.relation}, {item.times} times"
            + (f", at most {item.longest_ms:.0f} ms" if item.longest_ms is not None else "")
            for item in program.exclusive_locks
        ],
        "errors": [f"{item.times} × {item.sqlstate} {item.message}" for item in program.errors],
    }
    for title, lines in sections.items():
        if lines:
            console.print(Text(title, style="bold"))
            for line in list(lines)[:_SHOWN]:
                console.print(Text(f"  {_short(line)}"))
            if len(lines) > _SHOWN:
                console.print(Text(f"  and {len(lines) - _SHOWN} more, in the report", style="dim"))
    for item in program.warnings:
        console.print(Text(f"warning {item.code} {item.subject}: {_short(item.message)}", style="yellow"))
    if program.differences:
        console.print(Text("\nnot as accepted", style="bold red"))
        for line in program.differences:
            console.print(Text(f"  {line}", style=_DIFF.get(line[:1], "")))


def _short(text: str, limit: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
