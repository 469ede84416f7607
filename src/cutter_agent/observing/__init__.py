"""What a run does, told while it does it: run → document → phase → transaction, each with its facts and its end.

Whoever works says ``document``, ``phase``, ``attempt``; who listens is not its business. A log always can (``logging``,
silent until a door configures it), and at most one observer (``telemetry``, an optional extra). Without either a
phase costs some microseconds. Never a body, never a secret: facts are ids, names, counts and codes.

============  ====================================================================
module        noun
============  ====================================================================
known         what is known where we are: run, document, phase …
activity      something that begins and ends, and what is told of it
observer      who may listen besides the log
phases        a lane's method as a phase
============  ====================================================================
"""

from cutter_agent.observing.activity import (
    Activity,
    attempt,
    carried,
    document,
    environment,
    handed,
    handed_on,
    job,
    lent,
    note,
    phase,
    queue_depth,
    retried,
    run,
)
from cutter_agent.observing.known import Facts
from cutter_agent.observing.observer import Kind, Observer, listen

__all__ = [
    "Activity",
    "Facts",
    "Kind",
    "Observer",
    "attempt",
    "carried",
    "document",
    "environment",
    "handed",
    "handed_on",
    "job",
    "lent",
    "listen",
    "note",
    "phase",
    "queue_depth",
    "retried",
    "run",
]
