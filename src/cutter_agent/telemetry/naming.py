"""Facts as attributes: by the semantic conventions where they have a name, else under ``iu_cutter.``."""

from __future__ import annotations

from collections.abc import Mapping

from cutter_agent.observing import Facts, Kind
from cutter_agent.observing.activity import is_outcome

Attributes = dict[str, str | int | float | bool]

_STANDARD = {"sqlstate": "db.response.status_code", "file": "file.path"}
_OWN = {
    "document": "iu_cutter.document.ref",
    "entry_id": "iu_cutter.entry.id",
    "lane": "iu_cutter.lane",
    "phase": "iu_cutter.phase",
    "status": "iu_cutter.entry.status",
    "outcome": "iu_cutter.outcome",
    "disposition": "iu_cutter.disposition",
    "transaction": "iu_cutter.transaction",
    "units": "iu_cutter.units",
    "units_written": "iu_cutter.units.written",
    "promoted": "iu_cutter.promoted",
    "defects": "iu_cutter.defects",
    "wrote": "iu_cutter.wrote",
    "command": "iu_cutter.command",
    "run": "iu_cutter.run.id",
}
_BY_KIND: Mapping[Kind, Attributes] = {
    Kind.ATTEMPT: {"db.system.name": "postgresql"},
    Kind.JOB: {"messaging.system": "procrastinate", "messaging.operation.type": "process"},
}
_OF_A_JOB = {"task": "messaging.operation.name", "queue": "messaging.destination.name", "job": "messaging.message.id"}


def attributes(kind: Kind, facts: Facts) -> Attributes:
    """Of a span that has ended."""
    names = _STANDARD | _OWN | (_OF_A_JOB if kind is Kind.JOB else {})
    found = dict(_BY_KIND.get(kind, {}))
    for fact, name in names.items():
        value = facts.get(fact)
        if isinstance(value, bool | int | float | str):
            found[name] = str(value) if fact == "job" else value
    code = facts.get("outcome")
    if not is_outcome(code):
        found["error.type"] = str(code)
    if kind is Kind.RUN and isinstance(facts.get("exit_code"), int):
        found["process.exit.code"] = int(str(facts["exit_code"]))
    return found


def picked(facts: Facts, **names: str) -> Attributes:
    """Of a metric: these facts under these names, as far as they are there; few values each."""
    return {name: str(facts[fact]) for fact, name in names.items() if facts.get(fact) is not None}
