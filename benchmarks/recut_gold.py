"""The scorer of the pairs with official identities: the only reader of ``gold.json``.

A gold unit is found in a cut as the unit whose own span holds the first byte of its label. A surviving unit keeps its
identity when these two units are a pair. A take-over is silent when they are a pair and no question names both.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import Indel

from cutter_agent.model import Segmentation
from cutter_agent.recut import Matching

KEEP_GOAL, CHANGED_GOAL, F1_GOAL, LOUD_GOAL = 0.999, 0.97, 0.95, 0.9
ALIKE = 0.9


@dataclass
class Score:
    """Counts over all pairs."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, matching: Matching, gold: dict[str, Any], before: bytes, after: bytes) -> None:
        """Adds one pair."""
        olds, news = units_of(gold["before"]), units_of(gold["after"])
        old_at, new_at = located(matching.old, olds), located(matching.new, news)
        linked = {pair.old: pair.new for pair in matching.pairs}
        asked = {(i, j) for question in matching.questions for i in question.old for j in question.new}
        self._survivors(old_at, new_at, linked, set(gold["text_changed"]))
        self._ends(old_at, new_at, set(matching.retired), set(matching.inserted))
        for fid in gold["renumbered"]:
            if fid in old_at and fid in new_at:
                case = (old_at[fid], new_at[fid])
                self.counts["renumbered"] += 1
                self.counts["renumbered_kept_or_asked"] += linked.get(case[0]) == case[1] or case in asked
        for old, new in gold["take_overs"]:
            if old in old_at and new in new_at and likeness(olds[old], news[new], before, after) < ALIKE:
                case = (old_at[old], new_at[new])
                self.counts["take_overs"] += 1
                self.counts["take_overs_loud"] += linked.get(case[0]) != case[1] or case in asked

    def _survivors(
        self, old_at: dict[str, int], new_at: dict[str, int], linked: dict[int, int], changed: set[str]
    ) -> None:
        for fid in old_at.keys() & new_at.keys():
            kept = linked.get(old_at[fid]) == new_at[fid]
            self.counts["surviving"] += 1
            self.counts["surviving_kept"] += kept
            if fid in changed:
                self.counts["changed"] += 1
                self.counts["changed_kept"] += kept

    def _ends(self, old_at: dict[str, int], new_at: dict[str, int], retired: set[int], inserted: set[int]) -> None:
        for mine, other, said in ((old_at, new_at, retired), (new_at, old_at, inserted)):
            for fid, place in mine.items():
                self.counts["true_ends"] += fid not in other and place in said
                self.counts["false_ends"] += fid in other and place in said
                self.counts["missed_ends"] += fid not in other and place not in said

    def share(self, part: str, whole: str) -> float:
        """A share; 1.0 of nothing."""
        return self.counts[part] / self.counts[whole] if self.counts[whole] else 1.0

    @property
    def f1(self) -> float:
        """Of retired and new units together."""
        true, wrong = self.counts["true_ends"], self.counts["false_ends"] + self.counts["missed_ends"]
        return 2 * true / (2 * true + wrong) if true + wrong else 1.0

    @property
    def good(self) -> bool:
        """Whether every goal is met."""
        return (
            self.share("surviving_kept", "surviving") >= KEEP_GOAL
            and self.share("changed_kept", "changed") >= CHANGED_GOAL
            and self.f1 >= F1_GOAL
            and self.share("take_overs_loud", "take_overs") >= LOUD_GOAL
            and self.share("renumbered_kept_or_asked", "renumbered") >= 1.0
        )

    def lines(self) -> Iterator[str]:
        """Every figure with its goal."""
        for text, part, whole, goal in (
            ("surviving units that keep identity", "surviving_kept", "surviving", KEEP_GOAL),
            ("those whose text changed", "changed_kept", "changed", CHANGED_GOAL),
            ("take-overs less than 0.9 alike, not silently merged", "take_overs_loud", "take_overs", LOUD_GOAL),
            ("renumbered units kept or asked", "renumbered_kept_or_asked", "renumbered", 1.0),
        ):
            yield f"{text}: {self.counts[part]}/{self.counts[whole]} = {self.share(part, whole):.4f} (goal {goal})"
        ends = {name: self.counts[name] for name in ("true_ends", "false_ends", "missed_ends")}
        yield f"F1 of retired and new units: {self.f1:.4f} (goal {F1_GOAL}) {ends}"


def units_of(listed: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Gold units by identity, quoted ones left out."""
    return {unit["fid"]: unit for unit in listed if not unit.get("quoted")}


def located(cut: Segmentation, gold: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Identity to the place of the unit that holds its first byte."""
    starts = [unit.start_byte for unit in cut.units]
    return {fid: bisect_right(starts, unit["start_byte"]) - 1 for fid, unit in gold.items()}


def likeness(old: dict[str, Any], new: dict[str, Any], before: bytes, after: bytes) -> float:
    """Of the words of two gold units, without their labels."""
    return Indel.normalized_similarity(words_of(old, before), words_of(new, after))


def words_of(unit: dict[str, Any], data: bytes) -> list[str]:
    """The text of a gold unit, word by word."""
    return data[unit["text_start_byte"] : unit["end_byte"]].decode().split()
