"""Texts beside each other for a person: which words went, which came, a few around them."""

from __future__ import annotations

from rapidfuzz.distance import Indel

_SHOWN_WORDS = 2_000
_CONTEXT_WORDS = 4
_FIRST_CHARS = 100


def word_diff(before: str, after: str) -> str:
    """One line: what stayed is shortened to a few words around what changed."""
    a, b = before.split(), after.split()
    if len(a) > _SHOWN_WORDS or len(b) > _SHOWN_WORDS:
        return f"({len(a)} words before, {len(b)} after)"
    if a == b:
        return "(only white space changed)"
    out, gone, come = [], list[str](), list[str]()
    for step in Indel.opcodes(a, b):
        if step.tag == "equal":
            stayed = b[step.dest_start : step.dest_end]
            first, last = step.dest_start == 0, step.dest_end == len(b)
            out.append(_change(gone, come))
            gone, come = [], []
            out.append(_shortened(stayed, first=first, last=last))
        else:
            gone += a[step.src_start : step.src_end]
            come += b[step.dest_start : step.dest_end]
    out.append(_change(gone, come))
    return " ".join(part for part in out if part)


def first_words(text: str) -> str:
    """How a text begins, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= _FIRST_CHARS else text[: _FIRST_CHARS - 1] + "…"


def _change(gone: list[str], come: list[str]) -> str:
    parts = (f"[-{' '.join(gone)}-]" if gone else "", f"{{+{' '.join(come)}+}}" if come else "")
    return " ".join(part for part in parts if part)


def _shortened(words: list[str], *, first: bool, last: bool) -> str:
    keep_left, keep_right = 0 if first else _CONTEXT_WORDS, 0 if last else _CONTEXT_WORDS
    if len(words) <= keep_left + keep_right + 1:
        return " ".join(words)
    left, right = words[:keep_left], words[len(words) - keep_right :]
    return " ".join(part for part in (" ".join(left), "…", " ".join(right)) if part)
