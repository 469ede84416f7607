"""The database: reachable, the schema of this release, roles and grants, room for connections, its mark, the logins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cutter_agent import deployment
from cutter_agent.checkup.interface import Finding, State, note, ok, refused, wrong
from cutter_agent.db_adapter import admin, setup
from cutter_agent.db_adapter.setup import Administrator
from cutter_agent.errors import CutterError
from cutter_agent.home.folder import DataFolder
from cutter_agent.home.server import as_found
from cutter_agent.model import Lane
from cutter_agent.production import Deployment, MarkKind
from cutter_agent.wiring import administrator, connection_limit, try_lanes
from pg_embedded import resident
from pg_embedded.errors import EmbeddedError

_NOT_TRIED = note("logins of the lanes", "not tried: first what is wrong above")


def embedded(environment: Mapping[str, str], data: DataFolder, *, files_are_sound: bool) -> Iterator[Finding]:
    """The data folder's own server. It is started if it rests, and rests again a little later; nothing is set up.

    A lane's login would complete what is missing, so it is tried only where nothing is (``files_are_sound``: its keys
    and passwords can be used).
    """
    if not data.ready.exists():
        begun = data.server.exists()
        answer = "its set-up has not come to its end: the next" if begun else "not set up yet: the first"
        yield note("database", f"{answer} command with a database does it")
        return
    if not resident.exists(data.server):
        yield wrong(
            "database",
            f"{data.server} has lost its data, and {data.ready.name} says that there was a database",
            f"Restore the data folder from a backup; to begin anew, remove {data.ready}.",
        )
        return
    try:
        with as_found(data) as (login, is_ready):
            found = list(_as_administrator(login, connection_limit(environment)))
    except (CutterError, EmbeddedError) as error:
        yield refused("database", error)
        return
    yield from found
    if not is_ready and all(each.state is not State.WRONG for each in found):
        yield note("set-up", "not what this release leaves behind: the next command completes it")
    elif not files_are_sound or any(each.state is State.WRONG for each in found):
        yield _NOT_TRIED
    else:
        yield from _logins(environment)


def configured(environment: Mapping[str, str]) -> Iterator[Finding]:
    """A server of one's own: as administrator where libpq's variables let us in, and each lane that is configured."""
    try:
        with administrator(environment) as login:
            found = list(_as_administrator(login, connection_limit(environment)))
    except (CutterError, EmbeddedError) as error:
        found = [_no_administrator(environment, error)]
    yield from found
    if any(each.state is State.WRONG for each in found):
        yield _NOT_TRIED
    else:
        yield from _logins(environment)


def _no_administrator(environment: Mapping[str, str], error: Exception) -> Finding:
    """Nobody is asked to be an administrator, unless he says that he is: the lanes say whether it is up."""
    if "PGUSER" in environment:
        return refused("database", error)
    return note(
        "database",
        f"not looked at as its administrator: {getattr(error, 'message', error)}",
        "Set PGUSER (and PGPASSWORD or a password file) to have schema, grants and mark checked.",
    )


def _as_administrator(login: Administrator, limit: int) -> Iterator[Finding]:
    with setup.connect(login) as connection:
        checked = admin.check(connection, connection_limit=limit)
        slots = admin.connections(connection)
    for finding in checked:
        yield Finding(
            question=finding.question,
            state=State.OK if finding.ok else State.WRONG,
            answer=finding.answer,
            remedy="" if finding.ok else finding.remedy,
            details=finding.details,
        )
    if all(finding.ok for finding in checked):
        yield _room(slots, limit)
        yield _mark(deployment.read_mark(login))


def _room(slots: admin.Connections, limit: int) -> Finding:
    answer = f"{slots.used} of {slots.most} in use; each lane may have {limit}"
    if slots.free < limit * len(Lane):
        return wrong(
            "connections", answer, "Raise max_connections, end what holds them, or lower DOT_CUTTER_CONNECTION_LIMIT."
        )
    return ok("connections", answer)


def _mark(found: Deployment | None) -> Finding:
    if found is None or found.mark is None or found.mark.kind is MarkKind.NONE:
        return note("mark", "none: any commit may work here", "A production should be marked: iu-cutter db mark.")
    mark = found.mark
    said = f"{mark.kind.value}, by {mark.marked_by}: {mark.because}"
    if found.is_production and mark.kind is not MarkKind.PRODUCTION:
        return wrong("mark", f"{said}; it was made on another server", "Say what this one is: iu-cutter db mark.")
    return ok("mark", said)


def _logins(environment: Mapping[str, str]) -> Iterator[Finding]:
    for lane, error in try_lanes(environment).items():
        question = f"login of {lane}"
        yield refused(question, error) if error else ok(question, "works, and the server knows it by this name")
