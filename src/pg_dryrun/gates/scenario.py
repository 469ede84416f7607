"""C-10, C-11: one scenario, judged by two witnesses. Each scenario is a check of its own (S1 … S12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pg_dryrun.gates.interface import some
from pg_dryrun.outcome import Blame, Check, RootCause, Status
from pg_dryrun.record import ScenarioRecord
from pg_dryrun.subject import Kind

STEP_OF_KIND = {Kind.HAPPY: "C-10a", Kind.REFUSAL: "C-10b", Kind.FAULT: "C-10c"}


@dataclass(frozen=True, kw_only=True)
class ScenarioGate:
    """Did the writer do what the scenario promises, by its own word *and* by what the instruments saw?

    Judged in this order: what the writer says of itself; whether the instruments agree with each other (if not, nothing
    below is worth anything); whether writer and companions were kept apart; how a refusal was worded; the matrix;
    updates; deletions; bystanders; dark writes.
    """

    record: ScenarioRecord
    ok: bool
    failure: RootCause | None
    expected_dark: Sequence[str] = ()
    last_statements: Sequence[str] = ()
    """The writer's last statements as the *server* logged them."""

    def check(self) -> Check:
        """Passed, or failed with the first promise that does not hold."""
        for judge in (
            self._word,
            self._instruments,
            self._crossed,
            self._refusal,
            self._matrix,
            self._updates,
            self._strays,
        ):
            failed = judge()
            if failed is not None:
                return failed
        rows = sum(self.record.added.values())
        words = f"refused with {self.record.refused}" if self.record.refused else self.record.message
        return self._check(Status.PASSED, f"{words}; {rows} rows added, {len(self.record.counted)} tables counted")

    def _word(self) -> Check | None:
        if self.ok and self.failure is None:
            return None
        cause = self.failure or RootCause(message=self.record.message, last_statements=tuple(self.last_statements))
        return self._failed(cause.message, Blame.PRODUCT, cause)

    def _instruments(self) -> Check | None:
        if self.record.disagreements:
            return self._failed(f"the instruments contradict each other: {some(self.record.disagreements)}", Blame.TOOL)
        if not self.record.counted:
            return self._failed("no table was counted", Blame.TOOL)
        return None

    def _crossed(self) -> Check | None:
        if not self.record.crossed:
            return None
        return self._failed(f"not kept apart: {some(self.record.crossed)}", Blame.PRODUCT)

    def _refusal(self) -> Check | None:
        expected, refused = self.record.expected_refusals, self.record.refused
        if expected and refused not in expected:
            return self._failed(
                f"expected a refusal with {' or '.join(expected)}, found {refused or 'no refusal'}", Blame.PRODUCT
            )
        if not expected and refused is not None:
            return self._failed(f"refused with {refused} where no refusal is expected", Blame.PRODUCT)
        return None

    def _matrix(self) -> Check | None:
        wrong = self.record.wrong_cells()
        if not wrong:
            return None
        cells = [f"{table} expected {expected} counted {counted}" for table, (expected, counted) in wrong.items()]
        return self._failed(
            f"the writer reports success, {len(wrong)} cells of the matrix differ: {some(cells)}", Blame.PRODUCT
        )

    def _updates(self) -> Check | None:
        updated = {table: item.updated for table, item in self.record.effects.items() if item.updated}
        expected = {table: rows for table, rows in self.record.expected_updates.items() if rows}
        if updated == expected:
            return None
        tables = sorted(updated.keys() | expected.keys())
        cells = [
            f"{table} expected {expected.get(table, 0)} updates, committed {updated.get(table, 0)}"
            for table in tables
            if expected.get(table, 0) != updated.get(table, 0)
        ]
        return self._failed(f"updates differ: {some(cells)}", Blame.PRODUCT)

    def _strays(self) -> Check | None:
        removed = [
            f"{table}: {item.deleted} deleted, {item.truncated} truncated"
            for table, item in self.record.effects.items()
            if item.deleted or item.truncated
        ]
        if removed:
            return self._failed(f"rows were removed: {some(removed)}", Blame.PRODUCT)
        if self.record.bystanders_changed:
            return self._failed(
                f"tables outside the matrix changed: {some(self.record.bystanders_changed)}", Blame.PRODUCT
            )
        dark = [
            line
            for line in self.record.dark_writes
            if not any(fnmatchcase(line, pattern) for pattern in self.expected_dark)
        ]
        return self._failed(f"undeclared dark writes: {some(dark)}", Blame.PRODUCT) if dark else None

    def _failed(self, detail: str, blame: Blame, cause: RootCause | None = None) -> Check:
        if cause is None:
            cause = RootCause(message=detail, last_statements=tuple(self.last_statements))
        return self._check(Status.FAILED, detail, blame=blame, cause=cause)

    def _check(
        self, status: Status, detail: str, *, blame: Blame | None = None, cause: RootCause | None = None
    ) -> Check:
        return Check(
            id=self.record.id,
            title=self.record.title,
            step=STEP_OF_KIND[self.record.kind],
            status=status,
            detail=detail,
            blame=blame,
            root_cause=cause,
            observed={"added": dict(self.record.added), "refused": self.record.refused},
            duration_s=self.record.duration_s,
        )
