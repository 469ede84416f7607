"""The reference pages say what the program says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cutter_agent import config, config_file, errors
from cutter_agent.cli import failures, logs, reference, registry
from cutter_agent.cli.program import root, run
from cutter_agent.cli.registry import COMMANDS

PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference"


def test_the_commands_page_is_the_help() -> None:
    assert (PAGES / "cli.md").read_text("utf-8") == reference.render(), (
        "python -m cutter_agent.cli.reference > docs/reference/cli.md"
    )


def _tree(base: type[errors.CutterError]) -> list[type[errors.CutterError]]:
    own = [base] if base is not errors.CutterError else []
    return own + [found for below in base.__subclasses__() for found in _tree(below)]


def test_the_exit_codes_page_has_every_error_and_no_other() -> None:
    text = (PAGES / "exit-codes.md").read_text("utf-8")
    written = {(int(code), name) for code, name in re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", text, flags=re.MULTILINE)}
    declared = {(each.exit_code, each.code) for each in _tree(errors.CutterError) if inspect.getmodule(each) is errors}
    assert written == declared


def test_every_exit_code_of_the_frame_is_on_the_page() -> None:
    text = (PAGES / "exit-codes.md").read_text("utf-8")
    for code in (0, failures.INTERRUPTED_EXIT, failures.BROKEN_PIPE_EXIT):
        assert f"| {code} | –" in text


def test_the_configuration_page_has_every_key_and_no_other() -> None:
    text = (PAGES / "configuration.md").read_text("utf-8")
    written = set(re.findall(r"^\| `(DOT_CUTTER_\w+)`", text, flags=re.MULTILINE))
    declared = {
        config.HOME,
        config.SWEEP_BATCH,
        config.MAX_INPUT_BYTES,
        config.ATTESTATION,
        config.VOCABULARY,
        config.CONNECTION_LIMIT,
        config.QUEUE_USER,
        config.QUEUE_PASSWORD,
        config.LOG,
        config.LOG_LEVEL,
        config_file.CONFIG,
        failures.TRACEBACK,
        *config.DATABASE_KEYS,
        *(name for keys in config.LANE_KEYS.values() for name in (keys.signing_key, keys.public_key)),
    }
    assert written == declared


def test_the_page_of_logs_has_every_field_of_a_record_and_no_other() -> None:
    rows = re.findall(
        r"^\| (`[^|]+`) \|", (PAGES / "logs.md").read_text("utf-8").partition("## The record")[2], re.MULTILINE
    )
    written = [field for row in rows for field in re.findall(r"`(\w+)`", row)]
    assert sorted(written) == sorted((*logs.FIELDS, "at", "level", "logger", "run", "pid", "message"))


def test_the_configuration_page_has_every_key_of_the_file() -> None:
    text = (PAGES / "configuration.md").read_text("utf-8")
    assert dict(re.findall(r"^\| `([a-z_.]+)` \| `(DOT_CUTTER_\w+)` \|", text, flags=re.MULTILINE)) == config_file.KEYS


def _leaves(title: str, command: Any) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if not below:
        yield title, command
        return
    for inner, found in below.items():
        yield from _leaves(f"{title} {inner}", found)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_json_a_line_of_help_and_a_documented_shape(name: str) -> None:
    leaves = dict(_leaves(name, root().get_command(None, name)))
    page = (PAGES / "cli-json.md").read_text("utf-8")
    for title, leaf in leaves.items():
        assert f"| `{title}` |" in page, title
        assert leaf.help
        options = {word for parameter in leaf.params for word in parameter.opts}
        assert "--json" in options or title == "export-signatures"
    assert COMMANDS[name].help.endswith(".")


class Broken:
    """An entry point whose package needs something that is not installed."""

    name = "extra"
    value = "extra_package.command:extra"
    module = "extra_package.command"
    dist = None

    def load(self) -> object:
        raise ModuleNotFoundError("No module named 'extra_package'")


def test_a_command_of_another_package_that_cannot_be_loaded_breaks_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry, "_plugins", lambda: {"extra": Broken()})
    assert run(["--help"]) == 0
    assert "extra" in capsys.readouterr().out
    assert run(["profiles", "list"]) == 0
    assert "vn-law" in capsys.readouterr().out
    assert run(["extra"]) == 2
    said = capsys.readouterr().err
    assert "No module named 'extra_package'" in said
    assert "Install what extra_package.command:extra needs" in said


def test_a_command_of_another_package_runs_with_its_own_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def extra(number: int) -> None:
        raise typer.Exit(number)

    point = Broken()
    point.load = lambda: extra  # type: ignore[method-assign]
    monkeypatch.setattr(registry, "_plugins", lambda: {"extra": point})
    assert run(["extra", "5"]) == 5
