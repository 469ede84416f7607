"""The cutter as a subject of ``pg_dryrun``: what it declares, what it may do, how it is played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cutter_agent.config import DEFAULT_CONNECTION_LIMIT
from cutter_agent.db_adapter import setup
from cutter_agent.db_adapter.queue_schema import ROLE, SCHEMA
from cutter_agent.model import Lane
from cutter_dryrun.declared import declared_statements, emissions, expected_relations, rights_of_lanes
from cutter_dryrun.law import LawText
from cutter_dryrun.matrix import TRACKED_TABLES
from cutter_dryrun.probing import probe_phases
from cutter_dryrun.production import administrator, make_stand_in
from cutter_dryrun.revision import NAME, checkout_root, revision_of, source_files
from cutter_dryrun.scenarios import all_scenarios
from pg_dryrun.subject import (
    Companion,
    DeclaredStatement,
    Emission,
    Login,
    ProbePhase,
    Revision,
    Right,
    Scenario,
    TableName,
)

if TYPE_CHECKING:
    from cutter_dryrun.workers.workforce import Workforce

_WHY_A_QUEUE = "the job queue: its rows come and go by the moment, and nothing is decided by them"


class CutterSubject:
    """Implements ``pg_dryrun.subject.Subject`` for this checkout of the cutter, with ``law`` as the real law.

    ``faults`` False leaves S13 to S19 out. With ``force`` workers do the phases, over a queue.
    """

    def __init__(self, law: LawText, *, faults: bool = True, force: Workforce | None = None) -> None:
        self.name = NAME
        self.form = force.form if force is not None else ""
        self.principals: Mapping[str, str] = {lane.value: lane.value for lane in Lane}
        self.companions: Sequence[Companion] = ()
        # Each worker keeps one; one more for a person who reviews meanwhile, and one for what a killed one leaves.
        self._connections = (
            max(DEFAULT_CONNECTION_LIMIT, force.count + 2) if force is not None else DEFAULT_CONNECTION_LIMIT
        )
        if force is not None:
            self.principals = {**self.principals, ROLE: ROLE}
            self.companions = (Companion(principal=ROLE, schema=SCHEMA, why=_WHY_A_QUEUE),)
        self.tracked_tables: Sequence[TableName] = TRACKED_TABLES
        self.expected_relations: Sequence[str] = expected_relations()
        self.rights: Sequence[Right] = rights_of_lanes()
        self.statements: Sequence[DeclaredStatement] = declared_statements()
        self.emissions: Sequence[Emission] = emissions()
        self.scenarios: Sequence[Scenario] = all_scenarios(law, faults=faults, force=force)
        self.probes: Sequence[ProbePhase] = probe_phases()
        self.source_paths: Sequence[Path] = source_files()

    def revision(self) -> Revision:
        """The commit that this code comes from, asked now."""
        return revision_of(checkout_root())

    def create_roles(self, admin: Login, passwords: Mapping[str, str]) -> None:
        """The roles, grants and passwords from the one table of rights, exactly as `db init` makes them."""
        lanes = {Lane(name): password for name, password in passwords.items() if name != ROLE}
        setup.prepare(administrator(admin), lanes, connection_limit=self._connections)
        if ROLE in passwords:
            from cutter_agent.jobs import desk  # noqa: PLC0415 - an extra brings what it needs

            desk.set_up(administrator(admin), passwords[ROLE], recreate=False)

    def make_production(self, admin: Login, workdir: Path) -> Mapping[str, object]:  # noqa: ARG002 - the protocol
        """See ``production.make_stand_in``."""
        return make_stand_in(admin)
