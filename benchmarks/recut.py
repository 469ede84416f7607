"""The re-cut on real amendments: what is rewritten, which identities are kept, and how long it takes.

Run: ``python benchmarks/recut.py [FOLDER]`` (``make bench-recut``). FOLDER holds ``recut/*/NAME/{before,after}.md``
with ``meta.json``, and ``ca/NAME/{before,after}.txt`` with ``gold.json``; default: ``../shared/data`` beside the
checkout, or where ``DOT_CUTTER_SHARED_DATA`` points. The matcher sees two texts and a profile, never a ``meta.json`` or
a ``gold.json``: those are read by the scorers only. Ends with 1 when a goal is missed or could not be measured.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import recut_gold
import recut_halves

from cutter_agent import recut, segmenter
from cutter_agent.errors import CutterError
from cutter_agent.model import Segmentation
from cutter_agent.recut import Act, Matching
from cutter_agent.segmenter import Profile

ROOT = Path(__file__).resolve().parents[1]
REWRITTEN_GOAL = 1.2
FRONT_MATTER = ("front_matter", "metadata")


@dataclass
class Clock:
    """Seconds in the segmenter and in the matcher, and the bytes that they saw."""

    segment_s: float = 0.0
    match_s: float = 0.0
    seen_bytes: int = 0

    def matched(self, before: bytes, after: bytes, profile: Profile) -> Matching:
        """Two texts cut and matched."""
        began = time.perf_counter()
        old, new = (segmenter.segment(data, profile=profile, document_code="X") for data in (before, after))
        cut = time.perf_counter()
        matching = recut.match(old, before, new, after)
        self.segment_s += cut - began
        self.match_s += time.perf_counter() - cut
        self.seen_bytes += len(before) + len(after)
        return matching

    def __str__(self) -> str:
        rate = self.seen_bytes / 1e6 / self.match_s if self.match_s else 0.0
        return f"segmenting {self.segment_s:.2f} s, matching {self.match_s:.2f} s ({rate:.1f} MB/s of text)"


@dataclass
class Rewritten:
    """One family of Markdown pairs."""

    bytes_rewritten: int = 0
    bytes_of_changed_lines: int = 0
    body_rewritten: int = 0
    body_of_changed_lines: int = 0
    rows_moved: int = 0
    lost: int = 0
    not_empty: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    excess: list[tuple[int, str]] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Bytes rewritten for a byte in a changed line."""
        return self.bytes_rewritten / max(1, self.bytes_of_changed_lines)


def pairs(folder: Path, suffix: str) -> Iterator[tuple[Path, bytes, bytes]]:
    """Every pair of editions in a folder."""
    for place in sorted(folder.iterdir()):
        before, after = place / f"before.{suffix}", place / f"after.{suffix}"
        if before.is_file() and after.is_file():
            yield place, before.read_bytes(), after.read_bytes()


def rewriting(folder: Path, profile: Profile, clock: Clock) -> Rewritten:
    """Scores the pairs of one family against their changed lines."""
    out = Rewritten()
    for place, before, after in pairs(folder, "md"):
        meta = json.loads((place / "meta.json").read_bytes())
        matching = clock.matched(before, after, profile)
        whole, body = written(matching)
        out.bytes_rewritten += whole
        out.body_rewritten += body
        out.bytes_of_changed_lines += meta["whole_file"]["bytes_added"]
        out.body_of_changed_lines += meta["body"]["bytes_added"]
        out.excess.append((whole - meta["whole_file"]["bytes_added"], place.name))
        changes = recut.change_set(matching, positional=recut.positional(matching.old, before)).changes
        out.rows_moved += sum(change.act is Act.MOVE for change in changes)
        out.lost += lost_identities(matching)
        out.not_empty += bool(recut.change_set(clock_free(after, profile)).changes)
        tally(matching, out.counts)
    return out


def clock_free(data: bytes, profile: Profile) -> Matching:
    """A text matched with itself."""
    same = segmenter.segment(data, profile=profile, document_code="X")
    return recut.match(same, data, same, data)


def written(matching: Matching) -> tuple[int, int]:
    """Bytes of all bodies that are written, and of those that are not front matter."""
    whole = body = 0
    for change in recut.change_set(matching).changes:
        if change.new is not None and change.act is not Act.MOVE:
            unit = matching.new.units[change.new]
            size = unit.end_byte - unit.start_byte
            whole += size
            body += size if unit.kind not in FRONT_MATTER else 0
    return whole, body


def lost_identities(matching: Matching) -> int:
    """Texts that are there on both sides, byte for byte, less those that the matching carries over."""
    there = digests(matching.old) & digests(matching.new)
    kept = Counter(
        matching.old.units[p.old].content_sha256
        for p in matching.pairs
        if matching.old.units[p.old].content_sha256 == matching.new.units[p.new].content_sha256
    )
    return (there - kept).total()


def digests(cut: Segmentation) -> Counter[str]:
    """How often each text occurs."""
    return Counter(unit.content_sha256 for unit in cut.units)


def tally(matching: Matching, counts: Counter[str]) -> None:
    """Adds up the words of a matching."""
    counts.update(pair.change.value for pair in matching.pairs)
    counts.update({"inserted": len(matching.inserted), "retired": len(matching.retired)})
    counts.update({"split": len(matching.split), "merged": len(matching.merged)})
    counts.update({"questions": len(matching.questions)})


def report_rewriting(folder: Path, families: list[str]) -> bool:
    """Prints the Markdown pairs. Whether the goals are met."""
    profile, clock, total, good = segmenter.profiles.load("markdown"), Clock(), Rewritten(), True
    for family in families:
        found = rewriting(folder / family, profile, clock)
        total.bytes_rewritten += found.bytes_rewritten
        total.bytes_of_changed_lines += found.bytes_of_changed_lines
        good = good and not found.lost and not found.not_empty
        print(f"recut/{family}: ratio {found.ratio:.3f}")
        print(f"  bytes rewritten {found.bytes_rewritten}, in changed lines {found.bytes_of_changed_lines}")
        print(f"  front matter left out {found.body_rewritten}/{found.body_of_changed_lines}")
        print(f"  identities lost {found.lost}; change sets of equal texts not empty {found.not_empty}")
        print(f"  rows moved without a new body {found.rows_moved}; {dict(found.counts)}")
        print(f"  largest excess in bytes: {sorted(found.excess)[:-4:-1]}")
    print(f"in total: ratio {total.ratio:.3f} (goal at most {REWRITTEN_GOAL}); {clock}\n")
    return good and total.ratio <= REWRITTEN_GOAL


def report_identities(folder: Path) -> bool:
    """Prints the pairs with official identities. Whether the goals are met."""
    try:
        profile = segmenter.profiles.load("en-statute")
    except CutterError as error:
        print(f"ca: not measured: {error}\n")
        return False
    score, clock, counts = recut_gold.Score(), Clock(), Counter[str]()
    for place, before, after in pairs(folder, "txt"):
        matching = clock.matched(before, after, profile)
        score.add(matching, json.loads((place / "gold.json").read_bytes()), before, after)
        tally(matching, counts)
    print("ca:")
    for line in score.lines():
        print(f"  {line}")
    print(f"  {dict(counts)}; {clock}\n")
    return score.good


def main(arguments: list[str]) -> int:
    """Prints every figure. 0 when all goals are met."""
    named = arguments[0] if arguments else os.environ.get("DOT_CUTTER_SHARED_DATA")
    data = Path(named) if named else ROOT.parent / "shared" / "data"
    if not data.is_dir():
        print(f"no folder {data}: name one, or set DOT_CUTTER_SHARED_DATA")
        return 2
    good = True
    if (data / "recut").is_dir():
        good = report_rewriting(data / "recut", sorted(p.name for p in (data / "recut").iterdir() if p.is_dir()))
    if (data / "ca").is_dir():
        good = report_identities(data / "ca") and good
        recut_halves.report(data / "ca")
    print("every goal is met" if good else "a goal is missed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
