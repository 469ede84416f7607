"""A foreign command in the shape of a subject: it declares nothing, so nothing of it is judged by declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pg_dryrun.errors import ToolFault
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

PRINCIPAL = "program"


class ProgramSubject:
    """Implements ``pg_dryrun.subject.Subject`` with a name and a role, and nothing else."""

    def __init__(self, name: str, role: str) -> None:
        self.name = name
        self.principals: Mapping[str, str] = {PRINCIPAL: role}
        self.tracked_tables: Sequence[TableName] = ()
        self.expected_relations: Sequence[str] = ()
        self.rights: Sequence[Right] = ()
        self.statements: Sequence[DeclaredStatement] = ()
        self.emissions: Sequence[Emission] = ()
        self.scenarios: Sequence[Scenario] = ()
        self.probes: Sequence[ProbePhase] = ()
        self.source_paths: Sequence[Path] = ()
        self.companions: Sequence[Companion] = ()
        self.form = ""

    def revision(self) -> Revision:
        """A foreign command has no commit that we know of; nobody asks for one."""
        raise ToolFault("a foreign command was asked for its commit")

    def create_roles(self, admin: Login, passwords: Mapping[str, str]) -> None:  # noqa: ARG002 - the protocol
        """Its role comes from the dump (``rehearsal``), not from itself."""
        raise ToolFault("a foreign command was asked to make its roles")

    def make_production(self, admin: Login, workdir: Path) -> Mapping[str, object]:  # noqa: ARG002 - the protocol
        """It cannot make a production."""
        raise ToolFault("a foreign command was asked to make a production")
