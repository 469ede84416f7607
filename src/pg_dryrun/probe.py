"""After a failed run: one look that finds all further defects of the commit (design 3.1), on a clone of its own.

Every declared statement is driven once, each in its savepoint, as the principal that may send it; every phase once,
from a state that the commit under rehearsal did not make, so that a broken first phase hides no broken last one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from pg_dryrun.errors import DryRunError
from pg_dryrun.observer import connect
from pg_dryrun.observer.driving import drive
from pg_dryrun.probe_record import Driven, ProbeDefect
from pg_dryrun.subject import DeclaredStatement, Login, ProbePhase, ScenarioContext, ScenarioResult

_BLOCK_VERBS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
Plays = Callable[[ProbePhase, ScenarioContext], ScenarioResult]
"""How one phase is played: with a deadline, and whatever escapes turned into a result."""


def statements(
    declared: Sequence[DeclaredStatement], logins: Mapping[str, Login], *, until: float
) -> tuple[int, list[ProbeDefect]]:
    """How many were driven, and what the server says against them. ``until``: monotonic seconds.

    Raises ``EnvironmentFault`` where a principal cannot connect."""
    driven = 0
    found: list[ProbeDefect] = []
    for principal, login in logins.items():
        mine = [item for item in declared if item.principal == principal and item.verb not in _BLOCK_VERBS]
        with connect(login, purpose="probe") as observer, observer.block(_BEGIN, "ROLLBACK"):
            for item in mine:
                if time.monotonic() > until:
                    return driven, found
                driven += 1
                answer = drive(observer, item.text.rstrip().rstrip(";"), item.verb)
                if answer is not None:
                    found.append(
                        ProbeDefect(
                            driven=Driven.STATEMENT,
                            name=item.name,
                            principal=principal,
                            sqlstate=answer.sqlstate,
                            message=answer.message,
                        )
                    )
    return driven, found


def phases(
    wanted: Iterable[ProbePhase], context: Callable[[ProbePhase], ScenarioContext], play: Plays, *, until: float
) -> tuple[list[str], list[ProbeDefect]]:
    """Which were played, and how they failed."""
    played: list[str] = []
    found: list[ProbeDefect] = []
    for phase in wanted:
        if time.monotonic() > until:
            break
        played.append(phase.name)
        try:
            result = play(phase, context(phase))
        except DryRunError as error:
            result = ScenarioResult(ok=False, message=error.message)
        if not result.ok:
            found.append(
                ProbeDefect(
                    driven=Driven.PHASE,
                    name=phase.name,
                    principal="",
                    sqlstate=result.failure.sqlstate if result.failure else None,
                    message=result.message,
                )
            )
    return played, found
