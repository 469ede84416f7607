"""Both programs' commands: every help has an example, every example can be parsed, every JSON is documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from commandline import examples
from cutter_agent.cli import program
from cutter_agent.cli.registry import PROGRAM
from pg_dryrun import cli

PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference"
MOST_COLUMNS = 100


def _all(title: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command and everything under it, as it is called."""
    yield title, command
    if hasattr(command, "list_commands"):
        context = typer.Context(command, info_name=title.rsplit(" ", 1)[-1])
        for name in command.list_commands(context):
            yield from _all(f"{title} {name}", command.get_command(context, name))


TREE = {**dict(_all(PROGRAM, program.root())), **dict(_all(cli.PROGRAM, cli.root()))}
ROOTS = {PROGRAM: program.root, cli.PROGRAM: cli.root}


@pytest.mark.parametrize("title", TREE)
def test_every_help_has_examples_that_parse(title: str) -> None:
    found = examples.of(TREE[title])
    assert found, f"{title} --help has no example: end its docstring with one"
    for example in found:
        name, *arguments = examples.words(example)
        assert name in ROOTS, example
        _parsed(ROOTS[name](), name, arguments)
        assert len(f"  {example}") <= MOST_COLUMNS, f"too wide for a help page: {example}"


@pytest.mark.parametrize("title", [title for title in TREE if " " in title])
def test_an_example_shows_the_command_that_it_stands_under(title: str) -> None:
    assert any(example.startswith(title) for example in examples.of(TREE[title])), title


def _parsed(command: Any, name: str, arguments: list[str]) -> None:
    """As far as a call is read before it does anything. Raises what a wrong call raises."""
    context = command.make_context(name, list(arguments), resilient_parsing=False)
    left = [*context._protected_args, *context.args]
    if hasattr(command, "list_commands") and left:
        word, below, rest = command.resolve_command(context, left)
        _parsed(below, word, rest)


def test_a_wrong_example_would_be_seen() -> None:
    with pytest.raises(typer.exceptions.TyperException):
        _parsed(program.root(), PROGRAM, ["cut", "LAW.txt", "--no-such-option"])
    with pytest.raises(typer.exceptions.TyperException):
        _parsed(program.root(), PROGRAM, ["rebuild"])


def test_the_help_shows_an_example_as_it_is_typed() -> None:
    context = typer.Context(TREE["iu-cutter db init"], info_name="init", terminal_width=80)
    said = TREE["iu-cutter db init"].get_help(context)
    assert "\nExamples:\n  iu-cutter db init\n" in said
    assert "Example:" not in said


def test_examples_leave_the_text_and_keep_their_lines() -> None:
    text, found = examples.split("One.\n\nExamples:\n  x cut A # one\n  x cut\n  B\n\nTwo.", "x")
    assert text == "One.\n\nTwo."
    assert found == ("x cut A # one", "x cut B")
    assert examples.split("One.\n\nExample: x cut", "x") == ("One.", ("x cut",))
    assert examples.split("For example: nothing.", "x") == ("For example: nothing.", ())
    assert examples.words('x cut "a b" # why') == ["x", "cut", "a b"]
    assert examples.words("LOG=json x cut") == ["x", "cut"]
    assert examples.split("Examples:\n  x cut\n  LOG=json x cut", "x") == ("", ("x cut", "LOG=json x cut"))


def _leaves() -> dict[str, Any]:
    return {title: command for title, command in TREE.items() if not hasattr(command, "list_commands")}


@pytest.mark.parametrize("title", _leaves())
def test_every_command_has_json_and_its_shape_is_documented(title: str) -> None:
    options = {word for parameter in _leaves()[title].params for word in parameter.opts}
    assert "--json" in options or title == "iu-cutter export-signatures"
    name = title if title.startswith(cli.PROGRAM) else title.removeprefix(f"{PROGRAM} ")
    page = (PAGES / "cli-json.md").read_text("utf-8")
    assert f"| `{name}` |" in page, f"docs/reference/cli-json.md has no row for {name}"


def test_the_page_of_shapes_has_no_row_for_what_there_is_not() -> None:
    page = (PAGES / "cli-json.md").read_text("utf-8")
    named = {re.sub(r" (--\S+|\[.*)$", "", name) for name in re.findall(r"^\| `([a-z][^`,]*)`", page, re.MULTILINE)}
    known = {title.removeprefix(f"{PROGRAM} ") for title in TREE}
    assert named
    assert {name.partition(" --")[0] for name in named} - known == set()
