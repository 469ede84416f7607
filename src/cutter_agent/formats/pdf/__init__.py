"""PDF to text: lines as they stand on the pages, each with its page and box; what returns on every page left out."""

from __future__ import annotations

from cutter_agent.formats.pdf.reader import READER, read_pdf

__all__ = ["READER", "read_pdf"]
