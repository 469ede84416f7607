"""Markdown documents: the block structure of CommonMark and GitHub's tables, with exact byte spans (design 4.4)."""

from __future__ import annotations

from cutter_agent.segmenter.commonmark.cutting import cut

__all__ = ["cut"]
