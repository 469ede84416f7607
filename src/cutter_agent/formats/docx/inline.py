"""What stands in one paragraph: runs of text with tabs and line ends, references to notes, and what is lost.

Tracked changes are taken as accepted: insertions stand in the text, deletions do not, and both are findings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from cutter_agent.formats.docx import names
from cutter_agent.formats.docx.styles import Styles
from cutter_agent.formats.docx.symbols import character

_TRANSPARENT = frozenset(
    [
        "hyperlink",
        "smartTag",
        "customXml",
        "sdt",
        "sdtContent",
        "fldSimple",
        "ins",
        "moveTo",
        "dir",
        "bdo",
        "ruby",
        "rubyBase",
        "AlternateContent",
        "Choice",
    ]
)
_DELETED = frozenset(("del", "moveFrom"))
_PLAIN = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
_PICTURES = frozenset(("pic", "imagedata"))
_DRAWN = {"chart": "a chart", "relIds": "a diagram", "OLEObject": "an embedded object", "control": "a control"}


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Something that text cannot hold: a finding's code and words; ``left_out`` is text that is not in the stream."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)
    left_out: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A reference to a note. ``kind`` is footnote or endnote."""

    kind: str
    note_id: str


@dataclass(frozen=True, kw_only=True)
class TextBox:
    """The content of a text box that is anchored here."""

    content: etree._Element


Piece = str | Lost | Reference | TextBox


class InlineReader:
    """Reads the inside of paragraphs."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles

    def pieces(self, paragraph: etree._Element) -> list[Piece]:
        """Everything in ``paragraph``, in order; pieces of text that follow one another are one."""
        found: list[Piece] = []
        self._walk(paragraph, self._styles.paragraph_style(paragraph), found)
        return _joined(found)

    def _walk(self, element: etree._Element, style: str | None, found: list[Piece]) -> None:
        for item in element:
            name = names.local(item)
            if name == "r":
                self._run(item, style, found)
            elif name in _DELETED:
                found.append(self._change(item, "tracked_deletion"))
            elif name in _TRANSPARENT:
                if name in {"ins", "moveTo"}:
                    found.append(self._change(item, "tracked_insertion"))
                self._walk(item, style, found)
            elif name in {"oMath", "oMathPara"}:
                text = "".join(part.text or "" for part in item.iter() if names.local(part) == "t")
                found.append(Lost(code="formula_flattened", values={"text": text}))
                found.append(text)
            elif name == "subDoc":
                found.append(Lost(code="embedded_object", values={"what": "a document that is named here"}))

    def _run(self, run: etree._Element, style: str | None, found: list[Piece]) -> None:
        if self._styles.is_hidden(run, style):
            text = "".join(part.text or "" for part in run.iter() if names.local(part) == "t")
            if text.strip():
                found.append(Lost(code="hidden_text", left_out=text))
            return
        for item in run:
            self._item(item, names.local(item), style, found)

    def _item(self, item: etree._Element, name: str, style: str | None, found: list[Piece]) -> None:
        if name == "t":
            found.append(item.text or "")
        elif name in _PLAIN:
            found.append(_PLAIN[name])
        elif name == "br":
            found.append("\n")
        elif name == "sym":
            found.append(self._symbol(item, found))
        elif name in {"footnoteReference", "endnoteReference"}:
            found.append(Reference(kind=name.removesuffix("Reference"), note_id=names.attribute(item, "id") or ""))
        elif name in {"drawing", "pict", "object"}:
            self._drawing(item, found)
        elif name in _TRANSPARENT:
            for part in item:
                if names.local(part) == "Choice" or name != "AlternateContent":
                    self._item(part, names.local(part), style, found)
        elif name == "ruby":
            self._walk(item, style, found)

    @staticmethod
    def _symbol(item: etree._Element, found: list[Piece]) -> str:
        font, code = names.attribute(item, "font") or "", names.attribute(item, "char") or ""
        known = character(font, code)
        if known is None:
            found.append(Lost(code="symbol_unknown", values={"font": font, "symbol": code}))
        return known or "\ufffd"

    @staticmethod
    def _drawing(item: etree._Element, found: list[Piece]) -> None:
        boxes, pictures, drawn = [], 0, []
        alt = ""
        waiting = [item]
        while waiting:
            part = waiting.pop()
            name = names.local(part)
            if name == "txbxContent":
                boxes.append(part)
                continue
            pictures += name in _PICTURES
            if name in _DRAWN:
                drawn.append(_DRAWN[name])
            if name == "docPr":
                alt = alt or names.attribute(part, "descr") or ""
            choices = [one for one in part if names.local(one) == "Choice"] if name == "AlternateContent" else []
            waiting.extend(reversed(choices or list(part)))
        found.extend(Lost(code="image", values={"alt": f": {alt}" if alt else ""}) for _ in range(pictures))
        found.extend(Lost(code="embedded_object", values={"what": what}) for what in drawn)
        found.extend(TextBox(content=box) for box in boxes)

    @staticmethod
    def _change(item: etree._Element, code: str) -> Lost:
        text = "".join(part.text or "" for part in item.iter() if names.local(part) in {"t", "delText"})
        author = names.attribute(item, "author") or "somebody"
        deleted = code == "tracked_deletion"
        return Lost(
            code=code,
            values={"author": author} if deleted else {"author": author, "text": text},
            left_out=text if deleted else None,
        )


def _joined(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
    return joined
