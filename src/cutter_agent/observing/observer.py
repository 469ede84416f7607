"""Who may listen besides the log. At most one: the telemetry of this process."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from cutter_agent.observing.known import Facts


class Kind(StrEnum):
    """What begins and ends, from the outside to the inside."""

    RUN = "run"
    JOB = "job"
    DOCUMENT = "document"
    PHASE = "phase"
    ATTEMPT = "attempt"


class Observer(Protocol):
    """Is told in the thread that works, must not raise and must not wait."""

    def began(self, kind: Kind, name: str, carried: Mapping[str, str] | None) -> object:
        """Something begins; what is answered comes back with its end. ``carried``: what another process was given."""
        ...

    def ended(self, begun: object, kind: Kind, facts: Facts, duration_s: float) -> None:
        """It has ended. ``facts`` has ``outcome``: ``ok``, or the code of the error that ended it."""
        ...

    def retried(self, facts: Facts) -> None:
        """Something is tried again."""
        ...

    def queue_depth(self, jobs: int, facts: Facts) -> None:
        """So many jobs there are now, in the queue and of the status that ``facts`` name."""
        ...

    def carried(self) -> Mapping[str, str]:
        """Where we are, for another process: W3C's ``traceparent`` and what belongs to it."""
        ...

    def place(self) -> Facts:
        """Where we are, for a line of the log: ``trace_id``, ``span_id``."""
        ...


class _Nobody:
    def began(self, kind: Kind, name: str, carried: Mapping[str, str] | None) -> None:
        """Nobody listens."""

    def ended(self, begun: object, kind: Kind, facts: Facts, duration_s: float) -> None:
        """Nobody listens."""

    def retried(self, facts: Facts) -> None:
        """Nobody listens."""

    def queue_depth(self, jobs: int, facts: Facts) -> None:
        """Nobody listens."""

    def carried(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def place(self) -> Facts:
        """Nothing."""
        return {}


class _Ears:
    observer: Observer = _Nobody()


def listen(observer: Observer | None) -> None:
    """From now on ``observer`` is told; nobody for None."""
    _Ears.observer = observer or _Nobody()


def listening() -> Observer:
    """Who is told now."""
    return _Ears.observer
