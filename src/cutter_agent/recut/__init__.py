"""An edited law cut again with its identities kept, pure (design 1.8, 4.4). The front door of the room."""

from __future__ import annotations

from cutter_agent.recut.changeset import Act, ChangeSet, Standing, UnitChange, apply, change_set, rebuild
from cutter_agent.recut.matcher import match, positional
from cutter_agent.recut.matching import Assumed, Change, Doubt, Matching, Merge, Pair, Question, Split
from cutter_agent.recut.showing import lines

__all__ = [
    "Act",
    "Assumed",
    "Change",
    "ChangeSet",
    "Doubt",
    "Matching",
    "Merge",
    "Pair",
    "Question",
    "Split",
    "Standing",
    "UnitChange",
    "apply",
    "change_set",
    "lines",
    "match",
    "positional",
    "rebuild",
]
