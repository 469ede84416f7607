"""Whoever imported the command line and left a file open at the end of a script found it empty: all objects that stood
when the commands were loaded were kept out of the collector's sight, and so never taken apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from cutter_agent.cli.program import run

said = open(sys.argv[1], "w")

def hold():
    return said

assert run(["profiles", "list"]) == 0
print("the end", file=said)
"""


def test_a_file_that_is_open_when_the_interpreter_ends_is_written_out(tmp_path: Path) -> None:
    path = tmp_path / "said"
    subprocess.run([sys.executable, "-c", SCRIPT, str(path)], check=True, capture_output=True)
    assert path.read_text() == "the end\n"
