"""``docs/reference/cli.md``, made from ``--help``: ``python -m cutter_agent.cli.reference > docs/reference/cli.md``.

A test compares the two, so that the page cannot say what the program does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from cutter_agent.cli import output
from cutter_agent.cli.program import root
from cutter_agent.cli.registry import COMMANDS, CommandRegistry

_WIDTH_COLUMNS = 100

_HEAD = """# `iu-cutter`: the commands

Made from `--help` by `python -m cutter_agent.cli.reference`; do not edit. See also [exit codes](exit-codes.md),
[configuration](configuration.md) and [the JSON of every command](cli-json.md).
"""


def render() -> str:
    """The whole page."""
    parts = [_HEAD, _section("iu-cutter", root(), None)]
    registry = root()
    for name in COMMANDS:
        parts.extend(_sections(registry, name))
    return "\n".join(parts)


def _sections(registry: CommandRegistry, name: str) -> Iterator[str]:
    context = typer.Context(registry, info_name="iu-cutter", terminal_width=_WIDTH_COLUMNS)
    command = registry.get_command(context, name)
    yield from _below(f"iu-cutter {name}", command, context)


def _below(title: str, command: Any, parent: Any) -> Iterator[str]:
    """A command, and everything that hangs under it."""
    yield _section(title, command, parent)
    name = title.rsplit(" ", 1)[-1]
    for below in getattr(command, "commands", {}):
        inner = typer.Context(command, info_name=name, parent=parent, terminal_width=_WIDTH_COLUMNS)
        yield from _below(f"{title} {below}", command.get_command(inner, below), inner)


def _section(title: str, command: Any, parent: Any) -> str:
    name = title.rsplit(" ", 1)[-1]
    settings = {"info_name": name, "parent": parent, "terminal_width": _WIDTH_COLUMNS}
    context = typer.Context(command, **settings, help_option_names=["-h", "--help"])
    lines = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return f"## `{title}`\n\n```text\n{lines}\n```\n"


if __name__ == "__main__":
    output.print_line(render().rstrip("\n"))
