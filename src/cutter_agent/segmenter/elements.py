"""XML documents of law (Akoma Ntoso, USLM): units are elements, spans are bytes of the XML (design 4.4).

The parser is expat, which tells the byte of every tag. A unit's own span runs from its start tag to the start tag of
the next unit, so that own spans tile the file; what stands before the first is the preamble. Nothing outside the
document is ever read: a declaration of an entity is refused, and so is a reference to one that lies outside.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from xml.parsers import expat

from cutter_agent.errors import InputRefused
from cutter_agent.model import Finding, Unit
from cutter_agent.segmenter.grammar import Element, Profile, XmlText
from cutter_agent.segmenter.ladder.labels import LabelReader
from cutter_agent.segmenter.noting import Notes
from cutter_agent.segmenter.placing import Minting

_NUMBER_CAP_CHARACTERS = 200
_LONGEST_ADDRESS = 300
_MOST_DEEP = 64  # units in units; what is nested deeper belongs to the unit it stands in
_EDGES = " \t\r\n.,:;()[]§–—-\u00a0"


class _Open:
    """One open element that is a unit."""

    __slots__ = ("attributes", "depth", "element", "index", "number")

    def __init__(self, element: Element, index: int, depth: int, attributes: dict[str, str]) -> None:
        self.element = element
        self.index = index
        self.depth = depth
        self.attributes = attributes
        self.number: str | None = None


class _Reader:
    """Collects units while expat walks through a document."""

    def __init__(self, profile: Profile, layout: XmlText) -> None:
        self._layout = layout
        self._by_name = {name: element for element in profile.elements for name in element.elements}
        self._quoted = frozenset(layout.quoted_elements)
        self._number_names = frozenset(layout.number_elements)
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = None
        self._parser.EntityDeclHandler = self._entity
        self._parser.ExternalEntityRefHandler = self._external
        self._data = b""
        self._depth = 0
        self._quoted_depth = 0
        self._number_depth = 0
        self._text: list[str] = []
        self._open: list[_Open] = []
        self.starts: list[int] = []
        self.elements: list[_Open] = []
        self.parents: list[int] = []

    def read(self, data: bytes) -> tuple[int, str] | None:
        """Walks through ``data``; where it is not well-formed, the byte and what is wrong there."""
        self._data = data
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            return min(max(self._parser.ErrorByteIndex, 0), len(data)), expat.ErrorString(error.code) or "not XML"
        return None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._quoted_depth:
            return
        local = name.rpartition(":")[2]
        if local in self._quoted:
            self._quoted_depth = self._depth
        elif local in self._number_names:
            if self._open and self._open[-1].depth == self._depth - 1 and self._open[-1].number is None:
                self._open[-1].number = attributes.get("value")
                self._number_depth = self._depth
                self._parser.CharacterDataHandler = self._text.append
        else:
            element = self._by_name.get(local) if len(self._open) < _MOST_DEEP else None
            if element is not None:
                opened = _Open(element, len(self.starts), self._depth, attributes)
                self.parents.append(self._open[-1].index if self._open else -1)
                self.starts.append(self._parser.CurrentByteIndex)
                self.elements.append(opened)
                self._open.append(opened)

    def _end(self, name: str) -> None:
        del name
        if self._quoted_depth == self._depth:
            self._quoted_depth = 0
        elif self._number_depth == self._depth:
            self._number_depth = 0
            self._parser.CharacterDataHandler = None
            text = "".join(self._text)[:_NUMBER_CAP_CHARACTERS]
            self._text.clear()
            self._open[-1].number = self._open[-1].number or text
        elif self._open and self._open[-1].depth == self._depth:
            self._open.pop()
        self._depth -= 1

    def _entity(self, name: str, *_: object) -> None:
        raise InputRefused(
            f"the document declares the entity {name!r}; entities are not resolved",
            remedy="Resolve the entities and remove their declarations.",
            start_byte=max(self._data.rfind(b"<!ENTITY", 0, self._parser.CurrentByteIndex + 8), 0),
        )

    def _external(self, context: str | None, base: str | None, system_id: str | None, public_id: str | None) -> int:
        del context, base, public_id
        raise InputRefused(
            f"the document refers to something outside of it ({system_id!r})",
            remedy="Put it into the document.",
            start_byte=self._parser.CurrentByteIndex,
        )


def cut(data: bytes, profile: Profile, document_code: str) -> tuple[tuple[Unit, ...], tuple[Finding, ...]]:
    """Units of an XML document; what is not well-formed ends the reading with a finding, and nothing is lost.

    Raises ``InputRefused`` for a document that declares entities or refers to external ones.
    """
    layout = profile.xml
    if layout is None:
        raise ValueError(f"{profile.id} is no profile for XML")
    reader = _Reader(profile, layout)
    broken = reader.read(data)
    notes = Notes(data, ())
    if broken is not None:
        at, what = broken
        notes.note("not_well_formed", at, f"the XML is broken here ({what}); what follows is text", exception=True)
    minting = Minting(notes, layout.repeat_token)
    opening = None if reader.starts[:1] == [0] else minting.mint(f"{document_code}-{profile.preamble.token}", 0)
    addressed = _addresses(reader, profile, layout, document_code, minting)
    found = zip(reader.starts, reader.elements, strict=True)
    rows = [(start, opened.element.name, opened.element.kind) for start, opened in found]
    if opening is not None:
        rows.insert(0, (0, profile.preamble.name, profile.preamble.kind))
        addressed.insert(0, (None, opening, None))
    ends = [start for start, _, _ in rows[1:]] + [len(data)]
    view = memoryview(data)
    units = tuple(
        Unit(
            start_byte=start, end_byte=end, level=level, number=number, address=address, kind=kind, parent=parent,
            content_sha256=sha256(view[start:end]).hexdigest(),
        )
        for (start, level, kind), end, (number, address, parent) in zip(rows, ends, addressed, strict=True)
    )  # fmt: skip
    return units, tuple(notes.findings)


def _addresses(
    reader: _Reader, profile: Profile, layout: XmlText, code: str, minting: Minting
) -> list[tuple[str | None, str, str | None]]:
    """Number, address and parent of every unit, in document order."""
    numbering = _Numbering(profile, layout)
    counts: Counter[str] = Counter()
    scopes: list[dict[str, str]] = []  # by unit: the address of each level that is open there, the innermost last
    out: list[tuple[str | None, str, str | None]] = []
    for index, opened in enumerate(reader.elements):
        above = reader.parents[index]
        scope = scopes[above] if above >= 0 else {}
        element = opened.element
        under = [address for name, address in scope.items() if name in element.address_under]
        stem = f"{under[-1] if under else code}-{element.token}"
        number, spelling = numbering.read(opened)
        if spelling is None:
            counts[stem] += 1
            spelling = f"-N{counts[stem]}" if number is None and element.numbers else str(counts[stem])
        address = minting.mint(f"{stem}{spelling}"[:_LONGEST_ADDRESS].rstrip("-"), reader.starts[index])
        scopes.append({name: outer for name, outer in scope.items() if name != element.name} | {element.name: address})
        out.append((number, address, out[above][1] if above >= 0 else None))
    return out


def passed_over(data: bytes, profile: Profile) -> list[tuple[int, str]]:
    """Elements that are no units, the first of each name and every quoted one: the byte, and why not."""
    named = {name for element in profile.elements for name in element.elements}
    layout = profile.xml
    quoting = frozenset(layout.quoted_elements) if layout else frozenset()
    numbers = frozenset(layout.number_elements) if layout else frozenset()
    parser = expat.ParserCreate("utf-8")
    out: list[tuple[int, str]] = []
    met: set[str] = set()
    inside = 0  # how deep inside quoted elements

    def start(name: str, _: object) -> None:
        nonlocal inside
        local = name.rpartition(":")[2]
        if inside and local in named:
            out.append((parser.CurrentByteIndex, f"<{local}> stands inside a quoted provision"))
        elif not inside and local not in named and local not in numbers and local not in met:
            met.add(local)
            out.append((parser.CurrentByteIndex, f"no level of the profile names <{local}> (the first of its name)"))
        inside += local in quoting

    def end(name: str) -> None:
        nonlocal inside
        inside -= name.rpartition(":")[2] in quoting

    parser.StartElementHandler, parser.EndElementHandler = start, end
    with suppress(expat.ExpatError):
        parser.Parse(data, True)
    return out


class _Numbering:
    """Reads an element's number: from its number element, else from its identity."""

    def __init__(self, profile: Profile, layout: XmlText) -> None:
        self._ids = layout.id_attributes
        words = "|".join(re.escape(w) for w in sorted(layout.number_words, key=len, reverse=True)) or "(?!)"
        self._words = re.compile(rf"^(?:{words})(?!\w)[ .]*", re.IGNORECASE)
        self._readers = {
            element.name: LabelReader(element.numbers, profile.ordinals, layout.range_words, layout.suffix_words)
            for element in profile.elements
        }

    def read(self, opened: _Open) -> tuple[str | None, str | None]:
        """The number as text and as it is spelt in an address; both None where there is none."""
        reader = self._readers[opened.element.name]
        for text in (opened.number, self._from_identity(opened)):
            bare = self._bare(text or "")
            label = reader.read(bare) if bare else None
            if label is not None and label.spelling.strip("-"):
                return label.text, label.spelling
        return None, None

    def _bare(self, text: str) -> str:
        bare = " ".join(text.split()).strip(_EDGES)
        return self._words.sub("", bare).strip(_EDGES)

    def _from_identity(self, opened: _Open) -> str | None:
        for name in self._ids:
            value = opened.attributes.get(name)
            if value:
                own = re.split(r"__|/", value)[-1]
                return re.split(r"_", own, maxsplit=1)[-1] if "_" in own else own.lstrip("abcdefghijklmnopqrstuvwxyz")
        return None
