"""Candidates to headings: quoted provisions out, position and sequence judged, blocks put in, findings said (design 4.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cutter_agent.model import Finding, Severity
from cutter_agent.segmenter import quotations
from cutter_agent.segmenter.grammar import Block, Place, Profile, Run
from cutter_agent.segmenter.numbers import STEP, Number
from cutter_agent.segmenter.scan import Candidate, Scanner
from cutter_agent.segmenter.sequence import Claim, Verdict, plain, through, within

_WEIGHT_PLAIN, _WEIGHT_LOOSE, _WEIGHT_MISSPELT = 8, 6, 5


@dataclass(frozen=True, slots=True)
class Heading:
    """An accepted heading: a level's (rank and number) or an unnumbered block's."""

    start_byte: int
    level: int
    number: Number | None
    block: Block | None = None
    restarts: bool = False


@dataclass(frozen=True)
class Outline:
    """Headings in order of place; each one's own span ends where the next begins."""

    headings: list[Heading]
    findings: list[Finding]


def outline(data: bytes, scanner: Scanner) -> Outline:
    """The headings of a text and what is odd about them."""
    return _Drafting(data, scanner).draft()


class _Drafting:
    def __init__(self, data: bytes, scanner: Scanner) -> None:
        self.data = data
        self.scanner = scanner
        self.profile: Profile = scanner.profile
        self.findings: list[Finding] = []

    def note(self, code: str, at: int, message: str, severity: Severity = Severity.EXCEPTION) -> None:
        end = self.data.find(b"\n", at)
        end_byte = len(self.data) if end < 0 else end + 1
        self.findings.append(Finding(code=code, severity=severity, start_byte=at, message=message, end_byte=end_byte))

    def draft(self) -> Outline:
        candidates = self._own(list(self.scanner.candidates(self.data)))
        last = self._last_body_start(candidates)
        annexes = self.scanner.blocks(self.data, Place.ANNEX, last, len(self.data)) if last is not None else []
        body_end = annexes[0][0] if annexes else len(self.data)
        body = [c for c in candidates if c.start_byte < body_end]
        tail = self.scanner.blocks(self.data, Place.TAIL, last, body_end) if last is not None else []
        tail_start = tail[0][0] if tail else body_end
        numbered = self._labels(self._keyworded([c for c in body if c.start_byte < tail_start]))
        headings = [
            *self._front(numbered[0].start_byte if numbered else tail_start),
            *numbered,
            *self._once(tail),
            *(Heading(at, -1, None, block, True) for at, block in annexes),
        ]
        self.findings.sort(key=lambda f: (f.start_byte, f.code))
        return Outline(headings, self.findings)

    def _own(self, candidates: list[Candidate]) -> list[Candidate]:
        """Without the headings of quoted provisions."""
        quoted = quotations.find(self.data, self.profile.quotations)
        for start in quoted.unclosed:
            self.note(
                "unclosed_quotation",
                start,
                "a quotation opens here and nothing closes it; what follows is read as this document's own",
            )
        if not quoted.starts:
            return candidates
        for start, end in zip(quoted.starts, quoted.ends, strict=True):
            self.findings.append(
                Finding(
                    code="quoted_provision",
                    severity=Severity.NOTICE,
                    start_byte=start,
                    end_byte=end,
                    message="a quoted provision; what is numbered inside is not this document's own",
                )
            )
        return [c for c in candidates if not quoted.holds(c.start_byte)]

    def _last_body_start(self, candidates: Sequence[Candidate]) -> int | None:
        """Start of the last article-like heading: tail blocks and annexes stand behind it."""
        main = self._main_level()
        if main is None:
            return None
        own = [c for c in candidates if c.level == main and not c.reference]
        verdicts = through([_claim(c) for c in own])
        kept = [c.start_byte for c, v in zip(own, verdicts, strict=True) if v is not Verdict.STRAY]
        return kept[-1] if kept else None

    def _main_level(self) -> int | None:
        """The level that counts through the document and holds the text: the innermost keyworded one."""
        ranks = [r for r, level in enumerate(self.profile.levels) if level.keywords and level.run is Run.DOCUMENT]
        return ranks[-1] if ranks else None

    # ---- keyworded levels: parts, chapters, articles

    def _keyworded(self, candidates: Sequence[Candidate]) -> list[Candidate | Heading]:
        """Judges the levels with a keyword. Labels pass through unjudged, in their place."""
        levels = self.profile.levels
        rulings: dict[int, Verdict] = {}
        for rank, level in enumerate(levels):
            if level.keywords and level.run is Run.DOCUMENT:
                own = [c for c in candidates if c.level == rank and not c.reference]
                rulings.update(zip((c.start_byte for c in own), through([_claim(c) for c in own]), strict=True))
        out: list[Candidate | Heading] = []
        last: dict[int, int] = {}
        for c in candidates:
            level = levels[c.level]
            if not level.keywords:
                out.append(c)
                continue
            if c.reference:
                self._reference(c)
                continue
            verdict = rulings.get(c.start_byte) or _container(c, last, level.run)
            if verdict is Verdict.STRAY:
                self._stray(c)
                continue
            self._remark(c, verdict, last.get(c.level, 0))
            if level.run is not Run.DOCUMENT or c.level != self._main_level():
                for inner in range(c.level + 1, len(levels)):
                    if levels[inner].run is Run.PARENT:
                        last.pop(inner, None)
                    elif levels[inner].run is Run.EITHER and inner in last:
                        last[inner] = -abs(last[inner])
            last[c.level] = c.number.key
            out.append(Heading(c.start_byte, c.level, c.number))
        return out

    def _reference(self, c: Candidate) -> None:
        name = self.profile.levels[c.level].name
        self.note(
            "line_start_reference",
            c.start_byte,
            f"a line begins with {name} {c.number.text} and speaks of it; it is not a heading",
            Severity.NOTICE,
        )

    def _stray(self, c: Candidate) -> None:
        name = self.profile.levels[c.level].name
        if c.odd is not None or c.misspelt:
            self._reference(c)
            return
        self.note(
            "number_out_of_sequence",
            c.start_byte,
            f"{name} {c.number.text} has the form of a heading and does not fit the count; it was left as text",
        )

    def _remark(self, c: Candidate, verdict: Verdict, last: int) -> None:
        """Says what is odd about an accepted heading."""
        name = self.profile.levels[c.level].name
        if verdict is Verdict.GAP:
            first, final = abs(last) // STEP + 1, c.number.key // STEP - 1
            missing = f"{first}" if first >= final else f"{first} to {final}"
            self.note("numbering_gap", c.start_byte, f"{name} {missing} missing before {name} {c.number.text}")
        elif verdict is Verdict.DUPLICATE:
            self.note("duplicate_number", c.start_byte, f"{name} {c.number.text} is there a second time")
        elif verdict is Verdict.RESTART:
            self.note(
                "numbering_restart",
                c.start_byte,
                f"{name} begins again at {c.number.text}: a list inside the one before, or a heading is lost",
            )
        if c.odd is not None:
            severity = Severity.EXCEPTION if c.misspelt else Severity.NOTICE
            self.note("odd_heading", c.start_byte, f"heading of {name} {c.number.text}: {c.odd}", severity)

    # ---- labels: clauses and points

    def _labels(self, items: Iterable[Candidate | Heading]) -> list[Heading]:
        out: list[Heading] = []
        pending: list[Candidate] = []
        for item in items:
            if isinstance(item, Candidate):
                if out:  # a label before any heading belongs to no one: it is text of the preamble
                    pending.append(item)
                continue
            self._lists(pending, out)
            pending = []
            out.append(item)
        self._lists(pending, out)
        return out

    def _lists(self, pending: list[Candidate], out: list[Heading]) -> None:
        """Judges the labels between two headings, outer level first, then each inner list inside its parent."""
        if not pending:
            return
        accepted: list[tuple[Candidate, Verdict]] = []
        self._nest(pending, accepted)
        accepted.sort(key=lambda pair: pair[0].start_byte)
        last: dict[int, int] = {}
        for c, verdict in accepted:
            self._remark(c, verdict, last.get(c.level, 0))
            for inner in [r for r in last if r > c.level]:
                del last[inner]
            last[c.level] = c.number.key
            out.append(Heading(c.start_byte, c.level, c.number, None, verdict is Verdict.RESTART))

    def _nest(self, labels: list[Candidate], accepted: list[tuple[Candidate, Verdict]]) -> None:
        if not labels:
            return
        outer = min(c.level for c in labels)
        own = [c for c in labels if c.level == outer]
        inner: list[Candidate] = []
        verdicts = iter(within([c.number.key for c in own]))
        for c in labels:
            if c.level != outer:
                inner.append(c)
                continue
            verdict = next(verdicts)
            if verdict is Verdict.STRAY:
                self._stray(c)
                continue
            self._nest(inner, accepted)
            inner = []
            accepted.append((c, verdict))
        self._nest(inner, accepted)

    # ---- unnumbered blocks

    def _front(self, end: int) -> list[Heading]:
        if end <= 0:
            return []
        found = self._once(self.scanner.blocks(self.data, Place.FRONT, 0, end))
        if not found or found[0].start_byte > 0:
            found.insert(0, Heading(0, -1, None, self.profile.preamble))
        return found

    @staticmethod
    def _once(lines: Iterable[tuple[int, Block]]) -> list[Heading]:
        """A block begins at its first line; a line of a block that was there already goes on with what is open."""
        seen: set[str] = set()
        out = []
        for at, block in lines:
            if block.name not in seen:
                seen.add(block.name)
                out.append(Heading(at, -1, None, block))
        return out


def _claim(c: Candidate) -> Claim:
    if c.misspelt:
        return Claim(c.number.key, _WEIGHT_MISSPELT, timid=True)
    return Claim(c.number.key, _WEIGHT_LOOSE if c.odd else _WEIGHT_PLAIN)


def _container(c: Candidate, last: dict[int, int], run: Run) -> Verdict:
    """A chapter or section: greedy, because its heading form is strong and its list short."""
    previous = last.get(c.level, 0)
    key = c.number.key
    if plain([key]) and (previous <= 0 or run is Run.PARENT and c.level not in last):
        return Verdict.HEADING
    if within([STEP, key - abs(previous) + STEP])[1] is Verdict.HEADING or abs(previous) // STEP + 1 == key // STEP:
        return Verdict.HEADING
    if key > abs(previous):
        return Verdict.GAP
    return Verdict.DUPLICATE if key == abs(previous) else Verdict.STRAY
