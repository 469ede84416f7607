"""The state of one run, and the one way to answer a check: ask, remember the answer, stop at the first broken one."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pg_dryrun.canaries import Canary
from pg_dryrun.clones import GoldenCopy
from pg_dryrun.credentials import Vault
from pg_dryrun.environments.interface import Environment, Lender
from pg_dryrun.evidence import Folder
from pg_dryrun.fault_record import FaultsRecord
from pg_dryrun.faults.interface import FaultOrder
from pg_dryrun.gates import Gate
from pg_dryrun.ledger import RunLedger, TornDown
from pg_dryrun.outcome import Check, Status
from pg_dryrun.plan import Plan
from pg_dryrun.probe_record import ProbeRecord
from pg_dryrun.program_record import ProgramRecord
from pg_dryrun.protected import ProtectedSnapshot
from pg_dryrun.record import EnvironmentFacts, ProductionFacts, ScenarioRecord, SecretsRecord, StatementRecord
from pg_dryrun.runner import blame
from pg_dryrun.runner.interruption import Guard
from pg_dryrun.runner.planned import Planned
from pg_dryrun.snapshot import Snapshot
from pg_dryrun.statements import Undeclared, Unexplained
from pg_dryrun.steps import STEPS
from pg_dryrun.subject import Login, Revision, Subject


class Stop(Exception):
    """A check was broken or could not run: what comes after is not reached. Carries nothing; the check has it all."""


class Progress(Protocol):
    """Somebody who watches a run."""

    def step(self, step: str, title: str) -> None:
        """A step begins."""
        ...

    def answered(self, check: Check) -> None:
        """A check was answered."""
        ...


class Silent:
    """Nobody watches."""

    def step(self, step: str, title: str) -> None:
        """A step begins."""

    def answered(self, check: Check) -> None:
        """A check was answered."""


@dataclass(kw_only=True)
class Facts:
    """What the steps found out, for the gates that come later and for the record. None or empty: not reached."""

    revision: Revision | None = None
    digests: dict[str, str] = field(default_factory=dict)
    protected_before: ProtectedSnapshot | None = None
    protected_after: ProtectedSnapshot | None = None
    moving: frozenset[str] = frozenset()
    """Facts of production that may change by themselves while the run lasts."""
    source: Login | None = None
    """Production, as the role that cannot write; None for a dump file."""
    snapshot: Snapshot | None = None
    production: ProductionFacts | None = None
    environment: EnvironmentFacts | None = None
    environment_is_ours: bool = False
    copy_marker: str | None = None
    """What a physical copy bears and production does not."""
    copy: Login | None = None
    """The restored database on the golden copy, as its superuser."""
    passwords: dict[str, str] = field(default_factory=dict)
    canaries: tuple[Canary, ...] = ()
    scenarios: list[ScenarioRecord] = field(default_factory=list)
    baselines: dict[str, dict[str, int]] = field(default_factory=dict)
    statements: dict[tuple[str, str, bool], StatementRecord] = field(default_factory=dict)
    """By role, fingerprint, and whether a refusal sent it on purpose."""
    unexplained: list[Unexplained] = field(default_factory=list)
    undeclared: list[Undeclared] = field(default_factory=list)
    unexplained_effects: list[str] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)
    """Copies of the clones' server logs in the private work place, for the secrets scan; destroyed with it."""
    secrets: SecretsRecord = field(default_factory=SecretsRecord)
    program: ProgramRecord | None = None
    faults: FaultsRecord | None = None
    probe: ProbeRecord | None = None
    teardown: tuple[TornDown, ...] = ()


@dataclass(kw_only=True)
class Run:
    """One rehearsal under way."""

    id: str
    started: datetime
    subject: Subject
    plan: Plan
    lender: Lender
    folder: Folder
    ledger: RunLedger
    workdir: Path
    vault: Vault
    guard: Guard
    planned: tuple[Planned, ...]
    progress: Progress
    facts: Facts = field(default_factory=Facts)
    checks: list[Check] = field(default_factory=list)
    began: bool = False
    """Whether anything was created yet."""
    environments: list[Environment] = field(default_factory=list)
    """Everything lent, to be given back in reverse."""
    database: str | None = None
    """What the restored copy is to be called; None: as the snapshot has it."""
    order: FaultOrder | None = None
    """What is to be broken at which boundaries; None: nothing is enumerated."""
    rehearsal: Environment | None = None
    """The environment of the restored copy."""
    golden: GoldenCopy | None = None

    def lend(
        self,
        purpose: str,
        *,
        own_identity: bool = False,
        settings: Mapping[str, str] | None = None,
        expected_bytes: int = 0,
        major: int | None = None,
    ) -> Environment:
        """Borrow a server; it is given back at the end, whatever comes. Raises ``EnvironmentFault``."""
        environment = self.lender.lend(
            f"pg-dryrun-{self.id}-{purpose}",
            own_identity=own_identity,
            settings=settings,
            expected_bytes=expected_bytes,
            major=major,
            workdir=self.workdir,
            ledger=self.ledger,
        )
        self.environments.append(environment)
        self.vault.adopt(f"superuser of {purpose}", environment.admin.password)
        return environment

    def keep_log(self, clone: Environment) -> None:
        """Copy a clone's server log into the private work place, where the secrets scan finds it."""
        if clone.server_log.exists():
            target = self.workdir / f"{clone.name}.log"
            shutil.copyfile(clone.server_log, target)
            self.facts.logs.append(target)

    def step(self, step: str) -> None:
        """Say that a step begins."""
        self.progress.step(step, STEPS[step])

    def ask(self, kind: type[Gate], gather: Callable[[], Gate], *, stop: bool = True) -> Check:
        """Gather a gate's facts and hear its answer. Raises ``Stop`` unless it is kept (or ``stop`` is False)."""
        planned = Planned(id=kind.id, title=kind.title, step=kind.step)
        return self.answer(planned, lambda: gather().check(), stop=stop)

    def answer(self, planned: Planned, judge: Callable[[], Check], *, stop: bool = True) -> Check:
        """Have a check answered whatever happens: what escapes from our own rooms becomes its answer."""
        begun = time.perf_counter()
        try:
            check = judge()
        except Stop:
            raise
        except BaseException as error:
            check = blame.unanswered(planned, error, self.vault.redact)
        check = dataclasses.replace(self.redacted(check), duration_s=round(time.perf_counter() - begun, 6))
        self.checks.append(check)
        self.progress.answered(check)
        if stop and check.status is not Status.PASSED:
            raise Stop
        return check

    def redacted(self, check: Check) -> Check:
        """The check without any secret in its words."""
        cause = check.root_cause
        if cause is not None:
            cause = dataclasses.replace(
                cause,
                message=self.vault.redact(cause.message),
                statement_text=None if cause.statement_text is None else self.vault.redact(cause.statement_text),
                last_statements=tuple(self.vault.redact(item) for item in cause.last_statements),
            )
        return dataclasses.replace(check, detail=self.vault.redact(check.detail), root_cause=cause)

    @contextmanager
    def scenario_folder(self, name: str) -> Iterator[Path]:
        """A private folder for one scenario, gone with the work place."""
        path = self.workdir / "scenarios" / plain_name(name)
        path.mkdir(mode=0o700, parents=True)
        yield path


def plain_name(name: str) -> str:
    """``name`` as it may stand in a path: letters and digits of ASCII, ``-``, ``_`` and ``.``."""
    return "".join(c if (c.isascii() and c.isalnum()) or c in "-_." else "-" for c in name)
