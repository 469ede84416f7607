"""All questions in their order, each answered, whatever the ones before it said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cutter_agent.checkup import database, lanes, machine
from cutter_agent.checkup.interface import Finding, State, note, ok, refused
from cutter_agent.config import Settings
from cutter_agent.errors import CutterError
from cutter_agent.home.folder import DataFolder


def examine(environment: Mapping[str, str], *, file: Path | None, trouble: CutterError | None) -> Iterator[Finding]:
    """``file`` is the configuration file that holds; ``trouble`` is what keeps one from being used.

    A configuration that cannot be read ends it: which database it means is then unknown.
    """
    yield machine.program()
    yield from machine.extras()
    yield machine.telemetry_endpoint(environment)
    if trouble is not None:
        yield refused("configuration file", trouble)
        return
    yield ok("configuration file", str(file)) if file else note("configuration file", "none: none is needed")
    try:
        settings = Settings.from_environment(environment)
    except CutterError as error:
        yield refused("configuration", error)
        return
    data = DataFolder.at(settings.home)
    if settings.place is not None:
        place = settings.place
        yield ok("configuration", f"a server of your own: {place.dbname} at {place.host}, port {place.port}")
        yield from lanes.of_the_configuration(environment)
        yield from database.configured(environment)
        return
    yield ok("configuration", "a PostgreSQL of its own in the data folder")
    yield machine.server_programs()
    folder = machine.folder(data)
    yield folder
    yield machine.room(data)
    if folder.state is State.WRONG:
        return
    files = list(lanes.of_the_folder(data))
    yield from files
    sound = all(finding.state is State.OK for finding in files)
    yield from database.embedded(environment, data, files_are_sound=sound)
