"""What reading a law takes in memory does not depend on its length (`make bench-reading` has 100,000 units).

One process reads a law of 1,000 units in every way, then one of 10,000: the most memory it ever held must stay where it
was. The kernel counts (``VmHWM``: of this program's own memory, not of what it was started from), nothing is timed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.bulk_laws import law
from benchmarks.reading import code_of, commands
from tests.command_room import CommandLine

SMALL, LARGE = 1_000, 10_000
MOST_GROWTH_MIB = 6.0
"""Measured: 1 to 3. A law of 10,000 units held as rows takes 20 and more."""

READS = """
import json, os, re, sys
from pathlib import Path
from cutter_agent.cli.program import run
from cutter_agent.wiring import exec_lane

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

def quietly(words):
    code = run(words)
    assert code == 0, (words, code)

small, large, last, code = json.loads(sys.argv[1])
said = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
for words in small.values():
    quietly(words)
before, grown = peak(), {}
for name, words in large.items():
    quietly(words)
    grown[name], before = peak() - before, peak()
with exec_lane(os.environ) as lane:
    held = lane.report.units(code, as_of=None)
    grown[last] = peak() - before
print(json.dumps(grown), file=said)
"""


def test_a_law_ten_times_as_long_takes_no_more_memory_to_read(embedded: CommandLine, tmp_path: Path) -> None:
    for units in (SMALL, LARGE):
        path = tmp_path / f"{units}.txt"
        path.write_bytes(law(units, code=f"{units}/2024/QH15"))
        done = embedded("cut", str(path), "--code", code_of(units), "--no-verify", timeout_s=600)
        assert done.code == 0, done.err
    control = "every row of it in a list"
    asked = [*(commands(code_of(units), tmp_path) for units in (SMALL, LARGE)), control, code_of(LARGE)]
    done = subprocess.run(
        [sys.executable, "-c", READS, json.dumps(asked)],
        env=embedded.environment(),
        cwd=embedded.cwd,
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    grown = json.loads(done.stdout)
    assert grown.pop(control) > MOST_GROWTH_MIB, "the measure would see it"
    assert sum(grown.values()) <= MOST_GROWTH_MIB, grown
    _the_same_as_ever(embedded, code_of(SMALL), law(SMALL, code=f"{SMALL}/2024/QH15"))


def _the_same_as_ever(embedded: CommandLine, code: str, text: bytes) -> None:
    """What is streamed is what was printed at once."""
    told = embedded("tree", code, "--json")
    drawn = embedded("tree", code).out.decode().splitlines()
    units = told.json["units"]
    assert told.out == (json.dumps({"units": units}, ensure_ascii=False) + "\n").encode()
    depth: dict[str | None, int] = {None: -1}
    for unit, line in zip(units, drawn, strict=True):
        depth[unit["address"]] = depth[unit["parent"]] + 1
        assert line.startswith(f"{'  ' * depth[unit['address']]}{unit['address']}  ")
    assert max(depth.values()) == 3
    rebuilt = embedded("rebuild", code, "--json").json
    assert (rebuilt["text"].encode(), rebuilt["byte_length"]) == (text, len(text))
