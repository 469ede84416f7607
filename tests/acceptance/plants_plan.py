"""Defects of the plan: it expects, pins, names or authorises something else than what is there."""

from __future__ import annotations

from tests.plants_room import PLAN, Plant

_STAND_IN = '[source]\nkind = "stand-in"\n'
_OTHER = "0" * 64

THIRTEEN_ROWS = Plant(
    name="plan-of-thirteen-rows",
    why="a plan that forgot the SWEEP step expects 13 rows where the writer's own law says 15",
    plan=f'{_STAND_IN}[expected.S7]\n"cutter_governance.*" = 13\n',
    whose=PLAN,
    failed_check="G-15",
    says=("the plan expects 13, counted 15",),
)

ANOTHER_COMMIT = Plant(
    name="another-commit-authorised",
    why="the plan authorises another commit than the one that is checked out",
    plan=f'authorised_commit = "{"0" * 40}"\n{_STAND_IN}',
    whose=PLAN,
    failed_check="G_DIRTY",
    says=(f"is not the authorised {'0' * 40}",),
    short=True,
)

WRONG_PIN = Plant(
    name="wrong-pin",
    why="the plan pins another set of statements than the commit declares",
    plan=f'{_STAND_IN}[pins]\nstatements_sha256 = "{_OTHER}"\n',
    whose=PLAN,
    failed_check="G-12",
    says=("statements: pinned 0000000000000000",),
)

OTHER_CHECKS = Plant(
    name="list-of-checks-of-another-tool",
    why="the plan's list of checks is not the one that will be asked",
    plan=f'checks = ["G-01", "S4", "S7"]\n{_STAND_IN}',
    whose=PLAN,
    failed_check="G-12",
    says=("checks: pinned",),
)

UNKNOWN_KEY = Plant(
    name="misspelt-threshold",
    why="a misspelt key must not read as a threshold that nobody set",
    plan=f"{_STAND_IN}[thresholds]\nfree_byte = 1\n",
    whose=PLAN,
    failed_check=None,
    recorded=False,
    says=("free_byte",),
    short=True,
)

NOBODY_TO_PROTECT = Plant(
    name="nobody-to-protect",
    why="the plan protects a server by a data directory that is not there",
    plan=f'{_STAND_IN}[[protected]]\nname = "main"\ndata_dir = "moved-last-year"\n',
    whose=PLAN,
    failed_check="G-03",
    says=("1 protected servers are named, 0 were found",),
)

WRITING_READER = Plant(
    name="reader-could-write",
    why="the plan reads production under a role that could write to it",
    plan='[source]\nkind = "dsn"\nhost = "{host}"\nport = {port}\ndbname = "production"\nuser = "{user}"\n',
    environment={"PGPASSWORD": "{password}"},
    server=True,
    whose=PLAN,
    failed_check="G-05",
    says=("can write", "SUPERUSER"),
    short=True,
)

OTHER_SERVER = Plant(
    name="production-of-somebody-else",
    why="the plan authorises another server than the one that its address leads to",
    plan='[source]\nkind = "dsn"\nhost = "{host}"\nport = {port}\ndbname = "production"\nuser = "reader"\n'
    'system_identifier = "7000000000000000001"\n',
    environment={"PGPASSWORD": "{password}"},
    server=True,
    whose=PLAN,
    failed_check="G-06",
    says=("authorised 7000000000000000001",),
)

WRONG_DUMP = Plant(
    name="another-dump",
    why="the file is not the dump whose digest the plan authorises",
    dump=lambda dump: dump,
    plan=f'sha256 = "{_OTHER}"\n',
    whose=PLAN,
    failed_check="G-06",
    says=(f"dump sha256: authorised {_OTHER}",),
)

TRUNCATED_DUMP = Plant(
    name="truncated-dump",
    why="the dump that the plan names is cut short in the rows of a table",
    dump=lambda dump: dump[: dump.index(b"\\.\n")],
    whose=PLAN,
    failed_check="G-06",
    says=("is cut short in the rows of",),
)

IN_THE_PLAN: tuple[Plant, ...] = (
    THIRTEEN_ROWS,
    ANOTHER_COMMIT,
    WRONG_PIN,
    OTHER_CHECKS,
    UNKNOWN_KEY,
    NOBODY_TO_PROTECT,
    WRITING_READER,
    OTHER_SERVER,
    WRONG_DUMP,
    TRUNCATED_DUMP,
)
