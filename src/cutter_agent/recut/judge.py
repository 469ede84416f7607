"""How strongly two units speak for being one: likeness of words, place, kin. The thresholds of the room are here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from rapidfuzz.distance import Indel

from cutter_agent.recut.links import FREE, Links
from cutter_agent.recut.side import Side

ALIKE_AT_PLACE = 0.2
"""At the same label under the same parent. Function words alone make two texts of one law this much alike."""
ALIKE_IN_REWRITTEN = 0.7
"""The same, where everything around was rewritten, too: then the place says little."""
ALIKE_NEAR = 0.5
"""Unlabelled units at the same place of the same parent (paragraphs, headings)."""
ALIKE_IN_ORDER = 0.85
"""Another label, but in order between two certain neighbours."""
ALIKE_TO_ASK = 0.6
"""Another label, in order: less than enough to be one unit, and enough to ask."""
ALIKE_ANYWHERE = 0.9
"""Out of order."""
TELLING_WORDS = 4
"""Fewer words prove an identity only at the same place."""
ELSEWHERE_WORDS = 8
"""Fewer words prove nothing out of order."""

ALIKE_INSIDE = 0.4
"""Frames at the same place: own text and what stands under it, taken together."""

_INSIDE_WORDS = 400
_COMPARABLE = 400_000_000  # product of two lengths in words; above it pieces are compared
_PLACE, _KIN = 0.25, 0.15
_LAST_RESORT = 0.05


class Place(IntEnum):
    """How much of the place is the same."""

    OTHER = 0
    NEAR = 1
    SAME = 2


@dataclass(frozen=True, slots=True)
class Bond:
    """The case for one pair: ``value`` 0 where it is too weak."""

    value: float
    likeness: float


class Judge:
    """Judges pairs of units while the links grow."""

    def __init__(self, old: Side, new: Side, links: Links, *, positional: bool) -> None:
        self.old, self.new, self.links = old, new, links
        self.positional = positional
        self._kept: set[int | str] = set()
        self.lenient = False

    def look_around(self) -> None:
        """Notes in which old families a text stands word for word as before. Called when the anchors are set."""
        old, hashes, window = self.old, self.new.hashes, self.links.old_window
        self._kept = {old.family(i) for i, j in self.links.window_pairs() if old.hashes[i] == hashes[j]}
        asked = {old.family(i) for i in window} - self._kept
        self._kept |= old.members_outside(asked, window)

    def beside_kept(self, i: int) -> bool:
        """Whether a text of the same family is word for word as it was: the amendment spoke of single units."""
        return i not in self.links.old_window or self.old.family(i) in self._kept

    def rewritten(self, i: int, j: int) -> bool:
        """Whether the whole family was replaced: the parent's own words changed, and no text beside is as it was.

        Amendments replace either one provision, and leave what is around it, or a provision with all that stands in
        it. In the first case the place speaks for the unit, in the second its parts may be new ones.
        """
        if self.beside_kept(i):
            return False
        a, b = self.old.parents[i], self.new.parents[j]
        if a == FREE or b == FREE or isinstance(self.old.family(i), str):
            return True
        return self.old.read(a).words != self.new.read(b).words or not self.old.read(a).words

    def likeness(self, i: int, j: int, cutoff: float = 0.0) -> float:
        """Common words in order, twice, over all words: 0 to 1. Two empty bodies: 1 where the labels agree."""
        a, b = self.old.read(i), self.new.read(j)
        if not a.words and not b.words:
            return 1.0 if a.label == b.label else 0.0
        return alike(a.words, b.words, cutoff)

    def kin(self, i: int, j: int) -> int:
        """1: the parents are one unit (or both have none); -1: a parent lives on elsewhere; 0: not yet known."""
        a, b = self.old.parents[i], self.new.parents[j]
        if a == FREE or b == FREE:
            return 1 if a == b else 0
        if self.links.to_new[a] == b:
            return 1
        return 0 if self.links.to_new[a] == FREE and self.links.to_old[b] == FREE else -1

    def place(self, i: int, j: int, kin: int) -> Place:
        """Same label under the same parent, or the same address where addresses are names."""
        first, second = self.old.units[i], self.new.units[j]
        if first.level != second.level:
            return Place.OTHER
        a, b = self.old.read(i).label, self.new.read(j).label
        same_address = first.address == second.address
        if self.positional:
            if same_address and first.number is None:  # the only one of its kind: a front matter
                return Place.SAME
            if a or b:
                return Place.SAME if a == b and kin > 0 else Place.OTHER
            return Place.NEAR if same_address or kin > 0 else Place.OTHER
        if same_address:
            return Place.SAME
        if a and a == b and (kin > 0 or self.old.family(i) == self.new.family(j) == first.level):
            return Place.SAME
        return Place.NEAR if not a and not b and kin > 0 else Place.OTHER

    def namesake(self, i: int) -> int:
        """The new unit at the same address, where addresses are names."""
        return FREE if self.positional else self.new.place_of.get(self.old.units[i].address, FREE)

    def bond(self, i: int, j: int) -> Bond:
        """The case for a pair that is in order."""
        kin = self.kin(i, j)
        place = self.place(i, j, kin)
        same_level = self.old.units[i].level == self.new.units[j].level
        a, b = self.old.read(i), self.new.read(j)
        words = min(len(a.words), len(b.words))
        if (not same_level and self._descends(i, j)) or (a.entry and b.entry and a.label != b.label):
            return Bond(0.0, 0.0)
        if self.went_under(i, j):
            return Bond(0.0, 0.0)
        need = self._need(place, words, same_level=same_level)
        if place is Place.SAME and self.rewritten(i, j):
            need = ALIKE_IN_REWRITTEN
        if self._says_gone(i, j, place) or (place is Place.SAME and a.entry and b.entry):
            return Bond(1.0 + _PLACE + _KIN * kin, self.likeness(i, j))
        likeness = self.likeness(i, j, ALIKE_AT_PLACE)
        if place is Place.OTHER and not self._tells_elsewhere(i, j, likeness, need):
            return Bond(0.0, likeness)
        if likeness >= need or self._lives_on(i, j, place):
            return Bond(likeness + _PLACE * place / 2 + _KIN * kin + _LAST_RESORT, likeness)
        if self.lenient and place is Place.SAME and need == ALIKE_AT_PLACE:
            return Bond(_LAST_RESORT, likeness)
        return Bond(0.0, likeness)

    def _says_gone(self, i: int, j: int, place: Place) -> bool:
        """A stub at a place says what became of the unit there, whatever else its text resembles."""
        a, b = self.old.read(i), self.new.read(j)
        if b.stub is None or not a.words or a.stub is not None:
            return False
        return a.words.startswith(b.stub) and (place is Place.SAME or (place is Place.NEAR and b.stub != ""))

    def _tells_elsewhere(self, i: int, j: int, likeness: float, need: float) -> bool:
        """Whether a text is evidence away from its place: a stub is none, a frame only with what stands in it."""
        if self.old.read(i).stub is not None or self.new.read(j).stub is not None:
            return False
        return likeness >= need and self._came_along(i, j)

    def _lives_on(self, i: int, j: int, place: Place) -> bool:
        """Other words at one place, and yet the unit: hardly a word, a frame without text or with a like inside."""
        a, b = self.old.read(i), self.new.read(j)
        if place is not Place.SAME:
            return False
        if b.bare or not a.words or not b.words or a.stub is not None:
            return True
        framed = self.old.children[i] + self.new.children[j] > 0 and not self.rewritten(i, j)
        return framed and self._inside(i, j) >= ALIKE_INSIDE

    def _came_along(self, i: int, j: int) -> bool:
        """A frame is known at another place only with what stands in it; a unit that is no frame needs no more."""
        if not (self.old.children[i] and self.new.children[j]):
            return True
        return self._inside(i, j) >= ALIKE_INSIDE

    def _inside(self, i: int, j: int) -> float:
        return alike(self.old.words_below(i, _INSIDE_WORDS), self.new.words_below(j, _INSIDE_WORDS), ALIKE_INSIDE)

    def went_under(self, i: int, j: int) -> bool:
        """Whether a labelled unit came to stand in a new provision that was put between it and the one it stood in.

        ``5 Text: (a) …`` becomes ``5 (1) Text: (a) …``: the provision was replaced, what it held was made anew with it.
        """
        a, b = self.old.parents[i], self.new.parents[j]
        if self.positional or a == FREE or b == FREE or self.links.to_old[b] != FREE:
            return False
        above = self.new.parents[b]
        if above == FREE or self.old.units[a].level == self.new.units[b].level or not self._same_spot(a, above):
            return False
        return bool(self.new.read(b).label and self.new.read(j).label)

    def _descends(self, i: int, j: int) -> bool:
        """Whether text only went down into the first child of its unit, or up out of it: the frame is the unit."""
        a, b = self.old.parents[i], self.new.parents[j]
        into = b != FREE and self._same_spot(i, b)
        return into or (a != FREE and self._same_spot(a, j))

    def _same_spot(self, i: int, j: int) -> bool:
        return self.links.to_new[i] == j or self.place(i, j, self.kin(i, j)) is Place.SAME

    @staticmethod
    def _need(place: Place, words: int, *, same_level: bool) -> float:
        if not same_level:
            return 0.9 if words >= TELLING_WORDS else 2.0
        if place is Place.SAME:
            return ALIKE_AT_PLACE
        if place is Place.NEAR:
            return ALIKE_NEAR
        return ALIKE_IN_ORDER if words >= TELLING_WORDS else 0.95


def alike(a: str, b: str, cutoff: float = 0.0) -> float:
    """Likeness of two spelt texts. Texts of many thousand words are compared piece by piece: bounded, a little low."""
    if len(a) * len(b) <= _COMPARABLE:
        return Indel.normalized_similarity(a, b, score_cutoff=cutoff)
    pieces = max(len(a), len(b)) * 2 // 20_000 + 1
    common = 0.0
    for k in range(pieces):
        x = a[len(a) * k // pieces : len(a) * (k + 1) // pieces]
        y = b[len(b) * k // pieces : len(b) * (k + 1) // pieces]
        common += Indel.normalized_similarity(x, y) * (len(x) + len(y))
    return common / (len(a) + len(b))
