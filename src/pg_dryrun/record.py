"""The record of one run: everything that is known about it, as values (design 3.5). ``report.json`` is this, spelt.

One flat, readable document. What differs between two runs of the same commit on the same dump (times, ids of
processes, names of folders) is not hidden in a corner but marked: ``VOLATILE`` lists the paths, the record carries
the list, and ``deterministic_sha256`` is the digest of the record without them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, cast

import msgspec

from pg_dryrun.effects_record import AsideRecord, SessionRecord, TableEffects
from pg_dryrun.fault_record import VOLATILE_OF_FAULTS, FaultsRecord
from pg_dryrun.outcome import Check, RootCause, Status, Verdict
from pg_dryrun.probe_record import ProbeRecord
from pg_dryrun.program_record import VOLATILE_OF_PROGRAM, ProgramRecord
from pg_dryrun.subject import Kind
from sealing.canonical import JsonValue
from sealing.digest import canonical_digest

FORMAT = "pg-dryrun.report"
FORMAT_VERSION = 1

VOLATILE: tuple[str, ...] = (
    "/run",
    "/summary",
    "/root_cause",
    "/remediation",
    "/applied",
    "/plan/source/path",
    "/plan/protected",
    "/production/identity_before",
    "/production/identity_after",
    "/production/facts",
    "/production/dump_path",
    "/production/dump_sha256",
    "/environment/name",
    "/environment/system_identifier",
    "/environment/facts",
    "/checks/*/detail",
    "/checks/*/observed",
    "/checks/*/root_cause",
    "/checks/*/duration_s",
    "/scenarios/*/message",
    "/scenarios/*/facts",
    "/scenarios/*/clone",
    "/scenarios/*/duration_s",
    "/scenarios/*/transactions",
    "/scenarios/*/dark_writes",
    "/scenarios/*/asides",
    "/scenarios/*/sessions",
    "/canaries/*/evidence",
    "/teardown",
    "/protected",
    "/secrets",
    "/tool_fault",
    "/probe/defects/*/message",
    "/probe/trouble",
    *VOLATILE_OF_FAULTS,
    *VOLATILE_OF_PROGRAM,
)
"""Paths of members that may differ between two runs of the same commit on the same dump; ``*`` is every item."""


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """When, where and by what this run was made. Times are RFC 3339 in UTC."""

    id: str
    started_at: str
    ended_at: str
    duration_s: float
    folder: str
    tool_version: str
    python: str
    platform: str
    interrupted_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class RevisionFacts:
    """The commit under rehearsal and the git state of its checkout."""

    commit: str
    clean: bool
    dirty_paths: tuple[str, ...] = ()
    authorised_commit: str | None = None


@dataclass(frozen=True, kw_only=True)
class SubjectFacts:
    """Which writer, in its own words."""

    name: str
    principals: Mapping[str, str]
    tracked_tables: tuple[str, ...]
    statements_declared: int
    statements_sha256: str
    scenarios_sha256: str
    form: str = ""
    """How it was played where there is more than one way: ``workers: 2``."""
    companions: Mapping[str, str] = field(default_factory=dict)
    """Schemas that are in no matrix, by declaration: who writes there, and why."""


@dataclass(frozen=True, kw_only=True)
class ProductionFacts:
    """The source: its identity before and after, its dump, the fingerprint of its schema."""

    kind: str
    identity_before: Mapping[str, object] = field(default_factory=dict)
    identity_after: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    dump_path: str | None = None
    dump_sha256: str | None = None
    dump_content_sha256: str | None = None
    """The same without what ``pg_dump`` draws by lot: equal for equal databases."""
    dump_size_bytes: int | None = None
    dump_kept: bool = False
    schema_sha256: str | None = None
    tables: int | None = None
    rows: int | None = None


@dataclass(frozen=True, kw_only=True)
class EnvironmentFacts:
    """Where the rehearsal took place. ``deviations``: what is not as in production, by declaration."""

    name: str
    lender: str
    system_identifier: str
    server_version: str
    clone_method: str | None = None
    deviations: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ScenarioRecord:
    """One scenario: what the writer said, what two instruments saw, what was promised.

    ``counted`` and ``expected`` are rows above the chain's baseline after the step, by tracked table; ``added`` is
    the step's own part of it, ``sums`` the counted rows by schema; ``disagreements`` are cells where counts and
    effects do not explain each other.
    """

    id: str
    title: str
    kind: Kind
    chain: str
    status: Status
    message: str = ""
    refused: str | None = None
    expected_refusals: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    expected: Mapping[str, int] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)
    added: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, int] = field(default_factory=dict)
    effects: Mapping[str, TableEffects] = field(default_factory=dict)
    expected_updates: Mapping[str, int] = field(default_factory=dict)
    dark_writes: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    bystanders_changed: tuple[str, ...] = ()
    bystanders: int = 0
    client_statements: int = 0
    server_statements: int = 0
    transactions: int = 0
    clone: str = ""
    duration_s: float = 0.0
    asides: tuple[AsideRecord, ...] = ()
    sessions: tuple[SessionRecord, ...] = ()
    """Only where there are companions."""
    crossed: tuple[str, ...] = ()
    """Where a companion and the writer were not kept apart."""

    @property
    def observed_by_witness(self) -> bool:
        """Whether the tables were counted after the step; a step that broke off has no matrix."""
        return bool(self.counted)

    def wrong_cells(self) -> dict[str, tuple[int, int]]:
        """Table to (expected, counted) where they differ."""
        tables = self.expected.keys() | self.counted.keys()
        return {
            table: (self.expected.get(table, 0), self.counted.get(table, 0))
            for table in sorted(tables)
            if self.expected.get(table, 0) != self.counted.get(table, 0)
        }


@dataclass(frozen=True, kw_only=True)
class StatementRecord:
    """One shape of statement by fingerprint, and how often each side saw it."""

    fingerprint: str
    name: str | None
    principal: str
    verb: str
    tables: tuple[str, ...]
    text: str
    client: int
    server: int
    declared: bool
    deliberate: bool = False
    companion: bool = False
    """Of a companion, which declares no statements: judged by its schema."""


@dataclass(frozen=True, kw_only=True)
class CanaryRecord:
    """One planted event and whether its instrument reported it."""

    instrument: str
    canary: str
    seen: bool
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class TeardownRecord:
    """One thing that the run created: by exact name, and whether it is verified absent."""

    kind: str
    name: str
    absent: bool
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ProtectedRecord:
    """One protected server before and after."""

    name: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    unchanged: bool


@dataclass(frozen=True, kw_only=True)
class SecretsRecord:
    """What was searched for the passwords that the run knew, and where one was found (place only, never the value)."""

    values_known: int = 0
    places_searched: tuple[str, ...] = ()
    found_in: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotReached:
    """A planned check without an answer, and why."""

    id: str
    title: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Record:
    """Everything. Members are described where their types are; ``VOLATILE`` marks what may differ between runs."""

    verdict: Verdict
    exit_code: int
    summary: str
    run: RunFacts
    plan: Mapping[str, object]
    plan_sha256: str
    planned: tuple[str, ...]
    checks: tuple[Check, ...]
    root_cause: RootCause | None = None
    failed_check: str | None = None
    revision: RevisionFacts | None = None
    subject: SubjectFacts | None = None
    production: ProductionFacts | None = None
    environment: EnvironmentFacts | None = None
    program: ProgramRecord | None = None
    """A foreign command and what it did (`pg-dryrun run`); None for a subject with scenarios."""
    scenarios: tuple[ScenarioRecord, ...] = ()
    baselines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    faults: FaultsRecord | None = None
    """The enumeration of boundaries and faults; None: it was not asked for, or not reached."""
    probe: ProbeRecord | None = None
    """Further defects of a run that failed; None: it did not fail, or its subject declares nothing."""
    statements: tuple[StatementRecord, ...] = ()
    forbidden_statements: tuple[str, ...] = ()
    canaries: tuple[CanaryRecord, ...] = ()
    secrets: SecretsRecord = field(default_factory=SecretsRecord)
    teardown: tuple[TeardownRecord, ...] = ()
    protected: tuple[ProtectedRecord, ...] = ()
    applied: tuple[str, ...] = ()
    """Committed changes on the clones, by scenario, also of a run that broke off: never "not applied" by silence."""
    not_reached: tuple[NotReached, ...] = ()
    remediation: tuple[str, ...] = ()
    next_gate: str = ""
    tool_fault: str | None = None
    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    volatile: tuple[str, ...] = VOLATILE


def spell(record: Record) -> dict[str, Any]:
    """The record as JSON values, with its ``deterministic_sha256``."""
    document = cast(dict[str, Any], msgspec.to_builtins(record, enc_hook=_plain))
    document["deterministic_sha256"] = deterministic_sha256(document)
    return document


def _plain(value: object) -> object:
    """What a writer's facts may hold beside plain JSON: read-only mappings and paths."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} cannot stand in a record")


def redacted(record: Record, redact: Callable[[str], str]) -> Record:
    """The record with ``redact`` applied to every string in it, names of members included."""
    return msgspec.convert(_redacted(msgspec.to_builtins(record, enc_hook=_plain), redact), Record)


def _redacted(value: object, redact: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {_redacted(key, redact): _redacted(item, redact) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(item, redact) for item in value]
    return value


def deterministic_sha256(document: Mapping[str, Any]) -> str:
    """The digest of a spelt record without its volatile members and without the digest itself.

    Raises:
        CanonicalTypeError: a member outside the volatile ones that canonical JSON does not admit.
    """
    kept = {key: value for key, value in document.items() if key != "deterministic_sha256"}
    for path in document["volatile"]:
        kept = _without(kept, path.removeprefix("/").split("/"))
    return canonical_digest(cast(JsonValue, kept))


def _without(value: Any, path: list[str]) -> Any:
    head, rest = path[0], path[1:]
    if head == "*":
        return [_without(item, rest) for item in value] if isinstance(value, (list, tuple)) else value
    if not isinstance(value, dict) or head not in value:
        return value
    if not rest:
        return {key: item for key, item in value.items() if key != head}
    return {key: (_without(item, rest) if key == head else item) for key, item in value.items()}


def read(document: Mapping[str, Any]) -> Record:
    """The record that ``spell`` spelt. Raises ``msgspec.ValidationError``."""
    return msgspec.convert({key: value for key, value in document.items() if key != "deterministic_sha256"}, Record)
