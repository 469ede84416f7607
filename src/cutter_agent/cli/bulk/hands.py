"""What a worker of each lane does for a job: the same rooms as the commands, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cutter_agent import observing, pipeline
from cutter_agent.cli import failures, inputs, orders
from cutter_agent.cli.bulk.member import words_of
from cutter_agent.cli.bulk.survey import file_digest
from cutter_agent.cli.phases import defect
from cutter_agent.errors import AwaitingReview
from cutter_agent.jobs.hands import Stood, Told
from cutter_agent.model import EntryKind, EntryStatus, RiskClass
from cutter_agent.phases import sweep
from cutter_agent.phases.mark import MarkResult
from cutter_agent.report import EntryLine
from cutter_agent.wiring import ExecLane, VerifyLane

_AT_ONCE = 500
"""So many entries of a status one sweep looks at; the next one finds the others."""


class _Describing:
    def describe(self, error: Exception) -> Told:
        """As every command says it."""
        return failures.describe(error)


class ExecutorsHands(_Describing):
    """DOT-991: MARK, SWEEP, REVIEW by policy, CUT. Makes no VERIFY."""

    def __init__(self, lane: ExecLane, policy: pipeline.ReviewerPolicy) -> None:
        self._lane = lane
        self._policy = policy

    def cut_file(self, path: str, file_sha256: str, words: Mapping[str, Any]) -> Stood:
        """MARK to CUT of a file that still holds these bytes. Raises as ``pipeline.advance``, ``InputChanged``."""
        with observing.document(file=path) as told:
            stood = self._cut_file(path, file_sha256, words_of(dict(words)))
            return _tell(told, stood)

    def _cut_file(self, path: str, file_sha256: str, said: orders.Words) -> Stood:
        source, profile = orders.read(path, said)
        if file_digest(source) != file_sha256:
            raise inputs.changed(path)
        with inputs.placed(path):
            marked = self._lane.mark(source, profile, orders.marker_of(said))
        return self._from(marked)

    def carry_on(self, entry_id: str) -> Stood:
        """From where it stands to CUT. Raises as ``pipeline.carry_on``, ``UsageError`` for an entry that is none."""
        entry = self._lane.database.find_entry(self._lane.report.entry(entry_id).entry_id)
        if entry is None:  # pragma: no cover - the report found it one statement ago, and nothing is ever deleted
            raise LookupError(entry_id)
        with observing.document(entry_id=entry_id, document=entry.request.document_ref) as told:
            return _tell(told, self._from(MarkResult(entry=entry, created=False)))

    def sweep(self) -> Sequence[Stood]:
        """SWEEP, and who can be carried on: promoted or approvable, approved, cut and not verified."""
        while self._waiting(EntryStatus.MARKED) or self._waiting(EntryStatus.REVIEWED_DEFERRED):
            if not self._lane.sweep(sweep.Trigger.PERIODIC).full:
                break
        found: list[Stood] = []
        for status in (EntryStatus.REVIEW_PENDING, EntryStatus.REVIEWED_APPROVED, EntryStatus.CUT_APPLIED):
            found += [_stood(entry) for entry in self._waiting(status) if self._may_go_on(entry)]
        return found

    def _waiting(self, status: EntryStatus) -> list[EntryLine]:
        return [
            entry
            for entry in self._lane.report.entries(status=status, limit=_AT_ONCE)
            if entry.kind == EntryKind.CUT and "document_ref" in entry.payload
        ]

    def _may_go_on(self, entry: EntryLine) -> bool:
        """A policy is not asked again and again about what only a person may decide."""
        if entry.status != EntryStatus.REVIEW_PENDING:
            return True
        by_policy = self._policy is pipeline.ReviewerPolicy.AUTO and entry.payload.get("exception_count") == 0
        return by_policy and entry.payload.get("risk_class") != RiskClass.HIGH

    def _from(self, marked: MarkResult) -> Stood:
        entry, document_ref = marked.entry, marked.entry.request.document_ref
        try:
            outcome = pipeline.carry_on(self._lane, marked, self._policy, verify=None, watch=lambda _: None)
        except AwaitingReview as waits:
            return Stood(
                entry_id=entry.entry_id,
                document_ref=document_ref,
                status=EntryStatus(self._lane.report.entry(entry.entry_id).status),
                steps=(pipeline.Step.MARK,) if marked.created else (),
                waits=failures.describe(waits),
            )
        return Stood(
            entry_id=entry.entry_id, document_ref=document_ref, status=outcome.status, steps=tuple(outcome.steps)
        )


class VerifiersHands(_Describing):
    """DOT-992: VERIFY."""

    def __init__(self, lane: VerifyLane) -> None:
        self._lane = lane

    def verify(self, entry_id: str) -> Mapping[str, Any]:
        """Prove the cut of an entry. Raises ``VerificationFailed`` on a defect, and as ``phases.verify``."""
        outcome = self._lane.verify(entry_id)
        if not outcome.passed:
            raise defect(outcome)
        return {"verdict": outcome.result.verdict, "status": outcome.status, "created": outcome.created}


def _tell(told: observing.Activity, stood: Stood) -> Stood:
    told.note(entry_id=stood.entry_id, document=stood.document_ref, status=str(stood.status), steps=list(stood.steps))
    if stood.waits is not None:
        told.failed(stood.waits)
    return stood


def _stood(entry: EntryLine) -> Stood:
    return Stood(
        entry_id=entry.entry_id, document_ref=str(entry.payload["document_ref"]), status=EntryStatus(entry.status)
    )
