"""``pg-dryrun run``, ``accept`` and ``plan init``: parse, call one thing, print, exit."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pg_dryrun import plan_file, plan_init, terminal
from pg_dryrun.anyprogram import acceptance, expectations
from pg_dryrun.anyprogram.request import (
    DEFAULT_TIMEOUT_S,
    LONG_LOCK_MS,
    ProgramRequest,
    environment_from,
    find_program,
)
from pg_dryrun.anyprogram.terminal import ConsoleProgress, outcome_json, print_outcome
from pg_dryrun.errors import UsageError
from pg_dryrun.plan import OTHER_MAJOR, DumpFile, Plan

LenderWord = Annotated[
    str | None,
    typer.Option(
        "--lender",
        metavar="WORD",
        help="Who lends the server: embedded, local[:FOLDER], docker:IMAGE, podman:IMAGE, existing:CONNINFO.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def run(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND [ARG]…", help="The command, as it is called.")],
    role: Annotated[str, typer.Option("--as", metavar="ROLE", help="The role that the command has in production.")],
    dump: Annotated[
        Path | None, typer.Option("--dump", metavar="FILE", help="Production, as pg_dump wrote it (any format).")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", "--source", metavar="PLAN", help="A plan (TOML); see `plan init`.")
    ] = None,
    database: Annotated[
        str | None, typer.Option("--database", metavar="NAME", help="What the copy's database is called.")
    ] = None,
    timeout: Annotated[
        int, typer.Option("--timeout", metavar="SECONDS", min=1, help="The command's deadline.")
    ] = DEFAULT_TIMEOUT_S,
    expect: Annotated[
        Path | None, typer.Option("--expect", metavar="FILE", help="Accepted effects: any difference fails.")
    ] = None,
    env: Annotated[
        list[str] | None, typer.Option("--env", metavar="NAME[=VALUE]", help="Hand a variable over. Repeatable.")
    ] = None,
    url_as: Annotated[
        list[str] | None, typer.Option("--url-as", metavar="NAME", help="The clone's URL under one more name.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--chdir", metavar="FOLDER", help="Where the command works. Default: here.")
    ] = None,
    new_role: Annotated[
        bool, typer.Option("--new-role", help="The dump does not name the role: make it, without any right.")
    ] = False,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="ROLE", help="Who owns the database (a dump does not say).")
    ] = None,
    other_major: Annotated[
        bool, typer.Option("--other-major", help="Allow a dump of another major version; it is declared.")
    ] = False,
    no_network: Annotated[
        bool, typer.Option("--no-network", help="Take the network away from the command, where the machine can.")
    ] = False,
    tcp: Annotated[
        bool, typer.Option("--tcp", help="Let the command reach the clone by TCP on loopback (JDBC and its like).")
    ] = False,
    long_lock: Annotated[
        int, typer.Option("--long-lock", metavar="MS", min=0, help="From when on an exclusive lock is long.")
    ] = LONG_LOCK_MS,
    lender: LenderWord = None,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where runs are kept.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Rehearse any command on a clone of production, and report what it does there.

    Exit codes: 0 PASS, 1 product FAIL, 2 usage, 3 plan FAIL, 4 tool FAIL, 5 INCOMPLETE.

    Examples:
      pg-dryrun run --dump prod.dump --as app_role -- ./nightly-job --all
      pg-dryrun run --dump prod.dump --as app_role -- psql -f migration.sql
      pg-dryrun run --dump prod.dump --as app_role --tcp -- java -jar service.jar migrate
      pg-dryrun run --plan rehearsal.toml --as app_role --expect expectations.toml -- ./nightly-job
    """
    # The server's and the instruments' libraries: the commands that only read evidence do not wait for them.
    from pg_dryrun.anyprogram.rehearsal import rehearse_program  # noqa: PLC0415
    from pg_dryrun.environments import lenders  # noqa: PLC0415

    place = (directory or Path.cwd()).resolve()
    if not place.is_dir():
        raise UsageError(f"--chdir {place}: no such folder", remedy="Give a folder.")
    if tcp and no_network:
        raise UsageError(
            "--tcp and --no-network contradict each other: without a network there is no loopback",
            remedy="Leave one of them out.",
        )
    request = ProgramRequest(
        argv=tuple(command),
        program=find_program(command[0], place),
        role=role,
        database=database,
        new_role=new_role,
        owner=owner,
        timeout_s=timeout,
        directory=place,
        env=environment_from(env or (), os.environ, url_as or ()),
        url_names=tuple(url_as or ()),
        expectations=expectations.load(expect) if expect is not None else None,
        long_lock_ms=long_lock,
        network=not no_network,
        tcp=tcp,
    )
    wanted = _plan(plan, dump, other_major=other_major)
    lent_by = lenders.chosen(lender or wanted.lender or lenders.DEFAULT)
    outcome = rehearse_program(request, wanted, lent_by, out, None if as_json else ConsoleProgress())
    if as_json:
        terminal.line(json.dumps(outcome_json(outcome), ensure_ascii=False))
    else:
        print_outcome(outcome)
    raise typer.Exit(outcome.exit_code)


def accept(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a run of a command.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the accepted effects go.")
    ] = Path("expectations.toml"),
    spread: Annotated[
        int, typer.Option("--spread", metavar="PERCENT", min=0, max=100, help="Write ranges around the numbers.")
    ] = 0,
    replace_: Annotated[bool, typer.Option("--replace", help="Write over a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Freeze what a rehearsed command did as a small file for review; `run --expect FILE` compares with it.

    Exit codes: 0 written, 2 usage (also: the evidence does not hold, or its effects are not all known).

    Examples:
      pg-dryrun accept runs/latest -o expectations.toml
      pg-dryrun accept runs/latest --spread 10 --replace
    """
    program = acceptance.accept(folder, output, spread_percent=spread, replace=replace_)
    numbers = {"tables": len(program.rows), "statements": len(program.statements), "warnings": len(program.warnings)}
    if as_json:
        terminal.line(json.dumps({"file": str(output), **numbers}, ensure_ascii=False))
    else:
        terminal.line(
            f"{output}: {', '.join(f'{number} {name}' for name, number in numbers.items())}. Have it reviewed."
        )


def new_plan(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")] = Path("rehearsal.toml"),
    kind: Annotated[
        str,
        typer.Option("--kind", metavar="dump|backup|dsn", help="What production is: dump, base backup, server."),
    ] = "dump",
    as_json: AsJson = False,
) -> None:
    """Write a plan with a comment for every key.

    Exit codes: 0 written, 2 usage.

    Examples:
      pg-dryrun plan init
      pg-dryrun plan init rehearsal.toml --kind dsn
    """
    plan_init.write(file, kind)
    terminal.line(json.dumps({"file": str(file), "kind": kind}) if as_json else f"{file}: fill in its source.")


def _plan(path: Path | None, dump: Path | None, *, other_major: bool) -> Plan:
    if path is None and dump is None:
        raise UsageError("no source", remedy="Give --dump FILE, or --plan PLAN with a source.")
    plan = plan_file.load(path) if path is not None else Plan()
    if dump is not None:
        plan = replace(plan, source=DumpFile(path=dump.resolve()))
    if other_major:
        plan = replace(plan, allowed_deviations=(*plan.allowed_deviations, OTHER_MAJOR))
    return plan
