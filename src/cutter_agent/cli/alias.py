"""``iu-cutter alias``: names of units besides their addresses."""

from __future__ import annotations

import typer

from cutter_agent.cli.alias_import import alias_import
from cutter_agent.cli.trail import alias_list, alias_show

alias = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@alias.callback()
def _group() -> None:
    """Names of units besides their addresses: list them, look one up, import them.

    Example: iu-cutter alias list HP2013
    """


alias.command("list")(alias_list)
alias.command("show")(alias_show)
alias.command("import")(alias_import)
