"""What a reviewer must look at, one by one: the questions of a re-cut and the exceptions of any proposal. Pure.

A case has an id that holds for one manifest digest: ``Q1``, ``Q2`` … the questions, ``E1``, ``E2`` … the exceptions.
A page or a command shows cases and hands ids back with answers; what was answered is read from the ledger's decisions
on blocks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cutter_agent.asking import Asked
from cutter_agent.manifest_kept import changed, units_of
from cutter_agent.model import Finding, Manifest, Severity

ACCEPTED = "accepted"
"""The answer to an exception: looked at, and cut as it stands."""
_MOST_CHARACTERS = 2_000

ADVICE: Mapping[str, str] = {
    "identity": "same: the unit lives on, with its address and history. new: the old unit ends, the text is a new one.",
    "take_over": "new: the old unit ends, another takes its place under an address of its own. same: it was revised.",
    "choice": "new: none of them. An address: the text is that unit, and the others end.",
    "split": "same: the heir that is assumed. An address: that piece is the heir. new: no heir, the old unit ends.",
    "merge": "same: the heir that is assumed. An address: that unit lives on in the text. new: all of them end.",
    "address": "new: the address that is proposed. Or give another one that nobody ever had.",
}
_ADVICE_ON_EXCEPTIONS = "accepted: it is so in the source. Else correct the source and cut it again, or reject."


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One unit in a text. Long ones are shortened to 2,000 characters, and then end in an ellipsis."""

    address: str
    start_byte: int
    end_byte: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What was answered to a case, by whom and when."""

    answer: str
    comment: str
    reviewer: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing to decide.

    ``[start_byte, end_byte)`` is its place in the new source. ``answers``: the words that may be answered, of which
    ``assumed`` is what the proposal holds until somebody answers (None: an exception assumes nothing). ``place``: the
    block of the ledger that carries the answer. ``said``: the answer on record.
    """

    id: str
    code: str
    message: str
    advice: str
    start_byte: int
    end_byte: int
    before: tuple[Passage, ...]
    after: tuple[Passage, ...]
    assumed: str | None
    answers: tuple[str, ...]
    likeness: float | None
    place: int
    said: Said | None

    @property
    def is_question(self) -> bool:
        """A question keeps an approval from being given in silence; an exception is for information."""
        return self.assumed is not None

    @property
    def is_open(self) -> bool:
        """A question without an answer on record."""
        return self.is_question and self.said is None

    @property
    def differs(self) -> bool:
        """A question whose answer is not what the proposal holds: it must be proposed again."""
        return self.is_question and self.said is not None and self.said.answer != self.assumed


def cases(
    manifest: Manifest, snapshot: bytes, base: tuple[Manifest, bytes] | None, said: Mapping[str, Said]
) -> list[Case]:
    """Questions first, then exceptions as the manifest lists them. ``base``: manifest and source of the living cut."""
    questions = manifest.review.questions if manifest.review else ()
    texts = _passages(*base, {address for asked in questions for address in asked.old}) if base else {}
    blocks = _Blocks(manifest)
    found = [
        _question(f"Q{n}", asked, manifest, snapshot, texts, blocks, said) for n, asked in enumerate(questions, start=1)
    ]
    exceptions = [finding for finding in manifest.findings if _is_plain(finding, questions)]
    starts = [unit.start_byte for unit in units_of(manifest.units)] if exceptions else []
    found += [
        _exception(f"E{n}", finding, manifest, snapshot, starts, blocks, said)
        for n, finding in enumerate(exceptions, start=1)
    ]
    return found


def _is_plain(finding: Finding, questions: Sequence[Asked]) -> bool:
    """An exception that is not a question in another spelling."""
    asked = questions and finding.code.startswith("recut_")
    return finding.severity is Severity.EXCEPTION and not asked


def _passages(manifest: Manifest, source: bytes, wanted: Set[str]) -> dict[str, Passage]:
    return {
        unit.address: _passage(unit.address, unit.start_byte, unit.end_byte, source)
        for unit in manifest.units
        if unit.address in wanted
    }


def _passage(address: str, start: int, end: int, source: bytes) -> Passage:
    text = source[start:end].decode("utf-8", errors="replace")
    shown = text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
    return Passage(address=address, start_byte=start, end_byte=end, text=shown)


def _question(
    name: str,
    asked: Asked,
    manifest: Manifest,
    snapshot: bytes,
    texts: Mapping[str, Passage],
    blocks: _Blocks,
    said: Mapping[str, Said],
) -> Case:
    units = [manifest.units[place] for place in asked.new]
    return Case(
        id=name,
        code=asked.doubt,
        message=asked.reason,
        advice=ADVICE.get(asked.doubt, ""),
        start_byte=units[0].start_byte,
        end_byte=units[0].end_byte,
        before=tuple(texts[address] for address in asked.old if address in texts),
        after=tuple(_passage(unit.address, unit.start_byte, unit.end_byte, snapshot) for unit in units),
        assumed=asked.answers[0],
        answers=asked.answers,
        likeness=float(asked.likeness),
        place=blocks.near(asked.new[0]),
        said=said.get(name),
    )


def _exception(
    name: str,
    finding: Finding,
    manifest: Manifest,
    snapshot: bytes,
    starts: Sequence[int],
    blocks: _Blocks,
    said: Mapping[str, Said],
) -> Case:
    place = max(bisect_right(starts, finding.start_byte) - 1, 0)
    unit = manifest.units[place]
    return Case(
        id=name,
        code=finding.code,
        message=finding.message,
        advice=_ADVICE_ON_EXCEPTIONS,
        start_byte=finding.start_byte,
        end_byte=finding.end_byte if finding.end_byte is not None else unit.end_byte,
        before=(),
        after=(_passage(unit.address, unit.start_byte, unit.end_byte, snapshot),),
        assumed=None,
        answers=(ACCEPTED,),
        likeness=None,
        place=blocks.near(place),
        said=said.get(name),
    )


class _Blocks:
    """The ledger has blocks of what changes only: ``near`` is the one at a place, or the nearest, the earlier of two;
    where nothing changes, that of an ended unit."""

    def __init__(self, manifest: Manifest) -> None:
        self._count = len(manifest.units)
        self._changed = [at for at, _, _ in changed(manifest)] if manifest.recut is not None else None

    def near(self, place: int) -> int:
        if self._changed is None:
            return place
        after = bisect_left(self._changed, place)
        beside = self._changed[max(after - 1, 0) : after + 1]
        return min(beside, key=lambda at: (abs(at - place), at), default=self._count)


def said_of(findings: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Said]]:
    """The answers in the findings of a decision on a block, by case."""
    for line in findings:
        if "answer" in line:
            yield (
                str(line["check"]),
                Said(
                    answer=str(line["answer"]),
                    comment=str(line["comment"]),
                    reviewer=str(line["reviewer"]),
                    at=str(line["at"]),
                ),
            )


def finding_of(case: str, said: Said) -> dict[str, str]:
    """The line of a decision's findings that ``said_of`` reads."""
    return {"check": case, "answer": said.answer, "comment": said.comment, "reviewer": said.reviewer, "at": said.at}


def spelt(moment: datetime) -> str:
    """A time in a finding."""
    return moment.isoformat(timespec="seconds")
