"""This call as a run: its log, its telemetry, its beginning and its end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer

from cutter_agent import observing, telemetry
from cutter_agent.cli import failures, logs, output
from cutter_agent.cli.logs import Form, Level
from cutter_agent.config import LOG, LOG_LEVEL
from cutter_agent.observing import known
from cutter_agent.observing.activity import AWAITING

LogFormat = Annotated[
    Form | None,
    typer.Option("--log-format", help="Say on standard error what is done: json or text. Default: DOT_CUTTER_LOG."),
]
LogLevel = Annotated[Level | None, typer.Option("--log-level", help="From which gravity on. Default: info.")]

ENDLESS = frozenset({"worker", "serve"})
"""They speak unasked, and are no run to be told the end of: what they do is told job by job, phase by phase."""
_ASKING = frozenset({"doctor", "config", "completion", "profiles", "db", "segment", "match", "validate"})
"""Commands that touch no document of the store: nothing of them is measured."""


_WORDS = {failures.AWAITING_EXIT: AWAITING, failures.INTERRUPTED_EXIT: "INTERRUPTED"}


class _Run:
    """The run of this process."""

    stack: ExitStack | None = None
    told: observing.Activity | None = None


def begin(command: str | None, *, form: Form | None, level: Level | None) -> None:
    """From here to ``end``. Raises ``ConfigError`` for a key that cannot be used."""
    stack = ExitStack()
    _Run.stack = stack
    own = {LOG: form, LOG_LEVEL: level, known.RUN: known.run_id()}
    child = known.RUN in os.environ
    stack.enter_context(_environment({name: str(value) for name, value in own.items() if value is not None}))
    stack.callback(logs.silence)
    logs.configure(os.environ, unasked=Form.TEXT if command in ENDLESS else None)
    if command is None or command in _ASKING:
        return
    stack.enter_context(telemetry.started(os.environ, warn=None if child else output.note))
    if not child and command not in ENDLESS:
        _Run.told = stack.enter_context(observing.run(command))
        stack.enter_context(_environment(observing.environment()))


def end(exit_code: int, record: dict[str, object] | None) -> None:
    """It has ended with this code; ``record`` is the error that ended it."""
    stack, told = _Run.stack, _Run.told
    _Run.stack, _Run.told = None, None
    if told is not None:
        told.note(exit_code=exit_code)
        if record is not None:
            told.failed(record)
        elif exit_code:
            told.note(outcome=_WORDS.get(exit_code, f"EXIT_{exit_code}"))
    if stack is not None:
        stack.close()


@contextmanager
def member() -> Iterator[None]:
    """A process of a run that another one began: the same log, the same trace, no run of its own."""
    begin("member", form=None, level=None)
    try:
        yield
    finally:
        end(0, None)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
