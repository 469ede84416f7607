"""What a phase's result tells whoever watches the run: ids, counts and states, never a body (``observing``)."""

from __future__ import annotations

from collections.abc import Mapping

from cutter_agent.errors import VerificationFailed
from cutter_agent.phases.cut import CutResult
from cutter_agent.phases.mark import MarkResult
from cutter_agent.phases.resolve import ResolveResult
from cutter_agent.phases.review import ReviewResult
from cutter_agent.phases.sweep import SweepResult
from cutter_agent.phases.verify import VerifyOutcome

Facts = Mapping[str, object]


def of_mark(result: MarkResult) -> Facts:
    """The entry, and how much it proposes."""
    entry = result.entry
    return {
        "document": entry.request.document_ref,
        "entry_id": entry.entry_id,
        "status": str(entry.status),
        "units": entry.request.unit_count,
        "wrote": result.created,
    }


def of_sweep(result: SweepResult) -> Facts:
    """How many were promoted."""
    return {"promoted": len(result.promoted), "wrote": bool(result.promoted)}


def of_review(result: ReviewResult) -> Facts:
    """Where the entry stands."""
    return {"status": str(result.status), "wrote": result.created}


def of_cut(result: CutResult) -> Facts:
    """Units written by this call: 0 where an earlier run had written them."""
    change_set = result.change_set
    return {
        "document": change_set.document_ref,
        "status": str(result.status),
        "units_written": change_set.affected_unit_count if result.applied else 0,
        "wrote": result.applied,
    }


def of_verify(outcome: VerifyOutcome) -> Facts:
    """A verdict against the cut is an outcome, and no error."""
    facts: dict[str, object] = {"status": str(outcome.status), "wrote": outcome.created}
    return facts if outcome.passed else facts | {"outcome": VerificationFailed.code}


def of_resolve(result: ResolveResult) -> Facts:
    """Where the entry stands."""
    return {"status": str(result.status), "wrote": result.created}
