"""The cutter on a clone: its two lanes by explicit settings, its journal, and its failures as root causes.

A stage knows the clone's logins and nothing else; no environment variable is read and no embedded server is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from cutter_agent import wiring
from cutter_agent.config import DatabasePlace, LaneSettings
from cutter_agent.db_adapter.journal import Journal
from cutter_agent.errors import CutterError, DatabaseError
from cutter_agent.model import Lane
from pg_dryrun.errors import EnvironmentFault, ToolFault
from pg_dryrun.outcome import Blame, RootCause
from pg_dryrun.runner.blame import blame_of_scenario
from pg_dryrun.subject import ClientStatement, ScenarioContext, ScenarioResult
from sealing.keys import SigningKey

_LAST_STATEMENTS = 12


@runtime_checkable
class Journalled(Protocol):
    """Processes of the writer that keep journals of their own (``workers.crew``)."""

    def fresh_statements(self) -> tuple[ClientStatement, ...]:
        """What they have sent since the last time somebody asked."""
        ...


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One scenario's cutter. ``journal`` holds every statement that its lanes sent."""

    context: ScenarioContext
    journal: Journal

    @classmethod
    def on(cls, context: ScenarioContext) -> Stage:
        """A stage on the scenario's clone. A chain keeps its two signing keys from its first scenario on: the private
        folder is the scenario's own and goes with it, so the keys travel in the chain's state."""
        for lane in Lane:
            key = context.state.setdefault(f"signing key of {lane.value}", SigningKey.generate())
            if not isinstance(key, SigningKey):
                raise ToolFault(f"the chain's state holds a {type(key).__name__} where the key of {lane.value} was")
            private = _key_file(context.workdir, lane)
            if not private.exists():
                key.save(private)
                private.with_suffix(".pub").write_bytes(key.public.pem())
        return cls(context=context, journal=Journal())

    def settings(self, lane: Lane, *, login_of: Lane | None = None) -> LaneSettings:
        """What a process of ``lane`` may know here. ``login_of``: the wrong lane's login, on purpose (S3)."""
        login = self.context.logins[(login_of or lane).value]
        return LaneSettings(
            lane=lane,
            place=DatabasePlace(host=login.host, port=login.port, dbname=login.dbname, sslmode="disable"),
            user=login.user,
            password=login.password,
            signing_key=_key_file(self.context.workdir, lane),
            exec_public_key=_key_file(self.context.workdir, Lane.EXEC).with_suffix(".pub"),
            verify_public_key=_key_file(self.context.workdir, Lane.VERIFY).with_suffix(".pub"),
        )

    def exec_lane(self) -> wiring.ExecLane:
        """DOT-991, to be used in a ``with`` statement."""
        return wiring.open_exec(self.settings(Lane.EXEC), journal=self.journal)

    def verify_lane(self) -> wiring.VerifyLane:
        """DOT-992, to be used in a ``with`` statement."""
        return wiring.open_verify(self.settings(Lane.VERIFY), journal=self.journal)

    def statements(self) -> tuple[ClientStatement, ...]:
        """The journals in the witness's words: this stage's own, and what its workers' have had to say since."""
        crew = self.context.state.get("crew")
        workers: tuple[ClientStatement, ...] = crew.fresh_statements() if isinstance(crew, Journalled) else ()
        return workers + tuple(
            ClientStatement(
                principal=record.principal,
                backend_pid=record.backend_pid,
                name=record.name,
                text=record.text,
                outcome=record.outcome.value,
                sqlstate=record.sqlstate,
            )
            for record in self.journal.records()
        )

    def result(self, message: str, *, refused: str | None = None, **facts: object) -> ScenarioResult:
        """What the writer says when it did what it should."""
        return ScenarioResult(
            ok=True, message=message, refused=refused, facts=facts, client_statements=self.statements()
        )

    def failed(self, error: Exception) -> ScenarioResult:
        """What is known at the moment of a failure that should not have happened."""
        return ScenarioResult(
            ok=False,
            message=f"{type(error).__name__}: {error}",
            client_statements=self.statements(),
            failure=self._root_cause(error),
        )

    def disappointed(self, message: str) -> ScenarioResult:
        """The writer claims success, and its own answer is not the promised one."""
        return ScenarioResult(
            ok=False, message=message, client_statements=self.statements(), failure=RootCause(message=message)
        )

    def _root_cause(self, error: Exception) -> RootCause:
        last = tuple(
            f"{record.name}: {record.outcome.value}{f' {record.sqlstate}' if record.sqlstate else ''}"
            for record in self.journal.records()[-_LAST_STATEMENTS:]
        )
        trace = error.trace if isinstance(error, DatabaseError) else None
        name = trace.statement_name if trace else None
        texts = [record.text for record in self.journal.records() if record.name == name]
        sqlstate = getattr(error, "sqlstate", None)
        return RootCause(
            message=str(error),
            error_type=f"{type(error).__module__}.{type(error).__qualname__}",
            sqlstate=sqlstate if isinstance(sqlstate, str) else None,
            statement_name=name,
            statement_text=texts[-1] if texts else None,
            connection_state=trace.connection_state if trace else None,
            call_site=trace.call_site if trace else None,
            last_statements=(trace.last_statements if trace and trace.last_statements else last),
            remedy=error.remedy if isinstance(error, CutterError) else None,
        )


Act = Callable[[Stage], ScenarioResult]


def play(act: Act) -> Callable[[ScenarioContext], ScenarioResult]:
    """``act`` as a scenario: whatever the writer raises is handed back as its failure, never swallowed.

    What this harness raises itself, or what says that the machine failed, is not the writer's: the runner gets it.
    """

    def run(context: ScenarioContext) -> ScenarioResult:
        stage = Stage.on(context)
        try:
            return act(stage)
        except EnvironmentFault:
            raise
        except Exception as error:
            if blame_of_scenario(error, __name__) is not Blame.PRODUCT:
                raise
            return stage.failed(error)

    return run


def code_of(error: Exception) -> str:
    """How a refusal is named: the server's SQLSTATE where there is one, else the error's stable code."""
    sqlstate = getattr(error, "sqlstate", None)
    if isinstance(sqlstate, str):
        return sqlstate
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else type(error).__name__


def _key_file(workdir: Path, lane: Lane) -> Path:
    return workdir / f"{lane.value}.pem"
