"""Completion in a real bash, which asks the real program; zsh's and fish's questions are asked as their scripts do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULES = {"iu-cutter": "cutter_agent", "pg-dryrun": "pg_dryrun"}

ASK = """
eval "$({program} completion bash)"
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
{function} {program}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with both programs, as an installation has them."""
    for name, module in MODULES.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        called = f"from {module}.cli import main; main()"
        path.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{called}' \"$@\"\n", encoding="utf-8")
        path.chmod(0o755)
    return tmp_path / "bin"


def _in_bash(programs: Path, program: str, words: str) -> list[str]:
    script = ASK.format(program=program, words=words, function=f"_{program.replace('-', '_')}_completion")
    done = subprocess.run(
        ["/bin/bash", "--norc", "-c", script],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        cwd=programs.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("iu-cutter re", {"review", "resolve", "rebuild", "retire", "renumber", "redirect"}),
        ("iu-cutter db i", {"init"}),
        ("iu-cutter cut --ris", {"--risk"}),
        ("iu-cutter cut --risk h", {"high"}),
        ("iu-cutter serve account a", {"add"}),
        ("iu-cutter completion z", {"zsh"}),
        ("iu-cutter cut LA", set()),
        ("iu-cutter rebuild HP2013 -o la", set()),
        ("pg-dryrun ke", {"keys"}),
        ("pg-dryrun keys r", {"rotate"}),
        ("pg-dryrun check ru", set()),
    ],
)
def test_bash_is_given_the_right_words(programs: Path, words: str, expected: set[str]) -> None:
    """Nothing where a path belongs: bash then completes files by itself."""
    assert set(_in_bash(programs, words.split(maxsplit=1)[0], words)) == expected


@pytest.mark.parametrize("program", MODULES)
@pytest.mark.parametrize(
    ("shell", "asked"), [("zsh", {}), ("fish", {"_TYPER_COMPLETE_FISH_ACTION": "get-args"})], ids=["zsh", "fish"]
)
def test_the_other_shells_questions_are_answered(
    programs: Path, program: str, shell: str, asked: dict[str, str]
) -> None:
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    script = subprocess.run(
        [programs / program, "completion", shell], capture_output=True, text=True, timeout=120, check=True
    ).stdout
    assert f"{variable}=complete_{shell}" in script
    answer = subprocess.run(
        [programs / program],
        env={**os.environ, variable: f"complete_{shell}", "_TYPER_COMPLETE_ARGS": f"{program} compl", **asked},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "completion" in answer.stdout
    assert "Tab key" in answer.stdout, "what a word means stands beside it"


def test_completing_loads_no_driver_of_a_database(programs: Path) -> None:
    code = (
        "import sys; from cutter_agent.cli.program import run\n"
        "code = run([])\n"
        "sys.stderr.write(repr((code, sorted(m for m in sys.modules if m in {'psycopg', 'rich', 'cryptography'}))))"
    )
    asked = {"_IU_CUTTER_COMPLETE": "complete_bash", "COMP_WORDS": "iu-cutter\nre", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == "(0, [])"
    assert done.stdout.split() == ["review", "resolve", "rebuild", "retire", "renumber", "redirect"]
