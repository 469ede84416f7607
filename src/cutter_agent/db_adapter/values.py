"""How values travel between memory and PostgreSQL: one place, both directions (design 1.2 no. 3, 1.9).

=============  ==========================================  =========================================
column         out of the database                         into the database
=============  ==========================================  =========================================
uuid           ``str``, lower case with hyphens            ``str`` (or ``UUID``)
jsonb          ``dict``, ``list``, ``str``, …              ``dict`` as it is; anything else ``json_value(v)``
int8range      ``(start, end)``, half open                 ``span(start, end)``
timestamptz    aware, UTC                                  aware; a naive time is refused
bytea          ``bytes``                                   ``bytes``
=============  ==========================================  =========================================

An id is a string everywhere in memory. PostgreSQL's driver would hand back ``uuid.UUID``, the next ``json.dumps`` in
a signing body would break, or worse, sign another spelling.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

import msgspec
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader, PyFormat
from psycopg.types.datetime import DatetimeDumper
from psycopg.types.json import Jsonb, JsonbDumper
from psycopg.types.string import TextLoader

from cutter_agent.errors import Internal

_SPAN = re.compile(rb"^\[(-?\d+),(-?\d+)\)$")


def json_value(value: object) -> object:
    """Wrap a list, a string, a number or None that goes into a ``jsonb`` column (a ``dict`` needs no wrapper)."""
    return Jsonb(value)


def span(start_byte: int, end_byte: int) -> str:
    """A half-open byte range in the spelling of ``int8range``."""
    if start_byte > end_byte:
        raise Internal(f"a span from {start_byte} back to {end_byte}", remedy="Spans run forward.")
    return f"[{start_byte},{end_byte})"


def register(connection: psycopg.Connection[Any]) -> None:
    """Install the table above on one connection."""
    adapters = connection.adapters
    adapters.register_loader("uuid", TextLoader)
    adapters.register_loader("int8range", _SpanLoader)
    for name in ("json", "jsonb"):
        adapters.register_loader(name, _JsonLoader)
    adapters.register_dumper(dict, _JsonDumper)
    adapters.register_dumper(Jsonb, _JsonDumper)
    adapters.register_dumper(datetime, _AwareDatetimeDumper)


def json_text(value: object) -> str:
    """The JSON of a value. Raises ``Internal`` on a type that has no place in a ``jsonb`` column."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_refuse)


def _refuse(value: object) -> NoReturn:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    raise Internal(
        f"a {kind} inside a JSON value",
        remedy="Spell ids and times as strings where the value is made (model.text_id).",
    )


class _JsonLoader(Loader):
    load = staticmethod(msgspec.json.decode)  # type: ignore[assignment]  # it takes more than a loader is given
    """Called with the bytes themselves: a function of Python around it took longer than the reading."""


class _JsonDumper(JsonbDumper):
    _dumps: Callable[[Any], str | bytes] = staticmethod(json_text)


class _SpanLoader(Loader):
    def load(self, data: Buffer) -> tuple[int, int]:
        match = _SPAN.match(bytes(data))
        if match is None:
            raise Internal(f"the range {bytes(data)!r} is empty or has no end", remedy="Byte spans are finite.")
        return int(match[1]), int(match[2])


class _AwareDatetimeDumper(DatetimeDumper):
    def upgrade(self, obj: datetime, format: PyFormat) -> Any:  # noqa: A002 - psycopg's own parameter name
        if obj.tzinfo is None:
            raise Internal("a time without a time zone", remedy="Use datetime.now(UTC).")
        return super().upgrade(obj, format)
