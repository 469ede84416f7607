"""Are the thresholds of the re-cut fitted to the texts they are measured on? Tuned on one half, measured on the other.

Run: ``python benchmarks/recut_halves.py FOLDER`` (FOLDER as for ``recut.py``; ``make bench-recut`` prints it last). The
pairs with official identities are divided into two halves. On each the thresholds are tuned, one after the other, for
the sum of the four shares that the goals speak of; then the tuned and the shipped ones are measured on the other half.
Where the shipped thresholds do as well there as the tuned ones, they fit such texts and not only these.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import recut_gold

from cutter_agent import recut, segmenter
from cutter_agent.model import Segmentation
from cutter_agent.recut import doubts, judge, wander

SHARES = (("surviving_kept", "surviving"), ("changed_kept", "changed"), ("take_overs_loud", "take_overs"))
CHOICES = {
    "ALIKE_AT_PLACE": (0.1, 0.15, 0.25, 0.3, 0.4),
    "ALIKE_IN_REWRITTEN": (0.5, 0.6, 0.65, 0.75, 0.8),
    "ALIKE_NEAR": (0.35, 0.4, 0.6, 0.7),
    "ALIKE_IN_ORDER": (0.7, 0.8, 0.9, 0.95),
    "ALIKE_ANYWHERE": (0.8, 0.85, 0.95),
    "CERTAIN": (0.8, 0.85, 0.95),
    "CERTAIN_BESIDE_KEPT": (0.3, 0.4, 0.6, 0.7),
}
_ROOMS = (judge, doubts, wander)


@dataclass(frozen=True)
class Case:
    """One pair of editions, cut, with the answers that only the scorer reads."""

    before: bytes
    after: bytes
    old: Segmentation
    new: Segmentation
    gold: dict[str, Any]


def cases(folder: Path) -> list[Case]:
    """Every pair with official identities, cut once."""
    profile = segmenter.profiles.load("en-statute")
    out = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        before, after = ((place / f"{side}.txt").read_bytes() for side in ("before", "after"))
        old, new = (segmenter.segment(data, profile=profile, document_code="X") for data in (before, after))
        out.append(Case(before, after, old, new, json.loads((place / "gold.json").read_bytes())))
    return out


@contextmanager
def thresholds(values: Mapping[str, float]) -> Iterator[None]:
    """The matcher with other thresholds."""
    kept = [(room, name, getattr(room, name)) for room in _ROOMS for name in values if hasattr(room, name)]
    try:
        for room, name, _ in kept:
            setattr(room, name, values[name])
        yield
    finally:
        for room, name, value in kept:
            setattr(room, name, value)


def measured(half: Sequence[Case], values: Mapping[str, float]) -> recut_gold.Score:
    """The score of one half."""
    score = recut_gold.Score()
    with thresholds(values):
        for case in half:
            score.add(recut.match(case.old, case.before, case.new, case.after), case.gold, case.before, case.after)
    return score


def worth(score: recut_gold.Score) -> float:
    """The sum of the shares that the goals speak of."""
    return sum(score.share(part, whole) for part, whole in SHARES) + score.f1


def tuned(half: Sequence[Case]) -> dict[str, float]:
    """Thresholds that are best for this half, each tried while the others stay."""
    best: dict[str, float] = {}
    reached = worth(measured(half, best))
    for name, values in CHOICES.items():
        for value in values:
            found = worth(measured(half, {**best, name: value}))
            if found > reached + 1e-9:
                best, reached = {**best, name: value}, found
    return best


def line(what: str, score: recut_gold.Score) -> str:
    """The figures of one score."""
    shares = "  ".join(f"{part} {score.share(part, whole):.4f}" for part, whole in SHARES)
    return f"  {what:32} {shares}  F1 {score.f1:.4f}  sum {worth(score):.4f}"


def report(folder: Path) -> None:
    """Prints both halves, tuned and shipped."""
    every = cases(folder)
    halves = every[::2], every[1::2]
    for own, other, name in ((0, 1, "first"), (1, 0, "second")):
        best = tuned(halves[own])
        print(f"ca: tuned on the {name} half of {len(every)} pairs: {best or 'nothing better than what is shipped'}")
        print(line("shipped, on the half tuned on", measured(halves[own], {})))
        print(line("tuned, on the half tuned on", measured(halves[own], best)))
        print(line("shipped, on the other half", measured(halves[other], {})))
        print(line("tuned, on the other half", measured(halves[other], best)))


if __name__ == "__main__":
    report(Path(sys.argv[1]) / "ca")
