"""The record as one self-contained HTML page: no script, no external asset, light and dark, made to be printed too."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from pg_dryrun.fault_record import PairOutcome
from pg_dryrun.outcome import Check, Status, Verdict
from pg_dryrun.record import Record, spell
from pg_dryrun.report import faults, probe
from pg_dryrun.report.program import program_tables
from pg_dryrun.report.tables import deltas_table, matrix_tables
from pg_dryrun.steps import STEPS
from pg_dryrun.subject import Kind

VERDICT_WORDS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.PASS: ("PASS", "good"),
    Verdict.PRODUCT_FAIL: ("FAIL · product", "bad"),
    Verdict.PLAN_FAIL: ("FAIL · plan", "bad"),
    Verdict.TOOL_FAIL: ("FAIL · tool", "tool"),
    Verdict.INCOMPLETE: ("INCOMPLETE", "open"),
}
_MARKS: Mapping[Status, tuple[str, str]] = {
    Status.PASSED: ("✓", "good"),
    Status.FAILED: ("✕", "bad"),
    Status.NOT_REACHED: ("○", "faint"),
    Status.COULD_NOT_RUN: ("?", "open"),
}


def headline(record: Record) -> str:
    """The outcome in few words; the summary has all of them."""
    name = record.subject.name if record.subject else "The writer"
    where = f" at {record.failed_check}" if record.failed_check else ""
    match record.verdict:
        case Verdict.PASS | Verdict.TOOL_FAIL:
            return record.summary if record.verdict is Verdict.PASS else "The rehearsal tool itself failed"
        case Verdict.PRODUCT_FAIL:
            return f"{name} failed{where}"
        case Verdict.PLAN_FAIL:
            return f"The plan is wrong{where}"
        case Verdict.INCOMPLETE:
            return f"The rehearsal of {name} is incomplete{where}"


@dataclass(frozen=True, kw_only=True)
class StepView:
    """One step of the timeline. ``share`` is its part of the run's time, in per mille."""

    id: str
    title: str
    tone: str
    duration_s: float
    start: int
    share: int
    checks: tuple[Check, ...]


def render(record: Record) -> bytes:
    """The page in UTF-8."""
    room = files("pg_dryrun.report")
    style = (room / "page.css").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["seconds"] = seconds
    environment.filters["plain"] = plain
    environment.filters["mark"] = lambda status: _MARKS[status][0]
    environment.filters["tone"] = lambda status: _MARKS[status][1]
    template = environment.from_string((room / "page.html.j2").read_text(encoding="utf-8"))
    word, tone = VERDICT_WORDS[record.verdict]
    return template.render(
        r=record,
        word=word,
        headline=headline(record),
        tone=tone,
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
        steps=steps(record),
        matrices=matrix_tables(record),
        deltas=deltas_table(record),
        program=program_tables(record),
        **_faults(record),
        happy=[item for item in record.scenarios if item.kind is Kind.HAPPY],
        figures=figures(record),
        probe_sentence=probe.sentence(record.probe) if record.probe is not None else "",
        deterministic=spell(record)["deterministic_sha256"],
    ).encode("utf-8")


def _faults(record: Record) -> dict[str, object]:
    """What the page says of the enumeration; nothing without one."""
    if record.faults is None:
        return {}
    return {
        "fault_sentence": faults.sentence(record.faults),
        "fault_legend": faults.LEGEND,
        "fault_failures": faults.failures(record.faults),
        "fault_kinds": faults.kind_lines(record.faults),
        "fault_grids": faults.grids(record.faults),
    }


def steps(record: Record) -> list[StepView]:
    """The timeline: steps with their checks and their share of the time."""
    total = sum(check.duration_s for check in record.checks) or 1.0
    found: list[StepView] = []
    start = 0
    for step, title in STEPS.items():
        checks = tuple(check for check in record.checks if check.step == step)
        if not checks:
            continue
        took = sum(check.duration_s for check in checks)
        share = round(1000 * took / total)
        found.append(
            StepView(id=step, title=title, tone=_tone(checks), duration_s=took, start=start, share=share, checks=checks)
        )
        start += share
    return found


def _tone(checks: tuple[Check, ...]) -> str:
    for status in (Status.FAILED, Status.COULD_NOT_RUN, Status.NOT_REACHED):
        if any(check.status is status for check in checks):
            return _MARKS[status][1]
    return "good"


def figures(record: Record) -> list[tuple[str, str]]:
    """The few numbers that a reader looks for first."""
    passed = sum(check.status is Status.PASSED for check in record.checks)
    found = [("checks passed", f"{passed} / {len(record.planned)}")]
    if record.scenarios:
        done = sum(item.status is Status.PASSED for item in record.scenarios)
        found.append(("scenarios passed", f"{done} / {len(record.scenarios)}"))
    if record.program is not None:
        events = sum(item.inserted + item.updated + item.deleted for item in record.program.rows.values())
        found.append(("row events", str(events)))
        found.append(("statements seen", str(sum(item.times for item in record.program.statements))))
        found.append(("warnings", str(len(record.program.warnings))))
    cells = sum(len(item.counted) for item in record.scenarios)
    if cells:
        exact = cells - sum(len(item.wrong_cells()) for item in record.scenarios if item.counted)
        found.append(("matrix cells exact", f"{exact} / {cells}"))
    if record.faults is not None:
        tried = len(record.faults.pairs) - record.faults.counted()[PairOutcome.NOT_APPLICABLE]
        found.append(("faults survived", f"{record.faults.counted()[PairOutcome.PASSED]} / {tried}"))
    if record.statements:
        found.append(("statements seen", str(sum(item.server for item in record.statements if not item.deliberate))))
        found.append(("forbidden", str(len(record.forbidden_statements))))
    if record.teardown:
        absent = sum(item.absent for item in record.teardown)
        found.append(("verified absent", f"{absent} / {len(record.teardown)}"))
    return found


def plain(value: object) -> str:
    """A value of the record for people."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(str(item) for item in value) or "none"
        case dict():
            return "; ".join(f"{name}: {plain(item)}" for name, item in value.items()) or "none"
        case None:
            return "none"
        case _:
            return str(value)


def seconds(value: float) -> str:
    """A duration for people."""
    if value < 0.0005:
        return "–"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
