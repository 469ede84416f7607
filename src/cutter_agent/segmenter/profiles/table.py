"""One TOML table under reading: strict, and every problem noted with its place and remedy instead of raised."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from cutter_agent.errors import Problem

W = TypeVar("W", bound=StrEnum)
TOKEN = re.compile(r"[A-Z][A-Z0-9]*")
NAME = re.compile(r"[a-z][a-z0-9_]*")
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_HEADER = re.compile(rb"(?m)^[ \t]*\[{1,2}[ \t]*([A-Za-z0-9_.\-]+)[ \t]*\]{1,2}")
_KINDS = {str: "a string", int: "an integer", bool: "true or false", list: "an array", dict: "a table"}


class Source:
    """The bytes of a profile: where its tables and keys stand."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._headers = [(m.start(), m[1].decode()) for m in _HEADER.finditer(data)]

    def place(self, table: str, ordinal: int, key: str | None) -> int:
        """The byte where the key, or else its table, begins; 0 where neither is written out."""
        own = [index for index, (_, name) in enumerate(self._headers) if name == table] if table else []
        if table and len(own) <= ordinal:
            return self.place("", 0, table.partition(".")[0])
        start = self._headers[own[ordinal]][0] if table else 0
        following = own[ordinal] + 1 if table else 0
        end = self._headers[following][0] if following < len(self._headers) else len(self._data)
        spelt = re.escape((key or "\n").encode())
        written = re.search(rb"(?m)^[ \t]*[\"']?" + spelt + rb"[\"']?[ \t]*=", self._data[start:end])
        return start + written.start() if written else start


@dataclass
class Table:
    """One TOML table: takes keys, notes what is wrong with them, and at the end what is left over."""

    where: str
    data: dict[str, Any]
    problems: list[Problem]
    source: Source
    name: str = ""
    ordinal: int = 0
    taken: set[str] = field(default_factory=set)

    def note(self, message: str, remedy: str, *, key: str | None = None) -> None:
        place = self.source.place(self.name, self.ordinal, key)
        self.problems.append(
            Problem(code="profile", message=f"{self.where or 'profile'}: {message}", remedy=remedy, start_byte=place)
        )

    def take(self, key: str, kind: type, *, default: Any = None, required: bool = False) -> Any:
        self.taken.add(key)
        if key not in self.data:
            if required:
                self.note(f"{key} is missing", f"Add {key}, which is {_KINDS[kind]}.")
            return default
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.note(f"{key} must be {_KINDS[kind]}, not {value!r}", f"Write {key} as {_KINDS[kind]}.", key=key)
            return default
        return value

    def flag(self, key: str) -> bool:
        return bool(self.take(key, bool, default=False))

    def text(self, key: str, form: re.Pattern[str] | None = None, *, required: bool = True) -> str:
        value: str = self.take(key, str, default="", required=required)
        if value and form is not None and not form.fullmatch(value):
            self.note(f"{key} = {value!r} must look like {form.pattern}", "Spell it so.", key=key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list, default=[])
        bad = [v for v in values if not isinstance(v, str) or not v]
        if bad:
            self.note(f"{key} must hold non-empty strings, not {bad[0]!r}", "Quote each, drop empty ones.", key=key)
        return tuple(v for v in values if isinstance(v, str) and v)

    def word(self, key: str, words: type[W], default: W | None = None) -> W | None:
        value = self.text(key, required=default is None)
        return self._word(key, value, words) or default if value else default

    def words(self, key: str, words: type[W]) -> tuple[W, ...]:
        read = (self._word(key, value, words) for value in self.texts(key))
        return tuple(word for word in read if word is not None)

    def _word(self, key: str, value: str, words: type[W]) -> W | None:
        try:
            return words(value)
        except ValueError:
            self.note(f"{key} = {value!r} must be one of {', '.join(words)}", "Take one of these.", key=key)
            return None

    def patterns(self, key: str) -> tuple[str, ...]:
        """Regular expressions that compile; others are noted and left out."""
        good = []
        for pattern in self.texts(key):
            try:
                re.compile(f"(?:{pattern})")  # it will be one of several in one expression
            except re.error as error:
                self.note(f"{key} {pattern!r} is no regular expression: {error}", "Mend it (Python's re).", key=key)
            else:
                good.append(pattern)
        return tuple(good)

    def mapping(self, key: str, check: Callable[[str, str], bool], says: str) -> Mapping[str, str]:
        value = self.take(key, dict, default={})
        for left, right in value.items():
            if not isinstance(right, str) or not check(left, right):
                self.note(f"{key}: {left!r} = {right!r} {says}", "Mend this pair or leave it out.", key=key)
        return {k: v for k, v in value.items() if isinstance(v, str)}

    def table(self, key: str, *, required: bool = False) -> Table:
        name = f"{self.name}.{key}" if self.name else key
        data = self.take(key, dict, default={}, required=required)
        return Table(f"{self.where}{'.' if self.where else ''}{key}", data, self.problems, self.source, name)

    def tables(self, key: str) -> list[Table]:
        found = self.take(key, list, default=[])
        if not all(isinstance(t, dict) for t in found):
            self.note(f"{key} must be tables ([[{key}]])", f"Open each with [[{key}]].", key=key)
        return [
            Table(f"[[{key}]] {t.get('name', f'number {i + 1}')}", t, self.problems, self.source, key, i)
            for i, t in enumerate(found)
            if isinstance(t, dict)
        ]

    def leftovers(self) -> None:
        for key in self.data:
            if key not in self.taken:
                known = ", ".join(sorted(self.taken))
                self.note(f"unknown key {key!r} (known: {known})", "Correct its spelling or remove it.", key=key)
