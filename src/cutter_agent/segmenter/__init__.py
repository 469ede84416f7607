"""Bytes to addressed units, pure (design 4.4). The front door of the room."""

from __future__ import annotations

from cutter_agent.segmenter import profiles
from cutter_agent.segmenter.cutting import segment
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.naming import detect, document_code

__all__ = ["Profile", "detect", "document_code", "profiles", "segment"]
