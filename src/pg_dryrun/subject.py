"""What a rehearsal needs to know of the writer it rehearses. The writer's own house fills this in.

A ``Subject`` is data and three callables; nothing of it is known to this package before it is handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pg_dryrun.outcome import RootCause

TableName = str
"""Always ``schema.table``."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """Where and as whom to connect. The password never shows in a ``repr``."""

    host: str
    port: int
    dbname: str
    user: str
    password: str = field(repr=False)
    sslmode: str | None = None
    """None: libpq's own choice."""

    def keywords(self) -> dict[str, str | int]:
        """Keyword arguments for ``psycopg.connect``."""
        words: dict[str, str | int] = {
            "host": self.host,
            "port": self.port,
            "dbname": self.dbname,
            "user": self.user,
            "password": self.password,
        }
        return words if self.sslmode is None else {**words, "sslmode": self.sslmode}

    def environment(self) -> dict[str, str]:
        """The libpq variables that a foreign program reads."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGDATABASE": self.dbname,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
        }


@dataclass(frozen=True, kw_only=True)
class DeclaredStatement:
    """One statement that the writer says it may send. ``text`` has ``$n`` placeholders."""

    name: str
    principal: str
    verb: str
    tables: tuple[TableName, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class Right:
    """One row of the writer's table of rights: what ``role`` may do on ``table``."""

    role: str
    table: TableName
    select: bool = False
    insert: bool = False
    update_columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Emission:
    """The columns that the writer fills when it inserts into ``table``, for the contract check (G-26)."""

    statement: str
    principal: str
    table: TableName
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ClientStatement:
    """One statement as the writer's own journal saw it. ``backend_pid`` ties it to the server's log."""

    principal: str
    backend_pid: int
    name: str
    text: str
    outcome: str
    sqlstate: str | None = None


class Kind(StrEnum):
    """A scenario's promise."""

    HAPPY = "happy"
    REFUSAL = "refusal"
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True)
class ScenarioContext:
    """What a scenario gets: a private clone, its logins by principal name, a private folder, nothing of production."""

    logins: Mapping[str, Login]
    admin: Login
    workdir: Path
    state: dict[str, object]
    """Handed from scenario to scenario of one chain; the happy path keeps its ids here."""
    leaving: ExitStack = field(default_factory=ExitStack)
    """What outlives a step (a process of the writer) is ended when the clone is left, whatever happened."""


@dataclass(frozen=True, kw_only=True)
class ScenarioResult:
    """What the writer did, in its own words. The witness compares it with what it saw itself.

    ``refused`` is how the writer or the server said no (SQLSTATE or error code), for a refusal. ``facts`` are
    canonical-JSON values for the report. ``failure`` is set when the writer failed where it should not have.
    """

    ok: bool
    message: str
    refused: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    client_statements: Sequence[ClientStatement] = ()
    failure: RootCause | None = None


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One step of the happy path, or one refusal.

    Happy steps of one ``chain`` share a clone of the restored copy and its ``state``, in the order given; a refusal has
    a clone and a state of its own. ``run`` catches what the writer raises and hands it back as ``failure``. What
    escapes ``run`` is the harness's own defect (blamed on the tool), unless the traceback goes through another
    package, the writer's.

    ``expected_totals`` is the matrix after this step: rows per table above the chain's baseline, for **every**
    tracked table (zeros included). None: the step promises nothing about rows of its own (delta zero is required).
    A callable receives the chain's ``state`` after the step (a law's number of units is known only then).
    ``expected_refusals`` are the acceptable SQLSTATEs or codes of a refusal; empty for a happy step.
    """

    id: str
    title: str
    kind: Kind
    chain: str
    run: Callable[[ScenarioContext], ScenarioResult]
    expected_totals: Mapping[TableName, int] | Callable[[Mapping[str, object]], Mapping[TableName, int]] | None = None
    expected_refusals: tuple[str, ...] = ()
    prepare: Callable[[ScenarioContext], ScenarioResult] | None = None
    """Brings a refusal's own clone to the state from which it starts, before its baseline is taken."""
    deliberate_statements: tuple[str, ...] = ()
    """Raw SQL that a refusal sends on purpose, outside the declared list. The server must have refused each of it."""
    expected_updates: Mapping[TableName, int] | Callable[[Mapping[str, object]], Mapping[TableName, int]] = field(
        default_factory=dict
    )
    """Committed UPDATE rows that this step may make, exactly, per table; tables not named: none."""
    expected_dark: tuple[str, ...] = ()
    """Dark writes that this step may make, as shell patterns over their lines: ``sequences: app.*``,
    ``transactions: *`` (an id was taken and no row committed). Anything else that moves in the dark fails the step."""


@dataclass(frozen=True, kw_only=True)
class ProbePhase:
    """One phase of the writer, played alone after a run has failed. ``run`` brings its own clone's state (rows that an
    accepted release left) and hands back failures as a scenario does. ``name`` is a plain word."""

    name: str
    run: Callable[[ScenarioContext], ScenarioResult]


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A principal beside the writer's, with a schema of its own in which rows come and go by the moment: a job queue.

    Its rows are in no matrix and under no journal. They are counted apart, and judged in every step: no transaction
    holds rows of its schema and of others, none of the writer's sessions commits rows there, none of its sessions
    anywhere else, and its statements name nothing outside its schema. ``principal`` is one of the subject's.
    """

    principal: str
    schema: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Revision:
    """What is rehearsed: the commit, whether its tree is clean, and what its own code says."""

    commit: str
    clean: bool
    dirty_paths: tuple[str, ...] = ()
    authorised_commit: str | None = None
    root: Path | None = None
    """The checkout, for the hardcode control; None for an installed package."""


class Subject(Protocol):
    """A writer under rehearsal."""

    name: str
    principals: Mapping[str, str]
    """Principal name to role name."""
    tracked_tables: Sequence[TableName]
    """The matrix: every table whose rows are counted cell by cell."""
    expected_relations: Sequence[str]
    """Tables and views that must be there after the restore (G-14), ``schema.name``."""
    rights: Sequence[Right]
    statements: Sequence[DeclaredStatement]
    emissions: Sequence[Emission]
    scenarios: Sequence[Scenario]
    probes: Sequence[ProbePhase]
    """Every phase once, in order, for the probe of a failed run; they share one clone and one state."""
    source_paths: Sequence[Path]
    """Files that the hardcode control reads (G-19)."""
    companions: Sequence[Companion]
    """Who writes beside it on purpose; mostly nobody."""
    form: str
    """How the writer is played where there is more than one way (``workers: 2``); empty where there is one."""

    def revision(self) -> Revision:
        """The commit under rehearsal."""
        ...

    def create_roles(self, admin: Login, passwords: Mapping[str, str]) -> None:
        """Create the principals on a restored copy from the same table as in production. ``passwords`` by principal."""
        ...

    def make_production(self, admin: Login, workdir: Path) -> Mapping[str, object]:
        """Fill an empty server as a stand-in production: schema, roles, documents already cut. Facts for the report."""
        ...
