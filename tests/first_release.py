"""A ledger as the first schema and an early release left it: what every upgrade must carry on.

The rows are those of ``cutter_dryrun`` (``standing.sql``: two documents cut and verified; ``waiting.sql``: one waiting
in front of each phase). They were written and signed before signatures covered the records around a cut.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from unittest.mock import patch

import psycopg

from cutter_agent.db_adapter import schema
from cutter_agent.model import Lane
from pg_embedded.server import AdminLogin
from sealing.keys import PublicKey

_DATA = files("cutter_dryrun")
STANDING: Mapping[str, object] = json.loads(_DATA.joinpath("standing.json").read_text("utf-8"))
ROWS = {"standing.sql": 1, "waiting.sql": 4}
"""The rows, and the first schema that takes them."""
WAITING: Mapping[str, object] = json.loads(_DATA.joinpath("waiting.json").read_text("utf-8"))


@dataclass(frozen=True, kw_only=True)
class FirstRelease:
    """What its operators would know."""

    passwords: Mapping[Lane, str]
    waiting: Mapping[str, str]
    """Phase that is due, and its entry."""

    @staticmethod
    def public_keys(lane: Lane) -> Sequence[PublicKey]:
        """The keys that the lane signed with, in two places."""
        return [_key(facts, lane) for facts in (STANDING, WAITING)]


def deploy(login: AdminLogin) -> FirstRelease:
    """The first schema, the roles, the rows; and the schema that those of a later release need."""
    made = FirstRelease(
        passwords={lane: f"{lane.value}-of-the-first-release" for lane in Lane},
        waiting={str(phase): str(entry) for phase, entry in dict(WAITING["entries"]).items()},  # type: ignore[call-overload]
    )
    with psycopg.connect(**login, autocommit=True) as admin:
        _migrate_to(admin, 1)
        for lane, password in made.passwords.items():
            admin.execute(f"CREATE ROLE {lane.value} LOGIN PASSWORD '{password}'")
        for rows, version in ROWS.items():
            _migrate_to(admin, version)
            admin.execute("SET session_replication_role = replica")  # as a restore does
            admin.execute(_DATA.joinpath(rows).read_text("utf-8"))
            admin.execute("RESET session_replication_role")
    return made


def _migrate_to(admin: psycopg.Connection, version: int) -> None:
    """As the release did that knew no later migration."""
    known = schema.migrations()[:version]
    with patch.object(schema, "migrations", lambda: known):
        schema.migrate(admin)


def _key(facts: Mapping[str, object], lane: Lane) -> PublicKey:
    keys = facts["public_keys"]
    assert isinstance(keys, dict)
    return PublicKey.from_raw(bytes.fromhex(keys[lane.value]))
