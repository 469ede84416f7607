"""What a person sees of evidence in a terminal, and the JSON shapes of the same."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from commandline import colour
from pg_dryrun.fault_record import FaultPair, PairOutcome
from pg_dryrun.ledger import Teardown
from pg_dryrun.outcome import Status, Verdict
from pg_dryrun.record import Record
from pg_dryrun.report import faults, probe
from pg_dryrun.report.tables import MatrixTable, matrix_tables
from pg_dryrun.verification import Verification

_STYLES: Mapping[Status, str] = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.COULD_NOT_RUN: "bold yellow",
    Status.NOT_REACHED: "dim",
}
_MOST_FAILURES = 20


def line(text: str) -> None:
    """One line on standard output."""
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{text}\n")


def print_verification(found: Verification) -> None:
    """The walk, step by step, and what it proves."""
    console = _console()
    for step in found.steps:
        mark = Text("✓ " if step.holds else "✕ ", style="green" if step.holds else "bold red")
        console.print(mark.append(f"{step.number}. {step.title}", style="").append(f": {step.detail}", style="dim"))
    if found.holds and found.verdict is not None:
        by = "by an accepted key" if found.keys_given else "by the folder's own key (give --key to know who signed)"
        console.print(Text(f"The evidence holds, signed {by}. Its verdict: {found.verdict.value}", style="bold"))
    else:
        console.print(Text("The evidence does not hold: nothing in this folder may be relied upon.", style="bold red"))


def verification_json(found: Verification) -> dict[str, object]:
    """The stable shape of ``check --json``."""
    return {
        "folder": str(found.folder),
        "holds": found.holds,
        "keys_given": found.keys_given,
        "verdict": found.verdict.value if found.verdict is not None and found.holds else None,
        "steps": [
            {"number": step.number, "title": step.title, "holds": step.holds, "detail": step.detail}
            for step in found.steps
        ],
    }


def print_record(record: Record) -> None:
    """Verdict, root cause, checks, matrix, what was not reached."""
    console = _console()
    good = record.verdict is Verdict.PASS
    console.print(
        Text(f"{record.verdict.value} (exit code {record.exit_code})", style="bold green" if good else "bold red")
    )
    console.print(Text(record.summary))
    print_root_cause(console, record)
    console.print()
    for check in record.checks:
        row = Text(f"{check.step:<6} ").append(f"{check.status.value:<12}", style=_STYLES[check.status])
        console.print(row.append(f"{check.id:<16} {check.title}").append(f": {check.detail}", style="dim"))
    for table in matrix_tables(record):
        console.print()
        console.print(_matrix(table))


def print_faults(console: Console, record: Record) -> None:
    """How many pairs, survived or not, by kind and command; each failed one with the words that run it alone."""
    if record.faults is None:
        return
    commands = list(dict.fromkeys(place.command for place in record.faults.boundaries))
    table = plain_table("faults survived, of those that apply, by command")
    table.add_column("fault", overflow="fold")
    for command in commands:
        table.add_column(command, justify="right")
    for line_ in faults.kind_lines(record.faults):
        pairs = [pair for pair in record.faults.pairs if pair.kind.value == line_.kind]
        table.add_row(line_.kind, *(_survived([pair for pair in pairs if pair.command == name]) for name in commands))
    console.print(table)
    console.print(faults.sentence(record.faults))
    for pair in faults.failures(record.faults)[:_MOST_FAILURES]:
        console.print(Text(f"{pair.outcome.value} {pair.id} ({pair.statement}): {pair.reason}", style="bold red"))
        console.print(f"   run it alone: --fault '{pair.id}'")


def _survived(pairs: list[FaultPair]) -> Text:
    applied = [pair for pair in pairs if pair.outcome is not PairOutcome.NOT_APPLICABLE]
    passed = sum(pair.outcome is PairOutcome.PASSED for pair in applied)
    if not applied:
        return Text("–", style="dim")
    return Text(f"{passed} of {len(applied)}", style="green" if passed == len(applied) else "bold red")


def print_root_cause(console: Console, record: Record) -> None:
    """What failed, where, and what to do about it; nothing where nothing failed."""
    cause = record.root_cause
    if cause is None:
        return
    console.print(Text(f"\nRoot cause ({record.failed_check}): {cause.message}", style="red"))
    for name, value in (
        ("SQLSTATE", cause.sqlstate),
        ("statement", cause.statement_text or cause.statement_name),
        ("connection", cause.connection_state),
        ("at", cause.call_site),
        ("what to do", cause.remedy),
    ):
        if value:
            console.print(Text(f"  {name}: {value}"))
    if record.probe is not None:
        console.print(Text(f"\n{probe.sentence(record.probe)}"))
        for item in record.probe.defects:
            whose = f" ({item.principal})" if item.principal else ""
            console.print(Text(f"  {item.driven.value} {item.name}{whose}: {item.sqlstate or ''} {item.message}"))


def print_teardown(done: Teardown) -> None:
    """What was removed, or that nothing was left."""
    console = _console()
    for item in done.items:
        mark = Text("✓ " if item.absent else "✕ ", style="green" if item.absent else "bold red")
        console.print(mark.append(f"{item.entry.kind} {item.entry.name}: {item.detail}", style=""))
    left = sum(not item.absent for item in done.items)
    words = f"{left} things are still there" if left else "net zero: everything that the run created is verified absent"
    console.print(Text(words, style="bold red" if left else "bold"))


def teardown_json(done: Teardown) -> dict[str, object]:
    """The stable shape of ``clean --json``."""
    return {
        "net_zero": done.net_zero,
        "items": [
            {"kind": item.entry.kind.value, "name": item.entry.name, "absent": item.absent, "detail": item.detail}
            for item in done.items
        ],
    }


def plain_table(title: str) -> Table:
    """A table without walls: on a narrow terminal its width goes to the words. Names fold and are never cut off."""
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))


def _matrix(table: MatrixTable) -> Table:
    drawn = plain_table(f"{table.chain}: rows above the baseline, counted")
    drawn.add_column("table", overflow="fold")
    for step in table.steps:
        drawn.add_column(step, justify="right")
    for row in table.rows:
        drawn.add_row(row.name, *(Text(cell.words(), style="" if cell.exact else "bold red") for cell in row.cells))
    drawn.add_section()
    for row in table.sums:
        drawn.add_row(row.name, *(cell.words() for cell in row.cells), style="bold")
    return drawn


def _console() -> Console:
    return colour.console(sys.stdout)
