"""``iu-cutter dry-run``: rehearse this commit, print the verdict, the matrix and where the report lies."""

from __future__ import annotations

import importlib.util
import json
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutter_dryrun.law import DEFAULT_LAW, law_from_file, real_law
from cutter_dryrun.summary import ConsoleProgress, note, print_summary, summary_json
from pg_dryrun import plan_file
from pg_dryrun.environments import lenders
from pg_dryrun.errors import DryRunError, EnvironmentFault, PlanFault, ToolFault, UsageError
from pg_dryrun.faults.interface import FaultOrder, Form
from pg_dryrun.leftovers import killed_runs
from pg_dryrun.outcome import EXIT_CODES, EXIT_USAGE, Verdict
from pg_dryrun.plan import Plan
from pg_dryrun.runner import Outcome, rehearse

if TYPE_CHECKING:
    from cutter_dryrun.workers.workforce import Workforce


class Faults(StrEnum):
    """How much is broken on purpose."""

    SHORT = "short"
    FULL = "full"
    NONE = "none"


def dry_run(
    law: Annotated[
        Path | None, typer.Option("--law", metavar="FILE", help="The real law. Default: a sample code.")
    ] = None,
    sample: Annotated[str, typer.Option("--sample", metavar="NAME", help="Which sample code.")] = DEFAULT_LAW,
    plan: Annotated[Path | None, typer.Option("--plan", metavar="FILE", help="A rehearsal plan (TOML).")] = None,
    lender: Annotated[
        str | None,
        typer.Option(
            "--lender",
            metavar="WORD",
            help="Who lends the servers: embedded, local[:FOLDER], docker:IMAGE, podman:IMAGE, existing:CONNINFO.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where runs are kept.")] = Path("runs"),
    faults: Annotated[
        Faults | None,
        typer.Option(
            "--faults", help="Break it at every boundary: some kinds, all kinds, or not at all. Default: short."
        ),
    ] = None,
    fault: Annotated[
        str | None,
        typer.Option("--fault", metavar="ID", help="Only this: cut:7:black-hole, cut:commit:*."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            max=16,
            help="The other form: the phases by N workers of DOT-991 and one of DOT-992, over a queue.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Rehearse this commit on a faithful isolated restore of production: verdict, report, exit code.

    Without a plan, production is a stand-in that the command makes itself. Exit codes: 0 PASS, 1 product FAIL, 2 usage,
    3 plan FAIL, 4 tool FAIL, 5 INCOMPLETE.

    Examples:
      iu-cutter dry-run # on a stand-in for production
      iu-cutter dry-run --law LAW.txt --plan rehearsal.toml
      iu-cutter dry-run --faults full
      iu-cutter dry-run --workers 2 # by workers over a queue, the same matrices
      iu-cutter dry-run --fault cut:7:black-hole # one fault alone
    """
    try:
        outcome = _rehearse(
            law, sample, plan, out, lender=lender, faults=faults, fault=fault, workers=workers, quiet=as_json
        )
    except (DryRunError, ToolFault) as error:
        _say(error, as_json=as_json)
        raise typer.Exit(_exit_code(error)) from error
    if as_json:
        print(json.dumps(summary_json(outcome), ensure_ascii=False))  # noqa: T201 - a door speaks to a person
    else:
        print_summary(outcome)
    raise typer.Exit(outcome.exit_code)


def _rehearse(
    law: Path | None,
    sample: str,
    plan: Path | None,
    out: Path,
    *,
    lender: str | None,
    faults: Faults | None,
    fault: str | None,
    workers: int | None,
    quiet: bool,
) -> Outcome:
    # The subject reads the code under rehearsal; a commit that cannot even be imported fails here, in its own words.
    from cutter_dryrun.subject import CutterSubject  # noqa: PLC0415

    text = law_from_file(law) if law else real_law(sample)
    wanted = plan_file.load(plan) if plan else Plan()
    for killed in killed_runs(out):
        note(f"an earlier run was killed and left things behind, a dump perhaps: pg-dryrun clean {killed}")
    lends = lenders.chosen(lender or wanted.lender or lenders.DEFAULT)
    order = _order(faults, fault, breakable_server=lends.name != "existing")
    with _workforce(workers) as force:
        return rehearse(
            CutterSubject(text, faults=faults is not Faults.NONE and fault is None, force=force),
            wanted,
            lends,
            out,
            None if quiet else ConsoleProgress(),
            order=order,
        )


def _workforce(count: int | None) -> AbstractContextManager[Workforce | None]:
    """None: the direct form. Raises ``UsageError`` without the extra that brings the queue."""
    if count is None:
        return nullcontext()
    if importlib.util.find_spec("procrastinate") is None:
        raise UsageError(
            "--workers needs an extra that is not installed", remedy="Install it: pip install 'dot-iu-cutter[worker]'"
        )
    from cutter_dryrun.workers.workforce import Workforce  # noqa: PLC0415 - imports the code under rehearsal

    return Workforce(count)


def _order(faults: Faults | None, fault: str | None, *, breakable_server: bool) -> FaultOrder | None:
    """What is to be broken. Nothing on a server that belongs to somebody else: it may not be stopped."""
    from cutter_dryrun.breakable import fault_order  # noqa: PLC0415 - imports the code under rehearsal, as above

    if not breakable_server and (fault is not None or faults not in {None, Faults.NONE}):
        raise UsageError(
            "faults are not made on a server that belongs to somebody else",
            remedy="Lend one of our own (--lender embedded or local), or leave --faults and --fault out.",
        )
    if fault is not None:
        return fault_order(Form.ONE, fault)
    if faults is Faults.NONE or not breakable_server:
        return None
    return fault_order(Form((faults or Faults.SHORT).value))


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
