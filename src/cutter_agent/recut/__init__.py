"""An edited law cut again with its identities kept, pure (design 1.8, 4.4). The front door of the room."""

from __future__ import annotations

from cutter_agent.recut.answers import ANY_ADDRESS, NEW, SAME, answered
from cutter_agent.recut.changeset import Act, ChangeSet, Standing, UnitChange, apply, change_set, rebuild
from cutter_agent.recut.living_cut import Living, living, living_of
from cutter_agent.recut.matcher import match, positional
from cutter_agent.recut.matching import Assumed, Change, Doubt, Matching, Merge, Pair, Question, Split
from cutter_agent.recut.proposal import (
    ASKED,
    Proposed,
    as_recut,
    cut_of,
    fresh_of,
    matching_of,
    propose,
)
from cutter_agent.recut.showing import lines

__all__ = [
    "ANY_ADDRESS",
    "ASKED",
    "NEW",
    "SAME",
    "Act",
    "Assumed",
    "Change",
    "ChangeSet",
    "Doubt",
    "Living",
    "Matching",
    "Merge",
    "Pair",
    "Proposed",
    "Question",
    "Split",
    "Standing",
    "UnitChange",
    "answered",
    "apply",
    "as_recut",
    "change_set",
    "cut_of",
    "fresh_of",
    "lines",
    "living",
    "living_of",
    "match",
    "matching_of",
    "positional",
    "propose",
    "rebuild",
]
