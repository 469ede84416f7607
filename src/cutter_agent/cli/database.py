"""``iu-cutter db``: set up, check, and show the rights. As an administrator; never as a lane."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cutter_agent.cli import options, output
from cutter_agent.db_adapter import setup
from cutter_agent.errors import ConfigMismatch
from cutter_agent.wiring import administrator, check_contracts, prepare_database

database = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Set up and check the database.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@database.command("init")
def init(as_json: options.Json = False) -> None:
    """Install or migrate the schema, make the roles and the grants. Safe to repeat."""
    done = prepare_database(os.environ)
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
    """Compare the database with this release: migrations, and what every statement of both lanes needs."""
    with administrator(os.environ) as login:
        state = setup.state(login)
    if not state.is_current:
        raise ConfigMismatch(
            f"the schema is at version {state.schema_version}, this release wants {setup.newest_version()}"
            + "".join(f"; {word}: {', '.join(names)}" for word, names in _oddities(state) if names),
            remedy="iu-cutter db init brings it up; an unknown or changed migration needs the release that wrote it.",
        )
    lanes = check_contracts(os.environ)
    if as_json:
        output.print_json({"schema_version": state.schema_version, "lanes_checked": lanes})
        return
    output.print_line(f"schema version {state.schema_version}; every statement fits, checked as {', '.join(lanes)}")


def _oddities(state: setup.State) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("pending", state.pending),
        ("changed after it was applied", state.changed),
        ("unknown to this release", state.unknown),
        ("here without a record", state.strangers),
    )


@database.command("grants")
def grants(
    apply: Annotated[bool, typer.Option("--apply", help="Make the grants on the database exactly these.")] = False,
    as_json: options.Json = False,
) -> None:
    """The table of rights: what each role may do. Needs no database unless --apply."""
    if apply:
        with administrator(os.environ) as login:
            setup.apply_grants(login)
    rights = [
        {
            "role": right.role.value,
            "table": right.table,
            "select": right.select,
            "insert": right.insert,
            "update_columns": list(right.update_columns),
        }
        for right in setup.rights()
    ]
    if as_json:
        output.print_json({"applied": apply, "rights": rights})
        return
    output.print_table(("role", "table", "rights"), ((r.role.value, r.table, r.letters()) for r in setup.rights()))
