"""A text with one to three headings and no suffix was taken for Akoma Ntoso.

A quarter of the points of Markdown is none, and between none and none the rank decided, for a profile that no line
spoke for.
"""

from __future__ import annotations

from cutter_agent import segmenter


def test_a_text_with_a_heading_is_markdown_whatever_it_is_called() -> None:
    profile, reasons = segmenter.detect("# Nội quy\n\nMở đầu.\n".encode(), label="noi-quy.html")
    assert profile.id == "markdown"
    assert "1 line matches" in reasons[0] or "1 line match" in reasons[0]


def test_a_text_without_any_line_is_cut_as_markdown() -> None:
    assert segmenter.detect("Nội quy\n".encode(), label="noi-quy.html")[0].id == "markdown"
