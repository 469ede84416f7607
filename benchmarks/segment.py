"""Speed and faithfulness of the cut beside what others offer: one run, one process, one core, the same texts.

    python -m benchmarks.segment FOLDER [--rounds N]

FOLDER holds ``vn/*.txt`` (Vietnamese laws) and ``de/*.md`` (German laws). Every tool takes its turn in every round, so
that a busy machine slows all of them alike, and processor time is counted, of all threads: that is one core. MB/s is
the best round, the ratios are medians of rounds: ``x floor`` is how many times the floor of the same round a tool took,
``x ours`` how many times as fast as ours it was. The floor is
what nobody can go below who keeps a law: SHA-256 and the check that the bytes are UTF-8. Ours has its units as a tree,
with addresses and the SHA-256 of each, and decodes the bytes itself; the others get decoded text and give text or
offsets. A tool that would take minutes is measured on the smallest files, and says so.

Two tables for each family. In the first the others are asked for pieces of 2000 characters, as they are commonly used:
about an article, far more than a unit of ours. In the second they are asked for pieces of the mean size of our units:
that is like for like.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.segment_facts import Facts, facts_of
from benchmarks.segment_tools import Pieces, Tool, others

from cutter_agent.segmenter import profiles, segment

CHARACTERS = 2000
"""The size that others are asked for in the first table: about the size of an article."""
PATTERNS = {"vn": "vn/*.txt", "de": "de/*.md"}
PROFILES = {"vn": "vn-law", "de": "de-gesetz"}
_SLOW_BYTES = 300_000
_OURS, _FLOOR = "ours", "floor"


@dataclass(kw_only=True)
class Run:
    """One tool over one family: the texts it gets, its seconds round by round, what its last round gave."""

    tool: Tool
    files: Sequence[bytes]
    texts: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(map(len, self.files))

    def go(self) -> None:
        """One round."""
        self.given = []
        cut, begun = self.tool.cut, time.process_time()
        self.given = [cut(data, text) for data, text in zip(self.files, self.texts, strict=True)]
        self.seconds.append(time.process_time() - begun)

    def cuts(self) -> list[Pieces]:
        """The pieces of the last round, text by text."""
        return [self.tool.read(given, text) for given, text in zip(self.given, self.texts, strict=True)]

    def rates(self) -> list[float]:
        """Bytes a second, round by round."""
        return [self.size / seconds for seconds in self.seconds]


def ours(profile_id: str) -> Tool:
    profile = profiles.load(profile_id)
    return Tool(
        name=_OURS,
        cut=lambda data, _: segment(data, profile=profile, document_code="X"),
        read=lambda given, _: [(unit.start_byte, unit.end_byte) for unit in given.units],
    )


def floor() -> Tool:
    return Tool(
        name=_FLOOR,
        cut=lambda data, _: (sha256(data).hexdigest(), data.decode("utf-8")),
        read=lambda given, _: [(0, len(given[1].encode()))],
    )


def measure(family: str, files: Sequence[bytes], characters: int, rounds: int) -> list[Run]:
    """Every tool, round by round in turn; a slow one takes part in the first round only."""
    tools = [floor(), ours(PROFILES[family]), *others(family, characters)]
    runs = [run for run in (_run(tool, files) for tool in tools) if _starts(run)]
    gc.collect()
    gc.freeze()  # what the tools brought along is no burden on each other's rounds
    for number in range(rounds):
        for run in runs:
            if not number or not run.tool.slow:
                run.go()
    return runs


def _starts(run: Run) -> bool:
    """One cut of every text that is not measured: what is made once is made, and a tool that breaks is named."""
    try:
        for data, text in zip(run.files, run.texts, strict=True):
            run.tool.cut(data, text)
    except Exception as error:
        print(f"{run.tool.name}: left out of this table ({type(error).__name__}: {error})")
        return False
    return True


def _run(tool: Tool, files: Sequence[bytes]) -> Run:
    taken: list[bytes] = []
    for data in sorted(files, key=len) if tool.slow else files:
        if tool.slow and taken and sum(map(len, taken)) + len(data) > _SLOW_BYTES:
            break
        taken.append(data)
    return Run(tool=tool, files=taken, texts=[data.decode() for data in taken])


def table(family: str, runs: Sequence[Run]) -> None:
    """Prints one table."""
    by_name = {run.tool.name: run for run in runs}
    floors, own = by_name[_FLOOR].rates(), by_name[_OURS].rates()
    print(f"{'tool':<24}{'MB/s':>8}{'x floor':>9}{'x ours':>8}{'kept':>9}{'starts':>8}{'straddle':>10}{'pieces':>8}")
    for run in runs:
        rates = run.rates()
        slower = median(least / rate for least, rate in zip(floors, rates, strict=False))
        faster = median(rate / mine for mine, rate in zip(own, rates, strict=False))
        print(
            f"{run.tool.name:<24}{max(rates) / 1e6:>8.1f}{slower:>9.1f}{faster:>8.2f}"
            f"{_worth(facts_of(family, run.files, run.cuts())) if run.tool.name != _FLOOR else ''}"
            f"{f'  ({len(run.files)} files, {run.size} bytes)' if run.tool.slow else ''}",
            flush=True,
        )


def _worth(facts: Facts) -> str:
    return (
        f"{facts.bytes_kept / facts.size:>9.2%}{facts.articles_started / max(facts.articles, 1):>8.1%}"
        f"{facts.pieces_straddling / max(facts.pieces, 1):>10.1%}{facts.pieces:>8}"
    )


def verdict(runs: Sequence[Run]) -> None:
    """Prints how this table stands to the two goals: the fastest of the others, and three times the floor."""
    by_name = {run.tool.name: run for run in runs}
    own, floors = by_name[_OURS].rates(), by_name[_FLOOR].rates()
    rivals = [(median(r / o for r, o in zip(run.rates(), own, strict=False)), run.tool.name) for run in runs[2:]]
    times = median(least / mine for least, mine in zip(floors, own, strict=True))
    print(f"goal 3.0 x floor: ours takes {times:.1f} x the floor: {'met' if times <= 3 else 'missed'}")
    if rivals:
        ratio, name = max(rivals)
        met = "met" if ratio <= 1 else "missed"
        print(f"goal, the fastest of the others: {name} is {ratio:.2f} x as fast as ours: {met}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=7, help="how often every tool takes its turn")
    words = parser.parse_args()
    for family, pattern in PATTERNS.items():
        files = [path.read_bytes() for path in sorted(words.folder.glob(pattern))]
        if not files:
            print(f"{family}: no files {pattern} in {words.folder}")
            continue
        cut = ours(PROFILES[family]).cut
        mean = sum(len(data.decode()) for data in files) // max(1, sum(len(cut(data, "").units) for data in files))
        for characters, said in ((CHARACTERS, "as commonly used"), (mean, "the mean of our units: like for like")):
            print(f"\n{family}: {len(files)} files, {sum(map(len, files))} bytes; others asked for pieces of "
                  f"{characters} characters ({said})")  # fmt: skip
            runs = measure(family, files, characters, words.rounds)
            table(family, runs)
            verdict(runs)


if __name__ == "__main__":
    main()
