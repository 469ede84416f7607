"""The climb: candidate by candidate, which unit it opens and what it closes.

A label is placed by four questions, in this order: which open units its level and its indentation close; whether one
that it must stand in stays open; where its address goes on from; and whether its number fits the count there. Where its
form fits several levels, the best fit is taken, and between equals the one that the next label goes on from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cutter_agent.segmenter.grammar import Block, Gaps, NumberStyle, Profile, Run, Rung
from cutter_agent.segmenter.ladder import lines
from cutter_agent.segmenter.ladder.frames import FLUSH, RANKING, ROOT, WHY, Fit, Frame, Place, Rungs, Told
from cutter_agent.segmenter.ladder.labels import STEP, Label, follows
from cutter_agent.segmenter.ladder.scanning import Candidate, Scanner

_LARGEST_LONE_GAP, _LARGEST_GAP, _AHEAD = 3, 8, 12
_MOST_DEEP = 40
_LONGEST_ADDRESS = 300


class Climb:
    """One climb through one text."""

    def __init__(
        self, scanner: Scanner, shadow: str, code: str, quoted: Callable[[int], bool], *, explain: bool = False
    ) -> None:
        self.out = Rungs()
        self._scanner = scanner
        self._profile: Profile = scanner.profile
        self._rungs: tuple[Rung, ...] = scanner.profile.rungs
        self._shadow = shadow
        self._quoted = quoted
        self._explain = explain
        self._frames = [Frame(ROOT, code, indent=None, content=None)]
        names = [rung.name for rung in self._rungs]
        self._under = [frozenset(names.index(n) for n in rung.address_under) for rung in self._rungs]
        self._inside = [frozenset(names.index(n) for n in rung.inside) for rung in self._rungs]
        self._chains = [frozenset(names.index(n) for n in rung.chains) for rung in self._rungs]
        self._dotted = [NumberStyle.DOTTED in rung.numbers for rung in self._rungs]
        # By level: which open levels it closes; the last two are flush text and the document.
        self._closes = [
            [at == rank or (at > rank and not other.floats) for at, other in enumerate(self._rungs)] + [False, False]
            for rank in range(len(self._rungs))
        ]
        self._flushed = False
        self._latest: dict[int, int] = {}
        self._taken: set[str] = set()
        self._repeats: dict[str, int] = {}
        self._wholes = 0
        self._indented = False
        self._candidates: Sequence[Candidate] = ()

    def climb(self, candidates: Sequence[Candidate]) -> None:
        """Judges every candidate, in order."""
        self._candidates = candidates
        self._indented = self._scanner.layout.indented and any(c.form >= 0 and c.label > c.line > 0 for c in candidates)
        for index, candidate in enumerate(candidates):
            if candidate.form < 0:
                self._plain(candidate, index)
            elif self._quoted(candidate.line):
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
            following = self._scanner.follows_on(self._shadow, rank, candidate.end)
            if following is None:
                return
            candidate, rank = following, self._offer(following, index, self._chains[rank])

    # ---- one label

    def _offer(self, candidate: Candidate, index: int, only: frozenset[int] | None) -> int | None:
        best: Place | None = None
        why = "it says no number that this level could have"
        for rank, label in self._scanner.readings(candidate.form, candidate.text):
            if only is not None and rank not in only:
                continue
            place = self._place(rank, label, candidate, index, chained=only is not None)
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
                    for other, read in self._scanner.readings(following.form, following.text)
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

    def _place(self, rank: int, label: Label | None, candidate: Candidate, index: int, *, chained: bool) -> Place | str:
        rung, frames = self._rungs[rank], self._frames
        if (
            rung.opens_paragraph
            and not chained
            and not lines.opens_paragraph(self._shadow, candidate.line, self._last_start())
        ):
            return "it opens no paragraph: the line before it goes on"
        keep = self._kept(rank, rung, candidate, chained=chained)
        if keep < 0:
            return "its indentation puts it deeper than this level"
        if self._wholes and any(frame.whole for frame in frames[:keep]):
            return "it stands in a unit that is kept whole"
        if self._inside[rank] and self._inside[rank].isdisjoint([frame.rank for frame in frames[:keep]]):
            return f"no {' or '.join(rung.inside)} is open"
        if keep > _MOST_DEEP:
            return "it is nested too deeply"
        if rung.restarts and self._count_goes_on(rank, index):
            return "the count of the body goes on behind it"
        scope_at = self._scope_at(rank, rung, keep)
        scope = frames[scope_at]
        fit, last = self._fit(rank, rung, label, scope)
        flush_at = self._flush_at(scope_at, keep) if self._flushed else 0
        if flush_at:
            flush = frames[flush_at]
            begins = label is not None and label.first is not None and follows(0, label.first)
            if rank in flush.counts or (begins and fit not in (Fit.NEXT, Fit.FREE, Fit.GAP)):
                scope = flush
                fit, last = self._fit(rank, rung, label, scope)
            else:
                keep = flush_at
        if self._dotted[rank] and label is not None and frames[keep - 1].dotted != label.outer:
            return f"{label.text} does not stand under {'.'.join(map(str, label.outer)) or 'the document'}"
        if not rung.sure and (why := self._misfit(fit, last, rank, label, candidate, index)):
            return why
        return Place(rank, label, keep, scope, fit, last)

    def _flush_at(self, scope_at: int, keep: int) -> int:
        """Where the innermost flush text stands behind the scope; 0 for none."""
        return max((at for at in range(scope_at + 1, keep) if self._frames[at].rank == FLUSH), default=0)

    def _kept(self, rank: int, rung: Rung, candidate: Candidate, *, chained: bool) -> int:
        """How many open units stay open; -1 where indentation forbids what the rank demands."""
        frames, rungs = self._frames, self._rungs
        if not self._indented and not rung.container:
            row = self._closes[rank]
            return next((at for at, frame in enumerate(frames) if row[frame.rank]), len(frames))
        indent = candidate.label - candidate.line
        depth = lines.depth(self._shadow, candidate.label) if rung.container else 0
        by_indent = self._indented and not rung.container and not chained
        for at in range(1, len(frames)):
            frame = frames[at]
            if frame.rank == FLUSH:
                closes = rung.container
            elif frame.rank == rank:
                closes = True
            else:
                other = rungs[frame.rank]
                closes = frame.rank > rank and not other.floats and not (rung.floats and other.container)
                if closes and depth and not other.container and 0 < frame.depth < depth:
                    closes = False  # a heading deeper than the article's, in a text that has both: inside the article
            if closes:
                outdented = by_indent and frame.indent is not None and frame.indent < indent and not frame.chained
                return -1 if outdented and not rung.container else at
            if by_indent and frame.indent is not None and frame.indent >= indent:
                return at
        return len(frames)

    def _scope_at(self, rank: int, rung: Rung, keep: int) -> int:
        under = self._under[rank]
        for at in range(keep - 1, 0, -1):
            frame = self._frames[at]
            if frame.rank in under or (frame.rank >= 0 and self._rungs[frame.rank].restarts and not rung.restarts):
                return at
        return 0

    def _fit(self, rank: int, rung: Rung, label: Label | None, scope: Frame) -> tuple[Fit, int]:
        if label is None or label.first is None or rung.run is Run.FREE:
            return Fit.FREE, 0
        last = scope.counts.get((rank, *label.outer) if label.outer else rank, 0)
        if follows(last, label.first) or (last == 0 and label.first == 0):
            return Fit.NEXT, last
        if rung.run is Run.EITHER and not last and follows(self._latest.get(rank, 0), label.first):
            return Fit.NEXT, self._latest[rank]
        if label.first > last:
            return Fit.GAP, last
        if label.first == last:
            return Fit.DUPLICATE, last
        return (Fit.RESTART if label.first == STEP else Fit.BACK), last

    def _count_goes_on(self, rank: int, index: int) -> bool:
        """Whether the first unit behind an annex's heading goes on with the count of the body: then it is none."""
        counts = self._frames[0].counts
        for following in self._candidates[index + 1 : index + 1 + _AHEAD]:
            for other, label in self._scanner.readings(following.form, following.text) if following.form >= 0 else ():
                if rank in self._under[other] and not self._rungs[other].container and label is not None:
                    last = counts.get(other, 0)
                    return bool(last) and label.first is not None and follows(last, label.first)
        return False

    def _misfit(
        self, fit: Fit, last: int, rank: int, label: Label | None, candidate: Candidate, index: int
    ) -> str | None:
        """Why a label that only its place in a list makes one is none here."""
        if label is None or label.first is None or fit in (Fit.NEXT, Fit.FREE):
            return None
        if fit is Fit.GAP:
            missing = label.first // STEP - last // STEP - 1
            needed = 0 if missing <= _LARGEST_LONE_GAP else 1 if missing <= _LARGEST_GAP else 2
            if not needed or self._goes_on(rank, label, candidate, index, needed):
                return None
        elif fit is Fit.RESTART and self._goes_on(rank, label, candidate, index):
            return None
        return f"{label.text} does not fit the count: number {last // STEP + 1} is due"

    # ---- opening

    def _open(self, place: Place, candidate: Candidate, *, chained: bool) -> None:
        rung, label, scope = self._rungs[place.rank], place.label, place.scope
        start = candidate.line if not chained else candidate.label
        if rung.lead and not chained:
            start = lines.note_above(self._shadow, start, self._last_start())
        drafted = self._is_draft(candidate, chained=chained)
        level, kind, suffix = rung.name, rung.kind, f"-{rung.token}{label.spelling if label else ''}"
        if drafted is not None:
            level, kind, suffix = drafted.name, drafted.kind, f"-{drafted.token}{suffix}"
        address = self._mint(scope.address + suffix, start)
        parent = self._frames[place.keep - 1]
        above = None if parent.rank == ROOT else parent.address
        self._put(start, level, kind, label.text if label else None, address, above)
        self._remark(place, rung, start)
        self._close(place.keep)
        indent = (parent.indent or 0) + 1 if chained else candidate.label - candidate.line
        frame = Frame(
            place.rank,
            address,
            indent=None if rung.container else indent,
            content=indent + 1 if rung.hanging else None,
        )
        frame.chained = chained
        frame.depth = lines.depth(self._shadow, candidate.label)
        frame.whole = rung.whole or drafted is not None
        self._wholes += frame.whole
        if label is not None and label.last is not None and drafted is None:
            scope.counts[(place.rank, *label.outer) if label.outer else place.rank] = label.last
            self._latest[place.rank] = label.last
            if self._dotted[place.rank]:
                frame.dotted = (*label.outer, label.last // STEP)
        self._frames.append(frame)
        if self._explain:
            self._tell(candidate, place, WHY[place.fit] if drafted is None else "a status marker says draft")

    def _is_draft(self, candidate: Candidate, *, chained: bool) -> Block | None:
        drafts = self._scanner.drafts
        if drafts is None or chained:
            return None
        end = self._shadow.find("\n", candidate.label)
        found = drafts.search(self._shadow, candidate.label, end if end >= 0 else len(self._shadow))
        if found is None:
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

    def _close(self, keep: int) -> None:
        if self._wholes:
            self._wholes -= sum(frame.whole for frame in self._frames[keep:])
        del self._frames[keep:]

    def _put(self, start: int, level: str, kind: str, number: str | None, address: str, parent: str | None) -> None:
        out = self.out
        out.starts.append(start)
        out.levels.append(level)
        out.kinds.append(kind)
        out.numbers.append(number)
        out.addresses.append(address)
        out.parents.append(parent)

    def _remark(self, place: Place, rung: Rung, start: int) -> None:
        fit, label = place.fit, place.label
        if fit in (Fit.NEXT, Fit.FREE) or label is None:
            return
        named = f"{rung.name} {label.text}"
        code, message, exception = {
            Fit.GAP: (
                "numbering_gap",
                f"{rung.name} {place.last // STEP + 1} is due before {named}",
                rung.gaps is Gaps.EXCEPTION,
            ),
            Fit.RESTART: ("numbering_restart", f"{rung.name} begins again at {label.text}", True),
            Fit.DUPLICATE: ("duplicate_number", f"{named} is there a second time", True),
            Fit.BACK: ("numbering_restart", f"{named} stands behind a higher number", True),
        }[fit]
        self.out.remarks.append((code, start, message, exception))

    def _last_start(self) -> int:
        return self.out.starts[-1] if self.out.starts else -1

    # ---- lines without a label

    def _plain(self, candidate: Candidate, index: int) -> None:
        """A line that stands further out than what is open goes on with the unit it belongs to, as one of its own."""
        flush, frames = self._profile.flush, self._frames
        if flush is None or len(frames) < 2 or (self._wholes and any(frame.whole for frame in frames)):
            return
        if self._is_note(candidate, index):
            return
        keep = self._owner(candidate.label - candidate.line)
        if keep >= len(frames):
            return
        owner = frames[keep - 1]
        owner.flushes += 1
        self._flushed = True
        address = self._mint(f"{owner.address}-{flush.token}{owner.flushes}", candidate.line)
        parent = None if owner.rank == ROOT else owner.address
        self._put(candidate.line, flush.name, flush.kind, None, address, parent)
        self._close(keep)
        self._frames.append(Frame(FLUSH, address, indent=candidate.label - candidate.line, content=None))
        if self._explain:
            self.out.told.append(Told(candidate.line, flush.name, None, True, "text that goes on with an outer unit"))

    def _owner(self, indent: int) -> int:
        """How many open units a plain line of that indentation leaves open."""
        frames = self._frames
        keep = len(frames)
        if self._indented:
            while keep > 1 and (found := frames[keep - 1].indent) is not None and found > indent:
                keep -= 1
            return keep
        while keep > 1 and (content := frames[keep - 1].content) is not None and indent < content:
            keep -= 1
        return keep

    def _is_note(self, candidate: Candidate, index: int) -> bool:
        """Whether the line is a marginal note: the label right below it is of a level that takes notes."""
        following = self._candidates[index + 1] if index + 1 < len(self._candidates) else None
        if following is None or following.form < 0:
            return False
        ranks = [rank for rank, _ in self._scanner.readings(following.form, following.text)]
        if not any(self._rungs[rank].lead for rank in ranks):
            return False
        return lines.note_above(self._shadow, following.line, self._last_start()) == candidate.line

    def _tell(self, candidate: Candidate, place: Place | None, why: str) -> None:
        if not self._explain:
            return
        if place is None:
            self.out.told.append(Told(candidate.line, None, candidate.text.strip()[:80] or None, False, why))
            return
        level, number = self._rungs[place.rank].name, place.label.text if place.label else None
        self.out.told.append(Told(candidate.line, level, number, True, why))
