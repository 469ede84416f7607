"""What the lines around a label say: a marginal note above it, a paragraph that it opens, a heading's depth."""

from __future__ import annotations

import re

_NOTE = re.compile(r"[ \t]*(?!\()[^\W\d_a-z“\"(][^\n]{0,240}\n")
_NO_NOTE = re.compile(r"(?<!\betc)[.;:,—–-][ \t]*(?:\([^()\n]*\)[ \t]*)?\Z")
_LOOK_BACK = 80


def note_above(shadow: str, line: int, last_start: int) -> int:
    """Where a unit begins whose label's line starts at ``line``: at the marginal note above it, if there is one.

    A note is one short line that opens with a capital and ends no sentence, also none with a bracket behind (a term in
    the other language); the unit before, which begins at
    ``last_start``, keeps its own first line.
    """
    above = shadow.rfind("\n", 0, max(line - 1, 0)) + 1
    if above >= line or above <= last_start:
        return line
    match = _NOTE.match(shadow, above, line)
    if match is None or match.end() != line or _NO_NOTE.search(match[0].rstrip()):
        return line
    return above


def opens_paragraph(shadow: str, line: int, last_start: int) -> bool:
    """Behind a blank line, behind a line that ends a sentence, or right below the line of a label."""
    if line > 1 and shadow[line - 2] in "\n.;:":  # nearly every label
        return True
    before = shadow[max(0, line - _LOOK_BACK) : max(line - 1, 0)].rstrip(" \t")
    if not before or before[-1] in "\n.;:":
        return True
    return last_start >= shadow.rfind("\n", 0, line - 1) + 1


def depth(shadow: str, label: int) -> int:
    """How many number signs open a heading of Markdown at ``label``; 0 for any other line."""
    if not shadow.startswith("#", label):
        return 0
    at = label + 1
    while shadow.startswith("#", at):
        at += 1
    return at - label
