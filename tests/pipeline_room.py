"""A deployed ledger and both lanes on it: what the pipeline's tests stand on.

The roles have names of their own, so that nothing here disturbs other rooms' roles on the same cluster.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from cutter_agent.db_adapter import roles, schema
from cutter_agent.db_adapter.rights import LEDGER_TABLES, UNIT_TABLES, Role, RoleNames
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import ConnectionSettings
from cutter_agent.db_adapter.store.executor import ExecutorDatabase
from cutter_agent.db_adapter.store.verifier import VerifierDatabase
from cutter_agent.model import Lane, ReviewerKind, RiskClass, Verdict
from cutter_agent.phases import answering, cut, mark, proposing_again, resolve, review, sweep, verify
from cutter_agent.phases.resolve import Resolution, Way
from cutter_agent.phases.review import Judgement
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.profiles import load
from cutter_agent.signing import Signer
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.server import AdminLogin
from sealing.keys import SigningKey

NAMES = RoleNames(owner="pipe_owner", exec="pipe_exec", verify="pipe_verify", ro="pipe_ro")
PASSWORDS = {Role.EXEC: secrets.token_hex(8), Role.VERIFY: secrets.token_hex(8)}
TABLES = tuple(f"cutter_governance.{name}" for name in LEDGER_TABLES)
STORE_TABLES = tuple(f"iu.{name}" for name in UNIT_TABLES)
MARKER, REVIEWER, OPERATOR = "agent:marker", "human:reviewer", "human:operator"
START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
_numbers = itertools.count(1)


class TickingClock:
    """A clock that moves one second with each look."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def law(articles: int, *, clauses: int = 0, code: str = "L1") -> bytes:
    """A small, well-formed Vietnamese law."""
    lines = [f"LUẬT THỬ NGHIỆM {code}"]
    for article in range(1, articles + 1):
        lines.append(f"Điều {article}. Quy định số {article}")
        lines += [f"{clause}. Nội dung khoản {clause} của điều {article}." for clause in range(1, clauses + 1)]
    return ("\n".join(lines) + "\n").encode()


@dataclass
class Ledger:
    """One deployed database and both lanes on it."""

    login: AdminLogin
    stack: ExitStack
    template: str = ""
    clock: TickingClock = field(default_factory=TickingClock)
    profile: Profile = field(default_factory=lambda: load("vn-law"))
    exec_key: SigningKey = field(default_factory=SigningKey.generate)
    verify_key: SigningKey = field(default_factory=SigningKey.generate)

    def __post_init__(self) -> None:
        self.exec_adapter = self.adapter(Lane.EXEC)
        self.verify_adapter = self.adapter(Lane.VERIFY)
        self.executor = ExecutorDatabase(self.exec_adapter)
        self.verifier = VerifierDatabase(self.verify_adapter)
        self.exec_signer = Signer(lane=Lane.EXEC, key=self.exec_key, identity="DOT-991", tool_revision="rev-1")
        self.verify_signer = Signer(lane=Lane.VERIFY, key=self.verify_key, identity="DOT-992", tool_revision="rev-1")

    def adapter(self, lane: Lane) -> RealPostgresAdapter:
        role = Role.EXEC if lane is Lane.EXEC else Role.VERIFY
        settings = ConnectionSettings(
            host=self.login["host"],
            port=self.login["port"],
            dbname=self.login["dbname"],
            user=NAMES.of(role),
            password=PASSWORDS[role],
        )
        adapter = RealPostgresAdapter(settings=settings, lane=lane, role=NAMES.of(role))
        self.stack.callback(adapter.close)
        return adapter

    def admin(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """As the superuser, behind everybody's back."""
        with psycopg.connect(**self.login, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def tamper(self, *queries: str) -> None:
        """Change stored rows as no role may: guards and constraints' triggers are off for this session."""
        with psycopg.connect(**self.login, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            for query in queries:
                connection.execute(query)

    def counts(self, tables: tuple[str, ...] = TABLES) -> dict[str, int]:
        """Rows per table; only tables that have any."""
        parts = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}, count(*) FROM {}").format(sql.Literal(name), sql.Identifier(*name.split(".")))
            for name in tables
        )
        with psycopg.connect(**self.login, autocommit=True) as connection:
            found = connection.execute(parts).fetchall()
        return {name.split(".")[1]: count for name, count in found if count}

    def total(self) -> int:
        return sum(self.counts().values())

    def everything(self) -> Mapping[str, int]:
        return {**self.counts(), **self.counts(STORE_TABLES)}

    def source(self, data: bytes, *, code: str = "L1", ref: str | None = None, risk: str = "standard") -> mark.Source:
        return mark.Source(
            data=data,
            label=f"{code}.txt",
            origin="test",
            media_type="text/plain; charset=utf-8",
            document_ref=ref or f"law/{code}",
            document_code=code,
            title=f"Law {code}",
            risk_class=RiskClass(risk),
        )

    def mark(self, data: bytes, **how: Any) -> mark.MarkResult:
        marker = mark.Marker(identity=MARKER, tool_revision="rev-1")
        source = self.source(data, **how)
        return mark.mark(self.executor, source=source, profile=self.profile, marker=marker, clock=self.clock)

    def sweep(self, batch_limit: int = 100) -> sweep.SweepResult:
        return sweep.sweep(self.executor, swept_by=OPERATOR, batch_limit=batch_limit, clock=self.clock)

    def judge(self, entry_id: str, verdict: Verdict = Verdict.PASS, **how: Any) -> review.ReviewResult:
        values: dict[str, Any] = {
            "verdict": verdict,
            "reviewer": REVIEWER,
            "reviewer_kind": ReviewerKind.HUMAN,
            "rationale": "looked at it",
            "decided_by": OPERATOR,
            "accept_assumed": True,
        }
        return review.review(self.executor, entry_id=entry_id, judgement=Judgement(**(values | how)), clock=self.clock)

    def by_policy(self, entry_id: str) -> review.ReviewResult:
        return review.review(
            self.executor, entry_id=entry_id, judgement=review.policy_judgement(OPERATOR), clock=self.clock
        )

    def reviewer(self, entry_id: str, *, name: str = REVIEWER, digest: str | None = None) -> answering.Reviewer:
        """Somebody who looks at an entry as it is now, or at the manifest of ``digest``."""
        found = self.executor.find_entry(entry_id)
        assert found is not None
        return answering.Reviewer(name=name, seen_digest=digest or found.request.manifest_digest, decided_by=OPERATOR)

    def answer(self, entry_id: str, given: Mapping[str, str], *, comment: str = "", **who: Any) -> answering.Answered:
        lines = [answering.Given(case=case, answer=word, comment=comment) for case, word in given.items()]
        return answering.answer(
            self.executor, entry_id=entry_id, given=lines, reviewer=self.reviewer(entry_id, **who), clock=self.clock
        )

    def propose_again(self, entry_id: str, **who: Any) -> proposing_again.ProposedAgain:
        return proposing_again.propose_again(
            self.executor, entry_id=entry_id, reviewer=self.reviewer(entry_id, **who), clock=self.clock
        )

    def cut(self, entry_id: str) -> cut.CutResult:
        return cut.cut(self.executor, entry_id=entry_id, signer=self.exec_signer, clock=self.clock)

    def verify(self, entry_id: str) -> verify.VerifyOutcome:
        return verify.verify(
            self.verifier,
            entry_id=entry_id,
            signer=self.verify_signer,
            executor_key=self.exec_key.public,
            clock=self.clock,
        )

    def resolve(self, entry_id: str, way: Way, reviewer: str = REVIEWER) -> resolve.ResolveResult:
        resolution = Resolution(way=way, reviewer=reviewer, rationale="looked at the findings", decided_by=OPERATOR)
        return resolve.resolve(self.executor, entry_id=entry_id, resolution=resolution, clock=self.clock)

    def approved(self, data: bytes, **how: Any) -> str:
        """Marked, swept and approved: the entry's id."""
        entry_id = self.mark(data, **how).entry.entry_id
        self.sweep()
        self.judge(entry_id)
        return entry_id

    def applied(self, data: bytes, **how: Any) -> str:
        """Approved and cut: the entry's id."""
        entry_id = self.approved(data, **how)
        self.cut(entry_id)
        return entry_id

    def status(self, entry_id: str) -> str:
        query = "SELECT status FROM cutter_governance.decision_backlog_entry WHERE entry_id = %s"
        return str(self.admin(query, entry_id)[0][0])


@pytest.fixture(scope="session")
def ledger_template(cluster: ThrowawayCluster) -> str:
    """A database with schema, roles and grants, to be copied."""
    name = f"pipeline_template_{next(_numbers)}"
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(**cluster.admin_of(name), autocommit=True) as connection:
        schema.install(connection, names=NAMES)
        roles.create_roles(connection, PASSWORDS, names=NAMES, connection_limit=20)
    return name


@pytest.fixture
def ledger(cluster: ThrowawayCluster, ledger_template: str) -> Iterator[Ledger]:
    """A ledger of one's own; dropped by its exact name afterwards."""
    name = f"pipeline_{next(_numbers)}"
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        copy = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
        connection.execute(sql.SQL(copy).format(sql.Identifier(name), sql.Identifier(ledger_template)))
    with ExitStack() as stack:
        yield Ledger(login=cluster.admin_of(name), stack=stack, template=ledger_template)
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
