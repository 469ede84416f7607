"""Defects of the environment: no room, no extension, the wrong server. None of them says anything about the product."""

from __future__ import annotations

from tests.acceptance.plants_product_writes import deployed_with
from tests.plants_room import ENVIRONMENT, Edit, Plant

_COPYING = "src/pg_dryrun/runner/copying.py"

NO_ROOM = Plant(
    name="no-room-on-disk",
    why="the disk has less room than the plan asks for",
    plan='[source]\nkind = "stand-in"\n[thresholds]\nfree_bytes = 9007199254740991\n',
    whose=ENVIRONMENT,
    failed_check="G-01",
    says=("bytes free, 9007199254740991 needed",),
    short=True,
)

WORK_PLACE_IN_THE_CHECKOUT = Plant(
    name="work-place-in-the-checkout",
    why="temporary files go into the repository: the next commit could carry production's data",
    environment={"TMPDIR": "{copy}/src"},
    whose=ENVIRONMENT,
    failed_check="G-04",
    says=("inside the repository",),
)

MISSING_EXTENSION = Plant(
    name="missing-extension",
    why="production has an extension that the lent server does not have",
    dump=deployed_with("CREATE EXTENSION IF NOT EXISTS kilometre WITH SCHEMA public;"),
    whose=ENVIRONMENT,
    failed_check="G-08",
    says=("extension kilometre",),
    short=True,
)

OTHER_MAJOR = Plant(
    name="other-major-version",
    why="the dump is of another major version than the server that was lent",
    dump=lambda dump: dump.replace(b"-- Dumped from database version ", b"-- Dumped from database version 12.22 not "),
    whose=ENVIRONMENT,
    failed_check="G-08",
    says=("PostgreSQL 12",),
)

LOSSY_COPY = Plant(
    name="copy-lost-rows",
    why="rows are gone from the copy when the restore has ended",
    edits=(
        Edit(
            path=_COPYING,
            old="    run.facts.copy = done.admin\n",
            new="    run.facts.copy = done.admin\n"
            '    settings = {"session_replication_role": "replica"}\n'
            '    with connect(done.admin, purpose="a bad disk", settings=settings) as observer:\n'
            '        observer.execute("DELETE FROM iu.unit_version")\n',
        ),
    ),
    whose=ENVIRONMENT,
    failed_check="G-09",
    says=("iu.unit_version", "The copy is not faithful"),
)

PRODUCTION_IS_LENT = Plant(
    name="production-is-lent",
    why="the server that is lent as throw-away is production itself",
    dump=lambda dump: dump,
    plan='system_identifier = "{identifier}"\n',
    options=("--lender", "existing:host={host} port={port} user={user} dbname=postgres"),
    environment={"PGPASSWORD": "{password}"},
    server=True,
    whose=ENVIRONMENT,
    failed_check="G-10",
    says=("is production's or a protected server's", "Nothing was written"),
)

SERVER_DIES = Plant(
    name="server-dies",
    why="somebody kills the clone's server in the middle of the happy path",
    edits=(
        Edit(
            path="src/pg_dryrun/runner/scenarios.py",
            old="    with run.scenario_folder(scenario.id) as folder:\n        return _rehearse(",
            new='    if scenario.id == "SWEEP":\n        stage.clone.crash()\n'
            "    with run.scenario_folder(scenario.id) as folder:\n        return _rehearse(",
        ),
    ),
    whose=ENVIRONMENT,
    failed_check="SWEEP",
    says=("the clone's server is gone",),
    short=True,
)

IN_THE_ENVIRONMENT: tuple[Plant, ...] = (
    NO_ROOM,
    WORK_PLACE_IN_THE_CHECKOUT,
    MISSING_EXTENSION,
    OTHER_MAJOR,
    LOSSY_COPY,
    PRODUCTION_IS_LENT,
    SERVER_DIES,
)
