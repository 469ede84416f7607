"""Axis 2, the questions of a re-cut: the approval rests on an answer to each, or on words that take it as assumed."""

from __future__ import annotations

from collections.abc import Iterator

from cutter_agent.verifier.evidence import Defect, Evidence


def defects(evidence: Evidence) -> Iterator[Defect]:
    """Every question that the approval left open, and a policy that approved what was asked of a person."""
    review = evidence.told.document.get("review")
    decision = evidence.decision
    if review is None or decision is None:
        return
    if str(decision.reviewer_kind) != "human":
        yield _defect("question_policy", f"asked of a person, and approved by {decision.reviewer_identity}")
    settled = {str(line["check"]) for line in decision.findings if line.get("result") == "assumed"}
    said = {
        str(line["check"]): line["answer"]
        for row in evidence.decisions
        if row.manifest_unit_local_id is not None
        and row.manifest_id == decision.manifest_id
        and row.superseded_by_review_decision_id is None
        for line in row.findings
        if "answer" in line
    }
    for number, asked in enumerate(review["questions"], start=1):
        name, assumed = f"Q{number}", asked["answers"][0]
        if said.get(name, assumed) != assumed:
            yield _defect("question_differs", f"{name} was answered {said[name]}, and cut as {assumed}")
        elif name not in said and name not in settled:
            yield _defect("question_open", f"{name} was never answered, and cut as {assumed}")


def _defect(code: str, message: str) -> Defect:
    return Defect(axis=2, code=code, message=message)
