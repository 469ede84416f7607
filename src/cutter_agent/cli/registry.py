"""The list of commands: a name, where its function is, and one line of help. Imported when called."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from commandline import completion, examples
from commandline.loading import loading
from cutter_agent.errors import UsageError

PROGRAM = "iu-cutter"
PLUGIN_GROUP = "iu_cutter.commands"


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One command of this package."""

    module: str
    attribute: str
    help: str


COMMANDS: dict[str, Listed] = {
    name: Listed(module=f"cutter_agent.cli.{module}", attribute=attribute, help=text)
    for name, module, attribute, text in (
        ("cut", "cut", "cut", "Cut documents: mark, sweep, review by policy, cut, verify."),
        ("mark", "phases", "mark", "Propose a cut of one document."),
        ("sweep", "phases", "sweep", "Promote marked entries to review."),
        ("review", "review", "review", "Show a proposal, and approve, defer or reject it."),
        ("cut-approved", "phases", "cut_approved", "Execute exactly what was approved."),
        ("verify", "phases", "verify", "Prove a cut, as the other identity."),
        ("audit", "audit", "audit", "Prove documents again, writing nothing."),
        ("resolve", "phases", "resolve", "Decide what follows a failed verification."),
        ("depend", "depend", "depend", "Say which entry blocks or supersedes another."),
        ("serve", "serve", "serve", "The review page in a browser, and its accounts."),
        ("worker", "worker", "worker", "Take jobs from the queue, as one lane."),
        ("queue", "queueing", "queue", "Documents for workers: set up, add, look, retry."),
        ("status", "reading", "status", "The backlog, or one entry."),
        ("tree", "reading", "tree", "The units of a document as a tree."),
        ("show", "reading", "show", "One unit: text, versions, proof."),
        ("search", "search", "search", "Find living units by their words, with marks and without."),
        ("history", "reading", "history", "What the ledger says happened to a document."),
        ("diff", "diff", "diff", "What changed between two cuts, or between a document and a file."),
        ("rebuild", "reading", "rebuild", "The exact bytes of a document as of a cut."),
        ("export", "export", "export", "A document in another form: JSON Lines, chunks, Markdown, Akoma Ntoso."),
        ("split", "topology", "split", "Divide a unit's own text: the pieces stand under it."),
        ("merge", "topology", "merge", "Join neighbours in one new unit."),
        ("retire", "topology", "retire", "End a unit: the one before it holds its bytes."),
        ("renumber", "topology", "renumber", "Give a unit another number; its address stays."),
        ("redirect", "topology", "redirect", "Let an address that lives no more lead to a living unit."),
        ("alias", "alias", "alias", "Names of units besides their addresses: list, look up, import."),
        ("segment", "segment", "segment", "Cut a file on paper: no database, nothing stored."),
        ("match", "match", "match", "Match the units of two editions of a text: no database, nothing stored."),
        ("validate", "validate", "validate", "Check a manifest made elsewhere against its source."),
        ("profiles", "profiles", "profiles", "List, check and explain the grammars."),
        ("verify-signatures", "signatures", "verify_signatures", "Check signatures, in the ledger or offline."),
        ("export-signatures", "signatures", "export_signatures", "Write what an offline check needs."),
        ("db", "database", "database", "Set up and check the database."),
        ("config", "configuration", "configuration", "Show what is configured and from where; begin a file."),
        ("doctor", "doctor", "doctor", "What is set up, what is missing, what to do."),
        ("completion", "completing", "completion", "Complete words with the Tab key in bash, zsh or fish."),
    )
}


class CommandRegistry(TyperGroup):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """This package's commands in their order of use, then those of others."""
        return [*COMMANDS, *(name for name in sorted(_plugins()) if name not in COMMANDS)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command, built now.

        Raises:
            UsageError: there is none of this name, or the package that brings it cannot be loaded.
        """
        listed = COMMANDS.get(cmd_name)
        if listed is not None:
            with loading():
                module = importlib.import_module(listed.module)
            return _build(cmd_name, getattr(module, listed.attribute))
        plugins = _plugins()
        if cmd_name in plugins:
            return _build(cmd_name, _load(plugins[cmd_name]))
        near = difflib.get_close_matches(cmd_name, [*COMMANDS, *plugins], n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"there is no command {cmd_name!r}", remedy=f"{hint}iu-cutter --help lists the commands.")

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """The names that may stand here, from the table; the program's own options after them."""
        named = [
            completion.item(name, COMMANDS[name].help if name in COMMANDS else _plugin_help(name))
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return named or [each for each in super().shell_complete(ctx, incomplete) if each.value.startswith("-")]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list in ``--help``, from the table: importing every command would take half a second."""
        rows = [
            (name, COMMANDS[name].help if name in COMMANDS else _plugin_help(name)) for name in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _build(name: str, found: object) -> Any:
    if isinstance(found, typer.Typer):
        return examples.lift(typer.main.get_command(found), program=PROGRAM)
    if not callable(found):
        raise UsageError(f"command {name!r} is not a function", remedy="Repair or remove the package that brings it.")
    return _single(name, found)


def _single(name: str, function: Callable[..., object]) -> Any:
    app = typer.Typer(
        rich_markup_mode=None,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.command(name)(function)
    return examples.lift(typer.main.get_command(app), program=PROGRAM)


def _plugins() -> dict[str, metadata.EntryPoint]:
    return {point.name: point for point in metadata.entry_points(group=PLUGIN_GROUP)}


def _plugin_help(name: str) -> str:
    """The first sentence of its docstring, read from its source: importing it would take half a second."""
    point = _plugins()[name]
    try:
        found = importlib.util.find_spec(point.module)
        source = Path(found.origin).read_text("utf-8") if found and found.origin else ""
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef) and node.name == point.attr:
                first = (ast.get_docstring(node) or "").partition("\n\n")[0]
                return " ".join(first.split()) or f"(from {point.module})"
    except (ImportError, OSError, SyntaxError, ValueError):
        pass
    return f"(from {point.module})"


def _load(point: metadata.EntryPoint) -> object:
    try:
        with loading():
            return point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"the command {point.name!r} cannot be loaded: {error}",
            remedy=f"Install what {point.value} needs, or remove the package that brings it.",
        ) from error
