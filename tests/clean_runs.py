"""Clean runs: the same commit rehearsed again and again. Any word but PASS is a false alarm.

``python -m tests.clean_runs [--runs 100] [--jobs 2]`` prints each alarm and the sum. Exit code 1 on a false alarm.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.plants_room import Ended, rehearse, scratch_copy

from pg_dryrun.verification import verify


def alarm_of(ended: Ended) -> str | None:
    """What a clean run complains of; None: nothing at all."""
    if (ended.report.get("verdict"), ended.exit_code) != ("PASS", 0):
        return f"{ended.report.get('verdict', 'no record')} (exit code {ended.exit_code})\n{ended.printed[-2000:]}"
    words = [f"{check['id']} {check['status']}" for check in ended.report["checks"] if check["status"] != "Passed"]
    words += [f"left: {item['name']}" for item in ended.report["teardown"] if not item["absent"]]
    words += [f"evidence: {step.detail}" for step in verify(ended.folder.resolve()).steps if not step.holds]
    return "; ".join(words) or (None if ended.report["checks"] else "no check was answered")


def main(arguments: Sequence[str]) -> int:
    """Rehearse, count, say it."""
    parser = argparse.ArgumentParser(prog="clean_runs", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=100, help="how many (default 100)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (default 2)")
    wanted = parser.parse_args(arguments)
    if wanted.runs < 1 or wanted.jobs < 1:
        parser.error("at least one run and one at a time")
    with tempfile.TemporaryDirectory(prefix="clean-runs-") as folder:
        return _run(Path(folder), wanted.runs, wanted.jobs)


def _run(folder: Path, runs: int, jobs: int) -> int:
    copy, home = folder / "copy", folder / "home"
    copy.mkdir()
    home.mkdir()
    scratch_copy(copy, None)
    begun = time.monotonic()

    def one(number: int) -> tuple[int, str | None]:
        scratch = folder / f"run-{number}"
        scratch.mkdir()
        return number, alarm_of(rehearse(copy, scratch, home=home))

    alarms = 0
    with ThreadPoolExecutor(jobs) as pool:
        for number, alarm in pool.map(one, range(1, runs + 1)):
            if alarm is not None:
                alarms += 1
                _say(f"run {number}: FALSE ALARM: {alarm}")
            elif number % 10 == 0:
                _say(f"{number} of {runs} runs, {alarms} false alarms, {time.monotonic() - begun:.0f} s")
    _say(f"{runs} clean runs, {alarms} false alarms, {time.monotonic() - begun:.0f} s of wall time, {jobs} at a time")
    return 1 if alarms else 0


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
