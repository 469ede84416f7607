"""A result that finds no room was told as a defect of the program (INTERNAL, 70), with --json even as a traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.command_room import CommandLine
from tests.pipeline_room import law


@pytest.mark.parametrize("words", [["--json"], []])
def test_standard_output_on_a_full_disk(iu_cutter: CommandLine, tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "law.txt"
    path.write_bytes(law(3))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            iu_cutter.argv("segment", str(path), *words),
            env=iu_cutter.environment(), stdout=full, stderr=subprocess.PIPE, timeout=120, check=False,
        )  # fmt: skip
    said = done.stderr.decode()
    assert done.returncode == 2, said
    assert said.count("standard output: No space left on device [USAGE]") == 1
    assert "Make room there" in said
    assert "Traceback" not in said
