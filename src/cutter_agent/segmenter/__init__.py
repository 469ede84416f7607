"""Bytes to addressed units, pure (design 4.4). The front door of the room."""

from __future__ import annotations

from cutter_agent.segmenter import profiles
from cutter_agent.segmenter.cutting import segment
from cutter_agent.segmenter.explaining import Explanation, explain
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.naming import FALLBACK, Candidacy, candidates, detect, document_code

__all__ = [
    "FALLBACK",
    "Candidacy",
    "Explanation",
    "Profile",
    "candidates",
    "detect",
    "document_code",
    "explain",
    "profiles",
    "segment",
]
