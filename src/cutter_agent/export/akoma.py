"""Akoma Ntoso 3.0 (OASIS LegalDocML, akn-core 1.0): an ``act`` whose elements are the units, nested as they are.

* ``eId`` follows the naming convention (``art_14__para_2``); ``wId`` is the unit's canonical address, for ever;
  other addresses of a unit stand in ``iu:aliases``, and ``iu:sha256`` is the digest of its exact text.
* What stands before the first provision is ``preface``. A kind that the standard does not know is ``hcontainer``.
* A line of text is a ``p``; the printed number is ``num``, the rest of a structural heading's line ``heading``.
* Dates are those of the cut: when the law was enacted, and which country's it is, the store does not know. The country
  follows the profile's family, ``zz`` where it has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from cutter_agent.export.losses import BLANK_LINES, NESTING, REPLACED, Losses
from cutter_agent.export.placing import Placed
from cutter_agent.report import ExportedDocument, ExportedUnit

NAMESPACE = "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"
OWN_NAMESPACE = "urn:dot-iu-cutter:export:v1"

_ABBREVIATIONS = {
    "alinea": "al",
    "article": "art",
    "book": "book",
    "chapter": "chp",
    "clause": "cl",
    "division": "dvs",
    "indent": "indent",
    "list": "list",
    "paragraph": "para",
    "part": "part",
    "point": "point",
    "proviso": "proviso",
    "rule": "rule",
    "section": "sec",
    "subchapter": "subchp",
    "subclause": "subcl",
    "subdivision": "subdvs",
    "subparagraph": "subpara",
    "subpart": "subpart",
    "subrule": "subrule",
    "subsection": "subsec",
    "subtitle": "subtitle",
    "title": "title",
    "tome": "tome",
    "transitional": "transitional",
}
"""Hierarchical elements of the standard, each with its word in an ``eId``."""

_HEADED = frozenset(
    {
        "article",
        "book",
        "chapter",
        "division",
        "part",
        "subchapter",
        "subdivision",
        "subpart",
        "subtitle",
        "title",
        "tome",
    }
)
_NAMED_BELOW = _HEADED - {"article"}
"""Their heading may stand on the line below the number: ``Chapter I``, then its name."""
_FRONT = frozenset(
    {
        "cover",
        "enactment",
        "front_matter",
        "header",
        "legal_basis",
        "metadata",
        "motto",
        "preamble",
        "preface",
        "recital",
        "title",
    }
)
_PLACES = {"vn": ("vn", "vie"), "de": ("de", "deu"), "fr": ("fr", "fra"), "us": ("us", "eng"), "en": ("zz", "eng")}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_AFTER_NUMBER = re.compile(r"[^\w\s]*\s*")
_LONGEST_HEADING = 300
_LABEL_CHARACTERS = 80
_ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opened:
    """A provision that is open. ``given``: how often which ``eId`` was given to what stands directly in it."""

    address: str
    element: str
    eid: str
    given: dict[str, int] = field(default_factory=dict)


@dataclass
class _Writer:
    """What is open, which ``eId`` were given there, what was lost."""

    losses: Losses
    open: list[_Opened] = field(default_factory=list)
    """The provisions around the current place, outermost first."""
    top: dict[str, int] = field(default_factory=dict)
    """As ``_Opened.given``, of what stands in no provision."""

    def identify(self, place: Placed, element: str) -> str:
        word = _ABBREVIATIONS.get(element, element)
        number = re.sub(r"[^\w.-]+", "-", place.unit.number or "").strip("-")
        above = f"{self.open[-1].eid}__" if self.open else ""
        given = self.open[-1].given if self.open else self.top
        own = f"{word}_{number or 'nn'}"
        count = given[own] = given.get(own, 0) + 1
        if not number:
            return f"{above}{own}{count}"
        return f"{above}{own}" if count == 1 else f"{above}{own}-{count}"

    def allowed(self, text: str) -> str:
        """Before white space is looked at: to Python some of the forbidden characters are white space."""
        found, count = _NOT_XML.subn("\ufffd", text)
        self.losses.add(REPLACED, count)
        return found

    def text(self, text: str) -> str:
        return escape(self.allowed(text), {"\r": "&#13;"})


def akoma_ntoso(document: ExportedDocument, units: Iterable[Placed], losses: Losses) -> Iterator[str]:
    """The document as text, piece by piece. Well-formed whatever the text."""
    writer = _Writer(losses)
    yield from _head(document, writer)
    rest = iter(units)
    front: list[Placed] = []
    first: Placed | None = None
    for place in rest:
        if place.unit.kind not in _FRONT and not _under(place, front):
            first = place
            break
        front.append(place)
    if first is not None and front:
        yield "<preface>\n"
        for place in front:
            yield from _container(place, writer)
        yield "</preface>\n"
    yield "<body>\n"
    yield from _body(front if first is None else _chained(first, rest), writer)
    yield "</body>\n</act>\n</akomaNtoso>\n"


def _under(place: Placed, front: list[Placed]) -> bool:
    return any(above.unit.address in place.ancestors for above in front)


def _chained(first: Placed, rest: Iterable[Placed]) -> Iterator[Placed]:
    yield first
    yield from rest


def _head(document: ExportedDocument, writer: _Writer) -> Iterator[str]:
    country, language = _PLACES.get(document.profile_id.split("-")[0], ("zz", "und"))
    date = document.cut_at.date().isoformat()
    code = document.document_code.lower()
    work = f"/akn/{country}/act/{date}/{code}"
    expression = f"{work}/{language}@{date}"
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<akomaNtoso xmlns="{NAMESPACE}" xmlns:iu="{OWN_NAMESPACE}">\n<act name="act" contains="singleVersion">\n'
        '<meta>\n<identification source="#iu-cutter">\n'
    )
    for name, this, uri, more in (
        ("Work", f"{work}/!main", work, f'<FRBRcountry value="{country}"/>'),
        ("Expression", f"{expression}/!main", expression, f'<FRBRlanguage language="{language}"/>'),
        ("Manifestation", f"{expression}/!main.xml", f"{expression}.akn", ""),
    ):
        alias = f'<FRBRalias name="iu" value={_attribute(document.document_code, writer)}/>' if name == "Work" else ""
        yield (
            f'<FRBR{name}><FRBRthis value="{this}"/><FRBRuri value="{uri}"/>{alias}'
            f'<FRBRdate date="{date}" name="cut"/><FRBRauthor href="#iu-cutter"/>{more}</FRBR{name}>\n'
        )
    yield (
        '</identification>\n<references source="#iu-cutter">'
        '<TLCProcess eId="iu-cutter" href="/ontology/process/iu-cutter" showAs="iu-cutter"/></references>\n'
        f'<proprietary source="#iu-cutter"><iu:document ref={_attribute(document.document_ref, writer)} '
        f"title={_attribute(document.title, writer)} profile={_attribute(document.profile_id, writer)} "
        f'cut="{document.cut_seq}" snapshot="{document.snapshot_sha256}"/></proprietary>\n</meta>\n'
    )


def _container(place: Placed, writer: _Writer) -> Iterator[str]:
    eid = writer.identify(place, "container")
    yield f"<container name={_attribute(place.unit.kind, writer)}{_names(place, eid, writer)}>\n"
    yield from _paragraphs(writer.allowed(place.unit.text).split("\n"), writer)
    yield "</container>\n"


def _body(units: Iterable[Placed], writer: _Writer) -> Iterator[str]:
    """One look ahead tells whether a unit has children: its text is then their ``intro``, else its ``content``."""
    waiting: Placed | None = None
    for place in units:
        if waiting is not None:
            yield from _provision(waiting, writer, parent_of_next=place.unit.parent)
        yield from _close(place, writer)
        waiting = place
    if waiting is not None:
        yield from _provision(waiting, writer, parent_of_next=None)
    while writer.open:
        yield f"</{writer.open.pop().element}>\n"


def _close(place: Placed, writer: _Writer) -> Iterator[str]:
    around = {provision.address for provision in writer.open}
    if place.unit.parent is not None and place.unit.parent not in around and place.ancestors:
        writer.losses.add(NESTING)
    while writer.open and writer.open[-1].address != place.unit.parent:
        yield f"</{writer.open.pop().element}>\n"


def _provision(place: Placed, writer: _Writer, *, parent_of_next: str | None) -> Iterator[str]:
    unit = place.unit
    element = unit.kind if unit.kind in _ABBREVIATIONS else "hcontainer"
    name = f" name={_attribute(unit.kind, writer)}" if element == "hcontainer" else ""
    eid = writer.identify(place, element)
    number, heading, lines = _parted(unit, writer.allowed(unit.text).split("\n"))
    yield f"<{element}{name}{_names(place, eid, writer)}>"
    yield f"<num>{writer.text(number)}</num>" if number else ""
    yield f"<heading>{writer.text(heading)}</heading>" if heading else ""
    yield "\n"
    has_children = parent_of_next == unit.address
    wrapper = "intro" if has_children else "content"
    paragraphs = list(_paragraphs(lines, writer, required=not has_children))
    if paragraphs:
        yield f"<{wrapper}>\n"
        yield from paragraphs
        yield f"</{wrapper}>\n"
    writer.open.append(_Opened(address=unit.address, element=element, eid=eid))


def _parted(unit: ExportedUnit, lines: list[str]) -> tuple[str, str, list[str]]:
    """(the number as printed, the heading, the other lines). Without a number in the first line: all is text."""
    at = next((i for i, line in enumerate(lines) if line.strip()), None)
    number = unit.number
    if at is None or not number:
        return "", "", lines
    first = lines[at].rstrip("\r")
    spelt = "|".join(map(re.escape, (number, *_romans(number))))
    found = re.search(rf"(?<!\w)(?:{spelt})(?!\w)", first[:_LABEL_CHARACTERS], flags=re.IGNORECASE)
    if found is None:
        return "", "", lines
    end = _AFTER_NUMBER.match(first, found.end())
    cut = end.end() if end else found.end()
    printed, rest, behind = first[:cut].strip(), first[cut:].strip(), lines[at + 1 :]
    if unit.kind in _NAMED_BELOW and not rest:
        rest, behind = _next_line(behind)
    if unit.kind in _HEADED and rest and len(rest) <= _LONGEST_HEADING:
        return printed, rest, behind
    return printed, "", [*([rest] if rest else []), *behind]


def _romans(number: str) -> tuple[str, ...]:
    """The number in Roman numerals, where it is one up to 399."""
    if not number.isascii() or not number.isdigit() or not 0 < int(number) < 400:
        return ()
    value, spelt = int(number), ""
    for worth, letters in _ROMAN:
        spelt, value = spelt + letters * (value // worth), value % worth
    return (spelt,)


def _next_line(lines: list[str]) -> tuple[str, list[str]]:
    at = next((i for i, line in enumerate(lines) if line.strip()), None)
    return ("", lines) if at is None else (lines[at].strip(), lines[at + 1 :])


def _paragraphs(lines: Iterable[str], writer: _Writer, *, required: bool = True) -> Iterator[str]:
    written = 0
    blank = 0
    for line in lines:
        if line.strip():
            yield f"<p>{writer.text(line)}</p>\n"
            writer.losses.add(BLANK_LINES, blank if written else 0)
            written, blank = written + 1, 0
        else:
            blank += 1
    if required and not written:
        yield "<p/>\n"


def _names(place: Placed, eid: str, writer: _Writer) -> str:
    unit = place.unit
    aliases = f" iu:aliases={_attribute(' '.join(map(_word, unit.aliases)), writer)}" if unit.aliases else ""
    return (
        f" eId={_attribute(eid, writer)} wId={_attribute(unit.address, writer)}"
        f' iu:sha256="{unit.content_sha256}" iu:version="{unit.version}"{aliases}'
    )


def _word(text: str) -> str:
    return re.sub(r"\s+", "_", text)


def _attribute(text: str, writer: _Writer) -> str:
    return quoteattr(writer.allowed(text))
