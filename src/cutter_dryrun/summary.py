"""What a person sees in the terminal: each check as it is answered, then verdict, matrix, and where the report lies."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from commandline import colour
from commandline.pace import Pace
from cutter_dryrun.matrix import LEDGER_TABLES, TRACKED_TABLES
from pg_dryrun.outcome import Check, Status, Verdict
from pg_dryrun.record import Record, ScenarioRecord
from pg_dryrun.report.faults import failures
from pg_dryrun.runner import Outcome
from pg_dryrun.subject import Kind
from pg_dryrun.terminal import plain_table, print_faults, print_root_cause

_STYLES: Mapping[Status, str] = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.COULD_NOT_RUN: "bold yellow",
    Status.NOT_REACHED: "yellow",
}

DIRECT = "direct"
"""The form in which the phases are called, and no worker does them."""


class ConsoleProgress:
    """A line for each step and each check, on standard error, as it happens. Obeys NO_COLOR."""

    def __init__(self) -> None:
        self._console = colour.console(sys.stderr)
        self._paces: dict[str, Pace] = {}

    def step(self, step: str, title: str) -> None:
        """A step begins."""
        self._console.print(Text(f"{step}  {title}", style="bold"))

    def counted(self, what: str, done: int, of: int) -> None:
        """How far the pairs of a check are. Only where somebody watches a terminal."""
        if colour.watched(sys.stderr):
            pace = self._paces.setdefault(what, Pace())
            line = f"   {what:<12} {done} of {of} pairs  {pace.words(done, of)}"
            self._console.print(Text(f"{line:<72}", style="dim"), end="\r")

    def answered(self, check: Check) -> None:
        """A check has its answer."""
        line = Text("   ")
        line.append(f"{check.status.value:<12}", style=_STYLES[check.status])
        line.append(f"{check.id:<16} {check.title}")
        if check.detail:
            line.append(f": {_short(check.detail)}", style="dim")
        self._console.print(line)


def note(text: str) -> None:
    """One line beside the result, on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def print_summary(outcome: Outcome) -> None:
    """Verdict, matrix of each chain, root cause, place of the report, on standard output."""
    console = colour.console(sys.stdout)
    record = outcome.record
    if record is not None:
        for chain in _chains(record.scenarios):
            console.print(_matrix(chain))
        print_faults(console, record)
        print_root_cause(console, record)
        if record.not_reached:
            console.print(f"Not reached: {', '.join(item.id for item in record.not_reached)}")
    style = "bold green" if outcome.verdict is Verdict.PASS else "bold red"
    console.print(Text(f"\nVerdict: {outcome.verdict.value}", style=style), Text(f"(exit code {outcome.exit_code})"))
    if record is not None and record.subject is not None and record.subject.form:
        console.print(f"Form: {record.subject.form}")
    console.print(outcome.summary)
    console.print(f"Report:  {outcome.folder / 'report.html'}")
    console.print(f"Record:  {outcome.folder / 'report.json'}   check it with: pg-dryrun check {outcome.folder}")


def summary_json(outcome: Outcome) -> dict[str, object]:
    """The stable shape of ``--json``: verdict, exit code, folder, every check, the last matrix of every chain."""
    record = outcome.record
    return {
        "verdict": outcome.verdict.value,
        "form": (record.subject.form if record and record.subject else "") or DIRECT,
        "exit_code": outcome.exit_code,
        "summary": outcome.summary,
        "folder": str(outcome.folder),
        "report": str(outcome.folder / "report.json"),
        "checks": [{"id": check.id, "status": check.status.value, "detail": check.detail} for check in outcome.checks],
        "matrix": _last_matrices(record) if record else {},
        "faults": _faults(record) if record else None,
    }


def _faults(record: Record) -> dict[str, object] | None:
    """How many pairs have which answer, and the ids of those that did not survive; None without an enumeration."""
    if record.faults is None:
        return None
    counted = {outcome.value: number for outcome, number in record.faults.counted().items()}
    failed = [pair.id for pair in failures(record.faults)]
    return {"form": record.faults.form, "pairs": len(record.faults.pairs), **counted, "failed_pairs": failed}


def _last_matrices(record: Record) -> dict[str, dict[str, int]]:
    return {chain[-1].chain: dict(chain[-1].counted) for chain in _chains(record.scenarios)}


def _chains(scenarios: Sequence[ScenarioRecord]) -> list[list[ScenarioRecord]]:
    """The counted happy steps by chain, in order; refusals have no matrix of their own."""
    chains: dict[str, list[ScenarioRecord]] = {}
    for record in scenarios:
        if record.kind is Kind.HAPPY and record.counted:
            chains.setdefault(record.chain, []).append(record)
    return list(chains.values())


def _matrix(chain: Sequence[ScenarioRecord]) -> Table:
    """Rows above the baseline after each step; a cell that differs shows what was expected."""
    steps = [record for record in chain if record.expected and any(record.expected.values())]
    table = plain_table(f"{chain[-1].chain}: rows above the baseline, counted")
    table.add_column("table", overflow="fold")
    for record in steps:
        table.add_column(record.id, justify="right")
    for name in TRACKED_TABLES:
        table.add_row(name, *(_cell(record, name) for record in steps))
    sums = (str(sum(record.counted.get(name, 0) for name in LEDGER_TABLES)) for record in steps)
    table.add_section()
    table.add_row("sum of the 12 ledger tables", *sums, style="bold")
    return table


def _cell(record: ScenarioRecord, table: str) -> Text:
    counted, expected = record.counted.get(table), record.expected.get(table, 0)
    if counted == expected:
        return Text(str(counted), style="dim" if counted == 0 else "")
    return Text(f"{counted} (expected {expected})", style="bold red")


def _short(text: str, limit: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
