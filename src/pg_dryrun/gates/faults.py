"""C-10c: what became of the pairs. G-17, and the scenarios that consist of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.fault_record import FaultPair, PairOutcome
from pg_dryrun.gates.interface import Gate, Observed, some
from pg_dryrun.outcome import Blame, Check, RootCause, Status

STEP = "C-10c"


@dataclass(frozen=True, kw_only=True)
class FaultsGate(Gate):
    """Did the writer survive every fault at every boundary: nothing lost, twice, half-written or hung?

    Each fault is followed by the same command again, and the rows must then be those of the undisturbed run. A pair
    that could not be run is no survival; one that does not apply says why.
    """

    id: ClassVar[str] = "G-17"
    title: ClassVar[str] = "nothing lost, twice or hung"
    step: ClassVar[str] = STEP
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    planned: int
    boundaries: int
    pairs: Sequence[FaultPair]

    def check(self) -> Check:
        if not self.pairs or len(self.pairs) != self.planned:
            return self.broken(f"{self.planned} pairs were planned, {len(self.pairs)} answered", blame=Blame.TOOL)
        observed = _observed(self.pairs)
        if failed := _with(self.pairs, PairOutcome.FAILED):
            return self.broken(_failures(failed), observed, blame=Blame.PRODUCT, cause=cause_of(failed))
        if stuck := _with(self.pairs, PairOutcome.COULD_NOT_RUN):
            words = some([f"{pair.id}: {pair.reason}" for pair in stuck], limit=3)
            return self.broken(f"{len(stuck)} pairs could not be run: {words}", observed, blame=Blame.TOOL)
        passed = len(_with(self.pairs, PairOutcome.PASSED))
        if not passed:
            return self.broken("no pair applied: nothing was tried", observed, blame=Blame.TOOL)
        return self.kept(
            f"{passed} faults at {self.boundaries} boundaries survived,"
            f" {len(self.pairs) - passed} of {len(self.pairs)} pairs do not apply",
            observed,
        )


def scenario_check(scenario_id: str, title: str, pairs: Sequence[FaultPair]) -> Check:
    """The answer of a scenario that consists of ``pairs``, in the words of a scenario."""
    passed, failed = _with(pairs, PairOutcome.PASSED), _with(pairs, PairOutcome.FAILED)
    stuck = _with(pairs, PairOutcome.COULD_NOT_RUN)
    status, blame, cause = Status.PASSED, None, None
    detail = f"{len(passed)} of {len(pairs)} pairs survived, {len(pairs) - len(passed)} do not apply"
    if failed:
        status, blame, detail, cause = Status.FAILED, Blame.PRODUCT, _failures(failed), cause_of(failed)
    elif stuck or not passed:
        status, blame = Status.FAILED, Blame.TOOL
        detail = some([f"{pair.id}: {pair.reason}" for pair in stuck], limit=3) or "no pair applied"
        cause = RootCause(message=detail)
    return Check(
        id=scenario_id,
        title=title,
        step=STEP,
        status=status,
        detail=detail,
        blame=blame,
        root_cause=cause,
        observed=_observed(pairs),
    )


def cause_of(failed: Sequence[FaultPair]) -> RootCause:
    """The first failed pair, and how to run it alone."""
    first = failed[0]
    return RootCause(
        message=f"{first.id} ({first.statement}): {first.reason}",
        sqlstate=first.sqlstate or next(iter(first.seen), None),
        statement_name=first.statement,
        remedy=f"Run this pair alone: --fault '{first.id}'.",
    )


def _failures(failed: Sequence[FaultPair]) -> str:
    words = some([f"{pair.id} ({pair.statement}): {pair.reason}" for pair in failed], limit=3)
    return f"{len(failed)} pairs failed: {words}"


def _with(pairs: Sequence[FaultPair], outcome: PairOutcome) -> list[FaultPair]:
    return [pair for pair in pairs if pair.outcome is outcome]


def _observed(pairs: Sequence[FaultPair]) -> Observed:
    return {
        "pairs": len(pairs),
        **{outcome.value: len(_with(pairs, outcome)) for outcome in PairOutcome},
        "failed": [pair.id for pair in _with(pairs, PairOutcome.FAILED)],
    }
