"""The record as an honest execution report in Markdown: outcome and root cause first, then the required output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pg_dryrun.outcome import RootCause, Status
from pg_dryrun.record import Record
from pg_dryrun.report import faults, probe
from pg_dryrun.report.program import ProgramTable, program_tables
from pg_dryrun.report.tables import MatrixTable, deltas_table, matrix_tables


def render(record: Record) -> bytes:
    """The report in UTF-8."""
    sections = [
        _head(record),
        _root_cause(record),
        _probe(record),
        _required_output(record),
        _checks(record),
        *[_program(table) for table in program_tables(record)],
        _scenarios(record),
        *[_matrix(table) for table in matrix_tables(record)],
        _negative(record),
        _effects(record),
        _faults(record),
        _statements(record),
        _environment_lists(record),
        _ending(record),
    ]
    return ("\n\n".join(section for section in sections if section) + "\n").encode()


def _head(record: Record) -> str:
    return "\n".join(
        [
            f"# Rehearsal of {record.subject.name if record.subject else 'a writer'}: **{record.verdict.value}**",
            "",
            _text(record.summary),
            "",
            *form_line(record),
            f"Exit code {record.exit_code}. Started {record.run.started_at}, took {record.run.duration_s:.1f} s.",
            f"Run `{record.run.id}`, pg-dryrun {record.run.tool_version}.",
        ]
    )


def form_line(record: Record) -> list[str]:
    """How the writer was played, where there is more than one way, and whose schemas are in no matrix."""
    if record.subject is None or not record.subject.form:
        return []
    apart = "; ".join(f"`{schema}` ({why})" for schema, why in record.subject.companions.items())
    counted = sum(item.transactions for step in record.scenarios for item in step.asides)
    sessions = {(item.principal, item.backend_pid) for step in record.scenarios for item in step.sessions}
    form, beside = (
        _text(record.subject.form),
        f"Counted apart, in no matrix: {apart or 'nothing'}: {counted} transactions.",
    )
    return [f"Form: **{form}**; {len(sessions)} sessions of the writer committed rows. {beside}", ""]


def _root_cause(record: Record) -> str:
    if record.tool_fault is not None:
        words = "The tool itself failed; nothing here is a verdict on the product."
        return f"## Root cause\n\n{words}\n\n{_block(record.tool_fault)}"
    if record.root_cause is None:
        return "" if record.failed_check is None else f"## Root cause\n\n{_code(record.failed_check)}: see its check."
    rows = _facts(_cause_facts(record.root_cause))
    last = record.root_cause.last_statements
    tail = "\n\nLast statements of that connection, oldest first:\n\n" + _block("\n".join(last)) if last else ""
    return f"## Root cause\n\nCheck {_code(record.failed_check or '?')}.\n\n{rows}{tail}"


def _cause_facts(cause: RootCause) -> dict[str, str | None]:
    return {
        "message": cause.message,
        "error": cause.error_type,
        "SQLSTATE": cause.sqlstate,
        "failing statement": cause.statement_text or cause.statement_name,
        "statement name": cause.statement_name,
        "connection state": cause.connection_state,
        "call site": cause.call_site,
        "remedy": cause.remedy,
    }


def _probe(record: Record) -> str:
    if record.probe is None:
        return ""
    rows = [
        [item.driven.value, item.name, item.principal, item.sqlstate or "", item.message]
        for item in record.probe.defects
    ]
    table = [_table(["what", "name", "principal", "SQLSTATE", "message"], rows)] if rows else []
    return "\n\n".join([f"## All defects that the probe found\n\n{_text(probe.sentence(record.probe))}", *table])


def _required_output(record: Record) -> str:
    revision, production, environment = record.revision, record.production, record.environment
    passed = sum(item.status is Status.PASSED for item in record.scenarios)
    zero = sum(1 for item in record.scenarios if item.kind.value == "refusal" and not any(item.counted.values()))
    refusals = sum(1 for item in record.scenarios if item.kind.value == "refusal")
    absent = sum(item.absent for item in record.teardown)
    unchanged = sum(item.unchanged for item in record.protected)
    facts: dict[str, str | None] = {
        "commit": revision.commit if revision else None,
        "git state": _git_state(record),
        "environment": f"{environment.name} ({environment.lender}), PostgreSQL {environment.server_version}"
        if environment
        else None,
        "environment's system identifier": environment.system_identifier if environment else None,
        "production": production.kind if production else None,
        "production identity before": _words(production.identity_before) if production else None,
        "production identity after": _words(production.identity_after) if production else None,
        "dump": _dump(record),
        "dump sha256": production.dump_sha256 if production else None,
        "schema fingerprint": production.schema_sha256 if production else None,
        "plan sha256": record.plan_sha256,
        "statements sha256": record.subject.statements_sha256 if record.subject else None,
        "scenarios sha256": record.subject.scenarios_sha256 if record.subject else None,
        "scenarios": f"{passed} of {len(record.scenarios)} passed" if record.scenarios else None,
        "baseline": _words({chain: sum(rows.values()) for chain, rows in record.baselines.items()}, unit=" rows")
        if record.baselines
        else None,
        "negative deltas": f"{zero} of {refusals} refusals changed nothing" if refusals else None,
        "forbidden statements": str(len(record.forbidden_statements)) if record.statements else None,
        "secrets": _secrets(record),
        "teardown": f"{absent} of {len(record.teardown)} verified absent" if record.teardown else None,
        "protected servers": f"{unchanged} of {len(record.protected)} unchanged",
        "committed on the copies": f"{len(record.applied)} steps committed something" if record.applied else "nothing",
    }
    return "## Required output\n\n" + _facts(facts, empty="not reached")


def _git_state(record: Record) -> str | None:
    if record.revision is None:
        return None
    if record.revision.clean:
        return "clean"
    return f"uncommitted changes: {', '.join(record.revision.dirty_paths) or 'unknown'}"


def _dump(record: Record) -> str | None:
    production = record.production
    if production is None or production.dump_path is None:
        return None
    kept = "kept" if production.dump_kept else "destroyed with the run"
    return f"{production.dump_path} ({production.dump_size_bytes} bytes, {kept})"


def _secrets(record: Record) -> str | None:
    if not record.secrets.places_searched:
        return None
    found = ", ".join(record.secrets.found_in) or "none found"
    return f"{record.secrets.values_known} values searched in {', '.join(record.secrets.places_searched)}: {found}"


def _checks(record: Record) -> str:
    rows = [
        [check.step, check.id, check.title, check.status.value, check.blame.value if check.blame else "", check.detail]
        for check in record.checks
    ]
    return "## Checks\n\n" + _table(["step", "id", "question", "answer", "blames", "detail"], rows)


def _scenarios(record: Record) -> str:
    if not record.scenarios:
        return ""
    rows = [
        [item.id, item.title, item.kind.value, item.chain, item.status.value, item.refused or "", item.message]
        for item in record.scenarios
    ]
    return "## Scenario by scenario\n\n" + _table(["id", "title", "kind", "chain", "answer", "refused", "words"], rows)


def _program(table: ProgramTable) -> str:
    note = f"{table.note}\n\n" if table.note else ""
    return f"## {table.title}\n\n{note}{_table(table.head, table.rows) if table.rows else table.empty}"


def _matrix(table: MatrixTable) -> str:
    head = ["table", "baseline", *table.steps]
    rows = [[row.name, str(row.baseline), *[cell.words() for cell in row.cells]] for row in [*table.rows, *table.sums]]
    note = "Rows above the baseline after each step, as counted; where it differs: counted ≠ expected."
    return f"## Matrix of chain {table.chain}\n\n{note}\n\n{_table(head, rows)}"


def _negative(record: Record) -> str:
    table = deltas_table(record)
    if table is None:
        return ""
    rows = [[row.name, *[cell.words() for cell in row.cells]] for row in table.rows]
    return "## Negative deltas\n\n" + _table(["table", *table.steps], rows)


def _effects(record: Record) -> str:
    rows = [
        [item.id, table, str(effect.inserted), str(effect.updated), str(effect.deleted), str(effect.truncated)]
        for item in record.scenarios
        for table, effect in item.effects.items()
    ]
    rows += [[item.id, line, "", "", "", ""] for item in record.scenarios for line in item.dark_writes]
    if not rows:
        return ""
    return "## Committed effects per step\n\n" + _table(
        ["step", "table", "inserted", "updated", "deleted", "truncated"], rows
    )


def _faults(record: Record) -> str:
    if record.faults is None:
        return ""
    kinds = [
        [
            line.kind,
            line.made_by,
            *(str(n) for n in (line.survived, line.not_applicable, line.failed, line.could_not_run)),
        ]
        for line in faults.kind_lines(record.faults)
    ]
    head = ["fault", "what made it", "survived", "does not apply", "failed", "not run"]
    parts = [f"## Faults\n\n{_text(faults.sentence(record.faults))}", _table(head, kinds)]
    failed = [
        [pair.outcome.value, f"--fault '{pair.id}'", pair.statement, pair.reason]
        for pair in faults.failures(record.faults)
    ]
    if failed:
        parts.append("### What was wrong\n\n" + _table(["", "run it alone", "statement", "what was wrong"], failed))
    names = [kind.value for kind in faults.kinds_of(record.faults)]
    for grid in faults.grids(record.faults):
        rows = [[str(row.index), row.statement, *(cell.mark for cell in row.cells)] for row in grid.rows]
        table = _table(["#", "boundary", *names], rows)
        parts.append(f"### Faults at the boundaries of {grid.command}\n\n{table}")
    return "\n\n".join([*parts, _text(faults.LEGEND)])


def _statements(record: Record) -> str:
    said = [item for item in record.statements if not item.deliberate and not item.companion]
    beside = sum(item.server for item in record.statements if item.companion)
    aside = sum(item.server for item in record.statements if item.deliberate)
    if not record.statements:
        return ""
    rows = [
        [
            item.name or f"UNDECLARED {item.text}",
            item.principal,
            item.verb,
            ", ".join(item.tables),
            str(item.server),
            str(item.client),
        ]
        for item in said
    ]
    note = f"\n\nBeside these, refusals sent {aside} statements past the adapter on purpose." if aside else ""
    note += f"\n\nCompanions, which keep no journal, sent {beside}." if beside else ""
    table = _table(["name", "principal", "verb", "tables", "server", "client"], rows)
    return f"## Statements\n\n{table}{note}"


def _environment_lists(record: Record) -> str:
    parts: list[str] = []
    if record.canaries:
        rows = [[item.instrument, item.canary, "seen" if item.seen else "NOT SEEN"] for item in record.canaries]
        parts.append("## Canaries\n\n" + _table(["instrument", "planted", "answer"], rows))
    if record.environment and record.environment.deviations:
        parts.append("## Declared deviations\n\n" + _list(record.environment.deviations))
    if record.teardown:
        rows = [[i.kind, i.name, "absent" if i.absent else "STILL THERE", i.detail] for i in record.teardown]
        parts.append("## Teardown\n\n" + _table(["kind", "name", "answer", "detail"], rows))
    if record.protected:
        rows = [[i.name, _words(i.before), _words(i.after), "yes" if i.unchanged else "NO"] for i in record.protected]
        parts.append("## Protected servers\n\n" + _table(["name", "before", "after", "unchanged"], rows))
    if record.applied:
        parts.append("## Committed on the copies\n\n" + _list(record.applied))
    return "\n\n".join(parts)


def _ending(record: Record) -> str:
    not_reached = [f"{item.id} {item.title}: {item.why}" for item in record.not_reached]
    return "\n\n".join(
        [
            "## Not reached\n\n"
            + (_list(not_reached) if not_reached else "Nothing: every planned check was answered."),
            "## Remediation, left to a decision\n\n" + (_list(record.remediation) if record.remediation else "None."),
            f"## Next gate\n\n{_text(record.next_gate)}",
        ]
    )


def _facts(facts: Mapping[str, str | None], *, empty: str = "") -> str:
    rows = [[name, value if value is not None else empty] for name, value in facts.items() if value or empty]
    return _table(["", ""], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_text(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"* {_text(item)}" for item in items)


def _words(facts: Mapping[str, object], *, unit: str = "") -> str:
    return ", ".join(f"{name} {value}{unit}" for name, value in facts.items()) or "–"


def _text(text: str) -> str:
    """Text in one line that Markdown and HTML leave as it is."""
    plain = " ".join(text.split())
    for mark in "\\`*_[]<>|#":
        plain = plain.replace(mark, f"\\{mark}")
    return plain


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(0x2BB))}`"


def _block(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
