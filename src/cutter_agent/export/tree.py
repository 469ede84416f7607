"""A folder of Markdown that a person can read and git can compare: one document, one set of files, byte for byte.

A page is a unit of the kind that the document's family is quoted by (article, section, …) with all that is below it. A
unit that has pages below it is a folder with an ``index.md``, its own text first, then its pages in order. Whatever
stands beside pages is a page of its own. Files are named by addresses, so an insertion renames nothing.

The text of a Markdown source stays as it is; any other text is escaped, and each of its lines is a paragraph.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from cutter_agent.chain import Chain, strays
from cutter_agent.export.placing import Placed, placed
from cutter_agent.report import ExportedDocument, ExportedUnit, Units

PAGE_KINDS = ("article", "section", "principle", "rule")
PAGE_LEVELS = ("h2", "h1")
"""What makes a page: the most frequent level of these kinds; else the first of these levels; else the top level."""

_VERBATIM = frozenset({"markdown", "icx-constitution"})
_LONGEST_NAME = 120
_RESERVED = re.compile(r"^(CON|PRN|AUX|NUL|COM\d|LPT\d)$")
_INLINE = re.compile(r"([\\`*_\[\]<>&])")
_LINE_START = re.compile(r"^(\d*)([#+~=|.)-])")
_DEEPEST_HEADING = 6


@dataclass
class _Open:
    """A page or an index on its way: what is in it so far."""

    address: str | None
    path: str
    parts: list[str] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    is_folder: bool = False

    def text(self) -> str:
        """The file's text."""
        listed = "".join(f"- {child}\n" for child in self.children)
        body = "".join(self.parts)
        return f"{body}\n{listed}" if body and listed else body or listed


def pages(document: ExportedDocument, units: Units) -> Iterator[tuple[str, str]]:
    """(relative path with ``/``, text) of every file. Reads the units three times: what makes a page, what a
    folder, then the texts."""
    folders, astray = _folders(units)
    verbatim = document.profile_id in _VERBATIM
    stack = [_Open(address=None, path="index.md", is_folder=True, parts=[_root_head(document)])]
    for place in placed(units(), astray):
        while stack[-1].address is not None and stack[-1].address not in place.ancestors:
            yield _finished(stack)
        if stack[-1].is_folder:
            stack.append(_opened(stack[-1], place, is_folder=place.unit.address in folders))
        stack[-1].parts.append(_rendered(place, _depth(stack[-1], place), verbatim=verbatim))
    while stack:
        yield _finished(stack)


def _depth(top: _Open, place: Placed) -> int:
    """How far below the page's or folder's own unit."""
    above = place.ancestors
    return len(above) - above.index(top.address) if top.address in above else 0


def _folders(units: Units) -> tuple[frozenset[str], frozenset[str]]:
    """Addresses that have pages below them, and the strays (``chain``). Reads the units twice more, and keeps none."""
    counted: Counter[str] = Counter()
    seen: set[str] = set()

    def counting() -> Iterator[tuple[str, str | None]]:
        for unit in units():
            seen.add(unit.level)
            if unit.kind in PAGE_KINDS:
                counted[unit.level] += 1
            yield unit.address, unit.parent

    astray = strays(counting())
    levels = sorted(counted, key=lambda level: (-counted[level], level)) or [
        level for level in PAGE_LEVELS if level in seen
    ]
    folders: set[str] = set()
    way: Chain[bool] = Chain(astray)
    for unit in units():
        above = way.above(unit.parent)
        is_page = unit.level == levels[0] if levels else unit.parent is None
        if is_page:
            folders.update(address for address, page in above if not page)
        way.down(above, unit.address, is_page)
    return frozenset(folders), astray


def _opened(above: _Open, place: Placed, *, is_folder: bool) -> _Open:
    name = file_name(place.unit.address)
    folder = above.path.rpartition("/")[0]
    prefix = f"{folder}/" if folder else ""
    path = f"{prefix}{name}/index.md" if is_folder else f"{prefix}{name}.md"
    title = _escaped(place.heading) or place.unit.address
    above.children.append(f"[{title}]({path[len(prefix) :]})")
    return _Open(address=place.unit.address, path=path, is_folder=is_folder)


def _finished(stack: list[_Open]) -> tuple[str, str]:
    done = stack.pop()
    return done.path, done.text()


def file_name(address: str) -> str:
    """A name that every file system takes. An address is capital letters, digits and hyphens; a long one is cut and
    told apart by a digest, a word that an operating system keeps for itself gets an underscore."""
    if len(address) > _LONGEST_NAME:
        return f"{address[:_LONGEST_NAME]}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"
    return f"{address}_" if _RESERVED.match(address) else address


def _root_head(document: ExportedDocument) -> str:
    return f"# {_escaped(document.title)}\n\n{document.document_code}, profile {document.profile_id}.\n"


def _rendered(place: Placed, depth: int, *, verbatim: bool) -> str:
    unit = place.unit
    head = f"\n<!-- {unit.address} sha256:{unit.content_sha256[:16]} -->\n"
    if verbatim:
        return head + "\n" + unit.text.rstrip("\n") + "\n" if unit.text.strip() else head
    return head + "".join(f"\n{line}\n" for line in _lines(unit, depth))


def _lines(unit: ExportedUnit, depth: int) -> Iterator[str]:
    """The unit's lines as paragraphs; the first one of a page or of a folder is its heading."""
    lines = [" ".join(line.split()) for line in unit.text.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if number == 0 and unit.kind in _HEADED:
            yield f"{'#' * min(depth + 1, _DEEPEST_HEADING)} {_escaped(line)}"
        else:
            yield _escaped(line)


_HEADED = frozenset(
    {*PAGE_KINDS, "annex", "book", "chapter", "division", "part", "subchapter", "subpart", "subtitle", "title", "tome"}
)


def _escaped(line: str) -> str:
    """A line that Markdown shows as it is: no mark, no list, no link, no tag."""
    return _LINE_START.sub(r"\1\\\2", _INLINE.sub(r"\\\1", line))
