"""Why a cut is what it is: every matched line with the reason, and every near miss with the reason against it.

A near miss is a line that has the form of a heading and is none, or that nearly has the form: the keyword without its
number, the number without its terminator, the heading's mark without its blank.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cutter_agent.model import Finding, Segmentation, Unit
from cutter_agent.segmenter import intake, quotations
from cutter_agent.segmenter.cutting import outline_scanner, segment
from cutter_agent.segmenter.grammar import Engine, Profile
from cutter_agent.segmenter.shadow import BLANK, folded, lines_by_feed, reading

_TEXT_CHARACTERS = 160
_WORD = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)?")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: the byte it starts at, its number from 1, its text cut short, what it is or nearly is, and why."""

    start_byte: int
    line: int
    level: str | None
    number: str | None
    address: str | None
    why: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Every unit's first line, in order, and every near miss, in order."""

    segmentation: Segmentation
    matched: tuple[Line, ...]
    missed: tuple[Line, ...]


Reason = tuple[int, str | None, str | None, str]  # byte, level, number, why


def explain(data: bytes, *, profile: Profile, document_code: str) -> Explanation:
    """Cuts ``data`` and says why. Raises as ``segment`` does."""
    result = segment(data, profile=profile, document_code=document_code)
    text = intake.text_of(data)
    found: dict[int, str] = {}
    missed: Iterable[Reason]
    if profile.engine is Engine.LADDER:
        from cutter_agent.segmenter.ladder import cutting as climbed  # noqa: PLC0415 - as the cut imports its engine

        told = climbed.told(text, profile, document_code)
        found = {at: line.why for at, line in told if line.accepted}
        missed = [(at, line.level, line.number, line.why) for at, line in told if not line.accepted]
    elif profile.engine is Engine.OUTLINE:
        missed = _outline(lines_by_feed(data, text), text, profile, result)
    elif profile.engine is Engine.XML:
        from cutter_agent.segmenter import elements  # noqa: PLC0415

        missed = [(at, None, None, why) for at, why in elements.passed_over(data, profile)]
    else:
        missed = _commonmark(data, result)
    places = _Places(data)
    starts = {unit.start_byte for unit in result.units}
    return Explanation(
        segmentation=result,
        matched=tuple(_matched(result, found, places)),
        missed=tuple(places.line(*reason) for reason in missed if reason[0] not in starts),
    )


class _Places:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._ends = [m.start() for m in re.finditer(rb"\n", data)]

    def line(self, at: int, level: str | None, number: str | None, why: str, address: str | None = None) -> Line:
        text = reading(self._data[at : at + 4 * _TEXT_CHARACTERS].lstrip(b"\n").split(b"\n", 1)[0], {}).strip()
        return Line(
            start_byte=at,
            line=bisect_left(self._ends, at) + 1,
            level=level,
            number=number,
            address=address,
            why=why,
            text=text[:_TEXT_CHARACTERS],
        )


def _matched(result: Segmentation, found: dict[int, str], places: _Places) -> Iterator[Line]:
    remarks: dict[int, list[Finding]] = {}
    for finding in result.findings:
        remarks.setdefault(finding.start_byte, []).append(finding)
    reasons = sorted(found)
    for unit in result.units:
        # A ladder's reason stands at the label, which may come after a marginal note.
        index = bisect_left(reasons, unit.start_byte)
        near = reasons[index] if index < len(reasons) and reasons[index] < unit.end_byte else None
        why = found[near] if near is not None else _why(unit)
        said = "; ".join(f"{f.code}: {f.message}" for f in remarks.get(unit.start_byte, ()))
        yield places.line(unit.start_byte, unit.level, unit.number, f"{why}; {said}" if said else why, unit.address)


def _why(unit: Unit) -> str:
    if unit.number is None:
        return "how its first line starts, or where it stands, makes it this block"
    return "it has the level's form, and its number has its place in the count"


# ---- near misses of an outline


def _outline(data: bytes, text: str, profile: Profile, result: Segmentation) -> list[Reason]:
    scanner = outline_scanner(profile)
    found = scanner.find(data)
    quoted = quotations.find(data, text, profile.quotations)
    starts = {unit.start_byte for unit in result.units}
    said = {f.start_byte: f.message for f in result.findings}
    out: list[Reason] = []
    for at, mark in zip(found.starts, found.marks, strict=True):
        if at in starts:
            continue
        why = "it stands inside a quotation" if quoted.holds(at) else said.get(at) or _outside(at, result)
        out.append((at, mark.level, mark.number, why))
    formed = set(found.starts)
    out.extend(r for r in _keyword_only(data, profile) if r[0] not in formed and r[0] not in starts)
    return sorted(out, key=lambda reason: reason[0])


def _outside(at: int, result: Segmentation) -> str:
    index = bisect_left([unit.start_byte for unit in result.units], at + 1) - 1
    level = result.units[index].level if index >= 0 else "text"
    return f"it stands in {level}, where nothing is numbered, or it does not fit the count there"


def _keyword_only(data: bytes, profile: Profile) -> Iterator[Reason]:
    """Lines that begin with a keyword, in any case or without marks, and go on with no number that could be read."""
    keyed = [level for level in profile.levels if level.keywords]
    words = {folded(word): level for level in keyed for word in level.keywords}
    for match in re.finditer(rb"(?:\A|\n)" + BLANK + rb"*(?=[A-Za-z\xc3-\xe1])", data):
        piece = reading(data[match.end() : match.end() + 64].split(b"\n", 1)[0], profile.homoglyphs)
        word = _WORD.match(piece)
        if word is None:
            continue
        level = words.get(folded(word[0])) or words.get(folded(word[0].split(" ")[0]))
        if level is not None:
            at = match.start() + (1 if data[match.start() : match.start() + 1] == b"\n" else 0)
            exact = piece.startswith(level.keywords)
            why = "the keyword stands there without a number" if exact else "the keyword is spelt in another way"
            yield at, level.name, None, why


# ---- near misses of CommonMark


_NEARLY = (
    (re.compile(rb"(?m)^ {0,3}#{1,6}[^#\s]"), "no blank behind the number signs (CommonMark 4.2)"),
    (re.compile(rb"(?m)^ {0,3}#{7,}"), "more than six number signs (CommonMark 4.2)"),
    (
        re.compile(rb"(?m)^(?: {4,}|\t)#{1,6} "),
        "indented by four or more: code, or part of a list item (CommonMark 4.4)",
    ),
    (re.compile(rb"(?m)^ {0,3}\d{10,}[.)] "), "more than nine digits make no list (CommonMark 5.2)"),
    (re.compile(rb"(?m)^ {0,3}(?:[-+*]|\d{1,9}[.)])[^\s\d.)*+-]"), "no blank behind the list's mark (CommonMark 5.2)"),
    (re.compile(rb"(?m)^ {0,3}#{1,6} "), "it stands inside code or raw HTML"),
)


def _commonmark(data: bytes, result: Segmentation) -> list[Reason]:
    starts = {unit.start_byte for unit in result.units}
    out: dict[int, Reason] = {}
    for pattern, why in _NEARLY:
        for match in pattern.finditer(data):
            if match.start() not in starts:
                out.setdefault(match.start(), (match.start(), None, None, why))
    return [out[at] for at in sorted(out)]
