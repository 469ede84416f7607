"""The record as one self-contained HTML page: no external asset, light and dark, made to be printed too.

Its one small script searches and opens; without it every word is there. The page's policy names both by their digests.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from pg_dryrun.fault_record import PairOutcome
from pg_dryrun.outcome import Status, Verdict
from pg_dryrun.record import Record, spell
from pg_dryrun.report import faults, probe, timeline
from pg_dryrun.report.program import program_tables
from pg_dryrun.report.tables import apart_rows, deltas_table, matrix_tables
from pg_dryrun.subject import Kind

VERDICT_WORDS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.PASS: ("PASS", "good"),
    Verdict.PRODUCT_FAIL: ("FAIL · product", "bad"),
    Verdict.PLAN_FAIL: ("FAIL · plan", "bad"),
    Verdict.TOOL_FAIL: ("FAIL · tool", "tool"),
    Verdict.INCOMPLETE: ("INCOMPLETE", "open"),
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


def render(record: Record) -> bytes:
    """The page in UTF-8."""
    room = files("pg_dryrun.report")
    style = (room / "page.css").read_text(encoding="utf-8")
    script = (room / "page.js").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["seconds"] = seconds
    environment.filters["plain"] = plain
    environment.filters["mark"] = timeline.MARKS.__getitem__
    environment.filters["tone"] = timeline.TONES.__getitem__
    environment.filters["heat"] = heat
    template = environment.from_string((room / "page.html.j2").read_text(encoding="utf-8"))
    word, tone = VERDICT_WORDS[record.verdict]
    return template.render(
        r=record,
        word=word,
        headline=headline(record),
        tone=tone,
        style=style,
        style_hash=policy_hash(style),
        script=script,
        script_hash=policy_hash(script),
        steps=timeline.steps(record),
        locks=timeline.locks(record.program),
        matrices=matrix_tables(record),
        deltas=deltas_table(record),
        apart=apart_rows(record),
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


def heat(number: int) -> str:
    """How hot a cell of the matrix is: nothing, then one more for each power of ten, at most five."""
    return f"h{min(len(str(abs(number))), 5)}" if number else ""


def policy_hash(text: str) -> str:
    """How a content security policy names an inline text that it allows."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


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
