"""The ready workflow calls what there is: its commands and options are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from pg_dryrun import cli

WORKFLOW = Path(__file__).resolve().parents[2] / "examples" / "github-actions" / "rehearse.yml"


def test_the_workflows_command_has_options_that_exist() -> None:
    text = WORKFLOW.read_text("utf-8")
    called = re.search(r"pg-dryrun run (.*?)\n\s+-- ", text, flags=re.DOTALL)
    assert called is not None
    command = typer.main.get_command(cli.app).commands["run"]  # type: ignore[attr-defined]
    known = {word for parameter in command.params for word in parameter.opts}
    used = re.findall(r"--[a-z-]+", called[1])
    assert {"--dump", "--as", "--expect", "--out"} == set(used)
    assert set(used) <= known


def test_the_workflow_shows_files_that_a_run_leaves() -> None:
    text = WORKFLOW.read_text("utf-8")
    assert "runs/latest/report.md" in text
    assert "\t" not in text
    assert len(re.findall(r"^      - ", text, flags=re.MULTILINE)) >= 6
