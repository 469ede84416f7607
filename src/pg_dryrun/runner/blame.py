"""Whose failure an exception is. The tool's own defect never reads as the product's, nor the other way round."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from types import TracebackType

from pg_dryrun.errors import DryRunError, EnvironmentFault, PlanFault, ToolFault
from pg_dryrun.outcome import Blame, Check, RootCause, Status
from pg_dryrun.runner.interruption import DeadlinePassed, Interrupted
from pg_dryrun.runner.planned import Planned

_OWN_PACKAGE = "pg_dryrun"
_FRAMES_SHOWN = 12


def unanswered(check: Planned, error: BaseException, redact: Callable[[str], str]) -> Check:
    """The answer of a check whose facts could not be gathered, because ``error`` escaped from our own rooms."""
    message = redact(getattr(error, "message", None) or str(error) or type(error).__name__)
    status, blame = _word(error)
    cause = RootCause(
        message=message,
        error_type=type(error).__name__,
        sqlstate=getattr(error, "sqlstate", None),
        call_site=call_site(error.__traceback__),
        last_statements=(),
        remedy=getattr(error, "remedy", None),
    )
    observed = {"traceback": redact(spelled(error)).splitlines()} if blame is Blame.TOOL else {}
    return Check(
        id=check.id,
        title=check.title,
        step=check.step,
        status=status,
        detail=f"{type(error).__name__}: {message}",
        blame=blame,
        root_cause=cause,
        observed=observed,
    )


def _word(error: BaseException) -> tuple[Status, Blame | None]:
    match error:
        case Interrupted() | KeyboardInterrupt():
            return Status.COULD_NOT_RUN, None
        case PlanFault():
            return Status.FAILED, Blame.PLAN
        case EnvironmentFault():
            return Status.COULD_NOT_RUN, Blame.ENVIRONMENT
        case DryRunError():
            return Status.FAILED, Blame.PLAN  # the words of the call are off: what was asked for cannot be done
        case _:
            return Status.FAILED, Blame.TOOL


def blame_of_scenario(error: BaseException, harness: str) -> Blame:
    """Who failed when ``error`` escaped from a scenario's callable. ``harness``: the module of that callable.

    A traceback that leaves the harness's package for another one (the writer's, not the standard library's nor ours) is
    the writer's failure; one that stays inside is the harness's own defect, and that is a defect of the tool.
    """
    if isinstance(error, DeadlinePassed):
        return Blame.PRODUCT
    if isinstance(error, (ToolFault, DryRunError)):
        return Blame.TOOL
    home = _package(harness)
    at_home = {home, _OWN_PACKAGE}
    for module in _modules(error.__traceback__):
        package = _package(module)
        if package not in at_home and package not in sys.stdlib_module_names:
            return Blame.PRODUCT
    return Blame.TOOL


def cause_of(error: BaseException, redact: Callable[[str], str]) -> RootCause:
    """All that an exception tells about itself, in the words of a root cause.

    An error that carries a ``trace`` (statement name, connection state, call site, last statements) is asked for it.
    """
    trace = getattr(error, "trace", None)
    last = getattr(trace, "last_statements", ())
    return RootCause(
        message=redact(str(getattr(error, "message", None) or error) or type(error).__name__),
        error_type=type(error).__name__,
        sqlstate=getattr(error, "sqlstate", None),
        statement_name=getattr(trace, "statement_name", None),
        connection_state=getattr(trace, "connection_state", None),
        call_site=getattr(trace, "call_site", None) or call_site(error.__traceback__),
        last_statements=tuple(redact(str(item)) for item in last),
        remedy=getattr(error, "remedy", None),
    )


def call_site(trace: TracebackType | None) -> str | None:
    """The innermost frame: ``module.function, line N``."""
    frames = list(traceback.walk_tb(trace))
    if not frames:
        return None
    frame, line = frames[-1]
    return f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_name}, line {line}"


def spelled(error: BaseException) -> str:
    """The end of the traceback, for the tool's own defects. Not redacted."""
    return "".join(traceback.format_exception(error, limit=-_FRAMES_SHOWN))


def _modules(trace: TracebackType | None) -> list[str]:
    return [str(frame.f_globals.get("__name__", "")) for frame, _ in traceback.walk_tb(trace)]


def _package(module: str) -> str:
    return module.partition(".")[0]
