"""``iu-cutter db``: set up, check, and show the rights. As an administrator; never as a lane."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from cutter_agent.cli import erasing, marking, options, output
from cutter_agent.config import Settings
from cutter_agent.db_adapter import admin, schema, setup
from cutter_agent.db_adapter.admin import Finding, RightsRecord
from cutter_agent.db_adapter.grants import Cell
from cutter_agent.db_adapter.probes import Probe
from cutter_agent.db_adapter.rights import RIGHTS, TableRight
from cutter_agent.errors import ContractMismatch, CutterError, UsageError
from cutter_agent.model import Lane
from cutter_agent.wiring import administrator, connection_limit, prepare_database, try_lanes

database = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Set up and check the database.\n\nExample: iu-cutter db check",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Declared = Annotated[bool, typer.Option("--declared", help="Only the table of rights: no database is looked at.")]
Limit = Annotated[
    int | None,
    typer.Option(
        "--connection-limit",
        metavar="N",
        min=2,
        help="Connections of each lane's role. Default: DOT_CUTTER_CONNECTION_LIMIT (db check reads it, too), else 2.",
    ),
]
Apply = Annotated[bool, typer.Option("--apply", help="First make the grants on the database exactly these.")]


database.command("mark")(marking.mark)
database.command("erase")(erasing.erase)


@database.command("init")
def init(limit: Limit = None, as_json: options.Json = False) -> None:
    """Install or migrate the schema, make the roles and the grants. Safe to repeat.

    Examples:
      iu-cutter db init
      iu-cutter db init --connection-limit 4
    """
    if limit is not None and Settings.from_environment(os.environ).embedded:
        raise UsageError("--connection-limit is for a server of your own", remedy="Leave it out.")
    done = prepare_database(os.environ, limit=limit)
    if as_json:
        record = {
            "schema_version": done.schema_version,
            "migrations": list(done.migrations),
            "changes": list(done.changes),
        }
        output.print_json(record)
        return
    for line in (*done.migrations, *done.changes):
        output.print_line(line)
    output.print_line(f"schema version {done.schema_version}, roles and grants as they should be")


@database.command("check")
def check(as_json: options.Json = False) -> None:
    """Compare the database with this release: server, schema, drift, rights, what every statement needs, logins.

    Every question is asked and answered; nothing is changed. The lanes' logins are tried where their passwords are
    configured and all else is right. Exit code 7 where something differs.

    Examples:
      iu-cutter db check
      iu-cutter db check --json
    """
    with administrator(os.environ) as login, setup.connect(login) as connection:
        findings = admin.check(connection, connection_limit=connection_limit(os.environ))
        version = schema.state(connection).version
    logins = try_lanes(os.environ) if all(finding.ok for finding in findings) else {}
    findings += [_login(lane, error) for lane, error in logins.items()]
    differing = [finding for finding in findings if not finding.ok]
    if as_json:
        record = {
            "ok": not differing,
            "schema_version": version,
            "lanes_checked": [lane.value for lane in logins],
            "findings": [asdict(finding) | ({"remedy": ""} if finding.ok else {}) for finding in findings],
        }
        output.print_json(record)
        raise typer.Exit(ContractMismatch.exit_code if differing else 0)
    for finding in findings:
        _print_finding(finding)
    if differing:
        raise ContractMismatch(
            f"{len(differing)} of {len(findings)} questions are not answered as this release wants: "
            + ", ".join(finding.question for finding in differing),
            remedy=differing[0].remedy,
        )


def _login(lane: Lane, error: CutterError | None) -> Finding:
    question = f"login of {lane}"
    if error is None:
        return Finding(question=question, ok=True, answer="works, and the server knows it by this name")
    return Finding(question=question, ok=False, answer=error.message, remedy=error.remedy)


def _print_finding(finding: Finding) -> None:
    output.print_line(f"{'ok  ' if finding.ok else 'DIFF'}  {finding.question}: {finding.answer}")
    for detail in finding.details:
        output.print_line(f"        {detail}")
    if not finding.ok:
        output.print_line(f"        what to do: {finding.remedy}")


@database.command("grants")
def grants(declared: Declared = False, apply: Apply = False, as_json: options.Json = False) -> None:
    """What each role may do: the table of rights, and whether the server agrees.

    The server is asked for every cell, and every right is tried both ways as the role itself, in a transaction that is
    rolled back. Exit code 7 where something differs.

    Examples:
      iu-cutter db grants
      iu-cutter db grants --declared
      iu-cutter db grants --apply
    """
    if declared:
        _print_rights(RIGHTS, None, applied=False, as_json=as_json)
        return
    with administrator(os.environ) as login:
        if apply:
            setup.apply_grants(login)
        with setup.connect(login) as connection:
            found = admin.rights(connection, connection_limit=connection_limit(os.environ), tried=True)
    _print_rights(RIGHTS, found, applied=apply, as_json=as_json)
    if not found.ok and not as_json:
        raise ContractMismatch(
            "the server and the table of rights differ",
            remedy="Find out who granted it; `iu-cutter db init` makes roles and grants what the table says.",
        )
    raise typer.Exit(0 if found.ok else ContractMismatch.exit_code)


def _print_rights(rights: Sequence[TableRight], found: RightsRecord | None, *, applied: bool, as_json: bool) -> None:
    if as_json:
        output.print_json({"applied": applied, "rights": [_right_record(r) for r in rights], "server": _record(found)})
        return
    output.print_table(("role", "table", "rights"), ((r.role.value, r.table, r.letters()) for r in rights))
    if found is None:
        return
    lines = [cell.line() for cell in _wrong_cells(found)] + [probe.line() for probe in _wrong_probes(found)]
    output.print_line()
    for line in lines:
        output.print_line(line)
    output.print_line(
        f"on the server: {len(found.cells)} cells asked, {len(found.probes)} rights tried both ways, "
        + (f"{len(lines)} differ" if lines else "all as declared")
    )


def _wrong_cells(found: RightsRecord) -> list[Cell]:
    return [cell for cell in found.cells if not cell.agrees]


def _wrong_probes(found: RightsRecord) -> list[Probe]:
    return [probe for probe in found.probes if not probe.passed]


def _right_record(right: TableRight) -> Mapping[str, object]:
    return {
        "role": right.role.value,
        "table": right.table,
        "select": right.select,
        "insert": right.insert,
        "update_columns": list(right.update_columns),
    }


def _record(found: RightsRecord | None) -> Mapping[str, object] | None:
    if found is None:
        return None
    return {
        "ok": found.ok,
        "cells_asked": len(found.cells),
        "rights_tried": len(found.probes),
        "cells_differing": [asdict(cell) for cell in _wrong_cells(found)],
        "rights_differing": [asdict(probe) for probe in _wrong_probes(found)],
    }
