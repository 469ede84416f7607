"""C-06, C-08, C-09: before the first write. G-11 grant matrix, G-26 contract, G-13 instruments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.canaries import Canary
from pg_dryrun.contract import ContractReport
from pg_dryrun.gates.interface import Gate, some
from pg_dryrun.outcome import Blame, Check, RootCause
from pg_dryrun.roles import GrantMatrix


@dataclass(frozen=True, kw_only=True)
class GrantsGate(Gate):
    """Does the server allow each principal exactly what is declared, cell by cell, both ways?"""

    id: ClassVar[str] = "G-11"
    title: ClassVar[str] = "grant matrix"
    step: ClassVar[str] = "C-06"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    matrix: GrantMatrix

    def check(self) -> Check:
        granted = sum(cell.granted for cell in self.matrix.cells)
        facts = {"cells": len(self.matrix.cells), "granted": granted, "defects": list(self.matrix.defects)}
        if self.matrix.defects:
            return self.broken(
                f"{len(self.matrix.defects)} defects: {some(self.matrix.defects)}",
                facts,
                blame=Blame.PRODUCT,
                remedy="Correct the table of rights or the grants; never use another role.",
            )
        if not self.matrix.cells:
            return self.broken("no cell was tried", facts, blame=Blame.TOOL)
        return self.kept(
            f"{len(self.matrix.cells)} cells tried: {granted} granted and allowed, "
            f"{len(self.matrix.cells) - granted} not granted and refused by the server",
            facts,
        )


@dataclass(frozen=True, kw_only=True)
class ContractGate(Gate):
    """Does the deployed schema accept what the writer emits?"""

    id: ClassVar[str] = "G-26"
    title: ClassVar[str] = "contract"
    step: ClassVar[str] = "C-08"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    report: ContractReport

    def check(self) -> Check:
        facts = {
            "examined": self.report.emissions_examined,
            "mismatches": [f"{item.code}: {item.message}" for item in self.report.mismatches],
            "demands": {
                table: {kind: list(lines) for kind, lines in kinds.items()}
                for table, kinds in self.report.demands.items()
            },
        }
        if self.report.mismatches:
            first = self.report.mismatches[0]
            detail = (
                f"{len(self.report.mismatches)} mismatches: {some([item.message for item in self.report.mismatches])}"
            )
            cause = RootCause(
                message=detail,
                error_type=first.code,
                statement_name=first.statement,
                remedy="Bring the writer and the deployed schema together; all mismatches are listed.",
            )
            return self.broken(detail, facts, blame=Blame.PRODUCT, cause=cause)
        if not self.report.emissions_examined:
            return self.broken("no emission was examined", facts, blame=Blame.TOOL)
        return self.kept(f"{self.report.emissions_examined} emissions fit the deployed schema", facts)


@dataclass(frozen=True, kw_only=True)
class InstrumentsGate(Gate):
    """Does every instrument see what was planted for it? A zero without a canary is worth nothing."""

    id: ClassVar[str] = "G-13"
    title: ClassVar[str] = "every instrument sees its canary"
    step: ClassVar[str] = "C-09"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.TOOL,)

    canaries: Sequence[Canary]

    def check(self) -> Check:
        facts = {"canaries": [f"{item.instrument}: {item.planted}" for item in self.canaries]}
        blind = [f"{item.instrument} did not see: {item.planted}" for item in self.canaries if not item.seen]
        if blind:
            return self.broken(some(blind), facts, blame=Blame.TOOL)
        if not self.canaries:
            return self.broken("no canary was planted", facts, blame=Blame.TOOL)
        instruments = sorted({item.instrument for item in self.canaries})
        return self.kept(f"{len(self.canaries)} of {len(self.canaries)} seen, by {', '.join(instruments)}", facts)
