"""The cutter's commands as the enumeration of faults runs them: each in a process of its own, by explicit settings.

A command is run twice, disturbed and again. Its clock stands still at an instant that belongs to the command, so that
rows, signatures included, can be compared byte for byte with those of a run that nobody disturbed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cutter_agent import segmenter, wiring
from cutter_agent.config import DatabasePlace, LaneSettings, tool_revision
from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.catalog import expected
from cutter_agent.db_adapter.settings import Limits
from cutter_agent.errors import CutterError, OutcomeUnknown
from cutter_agent.model import EntryStatus, Lane, ReviewerKind, Verdict
from cutter_agent.phases.mark import Marker, Source
from cutter_agent.phases.review import Judgement
from cutter_agent.phases.sweep import needed
from pg_dryrun.fault_record import Said
from pg_dryrun.faults.interface import Call, Word

_RETRY_BASE_S = 0.01


def prepare() -> None:
    """Read what the package itself holds, once for all commands: statements, catalogs, the grammar."""
    statements.load()
    expected()
    tool_revision()
    segmenter.segment(b"\n", profile=segmenter.profiles.load("vn-law"), document_code="X")


def mark(call: Call) -> Word:
    """MARK the document."""
    words = call.arguments
    source = Source(
        data=str(words["text"]).encode(),
        label="faults.txt",
        origin="rehearsal:faults",
        media_type="text/plain",
        document_ref=str(words["document_ref"]),
        document_code=str(words["document_code"]),
        title="faults",
    )
    profile = segmenter.profiles.load(str(words["profile"]))
    marker = Marker(identity="rehearsal-marker", tool_revision="rehearsal")

    def act(lane: wiring.ExecLane) -> str:
        return f"entry {lane.mark(source, profile, marker).entry.status}"

    return _by_executor(call, act)


def sweep(call: Call) -> Word:
    """SWEEP, if the entry waits for one: so does whoever brings a document on its way."""

    def act(lane: wiring.ExecLane) -> str:
        entry = lane.database.find_entry(str(call.arguments["entry_id"]))
        if entry is None or not needed(entry):
            return "nothing to sweep"
        return f"{len(lane.sweep().promoted)} promoted"

    return _by_executor(call, act)


def review(call: Call) -> Word:
    """REVIEW approves."""
    judgement = Judgement(
        verdict=Verdict.PASS,
        reviewer="rehearsal-reviewer",
        reviewer_kind=ReviewerKind.HUMAN,
        rationale="Rehearsed approval of exactly this proposal.",
        decided_by=Lane.EXEC.value,
    )
    return _by_executor(call, lambda lane: f"{lane.review(str(call.arguments['entry_id']), judgement).status}")


def cut(call: Call) -> Word:
    """CUT what was approved."""
    return _by_executor(call, lambda lane: f"{lane.cut(str(call.arguments['entry_id'])).status}")


def verify(call: Call) -> Word:
    """VERIFY by the other principal."""

    def act() -> str:
        with wiring.open_verify(_settings(call, Lane.VERIFY), clock=_clock(call), limits=_limits(call)) as lane:
            outcome = lane.verify(str(call.arguments["entry_id"]))
        if outcome.status is not EntryStatus.VERIFIED_COMPLETE:
            raise CutterError(f"ended as {outcome.status}", remedy="Look at the findings.")
        return f"{outcome.status}"

    return _said(act)


def _by_executor(call: Call, act: Callable[[wiring.ExecLane], str]) -> Word:
    def whole() -> str:
        with wiring.open_exec(_settings(call, Lane.EXEC), clock=_clock(call), limits=_limits(call)) as lane:
            return act(lane)

    return _said(whole)


def _said(act: Callable[[], str]) -> Word:
    """The cutter's word, as its exit code and message would be: done, failed, or not to be known."""
    try:
        return Word(said=Said.DONE, message=act())
    except OutcomeUnknown as error:
        return Word(said=Said.UNKNOWN, message=error.message, code=error.code, sqlstate=error.sqlstate)
    except CutterError as error:
        sqlstate = getattr(error, "sqlstate", None)
        return Word(said=Said.FAILED, message=error.message, code=error.code, sqlstate=sqlstate)


def _settings(call: Call, lane: Lane) -> LaneSettings:
    login, keys = call.logins[lane.value], Path(str(call.arguments["keys"]))
    return LaneSettings(
        lane=lane,
        place=DatabasePlace(host=login.host, port=login.port, dbname=login.dbname, sslmode="disable"),
        user=login.user,
        password=login.password,
        signing_key=keys / f"{lane.value}.pem",
        exec_public_key=keys / f"{Lane.EXEC.value}.pub",
        verify_public_key=keys / f"{Lane.VERIFY.value}.pub",
    )


def _limits(call: Call) -> Limits:
    given = call.limits
    return Limits(
        statement_timeout_s=given.statement_s,
        lock_timeout_s=given.lock_s,
        idle_in_transaction_timeout_s=given.idle_in_transaction_s,
        deadline_s=given.deadline_s,
        connect_timeout_s=given.connect_s,
        borrow_timeout_s=given.resolve_s,
        resolve_timeout_s=given.resolve_s,
        retry_base_s=_RETRY_BASE_S,
    )


def _clock(call: Call) -> Callable[[], datetime]:
    instant = datetime.fromisoformat(str(call.arguments["instant"]))
    return lambda: instant
