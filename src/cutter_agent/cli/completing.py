"""``iu-cutter completion``: the words of this program for a shell."""

from __future__ import annotations

from typing import Annotated

import typer

from commandline.completion import Shell, script
from cutter_agent.cli import options, output
from cutter_agent.cli.registry import PROGRAM

Which = Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]


def completion(shell: Which, as_json: options.Json = False) -> None:
    """Print what a shell runs to complete this program's words with the Tab key. Nothing is installed.

    For good: in bash add `eval "$(iu-cutter completion bash)"` to ~/.bashrc, in zsh the same with zsh to ~/.zshrc after
    compinit, in fish write it to ~/.config/fish/completions/iu-cutter.fish.

    Examples:
      iu-cutter completion bash
      iu-cutter completion fish
    """
    made = script(PROGRAM, shell)
    if as_json:
        output.print_json({"shell": shell.value, "script": made})
        return
    output.print_line(made)
