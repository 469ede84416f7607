"""S4 MARK, SWEEP, S5 REVIEW, S6 CUT, S7 VERIFY: once on a document of one unit (r3), once on a real law (13 + 2N)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cutter_agent import segmenter
from cutter_agent.config import tool_revision
from cutter_agent.model import EntryStatus, Lane, ReviewerKind, Verdict
from cutter_agent.phases.mark import Marker, Source
from cutter_agent.phases.review import Judgement
from cutter_dryrun.law import LawText, one_unit_document
from cutter_dryrun.matrix import Phase, totals_after, updates_in
from cutter_dryrun.scenarios.configuration import CHAIN as ONE_UNIT
from cutter_dryrun.scenarios.stage import Act, Stage, play
from pg_dryrun.subject import Kind, Scenario, ScenarioResult

REAL_LAW = "real-law"
MARKER = "rehearsal-marker"
REVIEWER = "rehearsal-reviewer"


def happy_scenarios(law: LawText) -> tuple[Scenario, ...]:
    """The five phases on the one-unit document, then on the real law."""
    return (
        *_chain(ONE_UNIT, one_unit_document(), ("S4", "SWEEP", "S5", "S6", "S7"), profile="markdown"),
        *_chain(REAL_LAW, law, ("LAW-S4", "LAW-SWEEP", "LAW-S5", "LAW-S6", "LAW-S7"), profile=None),
    )


def _chain(chain: str, text: LawText, ids: tuple[str, ...], *, profile: str | None) -> list[Scenario]:
    acts: tuple[Act, ...] = (
        lambda stage: mark_document(stage, text, chain=chain, profile=profile),
        sweep_backlog,
        approve,
        cut_approved,
        verify_cut,
    )
    titles = ("MARK", "SWEEP", "REVIEW approves", "CUT", "VERIFY passes")
    where = "one unit" if chain == ONE_UNIT else f"real law {text.label}"
    return [
        Scenario(
            id=name,
            title=f"{title}, {where}",
            kind=Kind.HAPPY,
            chain=chain,
            run=play(act),
            expected_totals=totals(phase),
            expected_updates=updates(phase),
        )
        for name, title, act, phase in zip(ids, titles, acts, Phase, strict=True)
    ]


def units_of(state: Mapping[str, object]) -> int:
    """How many units the chain's document has."""
    units = state.get("units", 0)
    return units if isinstance(units, int) else 0


def totals(phase: Phase) -> Callable[[Mapping[str, object]], Mapping[str, int]]:
    """The matrix after ``phase``, by the chain's state."""
    return lambda state: totals_after(phase, units_of(state))


def updates(phase: Phase) -> Callable[[Mapping[str, object]], Mapping[str, int]]:
    """The UPDATEs of ``phase``, by the chain's state."""
    return lambda state: updates_in(phase, units_of(state))


def source_of(text: LawText, *, chain: str) -> Source:
    """The bytes as they are handed to MARK, under a reference of the rehearsal's own."""
    return Source(
        data=text.data,
        label=text.label,
        origin=f"rehearsal:{chain}",
        media_type="text/plain",
        document_ref=f"rehearsal/{chain}",
        document_code="REHEARSAL-" + chain.replace("-", "").upper(),
        title=text.label,
    )


def marker() -> Marker:
    """Who marks in a rehearsal."""
    return Marker(identity=MARKER, tool_revision=tool_revision())


def mark_document(stage: Stage, text: LawText, *, chain: str, profile: str | None) -> ScenarioResult:
    """MARK ``text``; the chain's state learns the entry and the number of units, counted from the segmenter."""
    source = source_of(text, chain=chain)
    grammar = segmenter.profiles.load(profile) if profile else segmenter.detect(text.data)[0]
    units = len(segmenter.segment(text.data, profile=grammar, document_code=source.document_code).units)
    with stage.exec_lane() as lane:
        marked = lane.mark(source, grammar, marker())
    stage.context.state.update(entry_id=marked.entry.entry_id, units=units)
    if chain == ONE_UNIT and units != 1:
        return stage.disappointed(f"the document of one unit was cut into {units}")
    if not marked.created or marked.entry.request.unit_count != units:
        return stage.disappointed(f"created={marked.created}, {marked.entry.request.unit_count} units, not {units}")
    return stage.result(
        f"entry {marked.entry.status}, {units} units",
        units=units,
        profile=grammar.id,
        byte_length=len(text.data),
        exceptions=marked.entry.request.exception_count,
        manifest_digest=marked.entry.request.manifest_digest,
        snapshot_sha256=marked.entry.request.snapshot_sha256,
    )


def sweep_backlog(stage: Stage) -> ScenarioResult:
    """SWEEP promotes the chain's entry and, on this clone, nothing else."""
    entry = entry_of(stage)
    with stage.exec_lane() as lane:
        swept = lane.sweep()
    if list(swept.promoted) != [entry]:
        return stage.disappointed(f"promoted {list(swept.promoted)}, not the one entry {entry}")
    return stage.result("one entry promoted to review_pending")


def approve(stage: Stage) -> ScenarioResult:
    """REVIEW by somebody who is not the marker, bound to the digest that was seen."""
    entry = entry_of(stage)
    with stage.exec_lane() as lane:
        seen = lane.database.find_entry(entry)
        if seen is None:
            return stage.disappointed(f"entry {entry} is not there")
        judgement = Judgement(
            verdict=Verdict.PASS,
            reviewer=REVIEWER,
            reviewer_kind=ReviewerKind.HUMAN,
            rationale="Rehearsed approval of exactly this proposal.",
            decided_by=Lane.EXEC.value,
            seen_digest=seen.request.manifest_digest,
        )
        reviewed = lane.review(entry, judgement)
    if reviewed.status is not EntryStatus.REVIEWED_APPROVED or not reviewed.created:
        return stage.disappointed(f"after the approval the entry is {reviewed.status}")
    return stage.result("approved, bound to manifest and snapshot")


def cut_approved(stage: Stage) -> ScenarioResult:
    """CUT exactly what was approved."""
    with stage.exec_lane() as lane:
        done = lane.cut(entry_of(stage))
    units = units_of(stage.context.state)
    if not done.applied or done.change_set.affected_unit_count != units:
        return stage.disappointed(f"applied={done.applied}, {done.change_set.affected_unit_count} units, not {units}")
    return stage.result(f"{units} units cut, entry {done.status}", affected_units=units)


def verify_cut(stage: Stage) -> ScenarioResult:
    """VERIFY by the other principal, with the other key."""
    with stage.verify_lane() as lane:
        outcome = lane.verify(entry_of(stage))
    if outcome.status is not EntryStatus.VERIFIED_COMPLETE:
        return stage.disappointed(f"verification ended in {outcome.status}: {list(outcome.result.findings)[:3]}")
    return stage.result("rebuilt byte for byte from the units", rebuilt_sha256=outcome.result.rebuilt_sha256)


def entry_of(stage: Stage) -> str:
    """The entry that this chain's MARK made."""
    return str(stage.context.state["entry_id"])
