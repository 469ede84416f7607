"""``pg-dryrun``: the door. Parses, calls one thing, prints, exits; nothing is decided here.

Exit codes: 0 done and good, 1 the evidence does not hold, 2 usage, 4 the tool failed or something is left.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from commandline import asking, completion, examples
from pg_dryrun import keeping, leftovers, terminal
from pg_dryrun.anyprogram import door
from pg_dryrun.errors import DryRunError, PlanFault, ToolFault, UsageError
from pg_dryrun.evidence import REPORT
from pg_dryrun.outcome import EXIT_CODES, EXIT_USAGE, Verdict
from pg_dryrun.verification import read_report, verify
from pg_dryrun.version import VERSION
from sealing.errors import SealingError
from sealing.keys import PublicKey

PROGRAM = "pg-dryrun"
_BROKEN = 1
_INTERRUPTED = 130
_READER_GONE = 141

app = typer.Typer(
    name=PROGRAM,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
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
    """Rehearse a PostgreSQL writer on a clone of production; verify and read the evidence; clean up.

    Examples:
      pg-dryrun run --dump prod.dump --as app_role -- ./nightly-job
      pg-dryrun show runs/latest
      pg-dryrun check runs/latest
    """


@app.command()
def check(folder: RunFolder, key: Keys = None, as_json: AsJson = False) -> None:
    """Verify a run's evidence offline: signature, every digest, and that the verdict follows from the checks.

    Without --key the folder's own key is believed: that proves that nothing was changed, not who signed.
    Exit codes: 0 the evidence holds, 1 it does not, 2 usage.

    Examples:
      pg-dryrun check runs/latest
      pg-dryrun check runs/latest --key signer.pub.pem # who signed, too
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

    Examples:
      pg-dryrun show runs/latest
      pg-dryrun show runs/latest --json
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

    Examples:
      pg-dryrun clean runs/20261122T124422Z-0aac209f
      pg-dryrun clean --all --out runs
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
    """Plans: what a rehearsal may use and may not touch.

    Example: pg-dryrun plan init rehearsal.toml
    """


@app.command(name="completion")
def completion_script(
    shell: Annotated[completion.Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
    as_json: AsJson = False,
) -> None:
    """Print what a shell runs to complete this program's words with the Tab key. Nothing is installed.

    For good: in bash add `eval "$(pg-dryrun completion bash)"` to ~/.bashrc, in zsh the same with zsh to ~/.zshrc after
    compinit, in fish write it to ~/.config/fish/completions/pg-dryrun.fish.

    Examples:
      pg-dryrun completion bash
      pg-dryrun completion fish
    """
    made = completion.script(PROGRAM, shell)
    terminal.line(json.dumps({"shell": shell.value, "script": made}) if as_json else made)


def root() -> Any:
    """The program as a tree of commands, each with its examples."""
    return examples.lift(typer.main.get_command(app), program=PROGRAM)


def main() -> NoReturn:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code. Nothing is raised."""
    words = list(arguments)
    as_json = "--json" in words[: words.index("--")] if "--" in words else "--json" in words
    try:
        code = _call(words)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
        return _READER_GONE
    except TyperException as error:
        if (lacking := asking.lacking(error)) is not None:
            terminal.complain(lacking)
            return EXIT_USAGE
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
        return _interrupted()
    return code


def _call(words: list[str]) -> int:
    completion.asked(PROGRAM)
    try:
        answer = root().main(args=asking.words_or_help(words), prog_name=PROGRAM, standalone_mode=False)
    except SystemExit as ended:  # a shell asked for words, or nobody reads any more
        if isinstance(ended.__context__, BrokenPipeError):
            raise ended.__context__ from None
        return ended.code if isinstance(ended.code, int) else 0
    if answer == _INTERRUPTED:
        return _interrupted()
    return answer if isinstance(answer, int) else 0


def _interrupted() -> int:
    terminal.complain("pg-dryrun: interrupted. Whatever is left, `pg-dryrun clean --all` removes.")
    return _INTERRUPTED


def _say(code: str, message: str, remedy: str, exit_code: int, *, as_json: bool) -> int:
    if as_json:
        shape = {"code": code, "message": message, "remedy": remedy, "exit_code": exit_code}
        terminal.line(json.dumps({"error": shape}, ensure_ascii=False))
    terminal.complain(f"pg-dryrun: {message}\n  {remedy}")
    return exit_code
