"""``pg-dryrun``: the door. Parses, calls one thing, prints, exits; nothing is decided here.

Exit codes: 0 done and good, 1 the evidence does not hold, 2 usage, 4 the tool failed or something is left.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from pg_dryrun import keeping, leftovers, terminal
from pg_dryrun.anyprogram import door
from pg_dryrun.errors import DryRunError, PlanFault, ToolFault, UsageError
from pg_dryrun.evidence import REPORT
from pg_dryrun.outcome import EXIT_CODES, EXIT_USAGE, Verdict
from pg_dryrun.verification import read_report, verify
from pg_dryrun.version import VERSION
from sealing.errors import SealingError
from sealing.keys import PublicKey

_BROKEN = 1
_INTERRUPTED = 130

app = typer.Typer(
    name="pg-dryrun", no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)

RunFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help=f"The folder of a run (it holds {REPORT}).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Keys = Annotated[
    list[Path] | None, typer.Option("--key", metavar="PEM", help="A public key that may have signed. Repeatable.")
]


def _version(wanted: bool) -> None:
    if wanted:
        terminal.line(VERSION)
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Rehearse a PostgreSQL writer on a clone of production; verify and read the evidence; clean up."""


@app.command()
def check(folder: RunFolder, key: Keys = None, as_json: AsJson = False) -> None:
    """Verify a run's evidence offline: signature, every digest, and that the verdict follows from the checks.

    Without --key the folder's own key is believed: that proves that nothing was changed, not who signed.
    Exit codes: 0 the evidence holds, 1 it does not, 2 usage.
    """
    found = verify(folder, keys=[PublicKey.load(path) for path in key or ()])
    if as_json:
        terminal.line(json.dumps(terminal.verification_json(found), ensure_ascii=False))
    else:
        terminal.print_verification(found)
    raise typer.Exit(0 if found.holds else _BROKEN)


@app.command()
def show(folder: RunFolder, as_json: AsJson = False) -> None:
    """Print a run: verdict, root cause, checks, matrix, what was not reached. It verifies nothing; see `check`.

    Exit codes: 0 shown, 2 usage.
    """
    record = read_report(folder)
    if as_json:
        terminal.line((folder / REPORT).read_text(encoding="utf-8").rstrip("\n"))
    else:
        terminal.print_record(record)


@app.command()
def clean(
    folder: Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help="The folder of a run.")] = None,
    all_runs: Annotated[
        bool, typer.Option("--all", help="Every run in the output folder that is not under way.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where runs are kept, for --all.")] = Path(
        "runs"
    ),
    as_json: AsJson = False,
) -> None:
    """Remove what a killed run left, by its own ledger: exact names, processes by id and start time. Nothing else.

    Exit codes: 0 everything is verified absent, 2 usage (also: the run is still under way), 4 something is left.
    """
    if (folder is None) is not all_runs:
        raise UsageError("which run?", remedy="Give the folder of a run, or --all (with --out, where they are kept).")
    done = leftovers.clean(folder) if folder is not None else leftovers.clean_all(out)
    if as_json:
        terminal.line(json.dumps(terminal.teardown_json(done), ensure_ascii=False))
    else:
        terminal.print_teardown(done)
    raise typer.Exit(0 if done.net_zero else EXIT_CODES[Verdict.TOOL_FAIL])


app.command(name="index")(keeping.index_page)
app.command(name="prune")(keeping.prune)
app.add_typer(keeping.keys, name="keys")
app.command(name="run")(door.run)
app.command(name="accept")(door.accept)
plans = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
plans.command(name="init")(door.new_plan)
app.add_typer(plans, name="plan")


@plans.callback()
def _about_plans() -> None:
    """Plans: what a rehearsal may use and may not touch."""


def main() -> NoReturn:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code. Nothing is raised."""
    words = list(arguments)
    as_json = "--json" in words[: words.index("--")] if "--" in words else "--json" in words
    try:
        answer = app(args=words, prog_name="pg-dryrun", standalone_mode=False)
        return answer if isinstance(answer, int) else 0
    except TyperException as error:
        return _say("USAGE", error.format_message(), "See pg-dryrun --help.", EXIT_USAGE, as_json=as_json)
    except PlanFault as error:
        return _say(error.code, error.message, error.remedy, EXIT_CODES[Verdict.PLAN_FAIL], as_json=as_json)
    except UsageError as error:
        return _say(error.code, error.message, error.remedy, EXIT_USAGE, as_json=as_json)
    except SealingError as error:
        return _say(error.code, str(error), error.remedy, EXIT_USAGE, as_json=as_json)
    except (DryRunError, ToolFault) as error:
        return _say(error.code, error.message, error.remedy, EXIT_CODES[Verdict.TOOL_FAIL], as_json=as_json)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _say(code: str, message: str, remedy: str, exit_code: int, *, as_json: bool) -> int:
    if as_json:
        shape = {"code": code, "message": message, "remedy": remedy, "exit_code": exit_code}
        terminal.line(json.dumps({"error": shape}, ensure_ascii=False))
    terminal.complain(f"pg-dryrun: {message}\n  {remedy}")
    return exit_code
