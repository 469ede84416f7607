"""The part ``review`` of a re-cut's manifest: what is asked, what was answered, what it was made from. Pure.

It is there only where something is or was asked, so that a manifest without a doubt is spelt as it always was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from cutter_agent.asking import Answer, Asked, FreshLabels, Review
from cutter_agent.model import Manifest
from sealing.canonical import JsonValue

MEMBER = "review"
_Check = Callable[[object], bool]


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _or_null(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


def _list_of(check: _Check) -> _Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and _is_text(value[0]) and _is_count(value[1])


_SHAPES: Mapping[str, tuple[type, Mapping[str, _Check]]] = {
    "questions": (
        Asked,
        {
            "doubt": _is_text,
            "old": _list_of(_is_text),
            "new": _list_of(_is_count),
            "pairs": _list_of(_is_pair),
            "answers": _list_of(_is_text),
            "likeness": _is_text,
            "same_place": lambda value: type(value) is bool,
            "reason": _is_text,
        },
    ),
    "answers": (
        Answer,
        {
            "doubt": _is_text,
            "old": _list_of(_is_text),
            "new": _list_of(_is_count),
            "same": _or_null(_is_pair),
            "address": _or_null(_is_text),
            "answer": _is_text,
            "reviewer": _is_text,
            "comment": _is_text,
        },
    ),
    "fresh": (
        FreshLabels,
        {
            "place": _is_count,
            "address": _is_text,
            "parent": _or_null(_is_text),
            "level": _is_text,
            "kind": _is_text,
            "number": _or_null(_is_text),
        },
    ),
}


def as_json(manifest: Manifest) -> dict[str, JsonValue]:
    """The member; none where nothing is or was asked."""
    review = manifest.review
    if review is None:
        return {}
    return {MEMBER: {name: [_row(each) for each in getattr(review, name)] for name in _SHAPES}}


def _row(record: Asked | Answer | FreshLabels) -> dict[str, JsonValue]:
    return {each.name: _plain(getattr(record, each.name)) for each in fields(record)}


def _plain(value: Any) -> JsonValue:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def read(document: Mapping[str, Any]) -> Review | None:
    """From a document that ``shape_problems`` finds nothing wrong with."""
    if MEMBER not in document:
        return None
    part = document[MEMBER]
    rows = {
        name: tuple(kind(**{key: _frozen(value) for key, value in row.items()}) for row in part[name])
        for name, (kind, _) in _SHAPES.items()
    }
    return Review(**rows)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def shape_problems(document: Mapping[str, Any]) -> Iterator[str]:
    """What is not as ``read`` needs it."""
    if MEMBER not in document:
        return
    part = document[MEMBER]
    if not isinstance(part, dict) or part.keys() != _SHAPES.keys():
        yield f"{MEMBER}: an object with {', '.join(_SHAPES)} is required"
        return
    for name, (_, checks) in _SHAPES.items():
        rows = part[name]
        if not isinstance(rows, list):
            yield f"{MEMBER}.{name}: a list is required"
            continue
        for index, row in enumerate(rows):
            if not isinstance(row, dict) or row.keys() != checks.keys():
                yield f"{MEMBER}.{name} {index}: an object with exactly {', '.join(checks)} is required"
                continue
            for key, check in checks.items():
                if not check(row[key]):
                    yield f"{MEMBER}.{name} {index}: {key} is not as it must be"


def problems(manifest: Manifest) -> Iterator[tuple[int | None, str]]:
    """What is wrong with the part, and at which block: every place it names must be one of the proposal's."""
    review = manifest.review
    if review is None:
        return
    if manifest.recut is None:
        yield None, "questions and answers belong to a manifest that starts from a living cut"
    count = len(manifest.units)
    for number, asked in enumerate(review.questions, start=1):
        places = {*asked.new, *(place for _, place in asked.pairs)}
        if places and max(places) >= count:
            yield None, f"question Q{number} names block {max(places)}, there are {count}"
        if not asked.new or not asked.answers:
            yield None, f"question Q{number} asks of no block, or admits no answer"
    for labels in review.fresh:
        if labels.place >= count:
            yield None, f"fresh labels of block {labels.place}, there are {count}"
    starts = {unit.start_byte for unit in manifest.units}
    for answer in review.answers:
        if not starts.issuperset(answer.new):
            yield None, f"an answer ({answer.answer}) is about a unit that does not begin at {answer.new}"
