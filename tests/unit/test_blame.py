"""Whose failure an exception is: judged by its kind and by the rooms that its traceback goes through."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from types import ModuleType

import pytest

from pg_dryrun import hardcode
from pg_dryrun.errors import EnvironmentFault, PlanFault, ToolFault, UsageError
from pg_dryrun.outcome import Blame, Status
from pg_dryrun.runner import blame
from pg_dryrun.runner.interruption import DeadlinePassed, Interrupted
from pg_dryrun.runner.planned import Planned

PLANNED = Planned(id="G-09", title="restore", step="C-05")


def module(name: str, text: str) -> ModuleType:
    """A room of somebody else."""
    made = ModuleType(name)
    made.__dict__["json"] = json
    exec(compile(text, f"{name}.py", "exec"), made.__dict__)  # noqa: S102 - the test's own text
    return made


WRITER = module(
    "writer.signing", "def sign(body):\n    return json.dumps(body)\n\ndef fail():\n    raise KeyError('x')\n"
)
HARNESS = module(
    "harness.scenarios",
    "def lookup():\n    return {}['x']\n\n"
    "def call(f, *a):\n    return f(*a)\n\n"
    "def spell(body):\n    return json.dumps(body)\n",
)


def caught(call: Callable[..., object], *arguments: object) -> BaseException:
    try:
        call(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        (HARNESS.call, (WRITER.sign, {"id": uuid.uuid4()}), Blame.PRODUCT),
        (HARNESS.call, (WRITER.fail,), Blame.PRODUCT),
        (HARNESS.lookup, (), Blame.TOOL),
        (HARNESS.spell, ({"id": uuid.uuid4()},), Blame.TOOL),
        (HARNESS.call, (hardcode.scan, [None]), Blame.TOOL),
    ],
)
def test_an_error_that_escapes_a_scenario(
    call: Callable[..., object], arguments: tuple[object, ...], expected: Blame
) -> None:
    # This test's own frame is not part of what the runner sees: it catches right around the harness's callable.
    error = caught(call, *arguments)
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next
    assert blame.blame_of_scenario(error, "harness.scenarios") is expected


def test_kinds_that_need_no_traceback() -> None:
    assert blame.blame_of_scenario(DeadlinePassed("late"), "harness") is Blame.PRODUCT
    assert blame.blame_of_scenario(ToolFault("x"), "harness") is Blame.TOOL
    assert blame.blame_of_scenario(EnvironmentFault("x", remedy="y"), "harness") is Blame.TOOL


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (PlanFault("x", remedy="y"), Status.FAILED, Blame.PLAN),
        (UsageError("x", remedy="y"), Status.FAILED, Blame.PLAN),
        (EnvironmentFault("x", remedy="y"), Status.COULD_NOT_RUN, Blame.ENVIRONMENT),
        (Interrupted("SIGTERM"), Status.COULD_NOT_RUN, None),
        (KeyboardInterrupt(), Status.COULD_NOT_RUN, None),
        (ToolFault("x"), Status.FAILED, Blame.TOOL),
        (ValueError("x"), Status.FAILED, Blame.TOOL),
        (MemoryError(), Status.FAILED, Blame.TOOL),
        (SystemExit(3), Status.FAILED, Blame.TOOL),
    ],
)
def test_what_escapes_from_our_own_rooms(error: BaseException, status: Status, word: Blame | None) -> None:
    check = blame.unanswered(PLANNED, error, str)
    assert (check.id, check.status, check.blame) == ("G-09", status, word)
    assert check.detail.startswith(type(error).__name__)
    assert check.root_cause is not None


def test_no_word_of_ours_is_a_product_verdict() -> None:
    for error in (
        PlanFault("x", remedy="y"),
        EnvironmentFault("x", remedy="y"),
        ToolFault("x"),
        ValueError(),
        KeyError(),
    ):
        assert blame.unanswered(PLANNED, error, str).blame is not Blame.PRODUCT


def test_a_cause_takes_what_the_error_knows() -> None:
    class Trace:
        statement_name = "insert_entry"
        connection_state = "INTRANS"
        call_site = "phases.mark, line 9"
        last_statements = ("BEGIN", "SELECT 'hunter2'")

    error = RuntimeError("25001 hunter2")
    error.sqlstate = "25001"  # type: ignore[attr-defined]
    error.trace = Trace()  # type: ignore[attr-defined]
    cause = blame.cause_of(error, lambda text: text.replace("hunter2", "[secret]"))
    assert (cause.sqlstate, cause.statement_name, cause.connection_state) == ("25001", "insert_entry", "INTRANS")
    assert (cause.call_site, cause.message) == ("phases.mark, line 9", "25001 [secret]")
    assert cause.last_statements == ("BEGIN", "SELECT '[secret]'")
