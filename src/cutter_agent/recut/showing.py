"""A matching in words for a person: what lives on, what is new, what ended, and what is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cutter_agent.model import Unit
from cutter_agent.recut.labels import split_label
from cutter_agent.recut.matching import Assumed, Change, Doubt, Matching, Pair, Question
from cutter_agent.recut.wording import first_words, word_diff

_MARK = {Change.REVISED: "~", Change.RENUMBERED: "#", Change.MOVED: ">"}
_LEGEND = "~ revised  # renumbered  > moved  + inserted  - retired  / split  & merged  ? asked   [-gone-] {+new+}"
_LEAST_FOLDED = 3
_TWO_ALIKE = "taken as two units. In a review: answer same where the old one goes on here"
_ADVICE = {
    Doubt.IDENTITY: "taken as one unit. In a review: answer new where another provision took its place",
    Doubt.TAKE_OVER: _TWO_ALIKE,
    Doubt.CHOICE: "taken as new. In a review: answer the address of the old unit that goes on here",
    Doubt.SPLIT: "one piece is taken as the unit. In a review: answer the address of another piece, or new for none",
    Doubt.MERGE: "one is taken as the unit. In a review: answer the address of another, or new for none",
    Doubt.ADDRESS: "In a review: answer an address that nobody ever had, or new for the one proposed",
}


def lines(matching: Matching, old_bytes: bytes, new_bytes: bytes, *, ask: bool = True) -> Iterator[str]:
    """The diff, line by line: a summary, every change in the order of the new snapshot, what ended, the questions.

    ``~`` revised, ``#`` renumbered, ``>`` moved, ``+`` inserted, ``-`` retired, ``/`` split, ``&`` merged, ``?`` asked,
    ``@`` where the next lines stand. Words taken away stand in ``[-…-]``, words that came in ``{+…+}``. Units that
    only went along with the one they stand in, and neighbours that moved together, share a line. Without ``ask`` the
    questions are counted only: whoever shows them has another place for them.
    """
    showing = _Showing(matching, old_bytes, new_bytes)
    yield from showing.changes()
    if ask:
        yield from showing.questions()


class _Showing:
    def __init__(self, matching: Matching, old_bytes: bytes, new_bytes: bytes) -> None:
        self._matching, self._old_bytes, self._new_bytes = matching, old_bytes, new_bytes
        self._old, self._new = matching.old.units, matching.new.units
        self._by_new: dict[int, Pair] = {pair.new: pair for pair in matching.pairs}
        self._place_of = {unit.address: j for j, unit in enumerate(self._new)}
        self._old_place_of = {unit.address: i for i, unit in enumerate(self._old)}
        self._along = self._went_along()
        self._in_it = Counter(self._along.values())

    def changes(self) -> Iterator[str]:
        """All but the questions."""
        matching = self._matching
        yield _summary(matching)
        if matching.is_empty and not matching.questions:
            return
        yield _LEGEND
        yield from self._changes()
        for i in matching.retired:
            yield f"- {self._old[i].address}  {first_words(self._old_text(i))}"
        for split in matching.split:
            yield f"/ {self._old[split.old].address}  into  {_names(self._new, split.new)}"
        for merge in matching.merged:
            yield f"& {_names(self._old, merge.old)}  into  {self._new[merge.new].address}"

    def questions(self) -> Iterator[str]:
        """What is asked, with both texts."""
        for number, question in enumerate(self._matching.questions, 1):
            yield from self._question(number, question)

    def _changes(self) -> Iterator[str]:
        inserted = set(self._matching.inserted)
        above: str | None = None
        run: list[Pair] = []
        for j, unit in enumerate(self._new):
            pair = self._by_new.get(j)
            if j not in inserted and (pair is None or pair.change is Change.UNCHANGED or j in self._along):
                continue
            if run and not (pair and self._together(run[-1], pair)):
                yield from self._moved(run)
                run = []
            if unit.parent != above:
                yield from self._context(unit.parent)
                above = unit.parent
            if pair is None:
                yield f"+ {unit.address}  {first_words(self._new_text(j))}"
            elif self._only_moved(pair):
                run.append(pair)
            else:
                yield from self._changed(pair)
        yield from self._moved(run)

    def _context(self, parent: str | None) -> Iterator[str]:
        j = self._place_of.get(parent or "")
        if j is not None:
            yield f"@ {parent}  {first_words(self._new_text(j))}"

    # ---- units that live on

    def _changed(self, pair: Pair) -> Iterator[str]:
        yield self._head(pair)
        if not self._same_bytes(pair):
            yield "    " + word_diff(self._old_text(pair.old), self._new_text(pair.new))
        yield from self._below(pair)

    def _head(self, pair: Pair) -> str:
        before, after = self._old[pair.old], self._new[pair.new]
        name = before.address
        if pair.change is not Change.REVISED and after.address != before.address:
            name = f"{name}  now at  {after.address}"
        detail = ""
        if pair.change is Change.RENUMBERED:
            labels = [self._label(self._old_text(pair.old), before), self._label(self._new_text(pair.new), after)]
            detail = f", from {labels[0] or 'no number'} to {labels[1] or 'no number'}"
        elif pair.change is Change.MOVED:
            detail = f", {self._way(pair)}"
        return f"{_MARK[pair.change]} {name}  {pair.change}{detail}"

    def _way(self, pair: Pair) -> str:
        """From where to where: under other parents, or behind other neighbours."""
        before, after = self._old[pair.old], self._new[pair.new]
        here = self._living_name(self._place_of.get(after.parent or ""))
        if (before.parent or "") != here:
            return f"from under {before.parent or 'the document'} to under {here or 'the document'}"
        back = self._old[pair.old - 1].address if pair.old else "the beginning"
        now = self._living_name(pair.new - 1) if pair.new else "the beginning"
        return f"from behind {back} to behind {now}"

    def _living_name(self, j: int | None) -> str:
        if j is None:
            return ""
        pair = self._by_new.get(j)
        return self._old[pair.old].address if pair else self._new[j].address

    @staticmethod
    def _label(text: str, unit: Unit) -> str:
        return split_label(text, unit.number)[0]

    # ---- what moved together

    def _went_along(self) -> dict[int, int]:
        """Units that have the same text in the same unit, which moved: with the place of the outermost that did."""
        along: dict[int, int] = {}
        for j, unit in enumerate(self._new):
            pair, parent = self._by_new.get(j), self._place_of.get(unit.parent or "", -1)
            above = self._by_new.get(parent)
            if pair is None or above is None or above.change is not Change.MOVED or not self._only_moved(pair):
                continue
            if self._old_place_of.get(self._old[pair.old].parent or "") == above.old:
                along[j] = along.get(parent, parent)
        return along

    def _only_moved(self, pair: Pair) -> bool:
        return pair.change is Change.MOVED and self._same_bytes(pair)

    def _same_bytes(self, pair: Pair) -> bool:
        return self._old[pair.old].content_sha256 == self._new[pair.new].content_sha256

    def _together(self, one: Pair, other: Pair) -> bool:
        parents = [(self._old[p.old].parent, self._new[p.new].parent) for p in (one, other)]
        return self._only_moved(other) and parents[0] == parents[1]

    def _moved(self, run: Sequence[Pair]) -> Iterator[str]:
        if len(run) < _LEAST_FOLDED or any(True for pair in run for _ in self._below(pair)):
            for pair in run:
                yield from self._changed(pair)
            return
        first, last = (self._old[run[k].old].address for k in (0, -1))
        yield f"> {first} … {last}  {len(run)} units moved, {self._way(run[0])}"

    def _below(self, pair: Pair) -> Iterator[str]:
        count = self._in_it[pair.new]
        if count:
            yield f"    (and {count} unit{'s' if count > 1 else ''} in it)"

    # ---- questions

    def _question(self, number: int, question: Question) -> Iterator[str]:
        old, new = _names(self._old, question.old), _names(self._new, question.new)
        yield f"? Q{number} {question.doubt}: {old or '(none)'}  and  {new or '(none)'}: {question.reason}"
        if len(question.old) == len(question.new) == 1:
            yield "    " + word_diff(self._old_text(question.old[0]), self._new_text(question.new[0]))
        other = question.doubt is Doubt.IDENTITY and question.assumed is Assumed.OTHER_UNIT
        yield f"    {_TWO_ALIKE if other else _ADVICE[question.doubt]}."

    def _old_text(self, i: int) -> str:
        return _text(self._old_bytes, self._old[i])

    def _new_text(self, j: int) -> str:
        return _text(self._new_bytes, self._new[j])


def _summary(matching: Matching) -> str:
    counts = Counter(pair.change for pair in matching.pairs)
    parts = [f"{counts[change]} {change}" for change in Change]
    parts += [f"{len(matching.inserted)} inserted", f"{len(matching.retired)} retired"]
    parts += [f"{len(matching.split)} split", f"{len(matching.merged)} merged", f"{len(matching.questions)} questions"]
    return f"{len(matching.old.units)} units before, {len(matching.new.units)} after: " + ", ".join(parts)


def _names(units: tuple[Unit, ...], places: tuple[int, ...]) -> str:
    return ", ".join(units[place].address for place in places)


def _text(data: bytes, unit: Unit) -> str:
    return data[unit.start_byte : unit.end_byte].decode("utf-8", errors="replace")
