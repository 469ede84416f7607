"""Automatic numbers: ``Điều 1.``, ``1.``, ``a)`` that Word computes and no text of the file holds (ISO 29500-1, 17.9).

Paragraphs count in the order of the document. All numberings of one abstract numbering share its counters, until one
with a start of its own is met for the first time. A level begins anew after a higher one, unless it says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from cutter_agent.formats.counting import decimal, doubled_letters, ordinal, padded, roman
from cutter_agent.formats.docx import names
from cutter_agent.formats.docx.styles import Styles

_MOST_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_SPELLINGS: Mapping[str, Callable[[int], str]] = {
    "decimal": decimal,
    "decimalZero": padded,
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "lowerLetter": doubled_letters,
    "upperLetter": lambda number: doubled_letters(number).upper(),
    "ordinal": ordinal,
    "decimalEnclosedParen": lambda number: f"({number})",
    "decimalEnclosedFullstop": lambda number: f"{number}.",
    "numberInDash": lambda number: f"- {number} -",
    "none": lambda number: "",  # noqa: ARG005 - a number that is not shown
}
_BULLET = "-"
_SEPARATORS = {"nothing": "", "space": " ", "tab": " "}


@dataclass(frozen=True, kw_only=True)
class Label:
    """What stands before a paragraph. ``unknown``: a way of counting that is not known here, written in figures."""

    text: str
    bullet: bool
    unknown: str | None


@dataclass(frozen=True, kw_only=True)
class _Level:
    start: int
    number_format: str
    text: str
    suffix: str
    restart: int | None
    legal: bool
    style: str | None


@dataclass(kw_only=True)
class _List:
    """One abstract numbering and where it stands."""

    levels: dict[int, _Level]
    counters: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The numberings of a document, counting as its paragraphs are met."""

    def __init__(self, root: etree._Element | None, styles: Styles) -> None:
        self._styles = styles
        self._root = root
        self._abstract = {
            names.attribute(found, "abstractNumId") or "": found for found in names.children(root, "abstractNum")
        }
        self._numbers = {names.attribute(found, "numId") or "": found for found in names.children(root, "num")}
        self._lists: dict[str, _List] = {}
        self._started: set[str] = set()

    def label(self, paragraph: etree._Element) -> Label | None:
        """The number of the next paragraph; None where it has none. Counts."""
        number_id, level = self._named(paragraph)
        number = self._numbers.get(number_id or "")
        if number is None or number_id is None or not 0 <= level < _MOST_LEVELS:
            return None
        found = self._list(names.value(number, "abstractNumId") or "")
        if found is None:
            return None
        overrides = self._overrides(number)
        levels = {**found.levels, **{at: own for at, (own, _) in overrides.items() if own is not None}}
        if number_id not in self._started:
            self._started.add(number_id)
            for at, (_, start) in overrides.items():
                if start is not None:
                    found.counters[at] = start - 1
        return self._counted(found, levels, level)

    def _named(self, paragraph: etree._Element) -> tuple[str | None, int]:
        """Numbering and level of a paragraph: its own, or its style's."""
        own = names.child(paragraph, "pPr", "numPr")
        number_id, level = names.value(own, "numId"), names.whole(names.value(own, "ilvl"))
        if number_id is not None:
            return (None if number_id == "0" else number_id), level or 0
        style = self._styles.paragraph_style(paragraph)
        named = self._styles.first(style, lambda found: names.value(found, "pPr", "numPr", "numId"))
        if named is None or named == "0":
            return None, 0
        if level is None:
            level = self._styles.first(style, lambda found: names.whole(names.value(found, "pPr", "numPr", "ilvl")))
        if level is None:
            level = self._level_of_style(named, style)
        return named, level

    def _level_of_style(self, number_id: str, style: str | None) -> int:
        """A level may name the paragraph style that it belongs to."""
        found = self._list(names.value(self._numbers.get(number_id), "abstractNumId") or "")
        levels = found.levels if found else {}
        return next((at for at, level in levels.items() if style is not None and level.style == style), 0)

    def _list(self, abstract_id: str, steps: int = 0) -> _List | None:
        if abstract_id in self._lists:
            return self._lists[abstract_id]
        abstract = self._abstract.get(abstract_id)
        if abstract is None:
            return None
        linked = names.value(abstract, "numStyleLink")
        if linked is not None and steps < _MOST_LEVELS:
            for other_id, other in self._abstract.items():
                if names.value(other, "styleLink") == linked and other_id != abstract_id:
                    found = self._list(other_id, steps + 1)
                    if found is not None:
                        self._lists[abstract_id] = found
                    return found
        made = _List(levels=dict(_level(found) for found in names.children(abstract, "lvl")))
        self._lists[abstract_id] = made
        return made

    @staticmethod
    def _overrides(number: etree._Element) -> dict[int, tuple[_Level | None, int | None]]:
        found: dict[int, tuple[_Level | None, int | None]] = {}
        for override in names.children(number, "lvlOverride"):
            at = names.whole(names.attribute(override, "ilvl"))
            own = names.child(override, "lvl")
            if at is not None:
                found[at] = (
                    _level(own)[1] if own is not None else None,
                    names.whole(names.value(override, "startOverride")),
                )
        return found

    @staticmethod
    def _counted(found: _List, levels: Mapping[int, _Level], at: int) -> Label | None:
        level = levels.get(at)
        if level is None:
            return None
        for higher in range(at):
            if higher not in found.counters and higher in levels:
                found.counters[higher] = levels[higher].start
        found.counters[at] = found.counters[at] + 1 if at in found.counters else level.start
        for deeper in list(found.counters):
            if deeper > at and _begins_anew(levels.get(deeper), at):
                del found.counters[deeper]
        return _spelt(level, levels, found.counters)


def _begins_anew(level: _Level | None, after: int) -> bool:
    """Whether a deeper level begins anew after a paragraph of level ``after``. ``restart`` counts levels from 1."""
    if level is None or level.restart is None:
        return True
    return level.restart != 0 and after < level.restart


def _level(element: etree._Element) -> tuple[int, _Level]:
    return names.whole(names.attribute(element, "ilvl")) or 0, _Level(
        start=(found if (found := names.whole(names.value(element, "start"))) is not None else 0),
        number_format=names.value(element, "numFmt")
        or names.value(element, "AlternateContent", "Fallback", "numFmt")
        or "decimal",
        text=names.value(element, "lvlText") or "",
        suffix=names.value(element, "suff") or "tab",
        restart=names.whole(names.value(element, "lvlRestart")),
        legal=bool(names.is_on(element, "isLgl")),
        style=names.value(element, "pStyle"),
    )


def _spelt(level: _Level, levels: Mapping[int, _Level], counters: Mapping[int, int]) -> Label | None:
    if level.number_format == "bullet":
        shown = "".join(_BULLET if 0xE000 <= ord(char) < 0xF900 else char for char in level.text)
        return Label(text=shown + _SEPARATORS.get(level.suffix, " "), bullet=True, unknown=None) if shown else None
    unknown: list[str] = []

    def number(match: re.Match[str]) -> str:
        at = int(match[1]) - 1
        named = levels[at].number_format if at in levels else "decimal"
        if level.legal and named != "none":
            named = "decimal"
        if named not in _SPELLINGS:
            unknown.append(named)
        return _SPELLINGS.get(named, decimal)(counters.get(at, levels[at].start if at in levels else 1))

    text = _PLACE.sub(number, level.text)
    if not text.strip():
        return None
    text += _SEPARATORS.get(level.suffix, " ")
    return Label(text=text, bullet=False, unknown=unknown[0] if unknown else None)
