"""``iu-cutter match``: what became of each unit of a text in a later edition. No database, nothing stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from cutter_agent import recut, segmenter
from cutter_agent.cli import inputs, options, output
from cutter_agent.model import Segmentation, Unit
from cutter_agent.recut import Matching, Question

Old = Annotated[str, typer.Argument(metavar="OLD", help="The file as it was cut.")]
New = Annotated[str, typer.Argument(metavar="NEW", help="The file as it is now.")]


def match(
    old: Old,
    new: New,
    profile: options.Profile = None,
    code: options.Code = None,
    file_format: options.Format = None,
    as_json: options.Json = False,
) -> None:
    """Match the units of two editions of a text: no database, nothing stored.

    Examples:
      iu-cutter match old.txt new.txt
      iu-cutter match old.txt new.txt --profile vn-law --json
    """
    before = inputs.read_document(old, label=None, wanted=file_format, profile=profile)
    after = inputs.read_document(new, label=None, wanted=file_format, profile=profile)
    chosen = segmenter.profiles.load(profile) if profile else segmenter.detect(before.data, label=before.label)[0]
    document_code = code or segmenter.document_code(before.label, before.data)
    with inputs.placed(old):
        old_cut = segmenter.segment(before.data, profile=chosen, document_code=document_code)
    with inputs.placed(new):
        new_cut = segmenter.segment(after.data, profile=chosen, document_code=document_code)
    matching = recut.match(old_cut, before.data, new_cut, after.data)
    if as_json:
        output.print_json(matching_record(matching))
        return
    for line in recut.lines(matching, before.data, after.data):
        output.print_line(line)


def matching_record(matching: Matching) -> dict[str, object]:
    """The documented JSON shape: every unit is named by its own span, ``[start_byte, end_byte]``."""
    old, new = matching.old, matching.new
    return {
        "pairs": [
            {"old": _span(old.units[p.old]), "new": _span(new.units[p.new]), "change": p.change} for p in matching.pairs
        ],
        "inserted": _spans(new, matching.inserted),
        "retired": _spans(old, matching.retired),
        "split": [{"old": _span(old.units[s.old]), "new": _spans(new, s.new)} for s in matching.split],
        "merged": [{"old": _spans(old, m.old), "new": _span(new.units[m.new])} for m in matching.merged],
        "questions": [_question_record(old, new, question) for question in matching.questions],
    }


def _question_record(old: Segmentation, new: Segmentation, question: Question) -> dict[str, object]:
    return {
        "doubt": question.doubt,
        "old": _spans(old, question.old),
        "new": _spans(new, question.new),
        "likeness": question.likeness,
        "same_place": question.same_place,
        "assumed": question.assumed,
        "reason": question.reason,
    }


def _span(unit: Unit) -> list[int]:
    return [unit.start_byte, unit.end_byte]


def _spans(cut: Segmentation, places: Iterable[int]) -> list[list[int]]:
    return [_span(cut.units[place]) for place in places]
