"""Something that begins and ends: a run, a job, a document, a phase, one attempt of its transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from cutter_agent.observing import known
from cutter_agent.observing.known import Facts
from cutter_agent.observing.observer import Kind, listening

log = logging.getLogger("cutter_agent.run")

OK = "ok"
AWAITING = "AWAITING_REVIEW"
"""The code of what is no defect: a person must decide."""

_LEVELS = {Kind.ATTEMPT: logging.DEBUG}
_HANDED_ON = ("document", "entry_id")
"""What a phase finds out about its document is known around it, too; a run may have many documents."""


class Activity:
    """What is told of it when it ends. ``failed`` is for who caught the error that ended it."""

    def __init__(self, kind: Kind, facts: dict[str, object]) -> None:
        self.kind = kind
        self.facts = facts

    def note(self, **facts: object) -> None:
        """Facts that became known meanwhile; None is none."""
        self.facts.update({name: value for name, value in facts.items() if value is not None})

    def learn(self, inner: Facts) -> None:
        """What was found out inside."""
        for name in _HANDED_ON:
            if name in inner:
                self.facts.setdefault(name, inner[name])

    def failed(self, record: Mapping[str, object]) -> None:
        """It ended with this error, in the documented shape. Its words are left out: they may quote."""
        kept = ("code", "sqlstate", "statement", "start_byte", "line")
        self.note(outcome=record.get("code"), **{name: record.get(name) for name in kept})


_inner: ContextVar[Activity | None] = ContextVar("activity", default=None)
_lent: ContextVar[Mapping[str, str] | None] = ContextVar("lent", default=None)


@contextmanager
def run(command: str) -> Iterator[Activity]:
    """One call of a command."""
    with _doing(Kind.RUN, command, {"command": command}) as told:
        yield told


@contextmanager
def job(task: str, carried: Mapping[str, str] | None = None, **facts: object) -> Iterator[Activity]:
    """One job of a queue, asked for by another process, where ``carried`` leads."""
    with _doing(Kind.JOB, task, {"task": task, **facts}, carried) as told:
        yield told


@contextmanager
def document(**facts: object) -> Iterator[Activity]:
    """One document on its way; ``file`` or ``document`` says which."""
    with _doing(Kind.DOCUMENT, "document", facts) as told:
        yield told


@contextmanager
def phase(name: str, **facts: object) -> Iterator[Activity]:
    """One phase of one document."""
    with _doing(Kind.PHASE, name, {"phase": name, **facts}) as told:
        yield told


@contextmanager
def attempt(name: str, disposition: Callable[[BaseException], str | None]) -> Iterator[Activity]:
    """One transaction that writes. ``disposition``: what follows from an error that ends it."""
    with _doing(Kind.ATTEMPT, name, {"transaction": name}) as told:
        try:
            yield told
        except BaseException as error:
            told.note(disposition=disposition(error))
            raise


def note(**facts: object) -> None:
    """Facts of what is being done here; nothing where nothing is."""
    told = _inner.get()
    if told is not None:
        told.note(**facts)


def retried(where: str, sqlstate: str | None, disposition: str) -> None:
    """Something is tried again: what the server said, and what that means."""
    facts = {**known.here(), "where": where, "sqlstate": sqlstate, "disposition": disposition}
    log.warning("tried again", extra={"facts": facts})
    listening().retried(facts)


def queue_depth(jobs: int, *, queue: str, status: str) -> None:
    """So many jobs of a status there are now in a queue."""
    listening().queue_depth(jobs, {"queue": queue, "status": status})


def carried() -> Mapping[str, str]:
    """Where we are, for another process. Empty where nobody listens."""
    return listening().carried()


@contextmanager
def _doing(
    kind: Kind, name: str, facts: Mapping[str, object], carried: Mapping[str, str] | None = None
) -> Iterator[Activity]:
    told = Activity(kind, {fact: value for fact, value in facts.items() if value is not None})
    outer = _inner.get()
    token = _inner.set(told)
    observer = listening()
    with known.also(told.facts):
        begun = observer.began(kind, name, carried or (_lent.get() if outer is None else None))
        log.debug("%s begins", kind)
        started_s = time.perf_counter()
        try:
            yield told
        except BaseException as error:
            told.facts.setdefault("outcome", code_of(error))
            told.note(sqlstate=getattr(error, "sqlstate", None))
            raise
        finally:
            duration_s = time.perf_counter() - started_s
            told.facts.setdefault("outcome", OK)
            _say(kind, told, duration_s)
            observer.ended(begun, kind, known.here(), duration_s)
            _inner.reset(token)
            if outer is not None and outer.kind is not Kind.RUN:
                outer.learn(told.facts)


def _say(kind: Kind, told: Activity, duration_s: float) -> None:
    sound = told.facts["outcome"] in {OK, AWAITING}
    level = _LEVELS.get(kind, logging.INFO if sound else logging.WARNING)
    if log.isEnabledFor(level):
        log.log(level, "%s ended", kind, extra={"facts": {"duration_s": round(duration_s, 6)}})


def code_of(error: BaseException) -> str:
    """Its stable code; the name of its type where it has none."""
    return str(getattr(error, "code", None) or type(error).__name__)


def is_outcome(code: object) -> bool:
    """Whether this outcome is no failure."""
    return code in {OK, AWAITING}


def facts_here() -> Facts:
    """Everything that is known now, for a line of the log."""
    return {**known.here(), **listening().place()}


_LENT = ("file", "document", "command")


def handed() -> dict[str, object]:
    """What is known here and where we are, for a process that does a part of it (``lent`` there)."""
    facts = known.here()
    return {name: facts[name] for name in _LENT if name in facts} | {"carried": dict(carried())}


@contextmanager
def lent(told: Facts) -> Iterator[None]:
    """What another process knows (``handed`` there) is known in the block, and what begins in it is a part of that."""
    token = _lent.set(told.get("carried") or None)  # type: ignore[arg-type]
    with known.also({name: told[name] for name in _LENT if name in told}):
        try:
            yield
        finally:
            _lent.reset(token)


def handed_on() -> dict[str, Any]:
    """Where we are, as one more argument of a job; none where nobody listens."""
    said = dict(carried())
    return {"carried": said} if said else {}


def environment() -> dict[str, str]:
    """Where we are, for a child process: ``TRACEPARENT`` and ``TRACESTATE`` (OpenTelemetry, environment carriers)."""
    return {name.upper(): value for name, value in carried().items()}
