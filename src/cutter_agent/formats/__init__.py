"""Other formats in: HTML, DOCX and PDF become a text stream with a map from every byte back to its place (design 4.4).

The text stream is what is cut; the original is kept by its hash. What the text cannot hold is named as a finding.
"""

from __future__ import annotations

from cutter_agent.formats.detection import Format, recognise
from cutter_agent.formats.placing import Place, SourceMap, in_words
from cutter_agent.formats.process import Limits, read
from cutter_agent.formats.stream import Conversion

__all__ = ["Conversion", "Format", "Limits", "Place", "SourceMap", "in_words", "read", "recognise"]
