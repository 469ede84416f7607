"""Markdown documents to units: the tree is the headings', under them stand paragraphs, list items, rows of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from cutter_agent.model import Finding, Unit
from cutter_agent.segmenter.commonmark.blocks import ENTRY, FRONT_MATTER, Block, Opening
from cutter_agent.segmenter.commonmark.reading import entries, openings
from cutter_agent.segmenter.grammar import Finest, Profile
from cutter_agent.segmenter.noting import Notes
from cutter_agent.segmenter.placing import Minting
from cutter_agent.segmenter.shadow import ascii_words

_LONGEST_KEY = 60
_REPEATED = "REP"
_MARK = b"\xef\xbb\xbf"
_CLOSING = rb"(?:---|\.\.\.)[ \t]*+(?:\r\n?|\n|\Z)"
_FRONT_MATTER = re.compile(
    rb"(?:\xef\xbb\xbf)?---[ \t]*(?:\r\n?|\n)(?:(?!" + _CLOSING + rb")[^\r\n]*+(?:\r\n?|\n))*+" + _CLOSING
)


def cut(data: bytes, profile: Profile, document_code: str) -> tuple[tuple[Unit, ...], tuple[Finding, ...]]:
    """Units of a CommonMark text. A blank line belongs to the block before it; a front matter is a unit of its own.

    Where rows of tables are units, so are the entries of the front matter: one of them changes with every edition.
    """
    placing = _Placing(data, document_code)
    finest = profile.markdown.finest if profile.markdown else Finest.LIST_ITEM
    for opening in _whole(data, profile, finest):
        placing.open(opening)
    return tuple(placing.closed()), tuple(placing.notes.findings)


def _whole(data: bytes, profile: Profile, finest: Finest) -> Iterator[Opening]:
    """All blocks, each on a line of its own; what stands before the first is a unit or, if blank, the first's."""
    front = _FRONT_MATTER.match(data)
    last = -1
    if front:
        yield Opening(0, FRONT_MATTER)
        last = 0
        if finest is Finest.TABLE_ROW:
            yield from entries(data, 0, front.end())
    for opening in openings(data, front.end() if front else len(_MARK) * data.startswith(_MARK), finest):
        at = opening.start_byte
        if last < 0 < at:
            if data[:at].strip(_MARK + b" \t\r\n"):
                yield _preamble(profile)
            else:
                at = 0
        if at > last:
            yield opening if at == opening.start_byte else Opening(at, opening.block)
            last = at
    if last < 0:
        yield _preamble(profile)


def _preamble(profile: Profile) -> Opening:
    p = profile.preamble
    return Opening(0, Block(p.name, p.kind, p.token, nesting=-1))


class _Placing:
    """Gives each block its parent, its number and its address, and closes it where the next one opens."""

    def __init__(self, data: bytes, document_code: str) -> None:
        self._data, self._view, self._code = data, memoryview(data), document_code
        self.notes = Notes(data, ())
        self._minting = Minting(self.notes, _REPEATED)
        self._counts: dict[str, int] = {}
        self._headings: list[tuple[int, str]] = []
        self._items: list[str] = []
        self._above: str | None = None
        self._single: str | None = None
        self._units: list[Unit] = []
        self._waiting: tuple[int, Block, str, str | None, str | None] | None = None

    def open(self, opening: Opening) -> None:
        """A block begins; the one before ends."""
        start_byte, block, marker = opening
        self._close(start_byte)
        parent = self._parent(block)
        if block is ENTRY:
            self._waiting = (start_byte, block, self._named(f"{parent}", marker, start_byte), parent, marker)
            return
        stem, number = f"{parent or self._code}-{block.token}", None
        if block.nesting >= 0:
            number = self._next(stem)
            if f"{stem}{number}" == self._single:  # a profile may spell its preamble like a numbered block
                number = self._next(stem)
        address = f"{stem}{number or ''}"
        if block.depth:
            self._headings.append((block.depth, address))
        elif block.level == "item":
            self._items.append(address)
        elif block.nesting < 0:
            self._single = address
        if not block.in_table:
            self._above = address
        self._waiting = (start_byte, block, address, parent, number)

    def _next(self, stem: str) -> str:
        count = self._counts[stem] = self._counts.get(stem, 0) + 1
        return str(count)

    def _named(self, parent: str, key: str, start_byte: int) -> str:
        words = "-".join(ascii_words(key))[:_LONGEST_KEY].strip("-")
        return self._minting.mint(f"{parent}-{words or ENTRY.token}", start_byte)

    def _parent(self, block: Block) -> str | None:
        if block.in_table or block is ENTRY:
            return self._above
        if block.depth:
            while self._headings and self._headings[-1][0] >= block.depth:
                self._headings.pop()
            self._items.clear()
        del self._items[max(block.nesting, 0) :]
        if self._items:
            return self._items[-1]
        return self._headings[-1][1] if self._headings else None

    def _close(self, end_byte: int) -> None:
        if self._waiting is None:
            return
        start, block, address, parent, number = self._waiting
        self._units.append(
            Unit(
                start_byte=start,
                end_byte=end_byte,
                level=block.level,
                number=number,
                address=address,
                kind=block.kind,
                parent=parent,
                content_sha256=sha256(self._view[start:end_byte]).hexdigest(),
            )
        )

    def closed(self) -> list[Unit]:
        """All units; the last one ends with the text."""
        self._close(len(self._data))
        self._waiting = None
        return self._units
