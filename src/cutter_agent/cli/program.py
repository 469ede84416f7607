"""``iu-cutter``: finds the command, runs it, turns what it raises into words and an exit code.

A command's module is imported when the command is called, and not before: ``segment`` and ``--help`` do not load the
database's driver. Commands of other packages come through the entry-point group ``iu_cutter.commands``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from commandline import asking, completion, examples
from commandline.loading import leave
from cutter_agent import __version__
from cutter_agent.cli import configured, failures, first_use, output, watched
from cutter_agent.cli.registry import PROGRAM, CommandRegistry
from cutter_agent.errors import Internal


def main() -> NoReturn:
    """The entry point. Ends the process with the documented exit code."""
    leave(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code. Nothing is raised."""
    output.prepare_streams()
    code, record = failures.INTERNAL_EXIT, None
    try:
        code, record = _answered(arguments)
    finally:
        watched.end(code, record)
    return code


def _answered(arguments: Sequence[str]) -> tuple[int, dict[str, object] | None]:
    """The exit code, and the error that it stands for if there was one."""
    as_json = _wants_json(arguments)
    record: dict[str, object] | None = None
    try:
        try:
            code = _call(arguments)
        except output.ReaderGone:
            raise
        except KeyboardInterrupt:
            code = failures.INTERRUPTED_EXIT
        except SystemExit as ended:  # a shell asked for words
            code = ended.code if isinstance(ended.code, int) else 0
        except Exception as error:
            record = failures.describe(error)
            code = failures.report(error, as_json=as_json)
        if code == failures.INTERRUPTED_EXIT:
            output.note("iu-cutter: interrupted. No phase was left half-written; the same command goes on from there.")
        sys.stdout.flush()
    except (output.ReaderGone, BrokenPipeError):
        _silence_stdout()
        return failures.BROKEN_PIPE_EXIT, record
    return code, record


def _call(arguments: Sequence[str]) -> int:
    completion.asked(PROGRAM)
    words = asking.words_or_help(arguments)
    answer = root().main(args=words, prog_name=PROGRAM, standalone_mode=False, obj=_own_words(words))
    return answer if isinstance(answer, int) else 0


def root() -> CommandRegistry:
    """The program as a group of commands."""
    group = typer.main.get_command(_ROOT)
    if not isinstance(group, CommandRegistry):
        raise Internal("the program's root is not its registry", remedy="Report this.")
    examples.lift(group, program=PROGRAM)
    return group


def _wants_json(arguments: Sequence[str]) -> bool:
    return "--json" in _own_words(arguments)


def _own_words(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _silence_stdout() -> None:
    """The reader went away: the interpreter's own flush at exit must not complain a second time."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_ROOT = typer.Typer(
    cls=CommandRegistry,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        output.print_line(f"iu-cutter {__version__}")
        raise typer.Exit


@_ROOT.callback()
def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback prints it
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="A configuration file. Default: DOT_CUTTER_CONFIG, or your own."),
    ] = None,
    log_format: watched.LogFormat = None,
    log_level: watched.LogLevel = None,
) -> None:
    """Cut laws and policies into addressable, versioned, provably lossless information units in PostgreSQL.

    Without configuration a PostgreSQL of its own runs in the user's data folder.
    Exit codes: docs/reference/exit-codes.md.

    Examples:
      iu-cutter segment LAW.txt # look at a cut on paper: nothing is stored
      iu-cutter cut LAW.txt # cut it: from text to proven units
      iu-cutter tree HP2013 # what came out
      iu-cutter doctor # what is set up, what is missing, what to do
    """
    if not {"-h", "--help"} & set(context.obj or ()):
        context.with_resource(configured.applied(config, command=context.invoked_subcommand))
        watched.begin(context.invoked_subcommand, form=log_format, level=log_level)
        context.with_resource(first_use.told())
