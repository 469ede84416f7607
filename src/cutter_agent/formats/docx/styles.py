"""Styles, as far as they decide what stands on the page: numbers, hidden text, table borders, headings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lxml import etree

from cutter_agent.formats.docx import names

T = TypeVar("T")
_MOST_STEPS = 50


class Styles:
    """The styles of a document by their id."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles = {names.attribute(style, "styleId") or "": style for style in names.children(root, "style")}
        self._default_paragraph = next(
            (
                style_id
                for style_id, style in self._styles.items()
                if names.attribute(style, "type") == "paragraph" and names.attribute(style, "default") in {"1", "true"}
            ),
            None,
        )
        self._default_table = next(
            (
                style_id
                for style_id, style in self._styles.items()
                if names.attribute(style, "type") == "table" and names.attribute(style, "default") in {"1", "true"}
            ),
            None,
        )

    def first(self, style_id: str | None, ask: Callable[[etree._Element], T | None]) -> T | None:
        """What the style says, or the one that it is based on, and so on."""
        seen = 0
        while style_id is not None and style_id in self._styles and seen < _MOST_STEPS:
            style = self._styles[style_id]
            said = ask(style)
            if said is not None:
                return said
            style_id, seen = names.value(style, "basedOn"), seen + 1
        return None

    def paragraph_style(self, paragraph: etree._Element) -> str | None:
        """The style of a paragraph."""
        return names.value(paragraph, "pPr", "pStyle") or self._default_paragraph

    def is_hidden(self, run: etree._Element, paragraph_style: str | None) -> bool:
        """Whether a run is not shown."""
        said = names.is_on(run, "rPr", "vanish")
        if said is None:
            said = self.first(names.value(run, "rPr", "rStyle"), lambda style: names.is_on(style, "rPr", "vanish"))
        if said is None:
            said = self.first(paragraph_style, lambda style: names.is_on(style, "rPr", "vanish"))
        return bool(said)

    def heading_level(self, paragraph: etree._Element) -> int | None:
        """1 to 9 for what stands in the outline, else None."""
        level = names.whole(names.value(paragraph, "pPr", "outlineLvl"))
        if level is None:
            style = self.paragraph_style(paragraph)
            level = self.first(style, lambda found: names.whole(names.value(found, "pPr", "outlineLvl")))
        return level + 1 if level is not None and 0 <= level <= 8 else None

    def has_borders(self, table: etree._Element) -> bool:
        """Whether a table is drawn, and not only a means of layout."""
        own = names.child(table, "tblPr", "tblBorders")
        if own is not None:
            return _draws(own)
        style = names.value(table, "tblPr", "tblStyle") or self._default_table
        said = self.first(
            style,
            lambda found: None if (b := names.child(found, "tblPr", "tblBorders")) is None else _draws(b),
        )
        return bool(said) or any(
            (borders := names.child(cell, "tcPr", "tcBorders")) is not None and _draws(borders)
            for row in names.children(table, "tr")
            for cell in names.children(row, "tc")
        )


def _draws(borders: etree._Element) -> bool:
    return any((names.attribute(line, "val") or "nil") not in {"nil", "none"} for line in borders)
