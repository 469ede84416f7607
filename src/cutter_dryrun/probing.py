"""Every phase once, for the probe of a failed run (design 3.1): each from rows that an accepted release left.

A broken MARK would otherwise hide a broken VERIFY: so every phase goes on with a document of its own that waits for
exactly that phase (``waiting.sql``, remade by ``python -m cutter_dryrun.standing``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from cutter_agent import segmenter
from cutter_agent.model import EntryStatus, Lane, ReviewerKind, Verdict
from cutter_agent.phases.review import Judgement
from cutter_dryrun.law import one_unit_document
from cutter_dryrun.matrix import Phase
from cutter_dryrun.scenarios.happy import REVIEWER, marker, source_of
from cutter_dryrun.scenarios.stage import Stage
from pg_dryrun.observer import connect
from pg_dryrun.subject import Login, ProbePhase, ScenarioContext, ScenarioResult
from sealing.keys import PublicKey

WAITING_ROWS = "waiting.sql"
WAITING_FACTS = "waiting.json"
_STATUS = "SELECT status FROM cutter_governance.decision_backlog_entry WHERE entry_id = %s"
_LOADED = "waiting documents"

Act = Callable[[Stage, str], EntryStatus]


def probe_phases() -> tuple[ProbePhase, ...]:
    """MARK, SWEEP, REVIEW, CUT, VERIFY, each on a document of its own."""
    acts: tuple[tuple[Phase, Act, EntryStatus], ...] = (
        (Phase.MARK, _mark, EntryStatus.MARKED),
        (Phase.SWEEP, _sweep, EntryStatus.REVIEW_PENDING),
        (Phase.REVIEW, _review, EntryStatus.REVIEWED_APPROVED),
        (Phase.CUT, _cut, EntryStatus.CUT_APPLIED),
        (Phase.VERIFY, _verify, EntryStatus.VERIFIED_COMPLETE),
    )
    return tuple(ProbePhase(name=phase.value, run=_player(phase, act, wanted)) for phase, act, wanted in acts)


def _player(phase: Phase, act: Act, wanted: EntryStatus) -> Callable[[ScenarioContext], ScenarioResult]:
    def run(context: ScenarioContext) -> ScenarioResult:
        facts = _waiting(context)
        stage = Stage.on(context)
        _believe(context, facts)
        try:
            status = act(stage, str(facts["entries"].get(phase.value, "")))
        except Exception as error:
            return stage.failed(error)
        return stage.result(phase.value) if status is wanted else stage.disappointed(f"ended as {status}")

    return run


def _waiting(context: ScenarioContext) -> dict[str, Any]:
    """The waiting documents, loaded once for the clone, as a restore loads rows: no guard is asked."""
    folder = files("cutter_dryrun")
    facts: dict[str, Any] = json.loads(folder.joinpath(WAITING_FACTS).read_text("utf-8"))
    if _LOADED not in context.state:
        _load(context.admin, folder.joinpath(WAITING_ROWS).read_text("utf-8"))
        context.state[_LOADED] = True
    return facts


def _load(admin: Login, rows: str) -> None:
    with connect(admin, purpose="waiting rows") as observer:
        observer.execute("SET session_replication_role = replica")
        observer.execute(rows)


def _believe(context: ScenarioContext, facts: dict[str, Any]) -> None:
    """VERIFY checks the signature of the release that made the cut: with that release's public key."""
    key = PublicKey.from_raw(bytes.fromhex(facts["public_keys"][Lane.EXEC.value]))
    (context.workdir / f"{Lane.EXEC.value}.pub").write_bytes(key.pem())


def _mark(stage: Stage, _: str) -> EntryStatus:
    source = source_of(one_unit_document(), chain="probe")
    with stage.exec_lane() as lane:
        return lane.mark(source, segmenter.profiles.load("markdown"), marker()).entry.status


def _sweep(stage: Stage, entry: str) -> EntryStatus:
    with stage.exec_lane() as lane:
        lane.sweep()
    return _status(stage, entry)


def _review(stage: Stage, entry: str) -> EntryStatus:
    judgement = Judgement(
        verdict=Verdict.PASS,
        reviewer=REVIEWER,
        reviewer_kind=ReviewerKind.HUMAN,
        rationale="The probe's approval.",
        decided_by=Lane.EXEC.value,
    )
    with stage.exec_lane() as lane:
        return lane.review(entry, judgement).status


def _cut(stage: Stage, entry: str) -> EntryStatus:
    with stage.exec_lane() as lane:
        return lane.cut(entry).status


def _verify(stage: Stage, entry: str) -> EntryStatus:
    with stage.verify_lane() as lane:
        return lane.verify(entry).status


def _status(stage: Stage, entry: str) -> EntryStatus:
    """Asked by the witness's own eyes: the store's reading may be what is broken."""
    with connect(stage.context.admin, purpose="probe", read_only=True) as observer:
        return EntryStatus(str(observer.value(_STATUS, [entry])))
