"""HTML to text, as a browser would lay it out in lines (WHATWG: rendered text collection), with byte positions."""

from __future__ import annotations

from cutter_agent.formats.html.reader import READER, read_html

__all__ = ["READER", "read_html"]
