"""A matching in words for a person: what lives on, what is new, what ended, and what is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rapidfuzz.distance import Indel

from cutter_agent.model import Unit
from cutter_agent.recut.matching import Change, Matching, Pair, Question

_SHOWN_WORDS = 2_000
_CONTEXT_WORDS = 4
_FIRST_CHARS = 100
_MARK = {Change.REVISED: "~", Change.RENUMBERED: "#", Change.MOVED: ">"}


def lines(matching: Matching, old_bytes: bytes, new_bytes: bytes) -> Iterator[str]:
    """The diff, line by line: a summary, every change in the order of the new snapshot, what ended, the questions.

    ``~`` revised, ``#`` renumbered, ``>`` moved, ``+`` inserted, ``-`` retired, ``/`` split, ``&`` merged, ``?`` asked.
    Words taken away stand in ``[-…-]``, words that came in ``{+…+}``.
    """
    yield _summary(matching)
    by_new: dict[int, Pair] = {pair.new: pair for pair in matching.changed()}
    inserted = set(matching.inserted)
    for j, unit in enumerate(matching.new.units):
        if j in by_new:
            yield from _pair(matching, by_new[j], old_bytes, new_bytes)
        elif j in inserted:
            yield f"+ {unit.address}  {_first(new_bytes, unit)}"
    for i in matching.retired:
        yield f"- {matching.old.units[i].address}  {_first(old_bytes, matching.old.units[i])}"
    for split in matching.split:
        yield f"/ {matching.old.units[split.old].address}  into  {_names(matching.new.units, split.new)}"
    for merge in matching.merged:
        yield f"& {_names(matching.old.units, merge.old)}  into  {matching.new.units[merge.new].address}"
    for question in matching.questions:
        yield _question(matching, question)


def _summary(matching: Matching) -> str:
    counts = Counter(pair.change for pair in matching.pairs)
    parts = [f"{counts[change]} {change}" for change in Change]
    parts += [f"{len(matching.inserted)} inserted", f"{len(matching.retired)} retired"]
    parts += [f"{len(matching.split)} split", f"{len(matching.merged)} merged", f"{len(matching.questions)} questions"]
    return f"{len(matching.old.units)} units before, {len(matching.new.units)} after: " + ", ".join(parts)


def _pair(matching: Matching, pair: Pair, old_bytes: bytes, new_bytes: bytes) -> Iterator[str]:
    before, after = matching.old.units[pair.old], matching.new.units[pair.new]
    name = before.address if before.address == after.address else f"{before.address}  now at  {after.address}"
    yield f"{_MARK[pair.change]} {name}  {pair.change}"
    if before.content_sha256 != after.content_sha256:
        yield "    " + word_diff(_text(old_bytes, before), _text(new_bytes, after))


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
            out.append(_change(gone, come))
            gone, come = [], []
            stayed = b[step.dest_start : step.dest_end]
            out.append(_shortened(stayed, first=step.dest_start == 0, last=step.dest_end == len(b)))
        else:
            gone += a[step.src_start : step.src_end]
            come += b[step.dest_start : step.dest_end]
    out.append(_change(gone, come))
    return " ".join(part for part in out if part)


def _change(gone: list[str], come: list[str]) -> str:
    parts = (f"[-{' '.join(gone)}-]" if gone else "", f"{{+{' '.join(come)}+}}" if come else "")
    return " ".join(part for part in parts if part)


def _shortened(words: list[str], *, first: bool, last: bool) -> str:
    keep_left, keep_right = 0 if first else _CONTEXT_WORDS, 0 if last else _CONTEXT_WORDS
    if len(words) <= keep_left + keep_right + 1:
        return " ".join(words)
    left, right = words[:keep_left], words[len(words) - keep_right :]
    return " ".join(part for part in (" ".join(left), "…", " ".join(right)) if part)


def _question(matching: Matching, question: Question) -> str:
    old, new = _names(matching.old.units, question.old), _names(matching.new.units, question.new)
    return f"? {question.doubt}: {old or '(none)'}  and  {new}: {question.reason} (assumed: {question.assumed})"


def _names(units: tuple[Unit, ...], places: tuple[int, ...]) -> str:
    return ", ".join(units[place].address for place in places)


def _text(data: bytes, unit: Unit) -> str:
    return data[unit.start_byte : unit.end_byte].decode("utf-8", errors="replace")


def _first(data: bytes, unit: Unit) -> str:
    text = " ".join(_text(data, unit).split())
    return text if len(text) <= _FIRST_CHARS else text[: _FIRST_CHARS - 1] + "…"
