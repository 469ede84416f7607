"""The record's tables as rows and cells, for every spelling that draws them. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pg_dryrun.record import Record, ScenarioRecord
from pg_dryrun.subject import Kind


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a matrix. ``added`` is the step's own part of ``counted``."""

    counted: int
    expected: int
    added: int = 0

    @property
    def exact(self) -> bool:
        """Counted is expected."""
        return self.counted == self.expected

    def words(self) -> str:
        """The number; where it differs, both."""
        return str(self.counted) if self.exact else f"{self.counted} ≠ {self.expected}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One table of the matrix, or a sum over a schema."""

    name: str
    baseline: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class MatrixTable:
    """Tables by steps. ``sums`` has one row per schema."""

    chain: str
    steps: tuple[str, ...]
    rows: tuple[Row, ...]
    sums: tuple[Row, ...]


def matrix_tables(record: Record) -> list[MatrixTable]:
    """One matrix per chain of the happy path whose tables were counted."""
    chains: dict[str, list[ScenarioRecord]] = {}
    for item in record.scenarios:
        if item.kind is Kind.HAPPY and item.counted:
            chains.setdefault(item.chain, []).append(item)
    return [_matrix(chain, steps, record.baselines.get(chain, {})) for chain, steps in chains.items()]


def deltas_table(record: Record) -> MatrixTable | None:
    """The refusals against zero; None where none was counted."""
    steps = [item for item in record.scenarios if item.kind is Kind.REFUSAL and item.counted]
    return _matrix("refusals", steps, {}) if steps else None


def _matrix(chain: str, steps: Sequence[ScenarioRecord], baseline: Mapping[str, int]) -> MatrixTable:
    tables = list(steps[0].counted)
    schemas = list(dict.fromkeys(table.partition(".")[0] for table in tables))
    rows = [_row(table, [table], steps, baseline) for table in tables]
    sums = [
        _row(f"{schema}.*", [table for table in tables if table.partition(".")[0] == schema], steps, baseline)
        for schema in schemas
    ]
    return MatrixTable(chain=chain, steps=tuple(item.id for item in steps), rows=tuple(rows), sums=tuple(sums))


def _row(name: str, tables: Sequence[str], steps: Sequence[ScenarioRecord], baseline: Mapping[str, int]) -> Row:
    cells = tuple(
        Cell(counted=_sum(item.counted, tables), expected=_sum(item.expected, tables), added=_sum(item.added, tables))
        for item in steps
    )
    return Row(name=name, baseline=_sum(baseline, tables), cells=cells)


def _sum(rows: Mapping[str, int], tables: Sequence[str]) -> int:
    return sum(rows.get(table, 0) for table in tables)


def apart_rows(record: Record) -> tuple[tuple[str, str, str, str], ...]:
    """By step: sessions of the writer with what they committed, and what companions did. Empty without companions."""
    found = []
    for step in record.scenarios:
        if not step.asides:
            continue
        sessions = "; ".join(
            f"{item.principal} {item.backend_pid}: {item.transactions}, {sum(item.rows.values())}"
            for item in step.sessions
        )
        theirs = "; ".join(
            f"{table} {effect.inserted}, {effect.updated}, {effect.deleted}"
            for item in step.asides
            for table, effect in item.effects.items()
        )
        found.append((step.id, sessions or "none", str(sum(item.transactions for item in step.asides)), theirs))
    return tuple(found)
