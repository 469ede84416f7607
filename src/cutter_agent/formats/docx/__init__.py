"""DOCX (ISO/IEC 29500) to text as Word shows it: automatic numbers visible, tracked changes accepted, losses named."""

from __future__ import annotations

from cutter_agent.formats.docx.reader import READER, read_docx

__all__ = ["READER", "read_docx"]
