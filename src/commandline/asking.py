"""A call without words: the program's name alone asks for help; a group's name alone is a call that lacks a word."""

from __future__ import annotations

from collections.abc import Sequence

from typer.exceptions import TyperException


def words_or_help(arguments: Sequence[str]) -> list[str]:
    """The words of a call; ``--help`` where there are none: who knows no word yet is given them all."""
    return list(arguments) or ["--help"]


def lacking(error: TyperException) -> str | None:
    """The help of a group that was called without a command; None for every other error."""
    return error.format_message() if type(error).__name__ == "NoArgsIsHelpError" else None
