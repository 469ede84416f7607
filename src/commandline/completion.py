"""Completion in bash, zsh and fish: ``PROGRAM completion bash`` prints a script, and the shell asks the program itself.

The scripts and the answers are Typer's (the libraries' own completion, kept with them); here is what they lack: a path
is left to the shell, which knows paths better, and nothing is installed into anybody's start-up files unasked.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Any

from typer import _completion_classes as typers  # Typer's own classes and scripts: it has no public name for them
from typer._click.shell_completion import CompletionItem, add_completion_class
from typer._completion_shared import get_completion_script

_LEFT_TO_THE_SHELL = {"file", "dir"}


class Shell(StrEnum):
    """The shells whose completion is known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def variable(program: str) -> str:
    """The variable by which a shell's script asks."""
    return f"_{program.replace('-', '_').upper()}_COMPLETE"


def script(program: str, shell: Shell) -> str:
    """What the shell has to run to know the program's words."""
    return get_completion_script(prog_name=program, complete_var=variable(program), shell=shell.value)


def asked(program: str) -> bool:
    """Whether a shell asks for words instead of calling a command. Makes the answers ready if so."""
    if not os.environ.get(variable(program)):
        return False
    for shell, answering in ((Shell.BASH, _Bash), (Shell.ZSH, _Zsh), (Shell.FISH, _Fish)):
        add_completion_class(answering, shell.value)
    return True


def item(value: str, help_: str) -> CompletionItem:
    """One word that may stand here, with what it means."""
    return CompletionItem(value, help=help_)


def _own(items: list[Any]) -> list[Any]:
    return [each for each in items if each.type not in _LEFT_TO_THE_SHELL]


class _Bash(typers.BashComplete):
    def get_completions(self, args: list[str], incomplete: str) -> list[Any]:
        """The words, without a half-typed path given back as if it were one."""
        return _own(super().get_completions(args, incomplete))


class _Zsh(typers.ZshComplete):
    def get_completions(self, args: list[str], incomplete: str) -> list[Any]:
        """As in bash."""
        return _own(super().get_completions(args, incomplete))


class _Fish(typers.FishComplete):
    def get_completions(self, args: list[str], incomplete: str) -> list[Any]:
        """As in bash."""
        return _own(super().get_completions(args, incomplete))
