"""The climb: candidate by candidate, which unit it opens and what it closes.

A label is placed by four questions, in this order: which open units its level and its indentation close; whether one
that it must stand in stays open; where its address goes on from; and whether its number fits the count there. Where its
form fits several levels, the best fit is taken, and between equals the one that the next label goes on from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cutter_agent.segmenter.grammar import Block, Gaps, NumberStyle, Profile, Run, Rung
from cutter_agent.segmenter.ladder import lines
from cutter_agent.segmenter.ladder.frames import FLUSH, RANKING, WHY, Fit, Frame, Place, Rungs, Told
from cutter_agent.segmenter.ladder.labels import STEP, Label, follows
from cutter_agent.segmenter.ladder.scanning import Candidate, Reading, Scanner
from cutter_agent.segmenter.ladder.stack import Stack

_LARGEST_LONE_GAP, _LARGEST_GAP, _AHEAD = 3, 8, 12
_LONGEST_ADDRESS = 300
_NEXT, _FREE, _GAP = Fit.NEXT, Fit.FREE, Fit.GAP
_NO_NUMBER = "it says no number that this level could have"


class Climb:
    """One climb through one text."""

    def __init__(
        self, scanner: Scanner, shadow: str, code: str, quoted: Callable[[int], bool] | None, *, explain: bool = False
    ) -> None:
        self.out = Rungs()
        self._scanner = scanner
        self._profile: Profile = scanner.profile
        self._rungs: tuple[Rung, ...] = scanner.profile.rungs
        self._shadow = shadow
        self._code = code
        self._quoted = quoted
        self._explain = explain
        names = [rung.name for rung in self._rungs]
        self._chains = [frozenset(names.index(n) for n in rung.chains) for rung in self._rungs]
        self._dotted = [NumberStyle.DOTTED in rung.numbers for rung in self._rungs]
        self._free = [rung.run is Run.FREE for rung in self._rungs]
        self._stack = Stack(self._profile, code, indented=False)
        self._last = -1  # where the latest unit starts
        self._latest: dict[int, int] = {}
        self._taken: set[str] = set()
        self._repeats: dict[str, int] = {}
        self._candidates: Sequence[Candidate] = ()

    def climb(self, candidates: Sequence[Candidate]) -> None:
        """Judges every candidate, in order."""
        self._candidates = candidates
        indented = self._scanner.layout.indented and any(c.form >= 0 and c.label > c.line > 0 for c in candidates)
        self._stack = Stack(self._profile, self._code, indented=indented)
        quoted = self._quoted
        for index, candidate in enumerate(candidates):
            if candidate.form < 0:
                self._plain(candidate, index)
            elif quoted is not None and quoted(candidate.line):
                self._tell(candidate, None, "it stands inside a quotation")
            else:
                self._line(candidate, index)

    def _line(self, candidate: Candidate, index: int) -> None:
        """A line's label, and those that stand behind it on the same line."""
        rank = self._offer(candidate, index, None)
        while rank is None:
            other = self._scanner.other_form(self._shadow, candidate)
            if other is None:
                return
            candidate, rank = other, self._offer(other, index, None)
        while rank is not None and self._chains[rank]:
            only_chained = not self._explain
            following = self._scanner.follows_on(self._shadow, rank, candidate.end, only_chained=only_chained)
            if following is None:
                return
            candidate, rank = following, self._offer(following, index, self._chains[rank])

    # ---- one label

    def _offer(self, candidate: Candidate, index: int, only: frozenset[int] | None) -> int | None:
        best: Place | None = None
        why = _NO_NUMBER
        for reading in self._scanner.readings(candidate.form, candidate.text):
            rank = reading[0]
            if only is not None and rank not in only:
                continue
            place = self._place(reading, candidate, index, chained=only is not None)
            if isinstance(place, str):
                why = f"as {self._rungs[rank].name}: {place}" if self._explain else place
            elif best is None or self._better(place, best, candidate, index):
                best = place
        if best is None:
            self._tell(candidate, None, why)
            return None
        self._open(best, candidate, chained=only is not None)
        return best.rank

    def _better(self, place: Place, other: Place, candidate: Candidate, index: int) -> bool:
        if RANKING[place.fit] != RANKING[other.fit]:
            return RANKING[place.fit] > RANKING[other.fit]
        goes_on = self._goes_on(place.rank, place.label, candidate, index)
        if goes_on != self._goes_on(other.rank, other.label, candidate, index):
            return goes_on
        return place.last > 0 and other.last == 0  # going on with a list is likelier than opening one

    def _goes_on(self, rank: int, label: Label | None, candidate: Candidate, index: int, steps: int = 1) -> bool:
        """Whether the next labels of the same form are the next ones of this level's count, ``steps`` of them."""
        last = None if label is None else label.last
        if last is None:
            return False
        looked = 0
        for following in self._candidates[index + 1 : index + 1 + _AHEAD * steps]:
            if following.form != candidate.form:
                continue
            found = next(
                (
                    read.last
                    for other, read, _ in self._scanner.readings(following.form, following.text)
                    if other == rank and read is not None and read.first is not None and follows(last, read.first)
                ),
                None,
            )
            if found is not None:
                last, steps = found, steps - 1
                if not steps:
                    return True
            elif (looked := looked + 1) > _AHEAD or steps == 1:
                return False
        return False

    def _place(self, reading: Reading, candidate: Candidate, index: int, *, chained: bool) -> Place | str:
        rank, label, suffix = reading
        rung, shadow, at = self._rungs[rank], self._shadow, candidate.label
        if rung.opens_paragraph and not chained and not lines.opens_paragraph(shadow, candidate.line, self._last):
            return "it opens no paragraph: the line before it goes on"
        depth = lines.depth(shadow, at) if rung.container else 0
        move = self._stack.move(rank, at - candidate.line, depth, chained=chained)
        if move.refusal is not None:
            return move.refusal
        if rung.restarts and self._count_goes_on(rank, index):
            return "the count of the body goes on behind it"
        frames, keep = self._stack.frames, move.keep
        scope = frames[move.scope_at]
        fit, last = self._fit(rank, label, scope)
        if move.flush_at:
            flush = frames[move.flush_at]
            if self._in_flush(rank, label, flush, fit):
                scope = flush
                fit, last = self._fit(rank, label, scope)
            else:
                keep = move.flush_at
        if self._dotted[rank] and label is not None and frames[keep - 1].dotted != label.outer:
            return f"{label.text} does not stand under {'.'.join(map(str, label.outer)) or 'the document'}"
        if fit is not _NEXT and not rung.sure and (why := self._misfit(fit, last, rank, label, candidate, index)):
            return why
        return Place(rank, label, suffix, keep, scope, fit, last)

    @staticmethod
    def _in_flush(rank: int, label: Label | None, flush: Frame, fit: Fit) -> bool:
        """Whether a label behind a flush text belongs to a list of that text's own."""
        if flush.counts is not None and rank in flush.counts:
            return True
        begins = label is not None and label.first is not None and follows(0, label.first)
        return begins and fit not in (_NEXT, _FREE, _GAP)

    def _fit(self, rank: int, label: Label | None, scope: Frame) -> tuple[Fit, int]:
        if label is None or label.first is None or self._free[rank]:
            return _FREE, 0
        first, counts = label.first, scope.counts
        last = 0 if counts is None else counts.get((rank, *label.outer) if label.outer else rank, 0)
        if (label.plain and first == last + STEP) or follows(last, first) or (last == 0 and first == 0):
            return _NEXT, last
        if not last and self._rungs[rank].run is Run.EITHER and follows(self._latest.get(rank, 0), first):
            return _NEXT, self._latest[rank]
        if first > last:
            return _GAP, last
        if first == last:
            return Fit.DUPLICATE, last
        return (Fit.RESTART if first == STEP else Fit.BACK), last

    def _count_goes_on(self, rank: int, index: int) -> bool:
        """Whether the first unit behind an annex's heading goes on with the count of the body: then it is none."""
        counts = self._stack.frames[0].counts or {}
        for following in self._candidates[index + 1 : index + 1 + _AHEAD]:
            for other, label, _ in (
                self._scanner.readings(following.form, following.text) if following.form >= 0 else ()
            ):
                if self._stack.counts_under(rank, other) and not self._rungs[other].container and label is not None:
                    last = counts.get(other, 0)
                    return bool(last) and label.first is not None and follows(last, label.first)
        return False

    def _misfit(
        self, fit: Fit, last: int, rank: int, label: Label | None, candidate: Candidate, index: int
    ) -> str | None:
        """Why a label that only its place in a list makes one is none here."""
        if label is None or label.first is None or fit in (_NEXT, _FREE):
            return None
        if fit is _GAP:
            missing = label.first // STEP - last // STEP - 1
            needed = 0 if missing <= _LARGEST_LONE_GAP else 1 if missing <= _LARGEST_GAP else 2
            if not needed or self._goes_on(rank, label, candidate, index, needed):
                return None
        elif (fit is Fit.RESTART or self._twice(fit, candidate)) and self._goes_on(rank, label, candidate, index):
            return None
        return f"{label.text} does not fit the count: number {last // STEP + 1} is due"

    def _twice(self, fit: Fit, candidate: Candidate) -> bool:
        """Whether a number that was there already is the drafter's slip: the text before it ended, and the label can be
        read in no other way. A line that goes on with a reference is none."""
        if fit is not Fit.DUPLICATE or not lines.opens_paragraph(self._shadow, candidate.line, -1):
            return False
        return self._scanner.other_form(self._shadow, candidate) is None

    # ---- opening

    def _open(self, place: Place, candidate: Candidate, *, chained: bool) -> None:
        rank, label, keep, scope = place.rank, place.label, place.keep, place.scope
        rung, stack, at = self._rungs[rank], self._stack, candidate.label
        start = at if chained else candidate.line
        if rung.lead and not chained:
            start = lines.note_above(self._shadow, start, self._last)
        drafted = None if chained or self._scanner.drafts is None else self._draft(candidate)
        suffix = place.suffix if drafted is None else f"-{drafted.token}{place.suffix}"
        wanted = scope.address + suffix
        if wanted in self._taken or len(wanted) > _LONGEST_ADDRESS:
            wanted = self._mint(wanted, start)
        else:
            self._taken.add(wanted)
        above = stack.frames[keep - 1].address if keep > 1 else None
        self._put(start, drafted or rung, None if label is None else label.text, wanted, above)
        if place.fit is not _NEXT and place.fit is not _FREE:
            self._remark(place, rung, start)
        indent = (stack.shapes[keep - 1].indent or 0) + 1 if chained else at - candidate.line
        stack.close(keep)
        frame = Frame(wanted)
        stack.push(
            frame,
            (
                rank,
                None if rung.container else indent,
                indent + 1 if rung.hanging else None,
                lines.depth(self._shadow, at),
                chained,
                rung.whole or drafted is not None,
            ),
        )
        if label is not None and label.last is not None and drafted is None:
            self._count(rank, label, label.last, scope, frame)
        if self._explain:
            self._tell(candidate, place, WHY[place.fit] if drafted is None else "a status marker says draft")

    def _count(self, rank: int, label: Label, last: int, scope: Frame, frame: Frame) -> None:
        if scope.counts is None:
            scope.counts = {}
        scope.counts[(rank, *label.outer) if label.outer else rank] = self._latest[rank] = last
        if self._dotted[rank]:
            frame.dotted = (*label.outer, last // STEP)

    def _draft(self, candidate: Candidate) -> Block | None:
        """The block that a line's status marker makes its unit, if it has one."""
        drafts = self._scanner.drafts
        end = self._shadow.find("\n", candidate.label)
        found = drafts and drafts.search(self._shadow, candidate.label, end if end >= 0 else len(self._shadow))
        if not found:
            return None
        message = f"{found[0]!r} marks a draft; it is kept whole"
        self.out.remarks.append(("draft_excluded", candidate.line, message, False))
        return self._scanner.layout.drafts

    def _mint(self, wanted: str, start: int) -> str:
        wanted = wanted if len(wanted) <= _LONGEST_ADDRESS else wanted[:_LONGEST_ADDRESS].rstrip("-")
        if wanted not in self._taken:
            self._taken.add(wanted)
            return wanted
        count, token = self._repeats.get(wanted, 1), self._scanner.layout.repeat_token
        address = wanted
        while address in self._taken:
            count += 1
            address = f"{wanted}-{token}{count}"
        self._repeats[wanted] = count
        self._taken.add(address)
        message = f"the address {wanted} is taken; this unit is proposed as {address}"
        self.out.remarks.append(("address_collision", start, message, True))
        return address

    def _put(self, start: int, named: Rung | Block, number: str | None, address: str, parent: str | None) -> None:
        out, self._last = self.out, start
        out.starts.append(start)
        out.levels.append(named)
        out.numbers.append(number)
        out.addresses.append(address)
        out.parents.append(parent)

    def _remark(self, place: Place, rung: Rung, start: int) -> None:
        fit, label = place.fit, place.label
        if label is None:
            return
        named = f"{rung.name} {label.text}"
        code, message, exception = {
            _GAP: (
                "numbering_gap",
                f"{rung.name} {place.last // STEP + 1} is due before {named}",
                rung.gaps is Gaps.EXCEPTION,
            ),
            Fit.RESTART: ("numbering_restart", f"{rung.name} begins again at {label.text}", True),
            Fit.DUPLICATE: ("duplicate_number", f"{named} is there a second time", True),
            Fit.BACK: ("numbering_restart", f"{named} stands behind a higher number", True),
        }[fit]
        self.out.remarks.append((code, start, message, exception))

    # ---- lines without a label

    def _plain(self, candidate: Candidate, index: int) -> None:
        """A line that stands further out than what is open goes on with the unit it belongs to, as one of its own."""
        flush, stack = self._profile.flush, self._stack
        frames = stack.frames
        if flush is None or len(frames) < 2 or stack.shapes[-1].wholes:
            return
        indent = candidate.label - candidate.line
        keep = stack.owner(indent)
        if keep >= len(frames) or self._is_note(candidate, index):
            return
        owner = frames[keep - 1]
        owner.flushes += 1
        address = self._mint(f"{owner.address}-{flush.token}{owner.flushes}", candidate.line)
        self._put(candidate.line, flush, None, address, owner.address if keep > 1 else None)
        stack.close(keep)
        stack.push(Frame(address), (FLUSH, indent, None, 0, False, False))
        if self._explain:
            self.out.told.append(Told(candidate.line, flush.name, None, True, "text that goes on with an outer unit"))

    def _is_note(self, candidate: Candidate, index: int) -> bool:
        """Whether the line is a marginal note: the label right below it is of a level that takes notes."""
        following = self._candidates[index + 1] if index + 1 < len(self._candidates) else None
        if following is None or following.form < 0:
            return False
        readings = self._scanner.readings(following.form, following.text)
        if not any(self._rungs[reading[0]].lead for reading in readings):
            return False
        return lines.note_above(self._shadow, following.line, self._last) == candidate.line

    def _tell(self, candidate: Candidate, place: Place | None, why: str) -> None:
        if not self._explain:
            return
        if place is None:
            self.out.told.append(Told(candidate.line, None, candidate.text.strip()[:80] or None, False, why))
            return
        level, number = self._rungs[place.rank].name, place.label.text if place.label else None
        self.out.told.append(Told(candidate.line, level, number, True, why))
