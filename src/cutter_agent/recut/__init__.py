"""An edited law cut again with its identities kept, pure (design 1.8, 4.4). The front door of the room."""

from __future__ import annotations

from cutter_agent.recut.matcher import match
from cutter_agent.recut.matching import Assumed, Change, Doubt, Matching, Merge, Pair, Question, Split

__all__ = ["Assumed", "Change", "Doubt", "Matching", "Merge", "Pair", "Question", "Split", "match"]
