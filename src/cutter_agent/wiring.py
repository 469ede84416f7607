"""Configuration in, a ready lane out: the only place that joins rooms (design 5.2).

``open_exec`` and ``open_verify`` take explicit settings and look at no environment; a rehearsal uses them as they are.
``exec_lane`` and ``verify_lane`` take an environment: a server's keys, or the embedded PostgreSQL of the data folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

from cutter_agent import config, deployment, vocabulary
from cutter_agent.cases import Case
from cutter_agent.config import LaneSettings, Settings
from cutter_agent.db_adapter import contract, setup
from cutter_agent.db_adapter.interface import Statements
from cutter_agent.db_adapter.journal import Journal
from cutter_agent.db_adapter.reading import LedgerReport
from cutter_agent.db_adapter.roles import DEFAULT_CONNECTION_LIMIT
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import ConnectionSettings, Limits
from cutter_agent.db_adapter.setup import Administrator, Prepared
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.db_adapter.store.executor import ExecutorDatabase
from cutter_agent.db_adapter.store.verifier import VerifierDatabase
from cutter_agent.errors import ConfigMismatch, ConfigMissing, CutterError
from cutter_agent.home.folder import DataFolder
from cutter_agent.home.server import CONNECTION_LIMIT, attached, set_up
from cutter_agent.home.server import administrator as embedded_administrator
from cutter_agent.model import Lane, RiskClass
from cutter_agent.observing.phases import observed
from cutter_agent.phases import answered, answering, mark_external, naming, originals, proposing_again, told
from cutter_agent.phases import audit as auditing
from cutter_agent.phases import cut as cutting
from cutter_agent.phases import depend as depending
from cutter_agent.phases import mark as marking
from cutter_agent.phases import resolve as resolving
from cutter_agent.phases import review as reviewing
from cutter_agent.phases import sweep as sweeping
from cutter_agent.phases import topology as ordering
from cutter_agent.phases import verify as verifying
from cutter_agent.ports import Clock
from cutter_agent.report import Proposal, Report
from cutter_agent.segmenter import Profile
from cutter_agent.signing import Signer
from cutter_agent.topology import Order
from cutter_agent.vocabulary import Vocabulary
from sealing.keys import PublicKey, SigningKey


def utc_now() -> datetime:
    """The time now."""
    return datetime.now(UTC)


class _LaneBase:
    """What both lanes share: one adapter for one principal, one key, one clock."""

    def __init__(self, settings: LaneSettings, *, journal: Journal | None, clock: Clock, limits: Limits | None) -> None:
        self.settings = settings
        self.clock = clock
        self.adapter = RealPostgresAdapter(
            settings=connection_settings(settings),
            lane=settings.lane,
            journal=journal,
            limits=limits,
            startup_checks=(partial(_check_contract, settings.lane),),
            admission=partial(deployment.admit_lane, settings),
        )

    @cached_property
    def signer(self) -> Signer:
        """The lane's hand; its key is read when it is first needed. Raises ``sealing.errors.KeyUnusable``."""
        return Signer(
            lane=self.settings.lane,
            key=SigningKey.load(self.settings.signing_key),
            identity=self.settings.lane.value,
            tool_revision=config.tool_revision(),
        )

    def close(self) -> None:
        """Close every connection."""
        self.adapter.close()


class ExecLane(_LaneBase):
    """DOT-991, ready to work: marks, sweeps, records reviews, cuts, and reads.

    ``words``: what labels may say, None for the words of the shipped profiles.
    """

    words: Vocabulary | None = None

    @cached_property
    def database(self) -> ExecutorDatabase:
        """The transactions of this lane."""
        return ExecutorDatabase(self.adapter)

    @cached_property
    def report(self) -> Report:
        """What the ledger says."""
        return LedgerReport(self.adapter)

    @observed("mark", told.of_mark)
    def mark(self, source: marking.Source, profile: Profile, marker: marking.Marker) -> marking.MarkResult:
        """MARK. Raises as ``phases.mark.mark``."""
        result = marking.mark(
            self.database, source=source, profile=profile, marker=marker, clock=self.clock, words=self.words
        )
        return self._keep_original(source, marker, result)

    @observed("mark", told.of_mark)
    def mark_manifest(self, source: marking.Source, proposal: bytes, marker: marking.Marker) -> marking.MarkResult:
        """MARK of a manifest made elsewhere. Raises as ``phases.mark_external``."""
        result = mark_external.mark_manifest(
            self.database, source=source, proposal=proposal, marker=marker, clock=self.clock, words=self.words
        )
        return self._keep_original(source, marker, result)

    def _keep_original(
        self, source: marking.Source, marker: marking.Marker, result: marking.MarkResult
    ) -> marking.MarkResult:
        """A text that was marked before may come from a file that is not known yet: it is kept, too."""
        if source.converted is None or result.created:
            return result
        kept = originals.keep(
            self.database, source.data, source.converted, source, by=marker.identity, clock=self.clock
        )
        return replace(result, original_kept=kept)

    def plan_topology(
        self, order: Order, marker: marking.Marker, risk_class: RiskClass = RiskClass.STANDARD
    ) -> ordering.Ordered:
        """What an order without a new source would change; nothing is written. Raises as ``phases.topology.plan``."""
        return ordering.plan(self.database, order=order, marker=marker, risk_class=risk_class)

    def plan_names(
        self, asked: naming.NamesAsked, marker: marking.Marker, risk_class: RiskClass = RiskClass.STANDARD
    ) -> naming.NamesPlan:
        """Which names from outside would come; nothing is written. Raises as ``phases.naming.plan``."""
        return naming.plan(self.database, asked, marker=marker, risk_class=risk_class)

    @observed("mark", told.of_mark)
    def mark_topology(self, ordered: ordering.Ordered) -> marking.MarkResult:
        """MARK of such an order. Raises as ``phases.topology.propose``."""
        return ordering.propose(self.database, ordered, clock=self.clock, words=self.words)

    @observed("sweep", told.of_sweep)
    def sweep(self, trigger: sweeping.Trigger = sweeping.Trigger.MANUAL) -> sweeping.SweepResult:
        """SWEEP one batch. Raises as ``phases.sweep.sweep``."""
        return sweeping.sweep(
            self.database,
            swept_by=self.settings.lane.value,
            batch_limit=self.settings.sweep_batch,
            clock=self.clock,
            trigger=trigger,
        )

    @observed("review", told.of_review)
    def review(self, entry_id: str, judgement: reviewing.Judgement) -> reviewing.ReviewResult:
        """REVIEW. Raises as ``phases.review.review``."""
        return reviewing.review(
            self.database, entry_id=entry_id, judgement=judgement, clock=self.clock, words=self.words
        )

    def review_by_policy(self, entry_id: str) -> reviewing.ReviewResult:
        """REVIEW by the policy. Raises ``AwaitingReview`` when a person must decide."""
        return self.review(entry_id, reviewing.policy_judgement(self.settings.lane.value))

    def cases(self, asked: str) -> tuple[Proposal, list[Case]]:
        """What a reviewer must look at, one by one. Raises ``UsageError``."""
        proposal = self.report.proposal(asked)
        return proposal, answered.shown(proposal)

    def answer(
        self, entry_id: str, given: Sequence[answering.Given], *, reviewer: str, seen_digest: str
    ) -> answering.Answered:
        """ANSWER single cases. Raises as ``phases.answering.answer``."""
        said_by = self._reviewer(reviewer, seen_digest)
        return answering.answer(
            self.database, entry_id=entry_id, given=given, reviewer=said_by, clock=self.clock, words=self.words
        )

    def propose_again(self, entry_id: str, *, reviewer: str, seen_digest: str) -> proposing_again.ProposedAgain:
        """PROPOSE AGAIN with what was answered. Raises as ``phases.proposing_again.propose_again``."""
        said_by = self._reviewer(reviewer, seen_digest)
        return proposing_again.propose_again(
            self.database, entry_id=entry_id, reviewer=said_by, clock=self.clock, words=self.words
        )

    def _reviewer(self, name: str, seen_digest: str) -> answering.Reviewer:
        return answering.Reviewer(name=name, seen_digest=seen_digest, decided_by=self.settings.lane.value)

    def depend(self, from_entry: str, kind: depending.DependencyKind, to_entry: str) -> depending.DependResult:
        """DEPEND. Raises as ``phases.depend.depend``."""
        return depending.depend(
            self.database,
            from_entry=from_entry,
            kind=kind,
            to_entry=to_entry,
            created_by=self.settings.lane.value,
            clock=self.clock,
        )

    @observed("cut", told.of_cut)
    def cut(self, entry_id: str) -> cutting.CutResult:
        """CUT what was approved. Raises as ``phases.cut.cut``."""
        return cutting.cut(self.database, entry_id=entry_id, signer=self.signer, clock=self.clock, words=self.words)

    @observed("resolve", told.of_resolve)
    def resolve(self, entry_id: str, resolution: resolving.Resolution) -> resolving.ResolveResult:
        """The way on after a failure, or giving up. Raises as ``phases.resolve.resolve``."""
        return resolving.resolve(self.database, entry_id=entry_id, resolution=resolution, clock=self.clock)

    def __enter__(self) -> ExecLane:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class VerifyLane(_LaneBase):
    """DOT-992, ready to verify."""

    @cached_property
    def database(self) -> VerifierDatabase:
        """The transactions of this lane."""
        return VerifierDatabase(self.adapter)

    @cached_property
    def executor_key(self) -> PublicKey:
        """What DOT-991's signatures are checked with. Raises ``ConfigMissing``, ``sealing.errors.KeyUnusable``."""
        path = self.settings.exec_public_key
        if path is None:
            raise ConfigMissing(config.LANE_KEYS[Lane.EXEC].public_key)
        return PublicKey.load(path)

    @observed("verify", told.of_verify)
    def verify(self, entry_id: str) -> verifying.VerifyOutcome:
        """VERIFY. Raises as ``phases.verify.verify``."""
        return verifying.verify(
            self.database, entry_id=entry_id, signer=self.signer, executor_key=self.executor_key, clock=self.clock
        )

    def audit(
        self, asked: str | None, begins: Callable[[str, int, int], None] | None = None
    ) -> Iterator[auditing.Audited]:
        """AUDIT of one document, or of all for None. Needs no private key. Raises as ``phases.audit.audit``."""
        path = self.settings.verify_public_key
        own = PublicKey.load(path) if path is not None and path.exists() else self.signer.key.public
        keys = auditing.Keys(executor=self.executor_key, verifier=own)
        return auditing.audit(self.database, asked=asked, keys=keys, begins=begins)

    def __enter__(self) -> VerifyLane:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_exec(
    settings: LaneSettings, *, journal: Journal | None = None, clock: Clock = utc_now, limits: Limits | None = None
) -> ExecLane:
    """DOT-991 by explicit settings. Opens no socket yet. Raises ``ConfigMismatch`` for the other lane's settings."""
    _require_lane(settings, Lane.EXEC)
    return ExecLane(settings, journal=journal, clock=clock, limits=limits)


def open_verify(
    settings: LaneSettings, *, journal: Journal | None = None, clock: Clock = utc_now, limits: Limits | None = None
) -> VerifyLane:
    """DOT-992 by explicit settings. Opens no socket yet. Raises ``ConfigMismatch`` for the other lane's settings."""
    _require_lane(settings, Lane.VERIFY)
    return VerifyLane(settings, journal=journal, clock=clock, limits=limits)


@contextmanager
def exec_lane(environment: Mapping[str, str]) -> Iterator[ExecLane]:
    """DOT-991 by the environment, for as long as the block lasts. Raises as ``config.lane_settings``."""
    words = vocabulary.own_words(environment)
    with lane_settings(environment, Lane.EXEC) as settings, open_exec(settings) as lane:
        lane.words = words
        yield lane


@contextmanager
def verify_lane(environment: Mapping[str, str]) -> Iterator[VerifyLane]:
    """DOT-992 by the environment, for as long as the block lasts. Raises as ``config.lane_settings``."""
    with lane_settings(environment, Lane.VERIFY) as settings, open_verify(settings) as lane:
        yield lane


@contextmanager
def lane_settings(environment: Mapping[str, str], lane: Lane) -> Iterator[LaneSettings]:
    """One lane's settings: from the keys of a server, or from the data folder with its server up for the block."""
    settings = Settings.from_environment(environment)
    if not settings.embedded:
        yield config.lane_settings(environment, lane)
        return
    with attached(DataFolder.at(settings.home), lane, sweep_batch=settings.sweep_batch) as own:
        yield replace(own, attestation=config.attestation_path(environment))


def public_keys(environment: Mapping[str, str]) -> dict[Lane, Path]:
    """Where the public keys are, as far as the environment or the data folder says. Starts no server."""
    named = {lane: environment.get(keys.public_key) for lane, keys in config.LANE_KEYS.items()}
    found = {lane: Path(path) for lane, path in named.items() if path}
    if any(name in environment for name in config.DATABASE_KEYS):
        return found
    home = environment.get(config.HOME)
    folder = DataFolder.at(Path(home) if home else None)
    return {lane: folder.public_key(lane) for lane in Lane if folder.public_key(lane).exists()} | found


def administrator(environment: Mapping[str, str]) -> AbstractContextManager[Administrator]:
    """An administrator's login to the ledger's database, for ``db`` alone.

    Embedded: the superuser of the data folder's server. Else: the configured place, and libpq's own variables say who.
    """
    settings = Settings.from_environment(environment)
    place = settings.place
    if place is None:
        return embedded_administrator(DataFolder.at(settings.home))
    return nullcontext(Administrator(host=place.host, port=place.port, dbname=place.dbname, sslmode=place.sslmode))


def prepare_database(environment: Mapping[str, str], *, limit: int | None = None) -> Prepared:
    """Schema, roles and grants as this release wants them; in the embedded mode the folder's secrets too.

    On a server of one's own the lanes' passwords are taken from the environment where they are set; a role without one
    keeps what it has. ``limit``: connections that each lane's role may have there, else ``connection_limit``.
    """
    settings = Settings.from_environment(environment)
    if settings.embedded:
        return set_up(DataFolder.at(settings.home))
    given = {lane: environment.get(keys.password, "") for lane, keys in config.LANE_KEYS.items()}
    with administrator(environment) as login:
        deployment.admit_migration(login, config.attestation_path(environment))
        passwords = {lane: password for lane, password in given.items() if password}
        return setup.prepare(login, passwords, connection_limit=limit or connection_limit(environment))


def connection_limit(environment: Mapping[str, str]) -> int:
    """How many connections each lane's role has after ``prepare_database``."""
    if Settings.from_environment(environment).embedded:
        return CONNECTION_LIMIT
    return config.connection_limit(environment, DEFAULT_CONNECTION_LIMIT)


def try_lanes(environment: Mapping[str, str]) -> dict[Lane, CutterError | None]:
    """Each lane whose login this environment has, started as it would be for work: None, or what stopped it."""
    embedded = Settings.from_environment(environment).embedded
    return {
        lane: _start(environment, lane)
        for lane, keys in config.LANE_KEYS.items()
        if embedded or keys.password in environment
    }


def _start(environment: Mapping[str, str], lane: Lane) -> CutterError | None:
    try:
        with exec_lane(environment) if lane is Lane.EXEC else verify_lane(environment) as ready:
            ready.adapter.start()
    except CutterError as error:
        return error
    return None


def connection_settings(settings: LaneSettings) -> ConnectionSettings:
    """A lane's login in the adapter's words."""
    place = settings.place
    return ConnectionSettings(
        host=place.host,
        port=place.port,
        dbname=place.dbname,
        user=settings.user,
        password=settings.password,
        sslmode=place.sslmode,
    )


def _check_contract(lane: Lane, reader: Statements, statements: Mapping[str, Statement]) -> None:
    contract.check(reader, statements, lane=lane)


def _require_lane(settings: LaneSettings, lane: Lane) -> None:
    if settings.lane is not lane:
        raise ConfigMismatch(
            f"these are the settings of {settings.lane}, not of {lane}", remedy=f"Give the settings of {lane}."
        )
