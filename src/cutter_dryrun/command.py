"""``iu-cutter dry-run``: rehearse this commit, print the verdict, the matrix and where the report lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cutter_dryrun.law import DEFAULT_LAW, law_from_file, real_law
from cutter_dryrun.summary import ConsoleProgress, note, print_summary, summary_json
from pg_dryrun import plan_file
from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.errors import DryRunError, EnvironmentFault, PlanFault, ToolFault
from pg_dryrun.leftovers import killed_runs
from pg_dryrun.outcome import EXIT_CODES, EXIT_USAGE, Verdict
from pg_dryrun.plan import Plan
from pg_dryrun.runner import Outcome, rehearse


def dry_run(
    law: Annotated[
        Path | None, typer.Option("--law", metavar="FILE", help="The real law. Default: a sample code.")
    ] = None,
    sample: Annotated[str, typer.Option("--sample", metavar="NAME", help="Which sample code.")] = DEFAULT_LAW,
    plan: Annotated[Path | None, typer.Option("--plan", metavar="FILE", help="A rehearsal plan (TOML).")] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where runs are kept.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Rehearse this commit on a faithful isolated restore of production: verdict, report, exit code.

    Without a plan, production is a stand-in that the command makes itself. Exit codes: 0 PASS, 1 product FAIL, 2 usage,
    3 plan FAIL, 4 tool FAIL, 5 INCOMPLETE.

    Examples:  iu-cutter dry-run   |   iu-cutter dry-run --law LAW.txt --plan rehearsal.toml
    """
    try:
        outcome = _rehearse(law, sample, plan, out, quiet=as_json)
    except (DryRunError, ToolFault) as error:
        _say(error, as_json=as_json)
        raise typer.Exit(_exit_code(error)) from error
    if as_json:
        print(json.dumps(summary_json(outcome), ensure_ascii=False))  # noqa: T201 - a door speaks to a person
    else:
        print_summary(outcome)
    raise typer.Exit(outcome.exit_code)


def _rehearse(law: Path | None, sample: str, plan: Path | None, out: Path, *, quiet: bool) -> Outcome:
    # The subject reads the code under rehearsal; a commit that cannot even be imported fails here, in its own words.
    from cutter_dryrun.subject import CutterSubject  # noqa: PLC0415

    text = law_from_file(law) if law else real_law(sample)
    for killed in killed_runs(out):
        note(f"an earlier run was killed and left things behind, a dump perhaps: pg-dryrun clean {killed}")
    return rehearse(
        CutterSubject(text),
        plan_file.load(plan) if plan else Plan(),
        EmbeddedLender(),
        out,
        None if quiet else ConsoleProgress(),
    )


def _exit_code(error: DryRunError | ToolFault) -> int:
    match error:
        case ToolFault():
            return EXIT_CODES[Verdict.TOOL_FAIL]
        case PlanFault():
            return EXIT_CODES[Verdict.PLAN_FAIL]
        case EnvironmentFault():
            return EXIT_CODES[Verdict.INCOMPLETE]
        case _:
            return EXIT_USAGE


def _say(error: DryRunError | ToolFault, *, as_json: bool) -> None:
    if as_json:
        shape = {"code": error.code, "message": error.message, "remedy": error.remedy, "exit_code": _exit_code(error)}
        print(json.dumps({"error": shape}, ensure_ascii=False))  # noqa: T201 - a door speaks to a person
    note(f"dry-run: {error.message}\n  {error.remedy}")
