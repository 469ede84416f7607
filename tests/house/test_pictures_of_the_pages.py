"""What CI says of the pictures that the browser tests made: a page without one in a language fails it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "pictures.py"
BOTH = ("backlog-en-light.png", "backlog-vi-light.png", "keys.png")


@pytest.mark.parametrize(
    ("made", "words", "code", "said"),
    [
        (BOTH, ["browser"], 0, "3 pictures of 1 pages"),
        ((), ["browser"], 1, "though there is a browser"),
        ((), [], 0, "no browser"),
        ((*BOTH, "entry-vi-light.png"), ["browser"], 1, "not in both languages: entry"),
        (("keys.png",), [], 1, "any page"),
    ],
)
def test_a_page_without_its_picture_is_a_failure(
    tmp_path: Path, made: tuple[str, ...], words: list[str], code: int, said: str
) -> None:
    for name in made:
        (tmp_path / name).touch()
    command = [sys.executable, str(SCRIPT), str(tmp_path), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr
