"""Every law of a folder, and generated texts, exported as Akoma Ntoso 3.0 and judged by the OASIS schema.

Run: ``make bench-akn`` or ``python -m benchmarks.akoma [FOLDER] [--generated N] [--seed S]``. FOLDER holds ``.txt``,
``.md`` and ``.xml`` files at any depth; default: ``../shared/data`` beside the checkout, or where
``DOT_CUTTER_SHARED_DATA`` points. Besides the schema: every unit is one element, in order, with an ``eId`` of its own,
its digest and every letter of its text. Ends with 1 when a document fails, or when there was nothing to judge.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.akoma_room import exported, faults
from tests.unit.test_segmenter_campaign import inputs

from cutter_agent.errors import InputRefused
from cutter_agent.segmenter import detect, profiles

ROOT = Path(__file__).resolve().parents[1]
SUFFIXES = frozenset({".txt", ".md", ".xml"})
ABOUT = frozenset({"README.md", "SOURCES.md"})
"""What a collection says of itself."""
GENERATED, SEED = 10_000, 20250106


def main() -> int:
    """Both sweeps, printed; the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path, nargs="?")
    words.add_argument("--generated", type=int, default=GENERATED)
    words.add_argument("--seed", type=int, default=SEED)
    given = words.parse_args()
    named = os.environ.get("DOT_CUTTER_SHARED_DATA")
    folder = given.folder or (Path(named) if named else ROOT.parent / "shared" / "data")
    good = of_folder(folder)
    return 0 if of_generated(given.generated, given.seed) and good else 1


def of_folder(folder: Path) -> bool:
    """The files of a folder; whether there were some and all are valid."""
    began = time.perf_counter()
    judged: Counter[str] = Counter()
    units = size = bad = 0
    found_there = (path for path in folder.rglob("*") if path.is_file() and path.suffix in SUFFIXES)
    for path in sorted(path for path in found_there if path.name not in ABOUT):
        data = path.read_bytes()
        profile = detect(data, label=path.name)[0]
        made = exported(data, profile, "X")
        found = faults(made, profile.id, path.stem)
        bad += bool(found)
        judged[profile.id] += 1
        units, size = units + len(made), size + len(data)
        for fault in found[:3]:
            print(f"{path.relative_to(folder)} ({profile.id}): {fault}")
    seconds = time.perf_counter() - began
    said = ", ".join(f"{profile_id} {count}" for profile_id, count in sorted(judged.items())) or "none"
    print(f"{folder.name}: {judged.total()} documents ({said}), {units} units, {size / 1e6:.1f} MB, {seconds:.1f} s")
    print(f"{folder.name}: {judged.total() - bad} valid, {bad} not")
    return bool(judged) and not bad


def of_generated(count: int, seed: int) -> bool:
    """Texts made at random, through every profile."""
    began = time.perf_counter()
    judged = bad = refused = 0
    for profile_id, text in inputs(seed, count):
        try:
            made = exported(text.encode(), profiles.load(profile_id), "X")
        except InputRefused:
            refused += 1
            continue
        found = faults(made, profile_id, "generated")
        judged += 1
        bad += bool(found)
        for fault in found[:3]:
            print(f"generated ({profile_id}): {fault}\n{text[:300]!r}")
    seconds = time.perf_counter() - began
    print(
        f"generated (seed {seed}): {judged - bad} of {judged} valid, {refused} refused as no text, "
        f"{len(profiles.available())} profiles, {seconds:.1f} s"
    )
    return judged > 0 and not bad


if __name__ == "__main__":
    sys.exit(main())
