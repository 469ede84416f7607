"""Planted defects, one at a time, each on a scratch copy of this checkout: every one ends in its right word.

The whole command runs in a process of its own, from the copy's own sources, committed there, so that what is rehearsed
is the defect and nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.plants import PLANTS, Plant

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 240

SMALL_LAW = """Chương I
QUY ĐỊNH CHUNG
Điều 1. Phạm vi
1. Khoản thứ nhất.
2. Khoản thứ hai:
a) Điểm a;
b) Điểm b.
Điều 2. Hiệu lực
Luật này có hiệu lực ngay.
"""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a rehearsal of the copy ended. ``text`` is report.json as it lies on disk."""

    exit_code: int
    printed: str
    report: dict[str, Any]
    text: str


def scratch_copy(target: Path, plant: Plant | None) -> None:
    """This checkout as it is now (committed or not), with the plant, as one commit of a repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "src", "pyproject.toml", ".gitignore"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    for edit in plant.edits if plant else ():
        path = target / edit.path
        text = path.read_text("utf-8")
        assert text.count(edit.old) == 1, f"{plant and plant.name}: {edit.path} no longer has the text to replace"
        path.write_text(text.replace(edit.old, edit.new), "utf-8")
    git = ["git", "-c", "user.name=scratch", "-c", "user.email=scratch@invalid", "-c", "init.defaultBranch=scratch"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", plant.name if plant else "as it is"]):
        subprocess.run([*git, *words], cwd=target, check=True, capture_output=True, timeout=60)


def rehearse(copy: Path, scratch: Path, plan: str, faults: Sequence[str] = ("--faults", "none")) -> Ended:
    """``iu-cutter dry-run`` of the copy, with a home, a cache and an evidence folder of its own."""
    law = scratch / "small-law.txt"
    law.write_text(SMALL_LAW, "utf-8")
    words = [sys.executable, "-m", "cutter_agent", "dry-run", "--law", str(law), "--out", str(scratch / "runs")]
    if plan:
        (scratch / "plan.toml").write_text(plan, "utf-8")
        words += ["--plan", str(scratch / "plan.toml")]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DOT_CUTTER_", "PG"))}
    words += faults
    environment = {**kept, "PYTHONPATH": str(copy / "src"), "HOME": str(scratch), "NO_COLOR": "1"}
    done = subprocess.run(
        words, cwd=copy, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    record = scratch / "runs" / "latest" / "report.json"
    printed = done.stdout + done.stderr
    assert record.is_file(), f"no record was written; the command printed:\n{printed}"
    text = record.read_text("utf-8")
    return Ended(exit_code=done.returncode, printed=printed, report=json.loads(text), text=text)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_defect_ends_in_its_right_word(plant: Plant, tmp_path: Path) -> None:
    copy, scratch = tmp_path / "copy", tmp_path / "scratch"
    copy.mkdir()
    scratch.mkdir()
    scratch_copy(copy, plant)
    ended = rehearse(copy, scratch, plant.plan, plant.faults)
    assert (ended.report["verdict"], ended.exit_code) == (plant.verdict, plant.exit_code), ended.printed
    assert ended.report["failed_check"] == plant.failed_check, ended.printed
    for words in plant.says:
        assert words in ended.text, f"report.json does not say {words!r}\n{ended.printed}"


def test_the_copy_without_a_plant_passes_and_leaves_nothing(tmp_path: Path) -> None:
    copy, scratch = tmp_path / "copy", tmp_path / "scratch"
    copy.mkdir()
    scratch.mkdir()
    scratch_copy(copy, None)
    ended = rehearse(copy, scratch, "")
    assert (ended.report["verdict"], ended.exit_code) == ("PASS", 0), ended.printed
    assert ended.report["root_cause"] is None
    assert all(item["absent"] for item in ended.report["teardown"])
    assert ended.report["teardown"]
    matrix = next(step for step in ended.report["scenarios"] if step["id"] == "S7")["counted"]
    assert sum(rows for table, rows in matrix.items() if table.startswith("cutter_governance.")) == 15
