"""Historical defect 15 again by another way: after `kill -9` of a rehearsal its dump lay on disk, and no later run said
so. The next one names the folder to clean, until it is clean."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from pg_dryrun import leftovers


def _dumps_of(run: Path) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"pg-dryrun-{run.name.rpartition('-')[2]}/snapshot-*"))


def test_the_next_run_says_what_a_killed_one_left(iu_cutter, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    plan = tmp_path / "plan.toml"
    plan.write_text('allowed_deviations = ["dirty-tree"]\n\n[source]\nkind = "stand-in"\n')
    arguments = ("dry-run", "--plan", str(plan), "--out", str(runs))
    process = iu_cutter.start(*arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 100
    try:
        while not any(_dumps_of(run) for run in runs.glob("2*")):
            assert process.poll() is None, "the run ended before it took its dump"
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    (killed,) = leftovers.killed_runs(runs)
    assert _dumps_of(killed)

    plan.write_text(plan.read_text().replace("allowed", f'authorised_commit = "{"0" * 40}"\nallowed'))  # ends soon
    warned = iu_cutter(*arguments)
    assert f"pg-dryrun clean {killed}" in warned.err
    assert leftovers.clean(killed).net_zero
    assert not _dumps_of(killed)
    assert leftovers.killed_runs(runs) == []
    assert "pg-dryrun clean" not in iu_cutter(*arguments).err
