"""What reading takes in memory: ``make bench-reading``. Laws of three sizes are cut, and each is read in every way.

Prints Markdown: the most memory that the command's process held (``ru_maxrss``, as the kernel counted it), for each
command and size, and the largest over the smallest. The store holds all laws at once. Nothing is estimated. The
database is an embedded one of its own, removed afterwards; ``--home`` keeps one and reads what was cut there before.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.bulk_laws import law

from pg_embedded import resident

SIZES = (1_000, 10_000, 100_000)
CUTTER = (sys.executable, "-m", "cutter_agent")
_KIB = 1024


def commands(code: str, folder: Path) -> dict[str, list[str]]:
    """Every way to read a document, by its name in the table."""
    return {
        "`tree`": ["tree", code],
        "`tree --json`": ["tree", code, "--json"],
        "`show`": ["show", f"{code}-DIEU1"],
        "`search`": ["search", "đăng ký quản lý", "--document", code],
        "`rebuild --as-of 1`": ["rebuild", code, "--as-of", "1"],
        "`rebuild -o`": ["rebuild", code, "-o", str(folder / "law.txt")],
        "`rebuild --json`": ["rebuild", code, "--json"],
        "`export --format jsonl`": ["export", code, "--format", "jsonl"],
        "`export --format chunks`": ["export", code, "--format", "chunks"],
        "`export --format akn`": ["export", code, "--format", "akn"],
        "`export --format markdown-tree`": ["export", code, "--format", "markdown-tree", "-o", str(folder / code)],
        "`history`": ["history", code],
        "`status`": ["status"],
    }


def peak_mib(words: Sequence[str], environment: Mapping[str, str]) -> float:
    """The most memory that one command held, MiB. It must end well."""
    with Path(os.devnull).open("wb") as nowhere, tempfile.TemporaryFile() as said:
        child = subprocess.Popen([*CUTTER, *words], env=environment, stdout=nowhere, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        assert child.returncode == 0, (words, said.read().decode()[-2000:])
    return usage.ru_maxrss / _KIB


def code_of(units: int) -> str:
    """The code of the law of this size."""
    return f"R{units}"


def fill(folder: Path, environment: Mapping[str, str], sizes: Sequence[int]) -> None:
    """Laws of these sizes, cut; those that are there already are left alone."""
    for units in sizes:
        path = folder / f"{units}.txt"
        path.write_bytes(law(units, code=f"{units}/2024/QH15"))
        words = [*CUTTER, "cut", str(path), "--code", code_of(units), "--no-verify"]
        subprocess.run(words, env=environment, check=True, capture_output=True, timeout=3600)


def main() -> None:
    """Cut, read, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="units of each law")
    parser.add_argument("--home", type=Path, help="a data folder that is kept")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="iu-reading-") as place:
        folder = Path(place)
        home = asked.home or folder / "home"
        environment = {**os.environ, "DOT_CUTTER_HOME": str(home)}
        try:
            fill(folder, environment, sizes)
            measure(folder, environment, sizes)
        finally:
            if asked.home is None:
                resident.erase(home / "server")


def measure(folder: Path, environment: Mapping[str, str], sizes: Sequence[int]) -> None:
    """The table."""
    print("| peak memory, MiB | " + " | ".join(f"{size:,} units" for size in sizes) + " | largest / smallest |")
    print("|---|" + "---|" * (len(sizes) + 1))
    for name in commands("", folder):
        peaks = [peak_mib(commands(code_of(size), folder)[name], environment) for size in sizes]
        shown = " | ".join(f"{peak:.1f}" for peak in peaks)
        print(f"| {name} | {shown} | {peaks[-1] / peaks[0]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
