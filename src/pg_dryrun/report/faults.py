"""The enumeration of faults as a grid, boundary × kind, for every spelling that draws it. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pg_dryrun.fault_record import FaultKind, FaultPair, FaultsRecord, PairOutcome, Standing

NOT_RUN = ""
NOT_APPLICABLE = "·"
FAILED = "✕"
STUCK = "?"
UNDONE = "○"
KEPT = "●"

LEGEND = (
    f"{UNDONE} nothing was kept, and the same command again did it; {KEPT} all of it was kept, and the same command"
    f" again found it done; {FAILED} failed; {STUCK} could not be run; {NOT_APPLICABLE} does not apply;"
    " empty: not in this form."
)


@dataclass(frozen=True, kw_only=True)
class FaultCell:
    """One pair as a mark; ``words`` are all that is known of it in one line."""

    mark: str
    tone: str
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class FaultRow:
    """One boundary."""

    index: int
    statement: str
    cells: tuple[FaultCell, ...]


@dataclass(frozen=True, kw_only=True)
class FaultGrid:
    """Boundaries of one command by kinds."""

    command: str
    rows: tuple[FaultRow, ...]

    @property
    def has_failure(self) -> bool:
        """A pair of it failed or could not be run."""
        return any(cell.mark in {FAILED, STUCK} for row in self.rows for cell in row.cells)


@dataclass(frozen=True, kw_only=True)
class KindLine:
    """One kind: what made it, and how often it was answered how."""

    kind: str
    made_by: str
    survived: int
    not_applicable: int
    failed: int
    could_not_run: int


def kinds_of(faults: FaultsRecord) -> tuple[FaultKind, ...]:
    """The columns: every kind that was run at least once, in the order of the kinds."""
    run = {pair.kind for pair in faults.pairs}
    return tuple(kind for kind in FaultKind if kind in run)


def grids(faults: FaultsRecord) -> list[FaultGrid]:
    """One grid per command, every boundary a row, also those at which nothing was run."""
    by_place = {(pair.command, pair.index, pair.kind): pair for pair in faults.pairs}
    kinds = kinds_of(faults)
    commands = list(dict.fromkeys(place.command for place in faults.boundaries))
    return [
        FaultGrid(
            command=command,
            rows=tuple(
                FaultRow(
                    index=place.index,
                    statement=place.statement,
                    cells=tuple(_cell(by_place.get((command, place.index, kind))) for kind in kinds),
                )
                for place in faults.boundaries
                if place.command == command
            ),
        )
        for command in commands
    ]


def kind_lines(faults: FaultsRecord) -> list[KindLine]:
    """One line per kind that was run."""
    return [_kind_line(faults, kind) for kind in kinds_of(faults)]


def failures(faults: FaultsRecord) -> list[FaultPair]:
    """The pairs that failed or could not be run, failed ones first."""
    return _with(faults.pairs, PairOutcome.FAILED) + _with(faults.pairs, PairOutcome.COULD_NOT_RUN)


def sentence(faults: FaultsRecord) -> str:
    """The whole enumeration in one sentence."""
    counted = faults.counted()
    return (
        f"{len(faults.pairs)} pairs of {len(faults.boundaries)} boundaries and {len(kinds_of(faults))} kinds of fault"
        f" (form {faults.form}): {counted[PairOutcome.PASSED]} survived, {counted[PairOutcome.FAILED]} failed,"
        f" {counted[PairOutcome.COULD_NOT_RUN]} could not be run, {counted[PairOutcome.NOT_APPLICABLE]} do not apply;"
        f" {faults.duration_s:.0f} s."
    )


def _kind_line(faults: FaultsRecord, kind: FaultKind) -> KindLine:
    pairs = [pair for pair in faults.pairs if pair.kind is kind]
    return KindLine(
        kind=kind.value,
        made_by=faults.made_by.get(kind.value, ""),
        survived=len(_with(pairs, PairOutcome.PASSED)),
        not_applicable=len(_with(pairs, PairOutcome.NOT_APPLICABLE)),
        failed=len(_with(pairs, PairOutcome.FAILED)),
        could_not_run=len(_with(pairs, PairOutcome.COULD_NOT_RUN)),
    )


def _with(pairs: Sequence[FaultPair], outcome: PairOutcome) -> list[FaultPair]:
    return [pair for pair in pairs if pair.outcome is outcome]


def _cell(pair: FaultPair | None) -> FaultCell:
    if pair is None:
        return FaultCell(mark=NOT_RUN, tone="faint")
    match pair.outcome:
        case PairOutcome.FAILED:
            mark, tone = FAILED, "bad"
        case PairOutcome.COULD_NOT_RUN:
            mark, tone = STUCK, "open"
        case PairOutcome.NOT_APPLICABLE:
            mark, tone = NOT_APPLICABLE, "faint"
        case PairOutcome.PASSED:
            mark, tone = (KEPT if pair.after_fault is Standing.FINAL else UNDONE), "good"
    return FaultCell(mark=mark, tone=tone, words=_words(pair))


def _words(pair: FaultPair) -> str:
    said = f"; the writer: {pair.said.value}" if pair.said is not None else ""
    code = f" {pair.sqlstate or pair.code}" if pair.sqlstate or pair.code else ""
    reason = f"; {pair.reason}" if pair.reason else ""
    return f"{pair.id}: {pair.outcome.value}{said}{code}{reason}; {pair.duration_ms:.0f} ms"
