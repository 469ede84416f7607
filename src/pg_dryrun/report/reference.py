"""``docs/reference/report.md``, made from the record by ``python -m pg_dryrun.report.reference``.

A test compares the two, so that the page cannot say what the program does not.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from collections.abc import Iterator

from pg_dryrun.effects_record import VOLATILE_BESIDE_COMPANIONS
from pg_dryrun.record import FORMAT, FORMAT_VERSION, VOLATILE, Record

_HEAD = f"""# `report.json`, the record of a run

Made from the code by `python -m pg_dryrun.report.reference`; do not edit.

`format` is `{FORMAT}`, `format_version` is `{FORMAT_VERSION}`: a member's meaning never changes within a version.
`report.md`, `report.html` and `junit.xml` are other spellings of the same record. Beside the members below the file has
`deterministic_sha256`: the SHA-256 of the record's canonical JSON (RFC 8785) without the members that `volatile` lists
and without itself. Two runs of the same commit on the same dump have the same one.
"""


def render() -> str:
    """The whole page."""
    parts = [_HEAD, *(_section(kind) for kind in _kinds(Record))]
    parts.append("## Volatile members\n\n" + "\n".join(f"* `{path}`" for path in VOLATILE) + "\n")
    beside = "\n".join(f"* `{path}`" for path in VOLATILE_BESIDE_COMPANIONS)
    parts.append(f"Beside companions (`subject.companions`), whose processes work at the same time, too:\n\n{beside}\n")
    return "\n".join(parts)


def _section(kind: type) -> str:
    doc = (inspect.getdoc(kind) or "").strip()
    lines = [f"## {kind.__name__}", "", doc, "", "| member | type |", "|---|---|"]
    hints = typing.get_type_hints(kind)
    lines += [f"| `{item.name}` | {_words(hints[item.name])} |" for item in dataclasses.fields(kind)]
    return "\n".join(lines) + "\n"


def _kinds(first: type) -> Iterator[type]:
    """``first`` and every record that it is made of, each once, in order of appearance."""
    seen: list[type] = [first]
    for kind in seen:
        yield kind
        for hint in typing.get_type_hints(kind).values():
            seen += [part for part in _parts(hint) if part not in seen]


def _parts(hint: object) -> Iterator[type]:
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        yield hint
    for inner in typing.get_args(hint):
        yield from _parts(inner)


def _words(hint: object) -> str:
    """A type as JSON sees it."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return f"list of {_words(inner[0])}"
    if origin is not None and inner and getattr(origin, "__name__", "") == "Mapping":
        return f"object of {_words(inner[1])}"
    if inner:
        return " or ".join("null" if part is type(None) else _words(part) for part in inner)
    if hint is object:
        return "any JSON value"
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if isinstance(hint, type) and issubclass(hint, str) and hint is not str:
        return " · ".join(f"`{word.value}`" for word in hint)  # type: ignore[attr-defined]
    return {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}[getattr(hint, "__name__", "")]


if __name__ == "__main__":
    sys.stdout.write(render())
