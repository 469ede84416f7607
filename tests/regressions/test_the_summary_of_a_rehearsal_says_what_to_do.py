"""`iu-cutter dry-run` ended with a root cause and no word on what to do about it: that stood in the report only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WRONG = "0" * 40


def test_a_commit_that_is_not_authorised(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        f'authorised_commit = "{WRONG}"\nallowed_deviations = ["dirty-tree"]\n\n[source]\nkind = "stand-in"\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "cutter_agent", "dry-run", "--plan", str(plan), "--out", str(tmp_path / "runs")],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")},
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = done.stdout.decode()
    assert done.returncode not in {0, 2}, done.stderr.decode()
    assert "Root cause (G_DIRTY)" in said
    assert "what to do: Check out the authorised commit" in said
