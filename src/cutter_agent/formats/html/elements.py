"""The open elements of an HTML file: their path, and what closes them though nothing says so (HTML 13.1.2.4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cutter_agent.errors import FormatRefused
from cutter_agent.formats.html.lists import Numbering

MOST_DEEP = 1000

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
BLOCK = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "pre",
        "search",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
PARAGRAPH = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6"])
"""A blank line stands before and after these."""
HEADINGS = {f"h{level}": level for level in range(1, 7)}
UNSEEN = frozenset(["script", "style", "template", "noscript", "head", "title", "noframes", "datalist"])
"""Their text is for programs."""
OBJECTS = {
    "iframe": "a frame",
    "object": "an object",
    "embed": "an embedded object",
    "video": "a video",
    "audio": "a sound",
    "canvas": "a drawing",
    "applet": "an applet",
    "math": "a formula",
    "frame": "a frame",
}
FIELDS = frozenset(("input", "select", "textarea"))

_CLOSES_P = BLOCK - {"li", "dd", "dt", "tr", "tbody", "thead", "tfoot", "caption", "option", "optgroup", "html", "body"}
_CLOSES = {
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "tr": frozenset({"tr", "td", "th"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
    "thead": frozenset({"tr", "td", "th", "tbody", "tfoot", "thead", "caption"}),
    "tbody": frozenset({"tr", "td", "th", "tbody", "tfoot", "thead", "caption"}),
    "tfoot": frozenset({"tr", "td", "th", "tbody", "tfoot", "thead", "caption"}),
    "option": frozenset({"option"}),
}
_WALLS = {
    "li": frozenset({"ol", "ul", "menu", "dir"}),
    "dt": frozenset({"dl"}),
    "dd": frozenset({"dl"}),
    "option": frozenset({"select", "datalist"}),
}
_TABLE_WALL = frozenset({"table"})
_P_WALLS = frozenset({"table", "td", "th", "caption", "button", "object", "body", "html", "li", "dd", "div"})


@dataclass(kw_only=True)
class Element:
    """One open element."""

    name: str
    path: str
    attributes: dict[str, str | None]
    numbering: Numbering | None = None
    counted: Counter[str] = field(default_factory=Counter)
    start_byte: int = 0
    start_char: int = 0
    cells: int = 0
    rows: int = 0


class OpenElements:
    """A stack from the root to the element that text falls into."""

    def __init__(self) -> None:
        self._root = Element(name="", path="", attributes={})
        self.stack: list[Element] = []

    @property
    def top(self) -> Element:
        """The innermost open element, or the document."""
        return self.stack[-1] if self.stack else self._root

    def open(self, name: str, attributes: dict[str, str | None], *, start_byte: int) -> Element:
        """Open one more. Raises ``FormatRefused`` where they are nested without reason."""
        if len(self.stack) >= MOST_DEEP:
            raise FormatRefused(
                f"elements are nested more than {MOST_DEEP} deep",
                remedy="Repair the HTML: end tags are missing, or it was made to do harm.",
                start_byte=start_byte,
            )
        element = Element(name=name, path=self.child_path(name), attributes=attributes, start_byte=start_byte)
        self.stack.append(element)
        return element

    def child_path(self, name: str) -> str:
        """The path of the next child of this name: ``/html/body/p[3]``."""
        parent = self.top
        parent.counted[name] += 1
        number = parent.counted[name]
        return f"{parent.path}/{name}" + (f"[{number}]" if number > 1 else "")

    def implied_ends(self, name: str) -> list[Element]:
        """The elements that a start tag closes, innermost first. They are taken off the stack."""
        ended: list[Element] = []
        if name in _CLOSES_P:
            ended += self._until(frozenset({"p"}), _P_WALLS)
        if name in _CLOSES:
            wall = _WALLS.get(name, _TABLE_WALL)
            while found := self._until(_CLOSES[name], wall):
                ended += found
        return ended

    def end(self, name: str) -> list[Element]:
        """What an end tag closes, innermost first; nothing where no such element is open."""
        wall = frozenset() if name in {"table", "body", "html"} else _TABLE_WALL
        return self._until(frozenset({name}), wall - {name})

    def all(self) -> list[Element]:
        """Everything still open, innermost first."""
        ended, self.stack = self.stack[::-1], []
        return ended

    def _until(self, names: frozenset[str], walls: frozenset[str]) -> list[Element]:
        for place in range(len(self.stack) - 1, -1, -1):
            name = self.stack[place].name
            if name in names:
                ended = self.stack[place:][::-1]
                del self.stack[place:]
                return ended
            if name in walls:
                break
        return []
