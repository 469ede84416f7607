"""What may be asked at an address: its parameters, checked by the same facts that the OpenAPI document tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response

from cutter_agent.report import Report
from cutter_agent.web.api.problem import Problem

MOST_ITEMS = 500
DEFAULT_ITEMS = 100
MOST_OFFSET = 10_000_000
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter. An integer where ``least`` is a number; else a text of at most ``most`` characters."""

    name: str
    about: str
    least: int | None = None
    most: int
    default: int | None = None
    required: bool = False
    in_path: bool = False

    def schema(self) -> dict[str, Any]:
        """The same for OpenAPI."""
        if self.least is None:
            return {
                "type": "string",
                "minLength": 1,
                "maxLength": self.most,
                "pattern": "^[^\\u0000-\\u001f]*$",
            }
        made: dict[str, Any] = {"type": "integer", "minimum": self.least, "maximum": self.most}
        return made if self.default is None else made | {"default": self.default}

    def read(self, text: str) -> str | int:
        """Raises ``Problem`` 400 (of a path: 404)."""
        if self.least is None:
            if 0 < len(text) <= self.most and not any(each < " " or "\ud800" <= each <= "\udfff" for each in text):
                return text
            raise self._wrong(f"a text of 1 to {self.most} characters")
        if _NUMBER.fullmatch(text) and self.least <= int(text) <= self.most:
            return int(text)
        raise self._wrong(f"a whole number from {self.least} to {self.most}")

    def _wrong(self, what: str) -> Problem:
        return Problem(
            404 if self.in_path else 400, "not_found" if self.in_path else "parameter", f"{self.name}: {what}"
        )


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request that is well asked. ``values``: every parameter that was given or has a default."""

    report: Report
    path: str
    values: Mapping[str, str | int]

    def text(self, name: str) -> str:
        """A text that is there."""
        return str(self.values[name])

    def number(self, name: str) -> int:
        """A number that is there."""
        return int(self.values[name])

    def number_or_none(self, name: str) -> int | None:
        """A number, if it was given."""
        return int(self.values[name]) if name in self.values else None

    def next_page(self, count: int) -> str | None:
        """Where the list goes on, of ``count`` items in all."""
        end = self.number("offset") + self.number("limit")
        if end >= count:
            return None
        kept = {name: value for name, value in self.values.items() if f"{{{name}}}" not in self.path}
        return f"{self.filled()}?{urlencode(kept | {'offset': end})}"

    def filled(self) -> str:
        """The path with its parameters in it."""
        path = self.path
        for name, value in self.values.items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        return path


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One address: what it is for, what may be asked, what comes back. ``shape``: a name in ``shapes``, or
    ``text/plain``."""

    path: str
    name: str
    about: str
    shape: str
    answer: Callable[[Call], Any]
    parameters: Sequence[Parameter] = field(default_factory=tuple)

    def values(self, path: Mapping[str, str], query: QueryParams) -> dict[str, str | int]:
        """What was asked. Raises ``Problem`` for what is unknown, doubled, missing or out of bounds."""
        known = {each.name: each for each in self.parameters}
        for name in query:
            if name not in known or known[name].in_path:
                raise Problem(400, "parameter", f"{name[:80]!a} is no parameter here")
            if len(query.getlist(name)) != 1:
                raise Problem(400, "parameter", f"{name} was given more than once")
        given = {**path, **query}
        missing = [each.name for each in self.parameters if each.required and each.name not in given]
        if missing:
            raise Problem(400, "parameter", f"{', '.join(missing)} is missing")
        defaults: dict[str, str | int] = {
            each.name: each.default for each in self.parameters if each.default is not None
        }
        return defaults | {name: known[name].read(text) for name, text in given.items()}


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """The thing is at another address: what was asked for is another name of it."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Exactly:
    """A text, byte for byte, with the digest that it is known by."""

    text: str = field(repr=False)
    sha256: str


Answer = dict[str, Any] | Elsewhere | Exactly | Response
