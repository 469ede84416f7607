"""One side of a comparison: a segmentation and its bytes, read unit by unit and only where a unit is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from cutter_agent.errors import InputRefused
from cutter_agent.model import Segmentation
from cutter_agent.recut.labels import names, split_label, stub_head, words_of

_BARE_WORDS = 3
_SURROGATES = range(0xD800, 0xE000)
_LAST_CODE = 0x10FFFF


class Lexicon:
    """Words as single characters: two texts become two short strings, which compare at the speed of C.

    Beyond a million different words the last character stands for all others.
    """

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._next = 1

    def spell(self, words: list[str]) -> str:
        """One character for each word."""
        codes = self._codes
        out = []
        for word in words:
            code = codes.get(word)
            if code is None:
                code = codes[word] = chr(self._next)
                self._next = min(self._next + 1, _LAST_CODE)
                if self._next in _SURROGATES:
                    self._next = _SURROGATES.stop
            out.append(code)
        return "".join(out)


@dataclass(frozen=True, slots=True)
class Reading:
    """A unit's text: its label, its words as characters of the lexicon; of a stub, the words before its bracket.

    ``bare``: hardly a word and nothing under it (``Aufgehoben``), which at its place may be a stub, too. ``entry``: its
    label is a key, and whatever its value says, the key makes it what it is.
    """

    label: str
    words: str
    stub: str | None
    bare: bool
    entry: bool


class Side:
    """Columns of one segmentation: ``parents[i]`` is a place or -1, ``children[i]`` how many units stand under it."""

    def __init__(self, segmentation: Segmentation, data: bytes, lexicon: Lexicon) -> None:
        units = segmentation.units
        if segmentation.byte_length != len(data) or (units and units[-1].end_byte != len(data)):
            raise InputRefused(
                f"the units cover {segmentation.byte_length} bytes and the snapshot has {len(data)}",
                remedy="Match each segmentation with the bytes that it was made from.",
            )
        self.units = units
        self.data = data
        self.hashes = [unit.content_sha256 for unit in units]
        self.place_of = {unit.address: index for index, unit in enumerate(units)}
        self.parents = [-1 if unit.parent is None else self.place_of.get(unit.parent, -1) for unit in units]
        self.children = [0] * len(units)
        for parent in self.parents:
            if parent >= 0:
                self.children[parent] += 1
        self._lexicon = lexicon
        self._readings: list[Reading | None] = [None] * len(units)

    def __len__(self) -> int:
        return len(self.units)

    def size(self, index: int) -> int:
        """Bytes of the own span."""
        unit = self.units[index]
        return unit.end_byte - unit.start_byte

    def text(self, index: int) -> str:
        """The own text. A span that a foreign tool cut inside a character shows U+FFFD there."""
        unit = self.units[index]
        return self.data[unit.start_byte : unit.end_byte].decode("utf-8", errors="replace")

    def family(self, index: int) -> int | str:
        """What a unit is numbered in: its parent (-1: none), or all of its level where its address leaves that out."""
        parent = self.parents[index]
        unit = self.units[index]
        return parent if parent < 0 or unit.address.startswith(f"{unit.parent}-") else unit.level

    def members_outside(self, families: set[int | str], window: range) -> set[int | str]:
        """Those of these families of which a unit stands before or behind the window. One walk for all of them."""
        open_, found = set(families), set[int | str]()
        for k in chain(range(window.start), range(window.stop, len(self))):
            if self.parents[k] in open_ or self.units[k].level in open_:
                family = self.family(k)
                if family in open_:
                    open_.remove(family)
                    found.add(family)
        return found

    def words_below(self, index: int, limit: int) -> str:
        """The words of a unit and of what stands under it, about ``limit`` of them at most."""
        out, count = [], 0
        for at in range(index, len(self)):
            if at > index and self.parents[at] < index:
                break
            words = self.read(at).words
            out.append(words[: limit - count])
            count += len(out[-1])
            if count >= limit:
                break
        return "".join(out)

    def read(self, index: int) -> Reading:
        """Label and words, read once."""
        reading = self._readings[index]
        if reading is None:
            text, number = self.text(index), self.units[index].number
            label, body = split_label(text, number)
            words = words_of(body)
            leaf = self.children[index] == 0
            head = stub_head(body, len(words)) if leaf else None
            stub = None if head is None else self._lexicon.spell(words_of(head))
            bare, entry = leaf and 0 < len(words) <= _BARE_WORDS, number is not None and names(text, number)
            reading = Reading(label, self._lexicon.spell(words), stub, bare, entry)
            self._readings[index] = reading
        return reading
