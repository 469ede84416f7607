"""What is known where we are: run, command, document, entry, phase. It follows the call, also into its threads."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar

Facts = Mapping[str, object]
"""Names as in a record of the log (docs/reference/logs.md) to ids, names, counts and codes."""

RUN = "DOT_CUTTER_RUN"
"""In the environment of a child process: the run that it belongs to. Not for people to set."""

_here: ContextVar[Facts] = ContextVar("known", default={})  # noqa: B039 - nobody writes into it


def here() -> Facts:
    """Everything that is known now."""
    return _here.get()


@contextmanager
def also(facts: MutableMapping[str, object]) -> Iterator[None]:
    """``facts`` are known in the block; what is written into them meanwhile, too."""
    token = _here.set(_Layered(_here.get(), facts))
    try:
        yield
    finally:
        _here.reset(token)


def run_id() -> str:
    """Of the run that this process belongs to; a new one where it belongs to none."""
    return os.environ.get(RUN) or uuid.uuid4().hex[:12]


class _Layered(Mapping[str, object]):
    """What was known before, and what this block knows more."""

    def __init__(self, below: Facts, own: Facts) -> None:
        self._below = below
        self._own = own

    def __getitem__(self, name: str) -> object:
        return self._own[name] if name in self._own else self._below[name]

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self._below if name not in self._own)
        yield from self._own

    def __len__(self) -> int:
        return len(set(self._below) | set(self._own))
