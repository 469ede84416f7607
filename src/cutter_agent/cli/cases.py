"""``iu-cutter review --questions`` and ``--answer``: the cases of a proposal, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from cutter_agent.cases import Case, Passage
from cutter_agent.cli import inputs, output
from cutter_agent.errors import InputRefused, UsageError
from cutter_agent.phases.answering import Given
from cutter_agent.phases.sweep import Trigger
from cutter_agent.report import Proposal
from cutter_agent.wiring import ExecLane

_SHAPE = '[{"case": "Q1", "answer": "new", "comment": "why"}, …] or {"Q1": "new", …}'


def show(proposal: Proposal, found: Sequence[Case], *, as_json: bool) -> None:
    """Every case: both texts, what is assumed, what may be answered, what is on record."""
    if as_json:
        output.print_json(_record(proposal, found))
        return
    output.print_line(f"{proposal.entry.entry_id}  {proposal.entry.status}")
    output.print_line(f"manifest {proposal.entry.payload['manifest_digest']}")
    for case in found:
        output.print_line()
        for line in _lines(case, proposal.snapshot):
            output.print_line(line)
    left = sum(case.is_open for case in found)
    asked = sum(case.is_question for case in found)
    output.note(f"{asked} question(s), {left} open; {len(found) - asked} exception(s)")
    if left:
        output.note(f"answer: iu-cutter review {proposal.entry.entry_id} --answer Q1=… (again for each)")


def _lines(case: Case, snapshot: bytes) -> Iterator[str]:
    line = snapshot.count(b"\n", 0, case.start_byte) + 1
    yield f"{case.id} {case.code}, byte {case.start_byte}, line {line}: {case.message}"
    for mark, passages in (("-", case.before), ("+", case.after)):
        for passage in passages:
            yield f"  {mark} {passage.address}"
            yield from (f"  {mark} | {text}" for text in passage.text.splitlines())
    if case.assumed is not None:
        yield f"  assumed: {case.assumed}; may be answered: {', '.join(case.answers)}"
    yield f"  {case.advice}"
    if case.said is not None:
        comment = f" ({case.said.comment})" if case.said.comment else ""
        yield f"  answered: {case.said.answer}{comment}, by {case.said.reviewer} at {case.said.at}"


def given(answers: Sequence[str], file: str | None, comment: str) -> list[Given]:
    """The answers of a call, those of the file first.

    Raises:
        UsageError: not ``CASE=ANSWER``, or one case is answered twice.
        InputRefused: the file is not as documented.
    """
    found = _from_file(file, comment) if file else []
    for text in answers:
        case, equals, word = text.partition("=")
        if not (case.strip() and equals and word.strip()):
            raise UsageError(f"{text!r} is no answer", remedy="Write CASE=ANSWER: --answer Q3=same")
        found.append(Given(case=case.strip().upper(), answer=word.strip(), comment=comment))
    twice = {each.case for each in found if sum(other.case == each.case for other in found) > 1}
    if twice:
        raise UsageError(f"{', '.join(sorted(twice))} is answered twice", remedy="Answer each case once.")
    return found


def _from_file(path: str, comment: str) -> list[Given]:
    data = inputs.read_source(path, label="answers").data
    try:
        rows = msgspec.json.decode(data, type=dict[str, str] | list[dict[str, str]])
        lines = [{"case": case, "answer": word} for case, word in rows.items()] if isinstance(rows, dict) else rows
        return [Given(**{"comment": comment, **line, "case": line["case"].upper()}) for line in lines]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise InputRefused(f"these are no answers: {error}", remedy=f"Write {_SHAPE}.", path=path) from error


def answer(
    lane: ExecLane, proposal: Proposal, answers: Sequence[Given], *, reviewer: str, digest: str | None, again: bool
) -> str:
    """Store the answers; where one differs from what is proposed, propose again. The id of the entry that waits now.

    ``again``: the answers are on record already.
    """
    entry_id = proposal.entry.entry_id
    seen = digest or str(proposal.entry.payload["manifest_digest"])
    if not again:
        answered = lane.answer(entry_id, answers, reviewer=reviewer, seen_digest=seen)
        output.note(f"{answered.created} answer(s) written")
        if not answered.differing:
            return entry_id
    proposed = lane.propose_again(entry_id, reviewer=reviewer, seen_digest=seen)
    later = proposed.entry.entry_id
    if proposed.created:
        while later not in (swept := lane.sweep(Trigger.PIPELINE)).promoted and swept.full:
            pass
    output.note(f"proposed again with the answers: entry {later} takes the place of {entry_id}")
    return later


def _record(proposal: Proposal, found: Sequence[Case]) -> dict[str, Any]:
    payload = proposal.entry.payload
    return {
        "entry_id": proposal.entry.entry_id,
        "status": proposal.entry.status,
        "manifest_digest": payload["manifest_digest"],
        "snapshot_sha256": payload["snapshot_sha256"],
        "cases": [case_record(case) for case in found],
    }


def case_record(case: Case) -> dict[str, Any]:
    """The documented JSON shape of a case."""
    said = case.said
    return {
        "id": case.id,
        "kind": "question" if case.is_question else "exception",
        "code": case.code,
        "message": case.message,
        "advice": case.advice,
        "start_byte": case.start_byte,
        "end_byte": case.end_byte,
        "before": [_passage(passage) for passage in case.before],
        "after": [_passage(passage) for passage in case.after],
        "likeness": case.likeness,
        "assumed": case.assumed,
        "answers": list(case.answers),
        "answered": None
        if said is None
        else {"answer": said.answer, "comment": said.comment, "reviewer": said.reviewer, "at": said.at},
    }


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "address": passage.address,
        "start_byte": passage.start_byte,
        "end_byte": passage.end_byte,
        "text": passage.text,
    }
